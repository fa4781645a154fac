"""All that is below a path."""

from typing import Any

import pytest

from tornadolike.httputil import HTTPServerRequest
from tornadolike.routing.below import Below


def test_what_is_below_a_path() -> None:
    matcher = Below("/admin")
    for path, is_below in (
        ("/admin", True),
        ("/admin/", True),
        ("/admin/users/7", True),
        ("/admin//", True),
        ("/adminx", False),
        ("/admin.txt", False),
        ("/admin%2Fusers", False),
        ("/%61dmin/", False),
        ("/Admin/", False),
        ("/a/admin/", False),
        ("/", False),
        ("*", False),
    ):
        assert (matcher.match(HTTPServerRequest("GET", path)) == {}) is is_below, path
    assert matcher.prefix == "/admin"
    assert repr(matcher) == "Below('/admin')"


def test_what_cannot_have_something_below_it() -> None:
    wrong: Any
    for wrong, error in (
        (None, TypeError),
        (b"/a", TypeError),
        ("", ValueError),
        ("a", ValueError),
        ("/", ValueError),
        ("/a/", ValueError),
        ("//a", ValueError),
        ("/a b", ValueError),
        ("/%61", ValueError),
        ("/\u00e4", ValueError),
    ):
        with pytest.raises(error, match="a prefix"):
            Below(wrong)
