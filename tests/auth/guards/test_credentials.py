"""Who asks, by what a request has with it."""

import asyncio
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.auth.guards.credentials import (
    Credentials,
    credentials_from,
    credentials_of,
    keep_credentials,
)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, None),
        (False, None),
        (0, None),
        ("", None),
        ({}, None),
        (Credentials(None, {"read"}), None),
        ("ann", Credentials("ann")),
        (Credentials("ann", {"read"}), Credentials("ann", {"read"})),
    ],
)
def test_what_a_check_gives(given: Any, found: Credentials | None) -> None:
    async def later() -> Any:
        return given

    async def both() -> list[Any]:
        return [await credentials_from(given), await credentials_from(later())]

    assert asyncio.run(both()) == [found, found]


def test_they_are_kept_with_the_handler() -> None:
    handler = make_handler()
    assert credentials_of(handler) is None
    keep_credentials(handler, Credentials("ann", claims={"sub": "secret"}))
    assert handler.current_user == "ann"
    assert credentials_of(handler) == Credentials("ann", claims={"sub": "secret"})
    assert "secret" not in repr(credentials_of(handler))
