"""Signing in as a site does it: sessions, ``@authenticated``, https, and signing out again."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.auth.browser import Browser
from tests.auth.lying_provider import LyingProvider
from tornadolike.auth import (
    BackChannelLogoutMixin,
    Identity,
    OpenIDProvider,
    SignInMixin,
    SignOuts,
)
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.sessions import Sessions
from tornadolike.stores import MemoryStore
from tornadolike.web import RequestHandler, authenticated

SECRET = "3f0e1c8ab4d97b26a51d"


class Base(RequestHandler):
    provider: OpenIDProvider
    sign_outs: SignOuts

    def initialize(self, provider: OpenIDProvider, sign_outs: SignOuts) -> None:
        self.provider, self.sign_outs = provider, sign_outs

    async def prepare(self) -> None:
        user = self.session.get("user")
        if user and await self.sign_outs.covers(*user, since=self.session["since"]):
            self.session.invalidate()
            user = None
        self.current_user = user


class Private(Base):
    @authenticated
    def get(self) -> None:
        self.write(f"{self.current_user[1]} {self.session.get('before')}")


class SignIn(SignInMixin, Base):
    def signed_in(self, identity: Identity, next: str) -> None:
        self.session.rotate()
        self.session["user"] = [identity.issuer, identity.subject, identity.session_id]
        self.session["since"] = time.time()
        assert identity.token is not None
        self.session["id_token"] = identity.token.id_token
        self.redirect(next)


class SignOut(Base):
    async def post(self) -> None:
        hint = self.session.get("id_token")
        self.session.invalidate()
        url = await self.provider.end_session_url(hint, f"http://{self.request.host}/")
        self.redirect(url or "/")


class BackChannel(BackChannelLogoutMixin, Base):
    async def prepare(self) -> None:
        """No session is looked at."""


Start = Callable[..., str]


@pytest.fixture
def start(site: Any) -> Start:
    """Serves a site of these pages; returns its URL."""

    def serve_it(lying: LyingProvider, scheme: str = "http", **more: Any) -> str:
        provider = OpenIDProvider(lying.client_id, lying.client_secret, issuer=lying.issuer)
        provider.response_mode = more.pop("response_mode", None)
        store = MemoryStore()
        arguments = {"provider": provider, "sign_outs": SignOuts(store)}
        served = site(
            ("/private", Private, arguments),
            ("/signin", SignIn, arguments),
            ("/signout", SignOut, arguments),
            ("/backchannel", BackChannel, arguments),
            middleware=[Sessions(store)],
            cookie_secret=SECRET,
            login_url="/signin",
            **more,
        )
        return f"{scheme}://127.0.0.1:{served.server.port}"

    return serve_it


@pytest.mark.parametrize("response_mode", [None, "form_post"])
def test_there_and_back(
    start: Start, lying_provider: LyingProvider, browser: Browser, response_mode: str | None
) -> None:
    base = start(lying_provider, response_mode=response_mode)
    page = browser.open(f"{base}/private?a=b")
    assert (page.status, page.url, page.text) == (200, f"{base}/private?a=b", "user-17 None")
    assert browser.names() == ["session"]


def test_the_session_has_another_key_afterwards(
    start: Start, lying_provider: LyingProvider, browser: Browser
) -> None:
    base = start(lying_provider)
    browser.open(f"{base}/private")
    [before] = [morsel.value for morsel in browser.cookies.values()]
    browser.open(f"{base}/signin?next=/private")
    [after] = [morsel.value for morsel in browser.cookies.values()]
    assert before != after


def test_signing_out_there_too(
    start: Start, lying_provider: LyingProvider, browser: Browser
) -> None:
    base = start(lying_provider)
    browser.open(f"{base}/private")
    page = browser.open(f"{base}/signout", {})
    assert page.text == "signed out"
    [asked] = lying_provider.asked_of("/end_session")
    assert asked.form["id_token_hint"].count(".") == 2
    assert asked.form["post_logout_redirect_uri"] == f"{base}/"
    assert browser.ask(f"{base}/private").status == 302


@pytest.mark.parametrize(
    ("claims", "ended"),
    [({}, True), ({"sid": None}, True), ({"sid": "session-4"}, False), ({"sub": "b"}, True)],
    ids=repr,
)
def test_being_signed_out_there(
    start: Start,
    lying_provider: LyingProvider,
    browser: Browser,
    claims: dict[str, Any],
    ended: bool,
) -> None:
    base = start(lying_provider)
    browser.open(f"{base}/private")
    token = lying_provider.logout_token(**claims)
    assert Browser().ask(f"{base}/backchannel", {"logout_token": token}).status == 200
    assert browser.ask(f"{base}/private").status == (302 if ended else 200)
    assert browser.open(f"{base}/private").status == 200  # who signs in again is in


@pytest.mark.parametrize("wire", ["tls"])
def test_with_https(start: Start, serve: Any, certs: Any) -> None:
    lying = LyingProvider(partial(serve, ssl_options=None, client_context=None))
    base = start(lying, "https")
    browser = Browser(certs.client_context())
    page = browser.open(f"{base}/signin?next=/private", until="/authorize")
    [name] = browser.names()
    assert name.startswith("__Host-signin-")
    page = browser.open(page.url)
    assert page.text == "user-17 None"
    assert [urlsplit(url).scheme for url in page.urls] == ["http", "https", "https"]
    assert browser.names() == ["session"]


def test_with_curl(start: Start, lying_provider: LyingProvider, browser: Browser) -> None:
    pytest.importorskip("pycurl")
    AsyncHTTPClient.configure("tornadolike.curl_httpclient.CurlAsyncHTTPClient")
    try:
        page = browser.open(f"{start(lying_provider)}/private")
    finally:
        AsyncHTTPClient.configure(None)
    assert page.text == "user-17 None"


def test_many_at_a_time(start: Start, lying_provider: LyingProvider) -> None:
    """The provider's pages and keys are asked for once."""
    base = start(lying_provider)

    async def main() -> list[str]:
        pages = [asyncio.to_thread(Browser().open, f"{base}/private") for _ in range(12)]
        return [page.text for page in await asyncio.gather(*pages)]

    assert asyncio.run(main()) == ["user-17 None"] * 12
    assert len(lying_provider.asked_of("/jwks")) == 1
    assert len(lying_provider.asked_of("/.well-known/openid-configuration")) == 1
    assert len(lying_provider.asked_of("/token")) == 12
