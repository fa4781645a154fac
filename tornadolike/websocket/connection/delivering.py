"""The half of a connection that reads: a WebSocketCore on a transport, calling the user's methods in order.

The rules for what runs when:

* One callback at a time, in the order of arrival: ``open``, then messages, pings and pongs, then the
  close callback, exactly once and last. While a coroutine is running, nothing else is delivered.
* Nothing is delivered either while the peer leaves more unread than the transport's high-water mark.
  So a peer that sends and never reads is held up by its own silence, not by our memory.
* What arrives while a callback runs is taken in up to a bound (*ahead*), and pings are answered meanwhile: who thinks
  for a minute is not taken for dead. Beyond the bound, and while the peer does not read, reading pauses.
* What the callbacks write while one read is being delivered leaves in one write.
* What has arrived before the end of a connection is delivered before the close callback.

The sleep between two bursts of messages costs nothing: no task and no timer wait for a connection,
unless it has asked for pings.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from enum import Enum
from inspect import isawaitable
from typing import Any, cast

from ..._native import RUNNING, own_slots, twin
from ...log import app_log, gen_log
from ..closing import ABNORMAL, GOING_AWAY, INTERNAL_ERROR
from ..errors import WebSocketClosedError
from ..events import Closed, Event, Failed, Ping, Pong
from ..protocol import WebSocketCore
from .delegate import Delegate
from .sending import SendingConnection

TURN = 256
"""Events that one connection may have delivered before the others have their turn."""

AHEAD_LIMIT = 65536
"""Bytes of messages that are taken in before anybody has time for them."""

_EVENT_COST = 64  # what an event counts beside its bytes: many small ones need room, too


class Stall(Enum):
    """Why nothing is delivered at the moment."""

    BEGINNING = "open has not taken its first step"
    CALLBACK = "a callback is running"
    PEER = "the peer does not read what we sent"
    TURN = "other connections have their turn"
    PULLED = "messages wait until somebody asks"


if RUNNING:
    from ..._native import conversation

    conversation.install_delivering(Stall.CALLBACK, Stall.PEER, asyncio.CancelledError)


class DeliveringConnection(SendingConnection):
    """One end of an open WebSocket, as the protocol of a transport, that tells its delegate what arrives.

    :arg delegate: who is told what arrives.
    :arg core: the protocol's state.
    :arg context: where the callbacks run.
    :arg ping_interval: seconds between two pings, 0 for none.
    :arg ping_timeout: seconds within which a sign of life must follow a ping, 0 for ever.
    """

    __slots__ = own_slots(
        SendingConnection,
        "_ahead",
        "_ahead_size",
        "_context",
        "_delegate",
        "_muted",
        "_opening",
        "_reading_paused",
        "_stall",
        "_task",
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
        super().__init__(core, ping_interval, ping_timeout)
        self._delegate = delegate
        self._context = context
        self._stall: Stall | None = Stall.BEGINNING
        self._opening = True  # whether open has not finished
        self._task: asyncio.Future[Any] | None = None  # the callback that is running
        self._muted = False  # the delegate hears only of the end
        self._reading_paused = False
        self._ahead: deque[Event] | None = None  # what has arrived, and nobody had time for
        self._ahead_size = 0

    # What the transport calls

    @twin("conversation")
    def data_received(self, data: bytes) -> None:
        if self._keepalive is not None:
            self._keepalive.heard = True
        self._core.receive_data(data)
        if self._stall is None:
            self._context.run(self._deliver)
        else:
            self._context.run(self._look_ahead)

    def eof_received(self) -> None:
        # Half a WebSocket is no WebSocket: without its Close frame the peer is gone.
        self._ended = True
        self._core.receive_eof()
        if self._stall is None:
            self._context.run(self._deliver)
        else:
            self._context.run(self._look_ahead)
        self._close_transport()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._stall is None or self._stall is Stall.PEER:
            self._context.run(self._deliver)
        else:
            self._context.run(self._look_ahead)
        self._tell_that_it_is_over()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is Stall.PEER:
            # The transport is in the middle of something: go on when it has finished.
            self._next_turn()
        elif not self._corked:
            self._flush()

    # What the delegate calls

    def start(self, callback: Callable[[], Awaitable[None] | None]) -> None:
        """Run ``callback`` (the delegate's ``open``), and deliver what arrives when it has finished."""
        self._start_pinging()
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
            self._context.run(self._go_on)
        else:
            self._loop.call_soon(self._context.run, self._begun)  # behind the task's first step

    async def wait_closed(self) -> None:
        """Wait until the connection is lost, and the delegate has been told."""
        if self._is_over():
            return
        if self._lost is None:
            self._lost = self._loop.create_future()
        await asyncio.shield(self._lost)

    @property
    def callback(self) -> asyncio.Future[Any] | None:
        """The callback that is at work, if it is one that waits for something."""
        return self._task

    def is_deaf(self) -> bool:
        # While nobody has time for what arrives, the peer's answer may be there unread.
        return self._reading_paused and self._stall is not Stall.PEER

    # Delivering

    def _begun(self) -> None:
        """What ``open`` says at once has been said, and it may think for as long as it likes."""
        if self._stall is Stall.BEGINNING and self._task is not None and not self._task.done():
            self._stall = Stall.CALLBACK
            if self._core.pending:
                self._look_ahead()

    def _go_on(self) -> None:
        """A callback has finished: on with the next."""
        self._opening = False
        self._core.hold_close(False)
        self._deliver()

    @twin("conversation")
    def _deliver(self) -> None:
        """Hand over what has arrived, until nothing is left or there is a reason to wait."""
        next_event = self._core.next_event if not self._ahead else self._next_event
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
                    if self._core.pending:
                        self._look_ahead()  # there may be a ping among what came with this
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
        self._resume_reading()

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

    # Looking ahead

    def _look_ahead(self) -> None:
        """Take in what has arrived while nothing is delivered, up to the bound; pings are answered so."""
        stall = self._stall
        if stall is Stall.BEGINNING:
            return  # what open says at once comes before the answers to what came with the handshake
        if stall is Stall.CALLBACK or stall is Stall.PULLED:
            # A callback that is still answering is not told that it may not any more.
            self._core.hold_close(stall is Stall.CALLBACK)
            while (self._ahead_size < AHEAD_LIMIT or self._ended) and (
                event := self._core.next_event()
            ) is not None:
                self._take_in(event)
            if not self._corked:
                self._flush()
            if self._ahead_size < AHEAD_LIMIT and not self._core.close_held:
                return
        self._pause_reading()

    def _take_in(self, event: Event) -> None:
        """Keep an event until there is time for it."""
        if self._ahead is None:
            self._ahead = deque()
        self._ahead.append(event)
        self._ahead_size += _weight(event)

    def _next_event(self) -> Event | None:
        """The next of what was taken in ahead, or else of what has arrived since."""
        ahead = self._ahead
        if not ahead:
            self._ahead = None
            self._core.hold_close(False)
            return self._core.next_event()
        event = ahead.popleft()
        self._ahead_size -= _weight(event)
        return event

    def _pause_reading(self) -> None:
        if not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._reading_paused and self._transport is not None:
            self._reading_paused = False
            self._transport.resume_reading()

    # Callbacks and how they end

    def _has_finished(self, result: Awaitable[None], context: Context | None = None) -> bool:
        """Whether what a callback returned is done with; otherwise :meth:`_go_on` is called later."""
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
        self._context.run(self._go_on)

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
        self._log_failure(error)
        self._muted = True
        self.close(INTERNAL_ERROR)

    def _log_failure(self, error: BaseException) -> None:
        try:
            self._delegate.log_exception(type(error), error, error.__traceback__)
        except (Exception, asyncio.CancelledError):
            app_log.error("Error in exception logger", exc_info=True)

    # The end

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
        gen_log.debug("closing the WebSocket of %s with %d: %s", peer, failure.code, failure.reason)
        self._flush()
        if transport.can_write_eof():
            transport.write_eof()
            self._expect_the_end()
        else:
            self._close_transport()

    def _tell_end(self, code: int | None, reason: str | None) -> None:
        """The last call to the delegate; we forget it, because it knows its request, which knows us."""
        try:
            self._delegate.on_ws_connection_close(code, reason)
        except (Exception, asyncio.CancelledError) as error:
            self._log_failure(error)
        self._muted = True
        self._delegate = cast(Delegate, None)
        self._call_those_at_end()
        self._tell_that_it_is_over()

    def _is_over(self) -> bool:
        return self._transport is None and self._delegate is None

    def _tell_that_it_is_over(self) -> None:
        if self._lost is not None and self._is_over() and not self._lost.done():
            self._lost.set_result(None)

    def _abort(self) -> None:
        self._muted = True
        super()._abort()


def _weight(event: Event) -> int:
    return _EVENT_COST + len(event) if isinstance(event, str | bytes) else _EVENT_COST


async def _wait_for(awaitable: Awaitable[None]) -> None:
    await awaitable
