"""The connection: a WebSocketCore on a transport, calling the user's methods in order.

The rules for what runs when:

* One callback at a time, in the order of arrival: ``open``, then messages, pings and pongs, then the
  close callback, exactly once and last. While a coroutine is running, nothing else is delivered.
* Nothing is delivered either while the peer leaves more unread than the transport's high-water mark.
  So a peer that sends and never reads is held up by its own silence, not by our memory.
* Whoever delivers nothing reads nothing: bytes that arrive all the same are kept (one read of the
  transport) and reading pauses until they are used up.
* What the callbacks write while one read is being delivered leaves in one write.
* What has arrived before the end of a connection is delivered before the close callback.

The sleep between two bursts of messages costs nothing: no task and no timer wait for a connection,
unless it has asked for pings.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator
from contextvars import Context
from enum import Enum
from inspect import isawaitable
from types import TracebackType
from typing import Any, Protocol, cast

from ..ioloop import IOLoop
from ..log import gen_log
from .closing import ABNORMAL, GOING_AWAY, INTERNAL_ERROR, State
from .errors import WebSocketClosedError
from .events import Closed, Event, Failed, Ping, Pong
from .protocol import WebSocketCore

CLOSE_TIMEOUT = 5.0
"""Seconds that the peer has to answer our Close frame, and to take what we have sent before."""

CORK_LIMIT = 65536
"""Bytes of replies that are collected before they are written, while one read is being delivered."""

TURN = 256
"""Events that one connection may have delivered before the others have their turn."""


class Delegate(Protocol):
    """Who is told what arrives. A method that returns an awaitable is waited for."""

    def on_message(self, message: str | bytes) -> Awaitable[None] | None: ...

    def on_ping(self, data: bytes) -> Awaitable[None] | None: ...

    def on_pong(self, data: bytes) -> Awaitable[None] | None: ...

    def on_ws_connection_close(
        self, close_code: int | None = None, close_reason: str | None = None
    ) -> None: ...

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...


class Stall(Enum):
    """Why nothing is delivered at the moment."""

    CALLBACK = "a callback is running"
    PEER = "the peer does not read what we sent"
    TURN = "other connections have their turn"


class WebSocketConnection(asyncio.Protocol):
    """One end of an open WebSocket, as the protocol of a transport.

    Awaiting it waits until the peer keeps up with what is sent; :meth:`write_message` returns it for
    that purpose, so that a message for which nobody waits costs no object.

    :arg delegate: who is told what arrives.
    :arg core: the protocol's state.
    :arg context: where the callbacks run.
    :arg ping_interval: seconds between two pings, 0 for none.
    :arg ping_timeout: seconds within which a sign of life must follow a ping, 0 for ever.
    """

    __slots__ = (
        "_close_timer",
        "_context",
        "_core",
        "_corked",
        "_delegate",
        "_ended",
        "_heard",
        "_loop",
        "_muted",
        "_ping_timer",
        "_reading_paused",
        "_stall",
        "_task",
        "_transport",
        "_waiters",
        "_writing_paused",
        "close_timeout",
        "ping_interval",
        "ping_timeout",
    )

    def __init__(
        self,
        delegate: Delegate,
        core: WebSocketCore,
        context: Context,
        *,
        ping_interval: float = 0.0,
        ping_timeout: float = 0.0,
    ) -> None:
        self.ping_interval = ping_interval
        self.ping_timeout = ping_timeout
        self.close_timeout = CLOSE_TIMEOUT
        self._delegate = delegate
        self._core = core
        self._context = context
        self._transport: asyncio.Transport | None = None
        self._loop: IOLoop = None  # type: ignore[assignment]  # from connection_made on
        self._stall: Stall | None = Stall.CALLBACK  # until start() has run open
        self._task: asyncio.Future[Any] | None = None  # the callback that is running
        self._corked = False
        self._ended = False  # the peer's bytes have ended, or the connection is lost
        self._muted = False  # the delegate hears only of the end
        self._reading_paused = False
        self._writing_paused = False
        self._waiters: set[asyncio.Future[None]] | None = None  # who waits for resume_writing
        self._heard = False  # a sign of life since the last ping
        self._ping_timer: asyncio.TimerHandle | None = None
        self._close_timer: asyncio.TimerHandle | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        loop = IOLoop.current()
        assert loop is not None
        self._loop = loop

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._core.receive_data(data)
        if self._stall is None:
            self._context.run(self._deliver)
        elif not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        # Half a WebSocket is no WebSocket: without its Close frame the peer is gone.
        self._ended = True
        self._core.receive_eof()
        if self._stall is None:
            self._context.run(self._deliver)
        self._close_transport()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._ended = True
        self._core.receive_eof()
        self._writing_paused = False  # nobody is waited for any more
        self._stop_pinging()
        if self._close_timer is not None:
            self._close_timer.cancel()
            self._close_timer = None
        self._wake_waiters()
        if self._stall is None or self._stall is Stall.PEER:
            self._context.run(self._deliver)

    def pause_writing(self) -> None:
        self._writing_paused = True
        self._core.hold_pongs(True)

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._heard = True  # to take what we send is a sign of life, too
        self._core.hold_pongs(False)
        self._wake_waiters()
        if self._stall is Stall.PEER:
            # The transport is in the middle of something: go on when it has finished.
            self._next_turn()
        elif not self._corked:
            self._flush()

    def going_away(self) -> None:
        """The server is stopping."""
        self.close(GOING_AWAY)

    # What the delegate calls

    def start(self, callback: Callable[[], Awaitable[None] | None]) -> None:
        """Run ``callback`` (the delegate's ``open``), and deliver what arrives when it has finished."""
        if self.ping_interval > 0:
            self._ping_timer = self._loop.call_later(self.ping_interval, self._ping)
        self._corked = True
        try:
            result = self._context.run(callback)
        except (Exception, asyncio.CancelledError) as error:
            self._callback_failed(error)
            result = None
        finally:
            self._corked = False
            self._flush()
        # Its first step cannot be taken inside context.run(): a context is entered once at a time.
        if result is None or self._has_finished(result, self._context):
            self._context.run(self._deliver)

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._ended or self._core.state is not State.OPEN

    def write_message(self, message: str | bytes, binary: bool = False) -> Awaitable[None]:
        """Send a message. Raises :exc:`.WebSocketClosedError` when closed or closing."""
        if self._ended:
            raise WebSocketClosedError("the connection is lost")
        payload = message.encode() if isinstance(message, str) else _checked(message, binary)
        core = self._core
        core.send_message(payload, binary)
        if not self._corked or core.unsent > CORK_LIMIT:
            self._flush()
        return self

    def write_ping(self, data: bytes) -> None:
        """Send a ping with up to 125 bytes of data."""
        if self._ended:
            raise WebSocketClosedError("the connection is lost")
        self._core.send_ping(data)
        if not self._corked:
            self._flush()

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Send a Close frame, if none was sent yet, and wait for the peer's, but not for long."""
        if self.is_closing():
            return
        self._core.send_close(code, reason)
        self._stop_pinging()
        self._expect_the_end()
        if not self._corked:
            self._flush()

    def set_nodelay(self, value: bool) -> None:
        """Send small packets at once (True), or let the system collect them (False)."""
        sock = self._transport.get_extra_info("socket") if self._transport is not None else None
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1 if value else 0)

    def __await__(self) -> Generator[Any, None, None]:
        """Wait until the transport's buffer is below its low-water mark, if it went above the high one.

        Raises :exc:`.WebSocketClosedError` if the connection is lost.
        """
        while self._transport is not None:
            if not self._writing_paused:
                return
            # One future for each who waits: cancelling one must not cancel the others.
            waiter = self._loop.create_future()
            if self._waiters is None:
                self._waiters = set()
            self._waiters.add(waiter)
            try:
                yield from waiter
            except BaseException:
                if self._waiters is not None:
                    self._waiters.discard(waiter)
                raise
        raise WebSocketClosedError("the connection is lost")

    # Delivering

    def _deliver(self) -> None:
        """Hand over what has arrived, until nothing is left or there is a reason to wait."""
        core = self._core
        next_event = core.next_event
        delegate = self._delegate
        left = TURN
        self._stall = None
        self._corked = True
        try:
            while (event := next_event()) is not None:
                kind = type(event)
                if kind is str or kind is bytes:
                    if self._muted:
                        continue
                    try:
                        result = delegate.on_message(event)  # type: ignore[arg-type]
                    except (Exception, asyncio.CancelledError) as error:
                        self._callback_failed(error)
                        continue
                else:
                    result = self._handle(event)
                if result is not None and not self._has_finished(result):
                    self._stall = Stall.CALLBACK
                    return
                if self._writing_paused:
                    self._stall = Stall.PEER
                    return
                left -= 1
                if not left:
                    self._next_turn()
                    return
        finally:
            self._corked = False
            self._flush()
        if self._reading_paused and self._transport is not None:
            self._reading_paused = False
            self._transport.resume_reading()

    def _next_turn(self) -> None:
        self._stall = Stall.TURN
        self._loop.call_soon(self._context.run, self._deliver)

    def _handle(self, event: Event) -> Awaitable[None] | None:
        """What is not a message."""
        try:
            if isinstance(event, Closed):
                self._close_transport()
                self._tell_end(event.code, event.reason)
            elif isinstance(event, Failed):
                if event.code == ABNORMAL:
                    self._close_transport()
                else:
                    self._linger(event)
                self._tell_end(None, None)
            elif self._muted:
                pass
            elif isinstance(event, Ping):
                return self._delegate.on_ping(event.data)
            elif isinstance(event, Pong):
                return self._delegate.on_pong(event.data)
        except (Exception, asyncio.CancelledError) as error:
            self._callback_failed(error)
        return None

    def _has_finished(self, result: Awaitable[None], context: Context | None = None) -> bool:
        """Whether what a callback returned is done with; otherwise :meth:`_deliver` is called later."""
        if result is self:  # from write_message: what it waits for is waited for anyway
            return True
        try:
            future = self._as_future(result, context)
        except TypeError as error:
            self._callback_failed(error)
            return True
        if future.done():
            self._check_outcome(future)
            return True
        self._task = future  # the loop itself keeps no reference to a task
        future.add_done_callback(self._callback_done)
        return False

    def _as_future(self, result: Any, context: Context | None) -> asyncio.Future[Any]:
        if asyncio.isfuture(result):
            return result
        if not asyncio.iscoroutine(result):
            if not isawaitable(result):
                raise TypeError(
                    f"a WebSocket callback returned {result!r}; expected None or an awaitable"
                )
            result = _wait_for(result)
        return self._loop.start_task(result, context)

    def _callback_done(self, future: asyncio.Future[Any]) -> None:
        self._task = None
        self._check_outcome(future)
        self._context.run(self._deliver)

    def _check_outcome(self, future: asyncio.Future[Any]) -> None:
        if not future.cancelled():
            error = future.exception()
            if error is not None:
                self._callback_failed(error)
        elif isinstance(future, asyncio.Task) and future.cancelling():
            # Somebody cancelled our task: the program is ending.
            self._muted = True
            self.close(GOING_AWAY)
        else:
            self._callback_failed(asyncio.CancelledError())

    def _callback_failed(self, error: BaseException) -> None:
        """The delegate's own code went wrong: it hears no more than the end."""
        if isinstance(error, WebSocketClosedError) and self.is_closing():
            return  # it has just learnt that the peer has gone; that is no fault
        self._delegate.log_exception(type(error), error, error.__traceback__)
        self._muted = True
        self.close(INTERNAL_ERROR)

    # Writing

    def _flush(self) -> None:
        data = self._core.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)

    def _wake_waiters(self) -> None:
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    # Pings

    def _ping(self) -> None:
        self._heard = False
        if not self._writing_paused:
            self._core.send_ping()
            self._flush()
        if self.ping_timeout > 0:
            self._ping_timer = self._loop.call_later(self.ping_timeout, self._after_ping)
        else:
            self._ping_timer = self._loop.call_later(self.ping_interval, self._ping)

    def _after_ping(self) -> None:
        # While a callback keeps us from reading, the peer's answer may be there unread.
        deaf = self._reading_paused and self._stall is not Stall.PEER
        if not self._heard and not deaf:
            self.close(reason="ping timed out")
        elif self.ping_interval > self.ping_timeout:
            rest = self.ping_interval - self.ping_timeout
            self._ping_timer = self._loop.call_later(rest, self._ping)
        else:
            self._ping()

    def _stop_pinging(self) -> None:
        if self._ping_timer is not None:
            self._ping_timer.cancel()
            self._ping_timer = None

    # The end

    def _close_transport(self) -> None:
        self._stop_pinging()
        if self._transport is not None:
            self._flush()
            self._transport.close()
            self._expect_the_end()

    def _linger(self, failure: Failed) -> None:
        """Say goodbye to a peer that has broken the protocol, and is perhaps still talking.

        To close a socket with bytes unread sends a reset, which may overtake our Close frame and with
        it the reason. So only our side ends; what comes is thrown away until the peer's side does.
        """
        self._stop_pinging()
        transport = self._transport
        if transport is None:
            return
        peer = transport.get_extra_info("peername")
        gen_log.info("closing the WebSocket of %s with %d: %s", peer, failure.code, failure.reason)
        self._flush()
        if transport.can_write_eof():
            transport.write_eof()
            self._expect_the_end()
        else:
            self._close_transport()

    def _tell_end(self, code: int | None, reason: str | None) -> None:
        """The last call to the delegate; we forget it, because it knows its request, which knows us."""
        delegate = self._delegate
        try:
            delegate.on_ws_connection_close(code, reason)
        except (Exception, asyncio.CancelledError) as error:
            delegate.log_exception(type(error), error, error.__traceback__)
        self._muted = True
        self._delegate = cast(Delegate, None)

    def _expect_the_end(self) -> None:
        if self._close_timer is None:
            self._close_timer = self._loop.call_later(self.close_timeout, self._abort)

    def _abort(self) -> None:
        self._close_timer = None
        self._muted = True
        if self._transport is not None:
            self._transport.abort()


def _checked(message: bytes, binary: bool) -> bytes:
    """``message``, if it can be sent so: a text frame that is not UTF-8 would cost the connection."""
    if not isinstance(message, bytes):
        raise TypeError(f"a message is str, bytes or a dict, not {message!r}")
    if not binary:
        try:
            message.decode()
        except UnicodeDecodeError as error:
            raise ValueError("bytes that are not UTF-8 are sent with binary=True") from error
    return message


async def _wait_for(awaitable: Awaitable[None]) -> None:
    await awaitable
