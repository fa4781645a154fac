"""auth/mixins/google.py: GoogleOAuth2Mixin, with a provider that Authlib makes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.mixins.browsing import Browser, body
from tests.auth.mixins.oauth2_provider import KEY, SECRET, OAuth2Provider
from tests.web.helpers import Site
from tornadolike.auth import GoogleOAuth2Mixin, ProviderAnswerError
from tornadolike.httpclient import HTTPClientError
from tornadolike.web import RequestHandler

Start = Callable[..., Site]


class Login(RequestHandler, GoogleOAuth2Mixin):
    """As the docstring has it."""

    given: dict[str, str] = {}  # noqa: RUF012 - what requests have left

    def initialize(self, url: str, **attributes: Any) -> None:
        self._OAUTH_AUTHORIZE_URL = f"{url}/authorize"
        self._OAUTH_ACCESS_TOKEN_URL = f"{url}/token"
        self._OAUTH_USERINFO_URL = f"{url}/me"
        for name, value in attributes.items():
            setattr(self, name, value)

    async def get(self) -> None:
        there = f"{self.request.protocol}://{self.request.host}/login"
        if not self.get_argument("code", None):
            key = self.get_google_oauth_settings()["key"]
            self.authorize_redirect(there, key, scope=["profile", "email"])
            return
        try:
            token = await self.get_authenticated_user(
                there, self.get_argument("code"), **self.given
            )
        except HTTPClientError as error:
            self.finish({"refused": error.code})
            return
        except ProviderAnswerError as error:
            self.finish({"refused": str(error)})
            return
        url = self._OAUTH_USERINFO_URL
        user = await self.oauth2_request(url, access_token=token["access_token"])
        self.finish({"token": token, "name": user["name"]})


def login(
    site: Start, provider: OAuth2Provider, settings: dict[str, Any] | None = None, **attributes: Any
) -> str:
    settings = {"google_oauth": {"key": KEY, "secret": SECRET}} if settings is None else settings
    served = site(("/login", Login, {"url": provider.url, **attributes}), **settings)
    url = f"{served.server.url}/login"
    provider.client.redirect_uris = (url,)
    return url


@pytest.mark.parametrize("state", [False, True])
def test_somebody_signs_in(
    site: Start, oauth2: OAuth2Provider, browser: Browser, state: bool
) -> None:
    url = login(site, oauth2, _OAUTH_STATE=state)
    said = body(browser.visit(url))
    assert said["name"] == "Ann"
    assert said["token"]["token_type"] == "Bearer"
    assert said["token"]["access_token"] in oauth2.tokens


def test_a_code_of_a_stranger(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    url = login(site, oauth2, _OAUTH_STATE=True)
    page = browser.visit(url, until=f"{url}?")
    assert Browser().ask(page.url).answer.status == 400
    assert oauth2.tokens == {}
    assert body(browser.ask(page.url))["name"] == "Ann"


def test_a_code_is_good_for_one_time(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    url = login(site, oauth2)
    page = browser.visit(url, until=f"{url}?")
    assert body(browser.ask(page.url))["name"] == "Ann"
    assert body(browser.ask(page.url)) == {"refused": 400}


class Open(Login):
    """Catches nothing."""

    async def get(self) -> None:
        await self.get_authenticated_user("https://site.example/", self.get_argument("code"))


def test_a_code_that_is_made_up(
    site: Start, oauth2: OAuth2Provider, browser: Browser, expect_log: Any
) -> None:
    """A stranger gets a 400, and fills no log with tracebacks."""
    settings = {"google_oauth": {"key": KEY, "secret": SECRET}}
    served = site(("/login", Open, {"url": oauth2.url}), **settings)
    with expect_log("tornadolike.general", "The provider has refused it with 400"):
        page = browser.ask(f"{served.server.url}/login?code=madeup")
    assert page.answer.status == 400
    assert "Please begin again." in page.answer.text


def test_a_secret_that_is_wrong(
    site: Start, oauth2: OAuth2Provider, browser: Browser, expect_log: Any
) -> None:
    """That is for us to mend."""

    class Token(RequestHandler):
        def post(self) -> None:
            self.set_status(401)
            self.finish({"error": "invalid_client"})

    provider = site(("/token", Token)).server.url
    settings = {"google_oauth": {"key": KEY, "secret": "its secret"}}
    served = site(("/login", Open, {"url": provider}), **settings)
    with expect_log("tornadolike.application", "Uncaught exception") as log:
        assert browser.ask(f"{served.server.url}/login?code=c").answer.status == 500
    assert all("its secret" not in str(record.exc_info) for record in log.matched)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"client_secret": SECRET}, None),
        ({"client_id": KEY}, None),
        ({"client_id": KEY, "client_secret": SECRET}, None),
        ({"client_secret": "another"}, 400),
        ({"client_id": "another"}, 400),
    ],
)
def test_who_asks(
    site: Start,
    oauth2: OAuth2Provider,
    browser: Browser,
    given: dict[str, str],
    status: int | None,
) -> None:
    said = body(browser.visit(login(site, oauth2, given=given)))
    assert ("refused" in said) == (status is not None)


def test_settings_of_another_name(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    settings = {"mine": {"key": KEY, "secret": SECRET}}
    url = login(site, oauth2, settings, _OAUTH_SETTINGS_KEY="mine")
    assert body(browser.visit(url))["name"] == "Ann"


def test_no_settings(
    site: Start, oauth2: OAuth2Provider, browser: Browser, expect_log: Any
) -> None:
    with expect_log("tornadolike.application", "Uncaught exception"):
        assert browser.ask(login(site, oauth2, {})).answer.status == 500


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "the provider has not answered with JSON"),
        ("[]", "the provider has not answered with a JSON object"),
        ("access_token=a&secret=b", "the provider has not answered with JSON"),
        ("[" * 5000, "the provider has not answered with JSON"),
    ],
)
def test_answers_that_are_none(site: Start, browser: Browser, answer: str, said: str) -> None:
    class Token(RequestHandler):
        def post(self) -> None:
            self.finish(answer)

    provider = site(("/token", Token)).server.url
    settings = {"google_oauth": {"key": KEY, "secret": SECRET}}
    served = site(("/login", Login, {"url": provider}), **settings)
    assert body(browser.ask(f"{served.server.url}/login?code=c")) == {"refused": said}
