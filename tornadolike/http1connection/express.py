""":class:`ExpressConnection`: a connection that begins on the express lane, which is native.

As long as all is ordinary (:mod:`tornadolike._native.lane` says what is) it is served there: no transport, no
reader, none of the attributes of a :class:`.ServerConnection`, which it is too. The first thing that the lane does
not take, or anybody's first look at an attribute that is not there, makes the connection *leave* the lane: what was
left out is made, and all goes on in the reference, with the bytes, the answers and the time-out that were under way.

This room has what happens seldom: how a lane begins, ends, and is left.
"""

import asyncio
import math
import socket
from typing import TYPE_CHECKING, Any, Final, cast

from .._native import RUNNING, front
from ..httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest, ResponseStartLine
from ..httputil.delegates import RequestStartLine
from ..ioloop.poller import READ
from ..ioloop.transports import SocketTransport
from .connection import ServerConnection
from .context import context_of
from .phases import ENDED, HANDLING, HEAD, IDLE, UPGRADED, WRITING
from .serving import Serving

if TYPE_CHECKING:
    from .._native.laneface import LaneFace
elif RUNNING:
    LaneFace = front("laneface", "LaneFace")
else:

    class LaneFace:
        """There is no lane, and nobody makes such a connection."""

        __slots__ = ()


if RUNNING:
    from .._native import lane as native
    from .._native import laneface

    native.install((HEAD, IDLE, HANDLING, ENDED), asyncio.CancelledError)
    laneface.install(context_of)

KEPT: Final = (
    "_request",
    "_keep_alive",
    "_close_callback",
    "_drain_callback",
    "_context",
    "phase",
    "deadline",
    "bucket",
)
"""What of the general connection's attributes a lane has already."""


def may_be_express(serving: Serving, address: Any, sock: socket.socket) -> bool:
    """Whether a plain connection from ``address`` may begin on the lane."""
    if serving.site is None and not (RUNNING and _has_lane(serving)):
        return False
    # (Another kind of socket may have ways of its own to receive and to send.)
    if (
        type(sock) is not socket.socket
        or serving.loop.tracing is not None
        or not serving.keep_alive
    ):
        return False
    proxies = serving.parameters.proxy_protocol
    return proxies is None or not proxies.has_peer(address)


def _has_lane(serving: Serving) -> bool:
    """Whether a server has a lane, which is made then: it is for whole requests."""
    if serving.serve_whole is None:
        return False
    serving.site = native.Site(serving)
    return True


class LostTransport(asyncio.Transport):
    """Stands where the transport would be of a connection that has ended on the lane."""

    __slots__ = ()

    def is_closing(self) -> bool:
        return True

    def is_reading(self) -> bool:
        return False

    def write(self, data: object) -> None:
        """Too late."""

    def close(self) -> None:
        """It is."""

    def abort(self) -> None:
        """It is closed."""


