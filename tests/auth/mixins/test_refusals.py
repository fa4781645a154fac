"""auth/mixins/refusals.py: errors that programs catch by Tornado's name, and that a handler answers by itself."""

import pickle

import pytest

from tornadolike.auth import AccessDeniedError, AuthError, SignInError
from tornadolike.auth.mixins.refusals import DeniedError, NotExchangedError, RefusedError
from tornadolike.httpclient import HTTPClientError
from tornadolike.web import HTTPError


@pytest.mark.parametrize(
    ("error", "kind", "status", "text", "detail"),
    [
        (RefusedError("A % sign"), SignInError, 400, "A % sign", "A % sign. Please begin again."),
        (DeniedError("No %s"), AccessDeniedError, 403, "access_denied: No %s", "No %s."),
    ],
)
def test_both_kinds(
    error: HTTPError, kind: type[AuthError], status: int, text: str, detail: str
) -> None:
    assert isinstance(error, kind)
    assert isinstance(error, HTTPError)
    for each in (error, pickle.loads(pickle.dumps(error))):
        assert (each.status_code, str(each), each.detail) == (status, text, detail)
        assert each.get_message() in text


def test_what_fetch_raises_too() -> None:
    """Programs for Tornado catch that, and see the provider's status in it."""
    error = NotExchangedError(HTTPClientError(401, "Go away"))
    for each in (error, pickle.loads(pickle.dumps(error))):
        assert isinstance(each, SignInError)
        assert isinstance(each, HTTPError)
        assert isinstance(each, HTTPClientError)
        assert (each.code, each.message, each.response) == (401, "Go away", None)
        assert (str(each), each.status_code) == ("HTTP 401: Go away", 400)
        assert each.detail == "The provider has refused it with 401. Please begin again."


def test_what_a_denial_tells() -> None:
    error = DeniedError("The sign-in was cancelled")
    assert (error.error, error.description) == ("access_denied", "The sign-in was cancelled")
    assert (error.uri, error.more) == (None, {})
