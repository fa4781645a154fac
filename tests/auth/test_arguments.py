"""The checks of arguments: what each lets through, and what it says of the rest."""

import math

import pytest

from tornadolike.auth.arguments import (
    check_client,
    check_collection,
    check_duration,
    check_function,
    check_kind,
    check_kind_if_any,
    check_text,
    check_text_if_any,
    checked_texts,
)
from tornadolike.httpclient import AsyncHTTPClient


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (check_text, ["x"], [None, b"x", 1]),
        (check_text_if_any, ["x", None], [b"x", 1]),
        (check_collection, [[], ["x"], {"x"}, {}], [None, "x", b"x", 1]),
        (check_function, [print, str], [None, "x"]),
        (check_duration, [1, 0.5], [None, "1", True]),
    ],
)
def test_a_check(check, good, bad):
    for value in good:
        check(thing=value)
    for value in bad:
        with pytest.raises(TypeError, match=r"^thing is a"):
            check(thing=value)


@pytest.mark.parametrize("check", [check_text, check_text_if_any, check_collection, check_function])
def test_what_may_be_a_secret_is_not_shown(check):
    with pytest.raises(TypeError) as caught:
        check(thing=b"tea-cosy")
    assert "tea-cosy" not in str(caught.value)


@pytest.mark.parametrize("check", [check_text, check_text_if_any])
def test_no_empty_text(check):
    with pytest.raises(ValueError, match=r"^thing is empty$"):
        check(thing="")


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_no_time(value):
    with pytest.raises(ValueError, match="thing is more than 0 seconds"):
        check_duration(thing=value)


def test_kinds():
    check_kind(int, one=1, two=2)
    check_kind((int, str), one=1, two="2")
    check_kind_if_any(int, one=1, two=None)
    with pytest.raises(TypeError, match=r"^two is a int or str, not bytes$"):
        check_kind((int, str), one=1, two=b"2")
    with pytest.raises(TypeError, match=r"^two is a int, not NoneType$"):
        check_kind(int, one=1, two=None)
    with pytest.raises(TypeError, match=r"^two is a int, not str$"):
        check_kind_if_any(int, one=None, two="")


def test_texts():
    assert checked_texts("scope", iter(["a", "b"])) == ("a", "b")
    assert checked_texts("scope", []) == ()
    for one in ("a b", b"a b", None, 1):
        with pytest.raises(TypeError, match="scope is a list of str, not "):
            checked_texts("scope", one)
    with pytest.raises(TypeError, match="scope is a list of str, not of int"):
        checked_texts("scope", ["a", 1])


def test_clients():
    check_client(None)
    check_client(AsyncHTTPClient)  # what has fetch: tests bring their own
    with pytest.raises(TypeError, match="http_client is an AsyncHTTPClient, not str"):
        check_client("http://127.0.0.1")
