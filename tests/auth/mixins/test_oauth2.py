"""auth/mixins/oauth2.py: OAuth2Mixin, with a provider that Authlib makes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.auth.mixins.browsing import Browser, body
from tests.auth.mixins.oauth2_provider import KEY, SECRET, OAuth2Provider
from tests.web.helpers import Site
from tornadolike.auth import OAuth2Mixin
from tornadolike.escape import json_decode
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.web import RequestHandler

Start = Callable[..., Site]


class Login(RequestHandler, OAuth2Mixin):
    """A mixin of a program's own: as many have one."""

    def initialize(self, url: str, **attributes: Any) -> None:
        self._OAUTH_AUTHORIZE_URL = f"{url}/authorize?a=1"
        self._OAUTH_ACCESS_TOKEN_URL = f"{url}/token-by-get"
        self.api = f"{url}/me"
        for name, value in attributes.items():
            setattr(self, name, value)

    async def get(self) -> None:
        there = f"{self.request.protocol}://{self.request.host}/login"
        if self.get_argument("error", None):
            self.set_status(403)
            self.finish(self.get_argument("error"))
        elif code := self.get_argument("code", None):
            self.check_oauth_state()
            url = self._oauth_request_token_url(
                redirect_uri=there, client_id=KEY, client_secret=SECRET, code=code
            )
            response = await self.get_auth_http_client().fetch(url)
            token = json_decode(response.body)["access_token"]
            got = await self.oauth2_request(f"{self.api}?b=2", access_token=token, c="3 & é")
            posted = await self.oauth2_request(self.api, token, {"d": "4 & é"}, e=["5"])
            self.finish({"got": got["said"], "posted": posted["said"]})
        else:
            self.authorize_redirect(
                redirect_uri=there, client_id=KEY, scope=["a", "b"], extra_params={"x": "1"}
            )


def login(site: Start, provider: OAuth2Provider, **attributes: Any) -> str:
    served = site(("/login", Login, {"url": provider.url, **attributes}))
    url = f"{served.server.url}/login"
    provider.client.redirect_uris = (url,)
    return url


@pytest.mark.parametrize("state", [False, True])
def test_somebody_signs_in(
    site: Start, oauth2: OAuth2Provider, browser: Browser, state: bool
) -> None:
    said = body(browser.visit(login(site, oauth2, _OAUTH_STATE=state)))
    assert said["got"] == {"args": {"b": "2", "c": "3 & é"}, "form": {}}
    assert said["posted"] == {"args": {"e": "5"}, "form": {"d": "4 & é"}}
    assert browser.cookies == {}


