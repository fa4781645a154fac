"""auth/mixins/assertions.py: what nobody could send by a browser, and any bytes at all."""

import time

import hypothesis
import hypothesis.strategies as st
import pytest

from tests.auth.mixins.openid_provider import nonce_time
from tornadolike.auth import AccessDeniedError, SignInError
from tornadolike.auth.mixins.assertions import (
    NONCE_SECONDS,
    came_back_there,
    check_answer,
    read_answer,
    signed_fields,
    with_state,
)

ENDPOINT = "https://openid.example/"
ANSWER = {
    "mode": "id_res",
    "op_endpoint": ENDPOINT,
    "claimed_id": "https://openid.example/ann",
    "identity": "https://openid.example/ann",
    "return_to": "https://example.com/login?a=1",
    "response_nonce": f"{nonce_time()}x",
    "assoc_handle": "h",
    "signed": "op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle",
}


def test_one_that_is_good() -> None:
    check_answer(ANSWER, ENDPOINT, time.time())


def test_one_that_names_nobody_is_good() -> None:
    """An extension alone may be what was asked for (section 10.1)."""
    answer = {k: v for k, v in ANSWER.items() if k not in ("claimed_id", "identity")}
    check_answer(answer, ENDPOINT, time.time())


def test_cancelled() -> None:
    with pytest.raises(AccessDeniedError, match="cancelled"):
        check_answer({"mode": "cancel"}, ENDPOINT, 0.0)


@pytest.mark.parametrize(
    ("nonce", "good"),
    [
        ("2026-01-02T03:04:05Z", True),
        ("2026-01-02T03:04:05Z" + "x" * 235, True),
        ("2026-01-02T03:04:05Z" + "x" * 236, False),
        ("2026-01-02T03:04:05Z x", False),
        ("2026-01-02T03:04:05Z\n", False),
        ("2026-01-02T03:04:05", False),
        ("2026-13-02T03:04:05Z", False),
        ("\u0662026-01-02T03:04:05Z", False),
        ("", False),
    ],
)
def test_nonces(nonce: str, good: bool) -> None:
    now = 1767323045.0
    answer = {**ANSWER, "response_nonce": nonce}
    if good:
        check_answer(answer, ENDPOINT, now)
        check_answer(answer, ENDPOINT, now + NONCE_SECONDS)
        check_answer(answer, ENDPOINT, now - NONCE_SECONDS)
        for wrong in (now + NONCE_SECONDS + 1, now - NONCE_SECONDS - 1):
            with pytest.raises(SignInError, match="too old"):
                check_answer(answer, ENDPOINT, wrong)
    else:
        with pytest.raises(SignInError, match="too old"):
            check_answer(answer, ENDPOINT, now)


def test_what_is_signed_and_not_there() -> None:
    assert signed_fields({"signed": "a,b", "a": "1", "c": "2"}) == {"a": "1"}
    assert signed_fields({"a": "1", "": "2"}) == {"": "2"}


@pytest.mark.parametrize(
    ("arguments", "there"),
    [
        ({"a": [b"1"]}, True),
        ({"a": [b"1"], "b": [b"2"]}, True),
        ({"a": [b"2"]}, False),
        ({}, False),
    ],
)
def test_the_query_that_comes_back(arguments: dict[str, list[bytes]], there: bool) -> None:
    assert came_back_there(ANSWER, "https://example.com/login", arguments) == there


@pytest.mark.parametrize(
    ("return_to", "url", "there"),
    [
        ("https://example.com/login", "https://example.com/login?a=1", True),
        ("https://example.com/login", "http://example.com/login", True),
        ("https://example.com:443/login", "http://Example.com/login", True),
        ("https://example.com", "https://example.com/", True),
        ("https://example.com/a b", "https://example.com/a%20b", True),
        ("http://[::1]:80/", "http://[::1]/", True),
        ("https://evil.example/login", "https://example.com/login", False),
        ("https://example.com:8443/login", "https://example.com/login", False),
        ("https://example.com:80/login", "http://example.com/login", False),
        ("https://example.com@evil.example/login", "https://example.com/login", False),
        ("https://user@example.com/login", "https://example.com/login", False),
        ("https://example.com/~evil/login", "https://example.com/login", False),
        ("https://example.com/login/", "https://example.com/login", False),
        ("https://example.com.evil.example/login", "https://example.com/login", False),
        ("//example.com:x/login", "https://example.com/login", False),
        ("https://[example.com/login", "https://example.com/login", False),
        ("", "https://example.com/login", False),
    ],
)
def test_where_it_comes_back(return_to: str, url: str, there: bool) -> None:
    assert came_back_there({"return_to": return_to}, url, {}) == there


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("https://a/b", "https://a/b?s=1"),
        ("https://a/b?", "https://a/b?s=1"),
        ("https://a/b?c=d%20e&c=#f", "https://a/b?c=d+e&c=&s=1"),
        ("https://a/?s=0&openid.mode=x&c=d", "https://a/?c=d&s=1"),
    ],
)
def test_the_state_in_an_address(url: str, there: str) -> None:
    assert with_state(url, "s", "1") == there


NAMES = st.sampled_from(
    [*(f"openid.{name}" for name in (*ANSWER, "ns", "sig", "")), "other", "openid"]
)
VALUES = st.sampled_from([value.encode() for value in ANSWER.values()]) | st.binary(max_size=8)


@pytest.mark.once
@hypothesis.given(
    st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=2), max_size=12),
    st.booleans(),
)
def test_anything_is_refused_or_signed(arguments: dict[str, list[bytes]], whole: bool) -> None:
    """Nothing else is raised; and whatever is taken was signed whole."""
    if whole:
        arguments = {f"openid.{k}": [v.encode()] for k, v in ANSWER.items()} | arguments
    try:
        answer = read_answer(arguments)
        check_answer(answer, ENDPOINT, time.time())
        came_back_there(answer, "https://example.com/login", arguments)
    except (SignInError, AccessDeniedError):
        return
    assert answer["op_endpoint"] == ENDPOINT
    assert {"return_to", "response_nonce", "op_endpoint"} <= signed_fields(answer).keys()
