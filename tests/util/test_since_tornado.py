"""Small helpers that programs know from Tornado."""

import datetime
import re
import sys
import unittest
from typing import Any

import pytest

from tornadolike import util


@pytest.mark.parametrize(
    "code", ["x = f'{y}{z}'", b"x = f'{y}{z}'", compile("x = f'{y}{z}'", "a", "exec")]
)
def test_exec_in(code: Any) -> None:
    names: dict[str, Any] = {"y": 1, "z": 2}
    util.exec_in(code, names)
    assert names["x"] == "12"
    names, local = {"y": 1}, {"z": 3}
    util.exec_in(code, names, local)
    assert local == {"x": "13", "z": 3}


def test_exec_in_has_futures_of_its_own() -> None:
    outer = "from __future__ import annotations\nrun(inner, names)"
    names: dict[str, Any] = {}
    util.exec_in(
        outer,
        {"run": util.exec_in, "names": names, "inner": "def f(x: int): ...\nx = f.__annotations__"},
    )
    assert names["x"] == {"x": int}


def test_raise_exc_info() -> None:
    try:
        raise ValueError("bad")
    except ValueError:
        caught = sys.exc_info()
    with pytest.raises(ValueError, match="bad") as again:
        util.raise_exc_info(caught)
    assert again.value is caught[1]
    names = [entry.name for entry in again.traceback]
    assert names[-1] == "test_raise_exc_info"
    assert "raise_exc_info" in names
    del caught, again
    with pytest.raises(TypeError, match="no exception to raise"):
        util.raise_exc_info((None, None, None))


@pytest.mark.parametrize(
    ("error", "number"),
    [(OSError(5, "x"), 5), (OSError("x"), None), (Exception(7, "x"), 7), (Exception(), None)],
)
def test_errno_from_exception(error: Exception, number: int | None) -> None:
    assert util.errno_from_exception(error) == number


@pytest.mark.parametrize(
    "text", ["/favicon.ico", "Hello, World!", "!$@#%;", "a\nb c\\d", "", "ä-_"]
)
def test_re_unescape(text: str) -> None:
    assert util.re_unescape(re.escape(text)) == text


@pytest.mark.parametrize("text", [r"\d", r"a\b", r"\Z", r"\1"])
def test_what_escape_has_not_made(text: str) -> None:
    with pytest.raises(ValueError, match="is no escaped character"):
        util.re_unescape(text)


def test_timedelta_to_seconds() -> None:
    assert util.timedelta_to_seconds(datetime.timedelta(hours=1, milliseconds=500)) == 3600.5


def test_the_examples_are_true() -> None:
    suite = util.doctests()
    assert suite.countTestCases() >= 3
    result = unittest.TestResult()
    suite.run(result)
    assert result.wasSuccessful(), result.failures