def test_who_says_no(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    oauth2.denies = True
    page = browser.visit(login(site, oauth2))
    assert (page.answer.status, page.answer.text) == (403, "access_denied")


def test_the_request(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    url = login(site, oauth2)
    page = browser.visit(url, until=oauth2.url)
    assert page.query == {
        "a": "1",
        "response_type": "code",
        "redirect_uri": url,
        "client_id": KEY,
        "x": "1",
        "scope": "a b",
    }
    assert browser.cookies == {}


@pytest.mark.parametrize("change", ["another state", "no state", "another browser", "twice"])
def test_what_was_not_begun_here(
    site: Start, oauth2: OAuth2Provider, browser: Browser, change: str
) -> None:
    url = login(site, oauth2, _OAUTH_STATE=True)
    page = browser.visit(url, until=f"{url}?")
    assert page.query.keys() == {"code", "state"}
    back = page.url
    if change == "another state":
        back = back.replace("state=", "state=x")
    elif change == "no state":
        back = back.replace("state=", "stat=")
    elif change == "another browser":
        browser = Browser()
    else:
        assert browser.ask(back).answer.status == 200
    refused = browser.ask(back)
    assert refused.answer.status == 400
    assert "Please begin again" in refused.answer.text
    assert len(oauth2.tokens) == (change == "twice")


def test_without_state_a_strangers_code_is_taken(
    site: Start, oauth2: OAuth2Provider, browser: Browser
) -> None:
    """As in Tornado; docs/tornado-auth.rst warns of it."""
    url = login(site, oauth2)
    page = browser.visit(url, until=f"{url}?")
    assert Browser().ask(page.url).answer.status == 200


class Quick(RequestHandler, OAuth2Mixin):
    """Calls a function with itself."""

    _OAUTH_AUTHORIZE_URL = "https://provider.example/authorize"
    _OAUTH_ACCESS_TOKEN_URL = "https://provider.example/token?"

    def initialize(self, page: Callable[[Any], Any]) -> None:
        self.page = page

    async def get(self) -> None:
        result = self.page(self)
        if not self._finished:
            self.finish({"": result})


def ask(site: Start, browser: Browser, page: Callable[[Any], Any]) -> Any:
    return browser.ask(f"{site(('/', Quick, {'page': page})).server.url}/").answer


def test_nothing_is_sent_that_is_not_told(site: Start, browser: Browser) -> None:
    answer = ask(site, browser, lambda handler: handler.authorize_redirect())
    assert answer.status == 302
    assert answer.header("Location") == "https://provider.example/authorize?response_type=code"


def test_more_is_said_by_extra_params(site: Start, browser: Browser) -> None:
    def page(handler: Any) -> None:
        handler.authorize_redirect(
            extra_params={"response_type": "token", "state": "mine"}, response_type="code"
        )

    query = parse_qs(urlsplit(ask(site, browser, page).header("Location") or "").query)
    assert query == {"response_type": ["token"], "state": ["mine"]}


def test_a_state_that_is_given_and_made(site: Start, browser: Browser) -> None:
    def page(handler: Any) -> str:
        handler._OAUTH_STATE = True
        with pytest.raises(ValueError, match="_OAUTH_STATE is set"):
            handler.authorize_redirect(extra_params={"state": "mine"})
        return "told"

    assert ask(site, browser, page).json == {"": "told"}


def test_the_secret_is_of_no_use(site: Start, browser: Browser) -> None:
    def page(handler: Any) -> None:
        with pytest.warns(DeprecationWarning, match="client_secret argument is deprecated"):
            handler.authorize_redirect(client_secret="secret")

    assert "secret" not in (ask(site, browser, page).header("Location") or "")


def test_mixins_that_stand_in_front(site: Start, browser: Browser) -> None:
    """As in JupyterHub, whose addresses are properties."""

    class Front(OAuth2Mixin, RequestHandler):
        @property
        def _OAUTH_AUTHORIZE_URL(self) -> str:  # type: ignore[override]
            return f"https://{self.settings['provider']}/authorize"

        def get(self) -> None:
            self.authorize_redirect(client_id="id")

    served = site(("/", Front), provider="provider.example")
    there = browser.ask(f"{served.server.url}/").answer.header("Location")
    assert there == "https://provider.example/authorize?response_type=code&client_id=id"


def test_the_address_of_a_token() -> None:
    mixin = Quick.__new__(Quick)
    assert mixin._oauth_request_token_url() == "https://provider.example/token"
    assert mixin._oauth_request_token_url("r", "i", "s", "c", {"code": "d", "e": 1}) == (
        "https://provider.example/token?redirect_uri=r&code=d&client_id=i&client_secret=s&e=1"
    )


def test_asking_without_a_token(site: Start, oauth2: OAuth2Provider, browser: Browser) -> None:
    """In Tornado the arguments are lost then."""
    url = login(site, oauth2)

    class Asks(Login):
        async def get(self) -> None:
            client = self.get_auth_http_client()
            assert client is AsyncHTTPClient()
            self.finish(await self.oauth2_request(f"{url}?error=x", a=1))

    class Echo(RequestHandler):
        def get(self) -> None:
            self.finish({name: self.get_argument(name) for name in self.request.arguments})

    served = site(("/echo", Echo), ("/login", Asks, {"url": ""}))
    url = f"{served.server.url}/echo"
    assert body(browser.ask(f"{served.server.url}/login")) == {"error": "x", "a": "1"}
