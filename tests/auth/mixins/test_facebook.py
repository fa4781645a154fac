"""auth/mixins/facebook.py: FacebookGraphMixin, with a provider that Authlib makes."""

import hmac
from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.mixins.browsing import Browser, body
from tests.auth.mixins.oauth2_provider import KEY, SECRET, OAuth2Provider
from tests.web.helpers import Site
from tornadolike.auth import FacebookGraphMixin, ProviderAnswerError
from tornadolike.web import RequestHandler

Start = Callable[..., Site]


class Login(RequestHandler, FacebookGraphMixin):
    fields: Any = None

    def initialize(self, url: str, **attributes: Any) -> None:
        self._OAUTH_AUTHORIZE_URL = f"{url}/authorize?"
        self._OAUTH_ACCESS_TOKEN_URL = f"{url}/token-by-get?"
        self._FACEBOOK_BASE_URL = url
        for name, value in attributes.items():
            setattr(self, name, value)

    async def get(self) -> None:
        there = f"{self.request.protocol}://{self.request.host}/login"
        if not self.get_argument("code", None):
            self.authorize_redirect(there, KEY, extra_params={"scope": "email"})
            return
        try:
            user = await self.get_authenticated_user(
                redirect_uri=there,
                client_id=KEY,
                client_secret=SECRET,
                code=self.get_argument("code"),
                extra_fields=self.fields,
            )
        except ProviderAnswerError as error:
            self.finish({"refused": str(error)})
        else:
            self.finish({"user": user})


def login(site: Start, provider: OAuth2Provider, **attributes: Any) -> str:
    served = site(("/login", Login, {"url": provider.url, **attributes}))
    url = f"{served.server.url}/login"
    provider.client.redirect_uris = (url,)
    return url


FIELDS = ["id", "name", "first_name", "last_name", "locale", "picture", "link"]


@pytest.mark.parametrize("state", [False, True])
def test_somebody_signs_in(
    site: Start, oauth2: OAuth2Provider, browser: Browser, state: bool
) -> None:
    user = body(browser.visit(login(site, oauth2, _OAUTH_STATE=state)))["user"]
    ((token, given),) = oauth2.tokens.items()
    assert user == {
        **dict.fromkeys(FIELDS),
        "id": "1",
        "name": "Ann",
        "access_token": token,
        "session_expires": str(given["expires_in"]),
    }


@pytest.mark.parametrize(
    "fields", [["said", "email", "id"], ("said", "email"), {"said": 1, "email": 1}]
)
def test_more_fields(site: Start, oauth2: OAuth2Provider, browser: Browser, fields: Any) -> None:
    user = body(browser.visit(login(site, oauth2, fields=fields)))["user"]
    assert user["email"] == "ann@example.com"
    asked = user["said"]["args"]
    assert asked["fields"].split(",") == [*FIELDS, "said", "email"]
    # from Facebook's documentation: the HMAC of the token by the secret, SHA-256, in hexadecimal
    token = user["access_token"].encode()
    assert asked["appsecret_proof"] == hmac.digest(SECRET.encode(), token, "sha256").hex()


def test_a_code_of_a_stranger(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    url = login(site, oauth2, _OAUTH_STATE=True)
    page = browser.visit(url, until=f"{url}?")
    assert Browser().ask(page.url).answer.status == 400
    assert oauth2.tokens == {}


def test_a_code_that_is_made_up(
    site: Start, oauth2: OAuth2Provider, browser: Browser, expect_log: Any
) -> None:
    """A stranger gets a 400, and fills no log with tracebacks."""
    url = login(site, oauth2)
    with expect_log("tornadolike.general", "The provider has refused it with 400"):
        page = browser.ask(f"{url}?code=madeup")
    assert page.answer.status == 400


class Graph(RequestHandler):
    """Answers as it is told."""

    def initialize(self, answers: dict[str, str]) -> None:
        self.answers = answers

    def get(self, name: str) -> None:
        self.finish(self.answers[name])


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"token-by-get": "{}"}, {"refused": "the provider's answer has no access_token"}),
        (
            {"token-by-get": '{"access_token": 1}'},
            {"refused": "the provider's answer has no access_token"},
        ),
        ({"token-by-get": "token"}, {"refused": "the provider has not answered with JSON"}),
        ({"token-by-get": '{"access_token": "a"}', "me": "null"}, {"user": None}),
        (
            {"token-by-get": '{"access_token": "a"}', "me": "[]"},
            {"refused": "the provider's answer is no user"},
        ),
        (
            {"token-by-get": '{"access_token": "a"}', "me": "{}"},
            {
                "user": {
                    **dict.fromkeys(FIELDS),
                    "access_token": "a",
                    "session_expires": "None",
                }
            },
        ),
    ],
)
def test_strange_answers(
    site: Start, browser: Browser, answers: dict[str, str], said: dict[str, Any]
) -> None:
    graph = site(("/(.*)", Graph, {"answers": answers})).server.url
    served = site(("/login", Login, {"url": graph}))
    assert body(browser.ask(f"{served.server.url}/login?code=c")) == said


def test_asking_and_posting(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    class Post(Login):
        async def get(self) -> None:
            said = await self.facebook_request("/me", "t", post_args={"message": "Hi & é"}, a="1")
            self.finish(said["said"])

    oauth2.tokens["t"] = {}
    served = site(("/", Post, {"url": oauth2.url}))
    said = body(browser.ask(f"{served.server.url}/"))
    assert said == {"args": {"a": "1"}, "form": {"message": "Hi & é"}}
