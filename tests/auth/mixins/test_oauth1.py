"""auth/mixins/oauth1.py: OAuthMixin signs users in with a provider that oauthlib makes."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import hypothesis
import hypothesis.strategies as st
import pytest

from tests.auth.mixins.browsing import Browser, body
from tests.auth.mixins.oauth1_provider import KEY, SECRET, OAuth1Provider
from tests.web.helpers import Site
from tornadolike.auth import AuthError, OAuthMixin, ProviderAnswerError, SignInError
from tornadolike.escape import json_decode
from tornadolike.httpclient import HTTPClientError
from tornadolike.web import RequestHandler

COOKIE = "_oauth_request_token"
VERIFIER = "4711" * 6


class Login(RequestHandler, OAuthMixin):
    """Signs in, and tells who it is and what went wrong."""

    callback: str | None = "/login?b=1"
    extra: dict[str, Any] | None = None
    secret = SECRET

    def initialize(self, url: str, **attributes: Any) -> None:
        self._OAUTH_REQUEST_TOKEN_URL = f"{url}/request_token"
        self._OAUTH_ACCESS_TOKEN_URL = f"{url}/access_token"
        self._OAUTH_AUTHORIZE_URL = f"{url}/authorize"
        self.resource = f"{url}/resource"
        for name, value in attributes.items():
            setattr(self, name, value)

    def _oauth_consumer_token(self) -> dict[str, Any]:
        return {"key": KEY, "secret": self.secret}

    async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
        url = self.resource
        signed = self._oauth_request_parameters(url, access_token, {"a": "1 & é"})
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in signed.items())
        client = self.get_auth_http_client()
        response = await client.fetch(f"{url}?a=1%20%26%20%C3%A9&{query}")
        return dict(json_decode(response.body))

    async def get(self) -> None:
        try:
            if self.get_argument("oauth_token", None):
                self.finish(await self.get_authenticated_user())
            else:
                await self.authorize_redirect(self.callback, self.extra)
        except ProviderAnswerError as error:
            self.set_status(502)
            self.finish(str(error))
        except HTTPClientError as error:
            self.set_status(502)
            self.finish(f"the provider says {error.code}")


Start = Callable[..., Site]


def login(site: Start, provider: OAuth1Provider, **attributes: Any) -> str:
    served = site(("/login", Login, {"url": provider.url, **attributes}))
    return f"{served.server.url}/login"


def test_somebody_signs_in(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    url = login(site, oauth1)
    page = browser.visit(url)
    user = body(page)
    assert page.query["b"] == "1"
    assert user["name"] == "Ann"
    assert user["told"] == [["a", "1 & é"]]
    token = user["access_token"]
    assert oauth1.validator.access_tokens[token["key"]]["oauth_token_secret"] == token["secret"]
    assert COOKIE not in browser.cookies
    assert all(SECRET not in asked and token["secret"] not in asked for asked in oauth1.asked)


@pytest.mark.parametrize("method", ["HMAC-SHA256", "PLAINTEXT"])
def test_other_signatures(
    site: Start, oauth1: OAuth1Provider, browser: Browser, method: str
) -> None:
    oauth1.validator.secret = "only-letters"  # it takes escapes for what they stand for twice
    url = login(site, oauth1, secret="only-letters", _OAUTH_SIGNATURE_METHOD=method)
    assert body(browser.visit(url))["name"] == "Ann"
    assert f"oauth_signature_method={method}" in oauth1.asked[0]


def test_in_guest_mode(
    site: Start, oauth1: OAuth1Provider, browser: Browser, new_foreign_loop: Any
) -> None:
    served = site(("/login", Login, {"url": oauth1.url}), server={"loop_factory": new_foreign_loop})
    assert body(browser.visit(f"{served.server.url}/login"))["name"] == "Ann"


def test_a_wrong_secret(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    page = browser.visit(login(site, oauth1, secret="another"))
    assert (page.answer.status, page.answer.text) == (502, "the provider says 401")


def test_who_says_no(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    """The provider sends them back without a token; it is up to the program what comes then."""
    oauth1.denies = True
    url = login(site, oauth1)
    page = browser.visit(url, until=url)
    assert "denied" in page.query
    assert "oauth_token" not in page.query
    assert not oauth1.validator.access_tokens


def test_the_request(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    url = login(site, oauth1, extra={"x_auth_access_type": "read"})
    page = browser.visit(url, until=oauth1.url)
    asked = parse_qs(urlsplit(oauth1.asked[0]).query)
    assert asked["oauth_callback"] == [f"{url}?b=1"]
    assert asked["oauth_version"] == ["1.0"]
    assert asked["x_auth_access_type"] == ["read"]
    assert page.query["oauth_callback"] == f"{url}?b=1"
    again = browser.visit(url, until=oauth1.url)
    assert again.query["oauth_token"] != page.query["oauth_token"]
    other = parse_qs(urlsplit(oauth1.asked[1]).query)
    assert other["oauth_nonce"] != asked["oauth_nonce"]


def test_out_of_band(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    """The user gets a number from the provider, and brings it along."""
    url = login(site, oauth1, callback="oob")
    page = browser.visit(url)
    assert page.answer.text.startswith(f"{oauth1.url}/authorize?oauth_token=")
    assert "oauth_callback" not in page.answer.text
    token = page.answer.text.partition("oauth_token=")[2]
    oauth1.validator.request_tokens[token]["oauth_verifier"] = VERIFIER
    back = browser.visit(f"{url}?oauth_token={token}&oauth_verifier={VERIFIER}")
    assert body(back)["name"] == "Ann"


def test_version_1(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    """The callback is told to the page, not to the server."""
    url = login(site, oauth1, _OAUTH_VERSION="1.0", extra={"not": "sent"})
    assert browser.visit(url).answer.status == 502  # oauthlib speaks 1.0a only
    asked = parse_qs(urlsplit(oauth1.asked[0]).query)
    assert not {"oauth_callback", "not"} & asked.keys()


def test_the_cookie(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    """It is Tornado's, and scripts and other sites' forms have nothing of it."""
    url = login(site, oauth1)
    page = browser.visit(url, until=oauth1.url)
    morsel = browser.morsels[COOKIE]
    key, secret = (base64.b64decode(part).decode() for part in morsel.value.split("|"))
    assert key == page.query["oauth_token"]
    assert oauth1.validator.request_tokens[key]["oauth_token_secret"] == secret
    assert (morsel["httponly"], morsel["samesite"], morsel["secure"]) == (True, "Lax", "")


class Client:
    """Answers every request with a token."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(self, url: str) -> Any:
        self.asked.append(url)

        class Response:
            body = b"oauth_token=t&oauth_token_secret=s&more=m"

        return Response()


