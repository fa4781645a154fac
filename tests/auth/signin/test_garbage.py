"""What sign-ins leave behind: nothing that only the garbage collector finds."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.lying_provider import LyingProvider, json_answer
from tests.auth.signin.test_handler import SignIn, World
from tests.httpclient.behaviours.test_garbage import collecting
from tornadolike.auth import Keeping, OpenIDProvider

CONFIGURATION = "/.well-known/openid-configuration"


def forge_nonce(lying: LyingProvider) -> None:
    lying.claims["nonce"] = "another one"


def deny(lying: LyingProvider) -> None:
    lying.denies = True


def refuse(lying: LyingProvider) -> None:
    lying.answers["/token"] = json_answer({"error": "invalid_grant"}, 400)


def fail(lying: LyingProvider) -> None:
    lying.answers["/token"] = json_answer("no", 500)


def give_unknown_key(lying: LyingProvider) -> None:
    lying.header["kid"] = "nobody's"


def forge_state(lying: LyingProvider) -> None:
    lying.redirect["state"] = "another-one-of-24-letters"


def say_nothing(lying: LyingProvider) -> None:
    lying.answers[CONFIGURATION] = json_answer("<html>")


@pytest.mark.parametrize(
    ("lie", "status"),
    [
        (None, 200),
        (forge_nonce, 502),
        (deny, 403),
        (refuse, 502),
        (fail, 503),
        (give_unknown_key, 502),
        (forge_state, 400),
        (say_nothing, 502),
    ],
)
def test_no_circles(
    site: Callable[..., Any], lying_provider: LyingProvider, lie: Any, status: int
) -> None:
    if lie is not None:
        lie(lying_provider)
    provider = OpenIDProvider(
        lying_provider.client_id,
        lying_provider.client_secret,
        issuer=lying_provider.issuer,
        keeping=Keeping(pause=0, failure_pause=0),
    )
    there = World(site, provider, lying_provider, SignIn)

    def once() -> None:
        assert there.sign_in().status == status
        there.site.settle()
        there.site.finished.clear()  # where the test keeps them

    once()
    with collecting() as found:
        for _ in range(3):
            once()
    assert found == []
