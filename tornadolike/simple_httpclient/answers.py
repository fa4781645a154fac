"""Where the body of a response goes: to :class:`WireAnswer` if somebody wants it, else to :class:`Leftover`."""

from typing import Any

from ..http1 import ResponseHead
from ..httpclient.feeding import FedAnswer, Source
from ..httputil import HTTPHeaders


class WireAnswer(FedAnswer):
    """The answer to one request; its connection feeds it.

    When it is closed the rest is read if that is soon done, and the connection kept; else that is ended.
    """

    __slots__ = ()

    def __init__(self, source: Source, head: ResponseHead, ahead: int) -> None:
        version, status, reason = head.start_line
        super().__init__(source, version, status, reason, head.headers, ahead)


class Leftover:
    """Takes the place of an answer that nobody wants, until it is whole.

    :arg size: how many bytes more of it are borne.
    :arg timer: ends it if it takes too long.
    """

    __slots__ = ("_left", "_timer")

    def __init__(self, size: int, timer: Any) -> None:
        self._left = size
        self._timer = timer

    def add(self, piece: bytes) -> bool:
        """Drop a piece. Returns whether it is more than is borne."""
        self._left -= len(piece)
        return self._left < 0

    def end(self, trailers: HTTPHeaders) -> None:
        """The body is whole."""

    def fail(self, failure: Exception) -> None:
        """The rest will not come."""

    def stop(self) -> None:
        """It is over."""
        self._timer.cancel()
