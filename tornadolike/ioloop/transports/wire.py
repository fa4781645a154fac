""":class:`Wire`: the socket below a transport: watching it, ending it, telling about it."""

import asyncio
import contextvars
import functools
import select
import socket
import struct
from asyncio.trsock import TransportSocket
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from ..core import Core, asyncio_log
from ..poller import READ, WRITE
from .pieces import PieceWriter
from .pulling import PullProtocol
from .traced import TracedSocket
from .watched import WatchedSocket

_PEER_ENDED: Final = getattr(select, "POLLRDHUP", 0)
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


class ConnectionKeeper(Protocol):
    """Who wants to know which connections there are: a server."""

    def attach(self, transport: "Wire", /) -> None:
        """A connection has been opened."""
        ...

    def detach(self, transport: "Wire", /) -> None:
        """The connection's socket is closed."""
        ...


class Wire(WatchedSocket, PieceWriter, asyncio.Transport):
    """What a transport has of its socket whatever is read from it or written to it."""

    __slots__ = (
        "__weakref__",
        "_closing",
        "_context",
        "_ended",
        "_events",
        "_fd",
        "_loop",
        "_lost",
        "_paused",
        "_protocol",
        "_room_wanted",
        "_server",
        "_sock",
        "_watcher",
        "when_lost",
    )

    _extra: dict[str, Any] | None
    _protocol: asyncio.Protocol

    def __init__(
        self,
        loop: Core,
        sock: socket.socket,
        server: ConnectionKeeper | None,
        context: contextvars.Context | None,
        extra: dict[str, Any] | None,
    ) -> None:
        tracing = loop.tracing
        if tracing is not None:
            sock = cast(socket.socket, traced := TracedSocket(sock, loop, tracing))
            extra = {**(extra or {}), "trace": traced.trace}
        super().__init__(extra)
        self._sock = sock
        self._send = sock.send
        self._fd = sock.fileno()
        self._loop = loop
        self._server = server
        self._context = context
        self._protocol = cast(asyncio.Protocol, None)
        self._paused = False  # reading, by pause_reading
        self._room_wanted = False  # by a protocol that pulls
        self._ended = False  # the peer's side, by end of file
        self._closing = False
        self._lost = False
        self._events = 0
        self._watcher: Callable[[int], object] | None = None  # who is called in our place
        self.when_lost: Callable[[Any], object] | None = None
        """Called once the socket is closed, for those who keep count of transports."""

    # Watching

    def let_watch(self, watcher: Callable[[int], object]) -> None:
        """Have the loop call ``watcher`` in our place, which calls ``_on_events`` for what it leaves to us."""
        self._watcher = watcher
        events = self._events
        self._watch_for(0)
        self._watch_for(events)

    def _watch(self, events: int) -> None:
        watcher: Callable[[int], object] = self._watcher or self._on_events
        if self._context is not None:
            watcher = functools.partial(self._context.run, watcher)  # type: ignore[call-arg]
        self._loop.watch(self._fd, watcher, events)

    def _wanted_events(self) -> int:
        reading = 0 if self._paused or self._ended else READ
        return reading | WRITE if self._waiting or self._room_wanted else reading

    def want(self, events: int) -> None:
        """For a :class:`~.pulling.PullProtocol`: call its ``on_ready`` when one of ``events`` is possible."""
        self._paused = not events & READ
        self._room_wanted = bool(events & WRITE)
        self._update_events()

    def _tell_ready(self, events: int) -> None:
        try:
            cast(PullProtocol, self._protocol).on_ready(events)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error, "on_ready")

    # The end

    def close(self) -> None:
        """Send what waits, then close. Reading stops now."""
        if self._closing:
            return
        self._closing = True
        self._paused = True
        if self._waiting:
            self._update_events()
        else:
            self._lose(None)

    def abort(self) -> None:
        """Close now; what waits is dropped."""
        self._closing = True
        self._lose(None)

    def reset(self) -> None:
        """:meth:`abort` in a way that the peer cannot take for a proper end.

        Nothing stays with the kernel either, which otherwise keeps trying for minutes to send what it
        has taken to a peer that does not read.
        """
        self._forbid_lingering()
        self.abort()

    def _forbid_lingering(self) -> None:
        """When the socket is closed, let the peer be told that this is no proper end."""
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        except OSError:
            pass

    def _fail(self, error: BaseException) -> None:
        """The connection cannot be used any more: it broke (which is nobody's fault here), or the protocol."""
        if self._loop.get_debug():
            asyncio_log.debug("%r: the connection is lost", self, exc_info=error)
        self._closing = True
        self._lose(error)

    def _protocol_failed(self, error: BaseException, call: str) -> None:
        self._report_fatal(call, error)
        self._fail(error)

    def _lose(self, error: BaseException | None) -> None:
        if self._lost:
            return
        self._lost = True
        self._watch_for(0)
        self._forget_data()
        if error is None and isinstance(self._protocol, PullProtocol):
            self._end()
        else:
            self._loop.call_soon(self._call_connection_lost, error, context=self._context)

    def _forget_data(self) -> None:
        """Let go of what was not sent and what was not read."""
        self._waiting = None
        self._waiting_size = 0

    def _call_connection_lost(self, error: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(error)  # type: ignore[arg-type]
        finally:
            self._end()

    def _end(self) -> None:
        self._sock.close()
        self._protocol = None  # type: ignore[assignment]
        self._room_wanted = False
        self._context = self._watcher = None
        self._socket_closed()
        when_lost, self.when_lost = self.when_lost, None
        if when_lost is not None:
            when_lost(self)

    def _socket_closed(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.detach(self)

    # About

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Have ``protocol`` told everything from now on. Its ``connection_made`` is not called."""
        self._protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Whom the transport tells; None after its ``connection_lost``."""
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``"socket"`` (an :class:`asyncio.trsock.TransportSocket`), ``"peername"`` or ``"sockname"``."""
        extra = self._extra
        if extra is not None and name in extra:
            return extra[name]
        if name == "socket":
            if extra is None:
                extra = self._extra = {}
            extra[name] = made = TransportSocket(self._sock)
            return made
        try:
            if name == "peername":
                return self._sock.getpeername()
            if name == "sockname":
                return self._sock.getsockname()
        except OSError:
            pass
        return default

    def peer_state(self) -> str:
        """How it is with the peer behind what has not been read: ``"open"``, ``"ended"`` or ``"lost"``.

        For those who have paused reading, whom no event tells. It is a system call.
        """
        poll = select.poll()
        poll.register(self._fd, _PEER_ENDED)
        for _, events in poll.poll(0):
            return "lost" if events & (select.POLLERR | select.POLLHUP) else "ended"
        return "open"
