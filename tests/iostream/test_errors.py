"""What is raised when a stream has ended."""

import pytest

from tornadolike.iostream import StreamClosedError


def test_it_says_what_ended_the_stream() -> None:
    reason = ConnectionResetError(104, "Connection reset by peer")
    error = StreamClosedError(real_error=reason)
    assert error.real_error is reason
    assert str(error) == "Stream is closed"


def test_it_may_have_no_reason() -> None:
    assert StreamClosedError().real_error is None


def test_who_catches_the_systems_errors_catches_it() -> None:
    with pytest.raises(OSError, match="closed"):
        raise StreamClosedError
