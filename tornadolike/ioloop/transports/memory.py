""":func:`memory_pair`: two transports that are connected to each other, without a socket.

They are :class:`~.stream.SocketTransport` in all but what is below: :class:`MemorySocket`, which has of a
socket's methods those that are asked for. So what is tried over them behaves as it will over TCP, with
half-closed connections, flow control, resets and all, but nothing depends on the kernel's sizes and times:
bytes arrive from callbacks of the loop, in the order in which they were sent.
"""

import asyncio
import contextvars
import errno
import itertools
import socket
from asyncio.constants import _SendfileMode
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, cast

from ..core import Core
from ..poller import READ, WRITE
from .files import FileSending
from .pieces import Piece
from .stream import SocketTransport

CAPACITY: Final = 65536
"""Bytes that are under way in each direction at the most."""

_numbers: Final = itertools.count(1)


class MemorySocket:
    """One end of a connection in memory.

    :arg capacity: bytes that it holds at the most until they are received here.
    :arg chunk: bytes that one call receives at the most; None for no limit.
    """

    def __init__(self, capacity: int, chunk: int | None) -> None:
        self.name = "memory", next(_numbers)
        self.when_changed: Callable[[], object] = _nothing
        """Called when something may have become possible."""
        self._arrived = bytearray()
        self._capacity = capacity
        self._chunk = chunk
        self._peer: MemorySocket | None = None
        self._peer_name: object = None
        self._ended = False  # the peer's side
        self._broken: OSError | None = None
        self._resets = False  # at its end
        self._closed = False

    def connect(self, peer: "MemorySocket") -> None:
        self._peer = peer
        self._peer_name = peer.name

    def ready(self) -> int:
        """What would not block: bits of :mod:`~tornadolike.ioloop.poller`."""
        if self._broken is not None:
            return READ | WRITE
        events = READ if self._arrived or self._ended else 0
        if self._peer is None or self._peer.room():
            events |= WRITE
        return events

    def room(self) -> int:
        """How many bytes could arrive now."""
        return self._capacity - len(self._arrived)

    def waiting_there(self) -> int:
        """How many of the bytes that were sent the peer has not received."""
        return 0 if self._peer is None else len(self._peer._arrived)

    # What a transport asks of its socket

    def recv(self, size: int) -> bytes:
        buffer = bytearray(size)
        return bytes(buffer[: self.recv_into(buffer)])

    def recv_into(self, buffer: Any) -> int:
        with memoryview(buffer) as view, view.cast("B") as room:
            size = min(len(room), len(self._arrived), self._chunk or len(room))
            room[:size] = self._arrived[:size]
        if not size:
            self._raise_if_broken()
            if not self._ended:
                raise BlockingIOError
        del self._arrived[:size]
        if self._peer is not None:
            self._peer.when_changed()
        return size

    def send(self, data: Piece) -> int:
        self._raise_if_broken()
        if self._peer is None:
            raise BrokenPipeError(errno.EPIPE, "the peer has closed the connection")
        size = min(len(data), self._peer.room())
        if not size:
            raise BlockingIOError
        self._peer._arrived += memoryview(data)[:size]
        self._peer.when_changed()
        return size

    def sendmsg(self, pieces: Iterable[Piece]) -> int:
        sent = 0
        for piece in pieces:
            try:
                count = self.send(piece)
            except BlockingIOError:
                if sent:
                    break
                raise
            sent += count
        return sent

    def shutdown(self, how: int) -> None:
        if self._peer is not None:
            self._peer._ended = True
            self._peer.when_changed()

    def close(self) -> None:
        """The end of both sides: a reset if bytes that have arrived were not received, as TCP has it."""
        peer, self._peer = self._peer, None
        self._closed = True
        self.when_changed = _nothing
        if peer is not None:
            peer._peer = None
            peer._ended = True
            if self._resets or self._arrived:
                peer._broken = ConnectionResetError(errno.ECONNRESET, "the peer has reset it")
            peer.when_changed()

    def setsockopt(self, level: int, option: int, value: object) -> None:
        self._resets = self._resets or (level, option) == (socket.SOL_SOCKET, socket.SO_LINGER)

    def fileno(self) -> int:
        return -1

    def getsockname(self) -> object:
        return self.name

    def getpeername(self) -> object:
        return self._peer_name

    def _raise_if_broken(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, "the connection is closed")
        if self._broken is not None:
            raise self._broken


class MemoryTransport(SocketTransport):
    """One of a :func:`memory_pair`."""

    __slots__ = ("_looking",)

    _sendfile_compatible = _SendfileMode.FALLBACK  # there is no kernel to do it

    def __init__(self, loop: Core, end: MemorySocket, protocol: asyncio.BaseProtocol) -> None:
        self._looking = False
        end.when_changed = self._look_soon
        super().__init__(
            loop,
            cast(socket.socket, end),
            protocol,
            context=contextvars.copy_context(),
            extra={"peername": end._peer_name, "sockname": end.name, "socket": None},
        )

    @property
    def _end_here(self) -> MemorySocket:
        return cast(MemorySocket, self._sock)

    # Watching

    def _watch_for(self, events: int) -> None:
        self._events = events
        self._look_soon()

    _watch = _watch_for

    def _look_soon(self) -> None:
        if self._loop.is_closed():
            return  # nobody is told of anything any more
        if not self._looking and self._events & self._end_here.ready():
            self._looking = True
            self._loop.call_soon(self._look, context=self._context)

    def _look(self) -> None:
        self._looking = False
        events = self._events & self._end_here.ready()
        if events:
            self._on_events(events)
            self._look_soon()

    # What only the kernel knows of a socket

    async def send_file(self, sending: FileSending) -> NoReturn:
        raise asyncio.SendfileNotAvailableError("there is no socket below that could send a file")

    def peer_state(self) -> str:
        end = self._end_here
        if end._broken is not None:
            return "lost"
        return "ended" if end._ended else "open"

    def unacknowledged(self) -> int:
        return self._waiting_size + self._end_here.waiting_there()

    def __repr__(self) -> str:
        state = "lost" if self._lost else "closing" if self._closing else "open"
        number = self._end_here.name[1]
        return f"<{type(self).__name__} {number} {state} waiting={self._waiting_size}>"


def memory_pair(
    loop: Core,
    first: asyncio.BaseProtocol,
    second: asyncio.BaseProtocol,
    *,
    capacity: int = CAPACITY,
    chunk: int | None = None,
) -> tuple[MemoryTransport, MemoryTransport]:
    """Connect two protocols with each other, in memory; return their transports.

    ``connection_made`` of both has been called then, in this order. ``"peername"`` and ``"sockname"`` are
    ``("memory", n)``, where each end has a number of its own.

    :arg capacity: bytes that are under way in each direction at the most; what is written beyond waits
        in the transport, as on a socket.
    :arg chunk: bytes that are delivered at once at the most. 1: everything comes byte by byte. None, the
        default: as much as has arrived.

    Raises :exc:`ValueError` for sizes below 1.
    """
    if capacity < 1 or (chunk is not None and chunk < 1):
        raise ValueError(f"capacity ({capacity}) and chunk ({chunk}) must be at least 1")
    here, there = MemorySocket(capacity, chunk), MemorySocket(capacity, chunk)
    here.connect(there)
    there.connect(here)
    return MemoryTransport(loop, here, first), MemoryTransport(loop, there, second)


def _nothing() -> None:
    """What happens when something changes that nobody looks at."""
