"""The exceptions that end a request."""

import copy
import pickle

import pytest

from tornadolike.web import Finish, HTTPError, MissingArgumentError


@pytest.mark.parametrize(
    ("error", "text", "message"),
    [
        (HTTPError(), "HTTP 500: Internal Server Error", None),
        (HTTPError(404), "HTTP 404: Not Found", None),
        (HTTPError(599), "HTTP 599: Unknown", None),
        (HTTPError(404, "no %s"), "HTTP 404: Not Found (no %s)", "no %s"),
        (HTTPError(404, "no %s of %d", "x", 2), "HTTP 404: Not Found (no x of 2)", "no x of 2"),
        (HTTPError(404, reason="Gone Fishing"), "HTTP 404: Gone Fishing", None),
        (MissingArgumentError("a%s"), "HTTP 400: Bad Request (Missing argument a%s)", None),
    ],
)
def test_http_error(error: HTTPError, text: str, message: str | None) -> None:
    assert str(error) == text
    if message is not None:
        assert error.get_message() == message
        assert error.log_message is not None
        assert error.log_message % error.args == message


def test_http_error_is_copied() -> None:
    twin = copy.copy(HTTPError(403, "no", reason="No"))
    assert (str(twin), twin.reason) == ("HTTP 403: No (no)", "No")


def test_finish_takes_the_last_chunk() -> None:
    assert Finish("x").args == ("x",)
    assert pickle.loads(pickle.dumps(Finish())).args == ()
