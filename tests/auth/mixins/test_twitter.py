"""auth/mixins/twitter.py: TwitterMixin, with a provider that oauthlib makes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.mixins.browsing import Browser, body
from tests.auth.mixins.oauth1_provider import KEY, SECRET, OAuth1Provider
from tests.web.helpers import Site
from tornadolike.auth import TwitterMixin
from tornadolike.httpclient import HTTPClientError
from tornadolike.web import RequestHandler

Start = Callable[..., Site]
SETTINGS = {"twitter_consumer_key": KEY, "twitter_consumer_secret": SECRET}


class Login(RequestHandler, TwitterMixin):
    again = False
    asks: Any = None

    def initialize(self, url: str, **attributes: Any) -> None:
        self._OAUTH_REQUEST_TOKEN_URL = f"{url}/request_token"
        self._OAUTH_ACCESS_TOKEN_URL = f"{url}/access_token"
        self._OAUTH_AUTHORIZE_URL = f"{url}/authorize"
        self._OAUTH_AUTHENTICATE_URL = f"{url}/authorize?again=1"
        self._TWITTER_BASE_URL = f"{url}/resource"
        for name, value in attributes.items():
            setattr(self, name, value)

    async def get(self) -> None:
        if self.get_argument("oauth_token", None):
            user = await self.get_authenticated_user()
            if self.asks is None:
                self.finish(user)
            else:
                path, options = self.asks
                self.finish(await self.twitter_request(path, user["access_token"], **options))
        elif self.again:
            await self.authenticate_redirect("/login")
        else:
            await self.authorize_redirect("/login")


def login(site: Start, provider: OAuth1Provider, **attributes: Any) -> str:
    served = site(("/login", Login, {"url": provider.url, **attributes}), **SETTINGS)
    return f"{served.server.url}/login"


@pytest.mark.parametrize("again", [False, True])
def test_somebody_signs_in(
    site: Start, oauth1: OAuth1Provider, browser: Browser, again: bool
) -> None:
    user = body(browser.visit(login(site, oauth1, again=again)))
    assert (user["username"], user["screen_name"], user["name"]) == ("ann", "ann", "Ann")
    assert user["access_token"]["key"] in oauth1.validator.access_tokens
    asked = [url.removeprefix(oauth1.url).partition("?") for url in oauth1.asked]
    paths = ["/request_token", "/authorize", "/access_token"]
    assert [path for path, _, _ in asked] == [*paths, "/resource/account/verify_credentials.json"]
    assert asked[1][2].startswith("again=1&oauth_token=" if again else "oauth_token=")


@pytest.mark.parametrize(
    ("path", "options", "method", "told"),
    [
        ("/a/b", {}, "GET", []),
        ("/a/b", {"count": 2, "q": "1 & é"}, "GET", [["count", "2"], ["q", "1 & é"]]),
        ("/a/b", {"ids": ["2", "1"]}, "GET", [["ids", "1"], ["ids", "2"]]),
        ("/a/b", {"post_args": {"status": "1 & é"}}, "POST", [["status", "1 & é"]]),
        (
            "/a/b",
            {"post_args": {"s": ["2", "1"]}, "t": "3"},
            "POST",
            [["s", "1"], ["s", "2"], ["t", "3"]],
        ),
        ("whole", {}, "GET", [["x", "1 2"]]),
        ("whole", {"y": "3"}, "GET", [["x", "1 2"], ["y", "3"]]),
    ],
)
def test_asking(
    site: Start,
    oauth1: OAuth1Provider,
    browser: Browser,
    path: str,
    options: dict[str, Any],
    method: str,
    told: list[list[str]],
) -> None:
    """oauthlib checks each signature."""
    if path == "whole":
        path = f"{oauth1.url}/resource?x=1%202"
    said = body(browser.visit(login(site, oauth1, asks=(path, options))))
    assert (said["method"], said["told"]) == (method, told)


def test_asking_without_a_token(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    class Echo(RequestHandler):
        def get(self) -> None:
            self.finish({name: self.get_argument(name) for name in self.request.arguments})

    class Asks(Login):
        async def get(self) -> None:
            self.finish(await self.twitter_request("/echo", None, a="1"))

    echo = site(("/resource/echo.json", Echo)).server.url
    served = site(("/", Asks, {"url": echo}), **SETTINGS)
    assert body(browser.ask(f"{served.server.url}/")) == {"a": "1"}


def test_a_refusal(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    """What fetch raises is the program's, as in Tornado."""

    class Asks(Login):
        async def get(self) -> None:
            try:
                await self.twitter_request("/a", {"key": "none", "secret": "none"})
            except HTTPClientError as error:
                self.finish({"refused": error.code})

    served = site(("/", Asks, {"url": oauth1.url}), **SETTINGS)
    assert body(browser.ask(f"{served.server.url}/")) == {"refused": 401}


@pytest.mark.parametrize("missing", SETTINGS)
def test_missing_settings(site: Start, browser: Browser, missing: str) -> None:
    class Asks(Login):
        def get(self) -> None:  # type: ignore[override]
            with pytest.raises(Exception, match=f"Twitter OAuth needs a setting: .*{missing}"):
                self._oauth_consumer_token()
            self.finish("told")

    settings = {name: value for name, value in SETTINGS.items() if name != missing}
    served = site(("/", Asks, {"url": ""}), **settings)
    assert browser.ask(f"{served.server.url}/").answer.text == "told"


def test_the_addresses() -> None:
    """Twitter's own."""
    assert TwitterMixin._OAUTH_REQUEST_TOKEN_URL == "https://api.twitter.com/oauth/request_token"
    assert TwitterMixin._OAUTH_ACCESS_TOKEN_URL == "https://api.twitter.com/oauth/access_token"
    assert TwitterMixin._OAUTH_AUTHORIZE_URL == "https://api.twitter.com/oauth/authorize"
    assert TwitterMixin._OAUTH_AUTHENTICATE_URL == "https://api.twitter.com/oauth/authenticate"
    assert TwitterMixin._TWITTER_BASE_URL == "https://api.twitter.com/1.1"
