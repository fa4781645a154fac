"""What is wrong, and which status says so."""

from tornadolike.httputil import HTTPInputError, HTTPOutputError


def test_the_status_of_an_input_error() -> None:
    assert HTTPInputError().status == 400
    assert HTTPInputError("too large", 413).status == 413
    assert HTTPInputError.status == 400
    assert str(HTTPInputError("too large", 413)) == "too large"


def test_an_output_error_is_our_own() -> None:
    assert not issubclass(HTTPOutputError, HTTPInputError)
