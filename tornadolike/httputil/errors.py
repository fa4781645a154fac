"""What can be wrong with a message, which status says so, and what its sender is told."""

from typing import Final

from ..log import on_one_line

MAX_DETAIL: Final = 500
"""Characters of what was wrong with a request that its answer shows: what was sent may stand in it."""


class HTTPInputError(Exception):
    """The peer sent what the protocol does not allow.

    ``status`` is the answer that it deserves (400 unless something more exact applies).

    :arg in_request: whether it is in the request that is being answered, so that its sender is to be told. In
        anything else that a handler reads, such as the answer of another server, it is no fault of the sender's.
    """

    status = 400

    def __init__(
        self, message: str = "", status: int | None = None, *, in_request: bool = False
    ) -> None:
        super().__init__(message)
        self.in_request = in_request
        if status is not None:
            self.status = status


class HTTPOutputError(ValueError):
    """Our own code tried to send what the protocol does not allow."""


def shown(detail: str) -> str:
    """What of ``detail`` an answer shows: one line of at most :data:`MAX_DETAIL` characters."""
    return on_one_line(detail if len(detail) <= MAX_DETAIL else detail[: MAX_DETAIL - 1] + "…")
