"""The half of a connection that writes: what is sent, who waits for the peer to take it, and how it ends.

What is said while one read of the transport is being delivered leaves in one write (*corked*).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

from ..._native import RUNNING, front, own_slots, references, twin
from ...ioloop import IOLoop
from ...ioloop.transports.stream import SocketTransport
from ..closing import GOING_AWAY, State
from ..errors import WebSocketClosedError
from ..prepared import PreparedMessage, encoded
from ..protocol import WebSocketCore
from .in_turn import InTurn
from .keepalive import KeepAlive

CLOSE_TIMEOUT = 5.0
"""Seconds that the peer has to answer our Close frame, and to take what we have sent before."""

CORK_LIMIT = 65536
"""Bytes of replies that are collected before they are written, while one read is being delivered."""


BEHIND_HIGH_WATER = 65536
"""Bytes that may wait for the end of a message in pieces, before who awaits the next one has to wait, too."""


_Fields: Any = front("conversation", "ConversationFields")


@twin("conversation")
def watch(connection: "SendingConnection", transport: asyncio.BaseTransport) -> None:
    """Natively, the loop calls the connection itself when there is something to read from a plain socket."""


class SendingConnection(_Fields, asyncio.Protocol):  # type: ignore[misc]
    """What a connection does when its own side has something to say.

    Awaiting it waits until the peer keeps up with what is sent; :meth:`write_message` returns it for
    that purpose, so that a message for which nobody waits costs no object.
    """

    __slots__ = own_slots(
        _Fields,
        "_at_end",
        "_close_timer",
        "_core",
        "_corked",
        "_ended",
        "_keepalive",
        "_loop",
        "_lost",
        "_transport",
        "_waiters",
        "_writing_paused",
        "close_timeout",
        "in_turn",
        "ping_interval",
        "ping_timeout",
    )

    def __init__(self, core: WebSocketCore, ping_interval: float, ping_timeout: float) -> None:
        self.ping_interval = ping_interval
        self.ping_timeout = ping_timeout
        self.close_timeout = CLOSE_TIMEOUT
        self.in_turn: InTurn | None = None
        """Who sends a message in pieces, from the first one on: see :mod:`.pieces`."""
        self._core = core
        self._transport: asyncio.Transport | None = None
        self._loop: IOLoop = None  # type: ignore[assignment]  # from connection_made on
        self._corked = False
        self._ended = False  # the peer's bytes have ended, or the connection is lost
        self._writing_paused = False
        self._waiters: set[asyncio.Future[None]] | None = None  # who waits for resume_writing
        self._lost: asyncio.Future[None] | None = None  # who waits for the end
        self._keepalive: KeepAlive | None = None
        self._at_end: tuple[Callable[[], None], ...] | None = ()  # None: they were called
        self._close_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        loop = IOLoop.current()
        assert loop is not None
        self._loop = loop
        watch(self, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._ended = True
        self._core.receive_eof()
        self._writing_paused = False  # nobody is waited for any more
        self._stop_pinging()
        if self._close_timer is not None:
            self._close_timer.cancel()
            self._close_timer = None
        if self.in_turn is not None:
            self.in_turn.connection_lost()
        self._wake_waiters()

    def pause_writing(self) -> None:
        self._writing_paused = True
        self._core.hold_pongs(True)

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self._keepalive is not None:
            self._keepalive.heard = True  # to take what we send is a sign of life, too
        self._core.hold_pongs(False)
        self._wake_waiters()

    def going_away(self) -> None:
        """The server is stopping."""
        self.close(GOING_AWAY)

    def call_at_end(self, function: Callable[[], None]) -> None:
        """Call a function when the delegate has been told of the end. It must not raise anything.

        Raises :exc:`.WebSocketClosedError` if that has happened.
        """
        if self._at_end is None:
            raise WebSocketClosedError("the connection is over")
        self._at_end = (*self._at_end, function)

    def _call_those_at_end(self) -> None:
        functions, self._at_end = self._at_end, None
        for function in functions or ():
            function()

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._ended or self._core.state is not State.OPEN

    @property
    def unsent(self) -> int:
        """How many bytes wait for the peer to take what was sent before them."""
        if self._transport is None:
            return 0
        core = self._core
        return self._transport.get_write_buffer_size() + core.unsent + core.behind

    @twin("conversation")
    def write_message(
        self, message: str | bytes | PreparedMessage, binary: bool = False
    ) -> Awaitable[None]:
        """Send a message. Raises as :meth:`.Outgoing.send_message`."""
        if self._ended:
            raise WebSocketClosedError("the connection is lost")
        core = self._core
        if type(message) is str:
            core.send_message(message.encode(), binary)
        elif isinstance(message, PreparedMessage):
            core.send_prepared(message)
        else:
            core.send_message(encoded(message, binary), binary)
        if not self._corked or core.unsent > CORK_LIMIT:
            self._flush()
        return _Behind(self) if core.behind else self

    def write_piece(
        self, piece: bytes, binary: bool, *, first: bool, final: bool
    ) -> Awaitable[None]:
        """Send a piece of a message: see :meth:`.Outgoing.send_piece`."""
        if self._ended:
            raise WebSocketClosedError("the connection is lost")
        self._core.send_piece(piece, binary, first=first, final=final)
        if not self._corked or self._core.unsent > CORK_LIMIT:
            self._flush()
        if final:
            self._wake_waiters()
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
        self._wake_waiters()  # what was behind a message is not sent any more
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
                # A write that has failed is told of at the next turn of the loop, and who writes on and on would
                # never let it come.
                if self._transport.is_closing():
                    break
                return
            yield from self._change()
        raise WebSocketClosedError("the connection is lost")

    def until_not_behind(self) -> Generator[Any, None, None]:
        """Wait until little waits for the end of a message in pieces; and then as ``await`` does.

        Who is sending that message does not wait for its own end. Raises :exc:`.WebSocketClosedError`, also if the
        connection is closed meanwhile, for then what waited is not sent.
        """
        if self.in_turn is None or not self.in_turn.is_ours():
            waited = False
            while self._transport is not None and self._core.behind > BEHIND_HIGH_WATER:
                waited = True
                yield from self._change()
            if waited and self.is_closing():
                raise WebSocketClosedError("the connection was closed before the message was sent")
        yield from self.__await__()

    def _change(self) -> Generator[Any, None, None]:
        """Wait until there may be less that waits."""
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

    @twin("conversation")
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

    def _start_pinging(self) -> None:
        if self.ping_interval > 0:
            self._keepalive = KeepAlive(self, self._loop, self.ping_interval, self.ping_timeout)

    def _stop_pinging(self) -> None:
        if self._keepalive is not None:
            self._keepalive.stop()
            self._keepalive = None

    def send_keepalive(self) -> None:
        """Send a ping, unless the peer takes nothing anyway."""
        if not self._writing_paused and not self.is_closing():
            self._core.send_ping()
            self._flush()

    def give_up(self, reason: str) -> None:
        """Close the connection, and do not wait for the peer: it has gone."""
        self.close(reason=reason)
        if self._transport is not None:
            self._flush()
            self._transport.abort()

    def is_deaf(self) -> bool:
        """Whether the peer's answer may be there, and we do not read it."""
        return False

    # The end

    def _close_transport(self) -> None:
        self._stop_pinging()
        if self._transport is not None:
            self._flush()
            self._transport.close()
            self._expect_the_end()

    def _expect_the_end(self) -> None:
        if self._close_timer is None:
            self._close_timer = self._loop.call_later(self.close_timeout, self._abort)

    def _abort(self) -> None:
        self._close_timer = None
        if self._transport is not None:
            self._transport.abort()


class _Behind:
    """What is awaited for a message that goes out behind one that is sent in pieces."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SendingConnection) -> None:
        self._connection = connection

    def __await__(self) -> Generator[Any, None, None]:
        return self._connection.until_not_behind()


if RUNNING:
    from ..._native import conversation

    conversation.install_sending(
        references["conversation.write_message"],
        SendingConnection.unsent,
        PreparedMessage,
        WebSocketClosedError,
    )
    conversation.install_transport(SocketTransport, socket.socket)
