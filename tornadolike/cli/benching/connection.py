""":class:`Asker`: one connection, which asks, and notes how long the answers take."""

import asyncio
from collections import deque

from ...http1 import EndOfMessage, Limits, ResponseHead, ResponseReader
from ...httputil import HTTPInputError
from .pacing import Pace
from .results import Results

LIMITS = Limits(max_body_size=1 << 40)
"""What is measured is not judged: bodies may be large."""


class Asker(asyncio.Protocol):
    """Sends the same request again and again.

    :arg request: its bytes.
    :arg pipeline: how many may be on their way at once. The next leave when all of these are answered.
    """

    def __init__(
        self, request: bytes, method: str, pipeline: int, pace: Pace, results: Results
    ) -> None:
        self._request = request
        self._method = method
        self._pipeline = pipeline
        self._pace = pace
        self.results = results
        self._reader = ResponseReader(LIMITS)
        self._due: deque[float] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self.over: asyncio.Future[None] = self._loop.create_future()
        """Done when it asks no more: all is asked, or the connection has ended."""
        self.is_satisfied = False
        """Whether there is nothing more to ask."""

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.results.received += len(data)
        self._reader.feed(data)
        self._read()

    def eof_received(self) -> None:
        self._reader.feed_eof()
        self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._due:
            self._fail(f"connection lost{f': {exc}' if exc else ''}")
        self._end()

    # Asking

    def begin(self) -> None:
        """Begin to ask."""
        if self._transport is None:
            self._end()
        else:
            self._ask()

    def _ask(self) -> None:
        """Take requests, and send them when they are due."""
        dues: list[float] = []
        while len(dues) < self._pipeline:
            due = self._pace.take()
            if due is None:
                break
            dues.append(due)
        if not dues:
            self.is_satisfied = True
            self._end()
            return
        # The last of them says when they leave: the earlier ones have waited for it, and that is not the server's.
        wait = dues[-1] - self._pace.time()
        if self._pace.rate is None or wait <= 0:
            self._send(dues)
        else:
            self._timer = self._loop.call_later(wait, self._send, [dues[-1]] * len(dues))

    def _send(self, dues: list[float]) -> None:
        self._timer = None
        if self._transport is None:
            return
        for due in dues:
            self._due.append(due)
            self._reader.expect(self._method)
        self._transport.write(self._request * len(dues))

    def _read(self) -> None:
        try:
            while (event := self._reader.next_event()) is not None:
                if isinstance(event, ResponseHead):
                    if not event.interim:
                        self.results.statuses[event.status] += 1
                elif isinstance(event, EndOfMessage):
                    self._answered()
                    if not self._due:
                        return
        except HTTPInputError as error:
            self._fail(f"not HTTP: {error}")
            self._end()

    def _answered(self) -> None:
        self.results.latencies.append(self._pace.time() - self._due.popleft())
        if not self._reader.keep_alive:
            self._end()  # who has begun this one connects again
        elif not self._due:
            self._ask()

    def _fail(self, why: str) -> None:
        self.results.failures[why] += max(1, len(self._due))
        self._due.clear()

    def _end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def close(self) -> None:
        """Ask no more, and hang up."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.results.unanswered += len(self._due)
        self._due.clear()
        self._end()
        if self._transport is not None:
            self._transport.abort()
