"""What stands in Authorization and WWW-Authenticate."""

from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.auth.guards.headers import Refused, authorization, challenge, checked_realm


def asking(*values: str) -> Any:
    handler = make_handler()
    for value in values:
        handler.request.headers.add("Authorization", value)
    return handler


@pytest.mark.parametrize(
    ("value", "scheme", "found"),
    [
        ("Bearer abc", "Bearer", "abc"),
        ("bearer abc", "Bearer", "abc"),
        ("BEARER   abc", "bearer", "abc"),
        ("Bearer a b", "Bearer", "a b"),
        ("Bearer", "Bearer", ""),
        ("Bearer abc", "Basic", None),
        ("Bearerabc", "Bearer", None),
        ("Digest username=x", "Basic", None),
    ],
)
def test_what_stands_behind_the_scheme(value: str, scheme: str, found: str | None) -> None:
    assert authorization(asking(value), scheme) == found


def test_without_it() -> None:
    assert authorization(asking(), "Basic") is None


@pytest.mark.parametrize(
    "values", [[""], ["Bearer\tabc"], ['"Bearer" abc'], ["Bearer a", "Bearer a"], ["é abc"]]
)
def test_what_is_malformed(values: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        authorization(asking(*values), "Bearer")
    assert refused.value.status == 400


def test_a_challenge_has_only_what_can_stand_in_it() -> None:
    assert challenge("Bearer") == "Bearer"
    assert challenge("Bearer", realm=None, error="x") == 'Bearer error="x"'
    assert challenge("Bearer", a='say "x"\\\r\nSet-Cookie: b=é', b="c") == (
        'Bearer a="say ?x????Set-Cookie: b=?", b="c"'
    )


@pytest.mark.parametrize(
    ("realm", "error"),
    [
        ("", ValueError),
        ('a"b', ValueError),
        ("a\r\nb", ValueError),
        ("é", ValueError),
        (1, TypeError),
    ],
)
def test_what_is_no_realm(realm: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        checked_realm(realm)
