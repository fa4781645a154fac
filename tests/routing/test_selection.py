"""What a rule asks of a request besides its path."""

from typing import Any

import pytest

from tornadolike.httputil import HTTPServerRequest
from tornadolike.routing.selection import PassedOver, checked_methods, checked_version, pass_over


def test_rules_that_were_passed_over_are_remembered_together() -> None:
    request: Any = HTTPServerRequest("PATCH", "/")
    assert request._passed_over is None
    version: Any = object()
    pass_over(request, ("first",), versions=(version,))
    assert request._passed_over.status_code == 406
    pass_over(request, ("second",), ["GET", "HEAD"])
    pass_over(request, ("third",), ["POST", "GET"])
    assert request._passed_over == PassedOver(("GET", "HEAD", "POST"), (version,), ("first",))
    assert request._passed_over.status_code == 405
    assert request._passed_over.within(("outer",)).middleware == ("outer", "first")


def test_methods() -> None:
    assert checked_methods(None) is None
    assert checked_methods(iter(["get", "POST", "Get"])) == ("GET", "POST")
    wrong: Any
    for wrong, error in (("GET", TypeError), (b"GET", TypeError), ([7], TypeError)):
        with pytest.raises(error, match="are a list, such as"):
            checked_methods(wrong)
    for wrong, why in (
        (["G T"], "no method of HTTP"),
        ([""], "no method"),
        ([], "leave them out"),
    ):
        with pytest.raises(ValueError, match=why):
            checked_methods(wrong)


def test_versions() -> None:
    assert [checked_version(one) for one in (1, "2.0", "2024-05-01", "v_3")] == [
        "1",
        "2.0",
        "2024-05-01",
        "v_3",
    ]
    wrong: Any
    for wrong, error in (
        (True, TypeError),
        (None, TypeError),
        ("..", ValueError),
        ("1/2", ValueError),
    ):
        with pytest.raises(error, match="a version"):
            checked_version(wrong)