class Elsewhere(Login):
    """Asks by the client that it is given, and by no other."""

    client: Any

    def get_auth_http_client(self) -> Any:
        raise AssertionError("there is another")

    async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
        return {"id": 1}

    async def get(self) -> None:
        if self.get_argument("oauth_token", None):
            self.finish(await self.get_authenticated_user(http_client=self.client))
        else:
            await self.authorize_redirect(http_client=self.client)


@pytest.mark.parametrize("wire", ["tls"])
def test_the_cookie_over_tls(site: Start, certs: Any) -> None:
    served = site(("/login", Elsewhere, {"url": "https://provider.example", "client": Client()}))
    browser = Browser(certs.client_context())
    browser.ask(f"{served.server.url}/login")
    assert browser.morsels[COOKIE]["secure"]


@pytest.mark.parametrize(
    ("cookie", "said"),
    [
        (None, "Missing OAuth request token cookie"),
        ("", "Missing OAuth request token cookie"),
        ("YW5vdGhlcg==|c2VjcmV0", "Request token does not match cookie"),
        ("YW5vdGhlcg==", "Request token does not match cookie"),
        ("a|b|c", "Request token does not match cookie"),
        ("b3R|é", "Request token does not match cookie"),
        ("|", "Request token does not match cookie"),
        ("c29tZWJvZHlz|/w==", "Request token does not match cookie"),  # its secret is no text
    ],
)
def test_what_was_not_begun_here(
    site: Start,
    oauth1: OAuth1Provider,
    browser: Browser,
    expect_log: Any,
    cookie: str | None,
    said: str,
) -> None:
    """A stranger's link ends his sign-in in nobody else's browser: 400, nothing at ERROR, and the provider is not
    asked."""
    url = login(site, oauth1)
    if cookie is not None:
        browser.cookies[COOKIE] = cookie
    with expect_log("tornadolike.general", said):
        page = browser.ask(f"{url}?oauth_token=somebodys")
    assert page.answer.status == 400
    assert f"{said}. Please begin again." in page.answer.text
    assert oauth1.asked == []


def test_a_token_is_good_for_one_time(
    site: Start, oauth1: OAuth1Provider, browser: Browser
) -> None:
    url = login(site, oauth1)
    page = browser.visit(url, until=f"{url}?b=1&oauth_token")
    kept = dict(browser.cookies)
    assert body(browser.ask(page.url))["name"] == "Ann"
    assert browser.ask(page.url).answer.status == 400
    browser.cookies = kept  # a thief has both
    assert browser.ask(page.url).answer.status == 502


def test_a_verifier_that_is_wrong(site: Start, oauth1: OAuth1Provider, browser: Browser) -> None:
    url = login(site, oauth1)
    page = browser.visit(url, until=f"{url}?b=1&oauth_token")
    page = browser.ask(f"{url}?oauth_token={page.query['oauth_token']}&oauth_verifier={VERIFIER}")
    assert (page.answer.status, page.answer.text) == (502, "the provider says 401")


