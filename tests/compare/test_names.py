"""What needs no server: the same values from Tornado's functions and classes and from ours."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import tornado.httputil
import tornado.routing
import tornado.web
from hypothesis import example, given
from hypothesis import strategies as st

import tornadolike.httputil
import tornadolike.routing
import tornadolike.web

pytestmark = pytest.mark.once

GROUPS = st.sampled_from([r"(\d+)", r"(.*)", r"([^/]+)", r"(a|b)", r"()", r"(?:x|y)", r"(x)?"])
LITERALS = st.sampled_from(["/", "/a", "b", r"\.", "-", "%", "%%", "é", ".", " ", r"\/"])
PATTERNS = st.lists(st.one_of(LITERALS, LITERALS, GROUPS), max_size=6).map("".join)
NAMED = st.sampled_from([r"/(?P<a>\d+)", r"/(?P<a>.*)/(?P<b>[^/]*)", r"/x(?P<a>y)?"])
PATHS = st.text("/ab01x.-% ", max_size=8).map(lambda path: "/" + path)
ARGUMENTS = st.lists(
    st.one_of(st.text("ab/ %é\n", max_size=4), st.integers(), st.binary(max_size=3))
)


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the function gives, or that it raises. Of which class that is, may differ."""
    try:
        return function(*args, **kwargs)
    except (ValueError, TypeError, AssertionError, re.error):
        return "raises"


def matched(package: Any, pattern: str, path: str) -> Any:
    matcher = package.routing.PathMatches(pattern)
    request = package.httputil.HTTPServerRequest(
        start_line=package.httputil.RequestStartLine("GET", path, "HTTP/1.1"),
        headers=package.httputil.HTTPHeaders({"Host": "127.0.0.1"}),
        connection=SimpleNamespace(),
    )
    return matcher.match(request)


@given(st.one_of(PATTERNS, NAMED), PATHS)
@example(r"/(\d+)/(?P<name>x)", "/1/x")
@example("/(", "/")
def test_the_same_paths_match(pattern: str, path: str) -> None:
    assert outcome(matched, tornadolike, pattern, path) == outcome(matched, tornado, pattern, path)


@given(st.text(max_size=12))
@example("//host")
@example("HTTP://host")
def test_the_same_addresses_are_absolute(path: str) -> None:
    assert tornadolike.web.is_absolute(path) == tornado.web.is_absolute(path)


STATUSES = st.sampled_from([400, 404, 418, 500, 599, 799])
MESSAGES = st.sampled_from([None, "", "text", "100%", "%s", "%d of %s", "%(a)s"])
REASONS = st.sampled_from([None, "", "Because", "a\r\nb", "<b>"])


@given(STATUSES, MESSAGES, st.lists(st.sampled_from(["a", 1, None]), max_size=2), REASONS)
def test_the_same_http_errors(
    status: int, message: str | None, args: list[Any], reason: str | None
) -> None:
    ours, theirs = (
        package.web.HTTPError(status, message, *args, reason=reason)
        for package in (tornadolike, tornado)
    )
    assert outcome(str, ours) == outcome(str, theirs)
    for name in ("status_code", "log_message", "args", "reason"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert outcome(ours.get_message) == outcome(theirs.get_message)


@given(st.text(max_size=8), st.sampled_from([(), ("with",), ({"a": 1},)]))
def test_the_same_of_the_other_exceptions(name: str, args: tuple[Any, ...]) -> None:
    ours, theirs = (package.web.MissingArgumentError(name) for package in (tornadolike, tornado))
    assert (str(ours), ours.arg_name) == (str(theirs), theirs.arg_name)
    assert tornadolike.web.Finish(*args).args == tornado.web.Finish(*args).args


@given(
    st.sampled_from(
        [r"/", r"/a", r"/a/(\d+)", r"/x(.*)/b", r"/(?P<a>x)/(y)", r"^/a$", r"/a\.b/(.*)"]
    ),
    ARGUMENTS,
)
def test_the_same_addresses_of_rules(pattern: str, args: list[Any]) -> None:
    def reverse(package: Any) -> Any:
        return package.routing.URLSpec(pattern, package.web.RequestHandler).reverse(*args)

    assert outcome(reverse, tornadolike) == outcome(reverse, tornado)


def test_handlers_have_all_that_tornados_have() -> None:
    for name, cls in vars(tornado.web).items():
        if not (isinstance(cls, type) and cls.__module__ == "tornado.web") or name.startswith("_"):
            continue
        ours = getattr(tornadolike.web, name)
        missing = [member for member in dir(cls) if member[0] != "_" and not hasattr(ours, member)]
        assert not missing, (name, missing)
