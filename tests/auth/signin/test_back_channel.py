"""A provider's server tells that somebody has signed out."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.browser import Browser
from tests.auth.lying_provider import LyingProvider, json_answer
from tests.web.helpers import Answer
from tornadolike.auth import (
    BackChannelLogoutMixin,
    Logout,
    OpenIDProvider,
    SignOuts,
    TokenError,
)
from tornadolike.stores import MemoryStore, StoreError


class Told(BackChannelLogoutMixin):
    def initialize(self, provider: OpenIDProvider, sign_outs: SignOuts) -> None:
        self.provider, self.sign_outs = provider, sign_outs


@pytest.fixture
def tell(site: Any, lying_provider: LyingProvider) -> Callable[..., Answer]:
    """Sends a logout token to a site; ``tell.sign_outs`` are what it keeps."""
    provider = OpenIDProvider(
        lying_provider.client_id, lying_provider.client_secret, issuer=lying_provider.issuer
    )
    sign_outs = SignOuts(MemoryStore())

    class Site:
        def __init__(self, handler: Any) -> None:
            self.sign_outs = sign_outs
            self.served = site(
                ("/out", handler, {"provider": provider, "sign_outs": sign_outs}),
                xsrf_cookies=True,
                cross_origin_protection=True,
            )

        def __call__(self, *tokens: str) -> Answer:
            url = f"http://127.0.0.1:{self.served.server.port}/out"
            form: Any = [("logout_token", token) for token in tokens]
            return Browser().ask(url, form)

    return Site


def test_a_logout(tell: Any, lying_provider: LyingProvider) -> None:
    told = tell(Told)
    answer = told(lying_provider.logout_token())
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("Cache-Control") == "no-store"
    who = (lying_provider.issuer, "user-17", "session-3")
    covers = told.sign_outs.covers
    assert told.served.server.call(lambda: covers(*who, since=time.time() - 1))
    assert not told.served.server.call(lambda: covers(*who, since=time.time() + 10))


def refused(answer: Answer) -> str:
    assert answer.status == 400
    assert answer.json["error"] == "invalid_request"
    assert answer.header("Cache-Control") == "no-store"
    said: str = answer.json["error_description"]
    return said


def test_what_does_not_count(tell: Any, lying_provider: LyingProvider) -> None:
    told = tell(Told)
    token = lying_provider.logout_token()
    assert "one logout_token" in refused(told())
    assert "one logout_token" in refused(told(token, token))
    assert "nonce" in refused(told(lying_provider.logout_token(nonce="n")))
    assert "é" not in refused(told("é.é.é"))
    assert told(token).status == 200
    assert "has come before" in refused(told(token))


def test_only_faults_of_the_token_are_told(tell: Any, lying_provider: LyingProvider) -> None:
    lying_provider.answers["/jwks"] = json_answer("", 500)
    said = refused(tell(Told)(lying_provider.logout_token()))
    assert said == "the logout token cannot be checked now"


def test_a_hook_of_ones_own(tell: Any, lying_provider: LyingProvider) -> None:
    heard: list[Logout] = []

    class Own(Told):
        async def signed_out(self, logout: Logout) -> None:
            heard.append(logout)
            if logout.subject == "nobody":
                raise TokenError("there is no such user")

    told = tell(Own)
    assert told(lying_provider.logout_token()).status == 200
    assert "no such user" in refused(told(lying_provider.logout_token(sub="nobody")))
    assert [logout.subject for logout in heard] == ["user-17", "nobody"]


def test_without_either(tell: Any, lying_provider: LyingProvider, expect_log: Any) -> None:
    class Neither(Told):
        def initialize(self, provider: OpenIDProvider, sign_outs: SignOuts) -> None:
            self.provider = provider

    with expect_log("tornadolike.application", "Uncaught exception"):
        assert tell(Neither)(lying_provider.logout_token()).status == 500


def test_only_by_post(tell: Any, lying_provider: LyingProvider) -> None:
    told = tell(Told)
    url = f"http://127.0.0.1:{told.served.server.port}/out"
    assert Browser().ask(f"{url}?logout_token={lying_provider.logout_token()}").status == 405
    assert Browser().ask(f"{url}?logout_token={lying_provider.logout_token()}", {}).status == 400


def test_a_store_that_fails(tell: Any, lying_provider: LyingProvider, expect_log: Any) -> None:
    class Down(Told):
        async def signed_out(self, logout: Logout) -> None:
            raise StoreError("the store is down")

    with expect_log("tornadolike.general", "503 POST /out .*the store is down"):
        answer = tell(Down)(lying_provider.logout_token())
    assert answer.status == 503
    assert "the store" not in answer.text