PIECES = st.sampled_from(["YQ==", "Yg==", "/w==", "|", "a", "b", "=", "é", "\x00", " "])
TEXTS = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=8)


@hypothesis.given(cookie=TEXTS, key=TEXTS)
def test_any_cookie(cookie: str, key: str) -> None:
    """It is refused, or can be signed with."""

    class Returned(OAuthMixin):
        _OAUTH_ACCESS_TOKEN_URL = "https://provider.example/access"

        def get_argument(self, name: str, default: str | None = None) -> str | None:
            return key if name == "oauth_token" else default

        def get_cookie(self, name: str) -> str:
            return cookie

        def clear_cookie(self, name: str) -> None:
            pass

        def _oauth_consumer_token(self) -> dict[str, Any]:
            return {"key": KEY, "secret": SECRET}

    returned = Returned()
    try:
        token = returned._take_request_token()
    except SignInError:
        return
    query = parse_qs(urlsplit(returned._oauth_access_token_url(token)).query, True)
    assert query["oauth_token"] == [key]


class Open(Login):
    """Catches nothing."""

    async def get(self) -> None:
        await self.get_authenticated_user()


def test_what_is_made_up(
    site: Start, oauth1: OAuth1Provider, browser: Browser, expect_log: Any
) -> None:
    """A stranger who has made a token up himself gets a 400, and fills no log with tracebacks."""
    served = site(("/login", Open, {"url": oauth1.url}))
    browser.cookies[COOKIE] = "bWFkZXVw|bWFkZXVw"
    with expect_log("tornadolike.general", "The provider has refused it with 40"):
        page = browser.ask(f"{served.server.url}/login?oauth_token=madeup")
    assert page.answer.status == 400


class Broken(RequestHandler):
    answer = b""

    def get(self) -> None:
        self.finish(self.answer)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "the provider's answer has no token"),
        (b"<html>", "the provider's answer has no token"),
        (b"oauth_token=a", "the provider's answer has no token"),
        (b"oauth_token=&oauth_token_secret=", "the provider's answer has no token"),
        (b"oauth_token=\xff&oauth_token_secret=b", "the provider has not answered with a form"),
        (b"&".join(b"a=b" for _ in range(5)), "the provider's answer has no token"),
    ],
)
def test_answers_that_are_none(site: Start, browser: Browser, answer: bytes, said: str) -> None:
    broken = type("Broken", (Broken,), {"answer": answer})
    served = site(
        ("/login", Login, {"url": ""}), ("/request_token", broken), ("/access_token", broken)
    )
    url = served.server.url
    served = site(("/login", Login, {"url": url}))
    page = browser.ask(f"{served.server.url}/login")
    assert (page.answer.status, page.answer.text) == (502, said)


def test_users_that_are_none(
    site: Start, oauth1: OAuth1Provider, browser: Browser, expect_log: Any
) -> None:
    class Nobody(Login):
        async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
            return {}

    served = site(("/login", Nobody, {"url": oauth1.url}))
    with expect_log("tornadolike.application", "Uncaught exception"):
        assert browser.visit(f"{served.server.url}/login").answer.status == 500


def test_what_a_program_must_say() -> None:
    mixin = OAuthMixin()
    with pytest.raises(NotImplementedError):
        mixin._oauth_consumer_token()
    with pytest.raises(NotImplementedError):
        mixin._oauth_get_user_future({}).send(None)


def test_a_callback_where_there_is_none(site: Start, browser: Browser, expect_log: Any) -> None:
    class Fixed(Login):
        _OAUTH_NO_CALLBACKS = True

        async def get(self) -> None:
            with pytest.raises(Exception, match="This service does not support oauth_callback"):
                await self.authorize_redirect("/login")
            self.finish("told")

    served = site(("/login", Fixed, {"url": "http://127.0.0.1:1"}))
    assert browser.ask(f"{served.server.url}/login").answer.text == "told"


def test_another_client(site: Start, browser: Browser) -> None:
    """``http_client`` is asked before ``get_auth_http_client()``."""
    client = Client()
    served = site(
        ("/login", Elsewhere, {"url": "https://provider.example/a?b=c", "client": client})
    )
    url = f"{served.server.url}/login"
    page = browser.visit(url, until="https://provider.example/a?b=c%2Fauthorize&oauth_token=t")
    token = page.query["oauth_token"]
    user = body(browser.ask(f"{url}?oauth_token={token}&oauth_verifier=v"))
    assert user == {"id": 1, "access_token": {"key": "t", "secret": "s", "more": "m"}}
    assert parse_qs(urlsplit(client.asked[1]).query)["oauth_verifier"] == ["v"]


def test_the_kinds_of_errors() -> None:
    """Programs for Tornado catch AuthError."""
    assert issubclass(SignInError, AuthError)
    assert issubclass(ProviderAnswerError, AuthError)
