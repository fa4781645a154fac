""":class:`Upload`: the body of a request that does not go with its head.

It is one that a producer gives piece by piece, or one (of either kind) that waits until the server has said 100
Continue. A producer runs in a task of its own, and only as long as somebody listens: what it gives when the exchange
is over is refused.
"""

import asyncio
from typing import Any, Final, Protocol

from ..http1 import RequestWriter
from ..httpclient.engine import Hop
from ..httpclient.failures import HTTPStreamClosedError
from ..httputil import HTTPOutputError

TURN_SIZE: Final = 256 * 1024
"""Bytes after which a producer lets others have a turn, also where the server takes all that it gives: what the
server has to say must be heard."""


class Sink(Protocol):
    """Whose body it is."""

    def upload_ended(self) -> None:
        """The whole body was given to the transport."""

    def upload_failed(self, failure: Exception) -> None:
        """It will not be whole."""


class Upload:
    """One body on its way out.

    :arg writer: frames it; its head is written.
    :arg transport: takes it.
    """

    __slots__ = (
        "_full",
        "_hop",
        "_loop",
        "_sink",
        "_stopped",
        "_task",
        "_timer",
        "_transport",
        "_turn",
        "_waiters",
        "_writer",
    )

    def __init__(self, hop: Hop, writer: RequestWriter, transport: Any, sink: Sink) -> None:
        self._hop = hop
        self._writer = writer
        self._transport = transport
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._turn = 0
        self._full = False
        self._stopped = False

    # What the connection says

    def start(self, continue_timeout: float) -> None:
        """Send it; or, if the server is asked first, when it has agreed or has let that much time go by."""
        if self._writer.expects_continue:
            self._timer = self._loop.call_later(continue_timeout, self.go)
        else:
            self.go()

    @property
    def waiting(self) -> bool:
        """Whether the server is still asked for the body."""
        return self._timer is not None

    @property
    def producing(self) -> bool:
        """Whether a producer was asked for it."""
        return self._task is not None

    def go(self) -> None:
        """The body is welcome, or it is presumed to be. Once is enough."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stopped or self._task is not None:
            return
        if self._hop.producer is not None:
            self._task = self._loop.create_task(self._produce())
        elif not self._writer.complete:
            self._send_body(self._hop.body or b"")

    def _send_body(self, body: bytes) -> None:
        try:
            framed = self._writer.data(body) + self._writer.end()
        except HTTPOutputError as error:  # it is not as long as the head said
            self._fail(error)
            return
        self._transport.write(framed)
        self._sink.upload_ended()

    def pause(self) -> None:
        """The transport holds enough."""
        self._full = True

    def resume(self) -> None:
        """It may have more."""
        self._full = False
        self._let_go_on()

    def stop(self) -> None:
        """The exchange is over, or the server does not want the rest."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._let_go_on()

    # The producer

    async def _produce(self) -> None:
        assert self._hop.producer is not None
        try:
            # (Tornado's may return None.)
            if (producing := self._hop.producer(self.write)) is not None:
                await producing
            if not self._stopped:
                self._end()
        except asyncio.CancelledError:
            if self._stopped:
                raise
            self._fail(HTTPStreamClosedError("The producer of the request's body was cancelled"))
        except Exception as error:
            if self._stopped:
                raise  # a fault of its own while it was told to stop: asyncio logs it
            self._fail(error)

    def write(self, piece: bytes) -> "asyncio.Future[None]":
        """Send a piece, at once; what is returned is done when there is room for more.

        Raises :exc:`HTTPStreamClosedError` if the exchange is over, and
        :exc:`~tornadolike.httputil.HTTPOutputError` for more than was announced.
        """
        if self._stopped or self._transport.is_closing():
            raise HTTPStreamClosedError("The request is over: nobody takes the rest of its body")
        room: asyncio.Future[None] = self._loop.create_future()
        self._transport.write(self._writer.data(piece))
        self._turn += len(piece)
        if self._full:
            self._waiters.append(room)
        elif self._turn >= TURN_SIZE:
            self._waiters.append(room)
            self._loop.call_soon(self._end_turn)
        else:
            room.set_result(None)
        return room

    def _end_turn(self) -> None:
        if not self._full:
            self._let_go_on()

    def _let_go_on(self) -> None:
        self._turn = 0
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _end(self) -> None:
        self._transport.write(self._writer.end())
        self._sink.upload_ended()

    def _fail(self, failure: Exception) -> None:
        self._stopped = True
        self._sink.upload_failed(failure)