class ExpressConnection(LaneFace, ServerConnection):
    """A plain connection, which begins on the lane.

    :arg sock: accepted, non-blocking; it is the connection's from now on, unless this raises :exc:`OSError`.

    Ownership: the loop's table of watched descriptors, and ``serving.connections``, keep it alive; it owns the socket,
    until the lane is left and the transport does.
    """

    __slots__ = ()

    def __init__(self, serving: Serving, address: Any, sock: socket.socket) -> None:
        # Not the reference's, which _leave() calls.
        self._enter(serving.site, sock, address)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass  # no TCP, or the connection is gone again: reading will tell
        serving.loop.watch(sock.fileno(), cast(Any, self), READ)
        serving.connections.add(self)
        self._start_head_clock()

    def _start_head_clock(self) -> None:
        serving = self._serving
        timeout = serving.parameters.header_timeout
        self.deadline = math.inf if timeout is None else serving.loop.time() + timeout
        serving.deadlines.add(self)

    def __getattr__(self, name: str) -> Any:
        # On the lane most attributes are not there. Whoever asks for one has business with the general connection.
        if name in GENERAL and (self._on_lane or self.phase is ENDED):
            self._leave()
            return object.__getattribute__(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # Leaving the lane

    def _leave(self) -> None:
        """Become the general connection, with all that is under way."""
        kept = [getattr(self, name) for name in KEPT]
        serving = self._serving
        ended = not self._on_lane
        sock, section, unsent, unread = self._vacate()
        super().__init__(serving, self._address)
        if ended:
            self.transport = cast(Any, LostTransport())
        for name, value in zip(KEPT, kept, strict=True):
            setattr(self, name, value)
        if ended:
            return
        self._linger = not self._last
        self._closing = self._was_last
        reader = self._reader
        reader.section = section
        if unread:
            reader.feed(unread)
        if unsent:
            self._out.append(unsent)
        self._corked = self._working
        deadline = self.deadline
        loop = serving.loop
        loop.unwatch(sock.fileno())
        try:
            SocketTransport(loop, sock, self)
        except BaseException:
            # Nobody watches it any more.
            sock.close()
            self.transport = cast(Any, LostTransport())
            self._closing = True
            self.connection_lost(None)
            raise
        self.deadline = deadline
        serving.deadlines.add(self)

    def _go_on(self) -> None:
        """What the lane was at work on goes on, after it was left."""
        self._corked = False
        phase = self.phase
        if phase is ENDED:
            return
        waits = phase is HANDLING or phase is WRITING or phase is UPGRADED
        if waits or self._closing or self.transport.is_closing():
            self._send_out()
            self._settle()
        else:
            self._serve()

    def _keep_sending(self, rest: bytes) -> None:
        """The peer has not taken this, the last of what was sent, for which the lane was left."""
        self._out.append(rest)
        self._send_out()
        if self._corked:
            return
        if self.phase is IDLE and self._reader.buffered:
            self._serving.loop.call_soon(self._serve_next)
        else:
            self._settle()

    def _when_taken(self) -> "asyncio.Future[None]":
        # (On the lane there is no _drained: whoever looks for it makes the connection leave.)
        return (
            self._serving.done if self._on_lane or self._drained is None else self._when_drained()
        )

    # What a lane meets

    def _input_ended(self, ended: bool) -> None:
        """The peer has ended its side, or (unless ``ended``) the connection is broken."""
        if self._resting:
            self._lose()
            return
        self._leave()
        if not ended:
            self.transport.abort()
        elif self.phase is HEAD:
            self._go_on()
        # The transport will be told of the end again.

    def _lose(self) -> None:
        """Close a connection that nobody waits at."""
        serving = self._serving
        sock = self._end()
        serving.loop.unwatch(sock.fileno())
        sock.close()
        serving.connections.discard(self)
        serving.deadlines.discard(self)
        serving.connection_lost(self)

    # What the general connection does, where that begins by changing it

    def _respond_generally(
        self,
        status: int,
        reason: str,
        content_type: str,
        headers: HTTPHeaders | None,
        extra: bytes,
        body: bytes,
    ) -> "asyncio.Future[None]":
        if self._on_lane:
            self._leave()
        return super(LaneFace, self).respond(status, reason, content_type, headers, extra, body)

    @property
    def responding(self) -> bool:
        return not self._on_lane and super().responding

    @property
    def closed(self) -> bool:
        if self._on_lane:
            return self._request is None
        return super().closed

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
        *,
        more: bool = False,
    ) -> "asyncio.Future[None]":
        if self._on_lane:
            self._leave()
        return super().write_headers(start_line, headers, chunk, more=more)

    def converse(
        self, request: HTTPServerRequest, delegate: HTTPMessageDelegate | None = None
    ) -> None:
        if self._on_lane:
            self._leave()
        super().converse(request, delegate)

    def deadline_passed(self) -> None:
        if self._resting:
            self._lose()
            return
        if self._on_lane:
            self._leave()
        super().deadline_passed()

    def close(self) -> None:
        if self._on_lane:
            self._leave()
        super().close()

    def abort(self) -> None:
        if self._resting:
            self._lose()
            return
        if self._on_lane:
            self._leave()
        super().abort()

    def drain(self) -> None:
        if self._resting and self._idle_until() <= self._serving.loop.time():
            self._close_soon()  # most have been idle for long, and need not leave the lane for that
        else:
            super().drain()

    def _close_unused(self, deadline: float) -> None:
        if not self._on_lane:
            super()._close_unused(deadline)
        elif self._resting and self.deadline == deadline:
            self._lose()
        else:
            super().drain()


GENERAL: Final = frozenset(
    name
    for floor in ServerConnection.__mro__
    for name in floor.__dict__.get("__slots__", ())
    if not name.startswith("__")
)
"""The attributes of a general connection."""
