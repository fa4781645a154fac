""":class:`DatagramTransport`: the one place where datagram sockets are read and written for a protocol.

It speaks asyncio's interface (``connection_made``, ``datagram_received``, ``error_received``,
``pause_writing``, ``resume_writing``, ``connection_lost``).

Datagrams are single: one that cannot be sent, or whose reception the protocol fails at, is reported and
ends nothing; the transport lives until somebody closes it. ``connection_lost`` comes exactly once, in a
callback of its own. The loop's table of watched descriptors keeps an open transport alive.
"""

import asyncio
import socket
from asyncio.trsock import TransportSocket
from collections import deque
from typing import Any, Final, cast

from ..core import Core
from ..handles import TimerHandle
from ..poller import ERROR, READ, WRITE
from .flow import FlowControl
from .watched import WatchedSocket

MAX_DATAGRAM: Final = 256 * 1024
"""Bytes that are read of one datagram; what is longer arrives cut."""

MAX_INTERNET_DATAGRAM: Final = 64 * 1024
"""The same for the internet's families, which have no longer ones: reading into more than is needed
costs more than the rest of the way to the protocol."""

MAX_AT_ONCE: Final = 16
"""Datagrams that one wake-up receives or sends at the most: then it is the turn of others."""

LOOK_FOR_CROWD: Final = 8
"""How many wake-ups receive a single datagram before one tries for more. To find that there is none costs
half as much as to receive one; so those that arrive singly pay a part of that only, and once more than one
was there all wake-ups try."""

HEADER_SIZE: Final = 8
"""What a waiting datagram counts beside its bytes: a flood of empty ones is a flood too."""

BUSY_PAUSE: Final = 0.005
"""Seconds of rest when the kernel says that it would take a datagram, and does not."""

_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


class DatagramTransport(WatchedSocket, FlowControl, asyncio.Transport, asyncio.DatagramTransport):
    """A non-blocking datagram socket and the protocol that it serves.

    It is an :class:`asyncio.Transport` too, as asyncio's own are; a stream's ways of writing raise
    :exc:`NotImplementedError`.

    :arg loop: the loop that watches the socket.
    :arg sock: owned, and in the end closed, by the transport.
    :arg protocol: its ``connection_made`` is called by the constructor; reading starts at once.
    :arg address: the only one that datagrams may be sent to; None: any, or the one that ``sock`` is
        connected to.
    """

    _protocol: asyncio.DatagramProtocol

    def __init__(
        self,
        loop: Core,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        address: Any = None,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._protocol = cast(asyncio.DatagramProtocol, protocol)
        self._address = address
        self._read_size = MAX_INTERNET_DATAGRAM if sock.family in _INTERNET else MAX_DATAGRAM
        extra: dict[str, Any] = {"socket": TransportSocket(sock), "sockname": sock.getsockname()}
        try:
            extra["peername"] = sock.getpeername()
        except OSError:
            self._connected = False
        else:
            self._connected = True
        super().__init__(extra)
        self._wake_ups = 0
        self._came_in_crowd = False
        self._waiting: deque[tuple[bytes, Any]] = deque()
        self._waiting_size = 0
        self._resting: TimerHandle | None = None
        self._paused = False  # reading, by pause_reading
        self._closing = False
        self._lost = False
        self._events = READ
        try:
            loop.watch(self._fd, self._on_events, READ)
        except BaseException:
            del self._sock  # it stays the caller's
            raise
        self._tell("connection_made", self)

    # Receiving

    def _on_events(self, events: int) -> None:
        # Reading comes first: it takes the error of a datagram sent before, which otherwise the next
        # one that waits would be refused with.
        if events & (READ | ERROR) and self._events & READ:
            self._on_readable()
        if events & (WRITE | ERROR) and self._waiting:
            self._on_writable()

    def _on_readable(self) -> None:
        self._wake_ups += 1
        many = self._came_in_crowd or not self._wake_ups % LOOK_FOR_CROWD
        for count in range(MAX_AT_ONCE if many else 1):
            try:
                data, address = self._sock.recvfrom(self._read_size)
            except (BlockingIOError, InterruptedError):
                self._came_in_crowd = count > 1
                return
            except OSError as error:
                self._tell("error_received", error)
                return
            try:
                self._protocol.datagram_received(data, address)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                self._report("protocol.datagram_received() failed", error)
            if not self._events & READ:
                return
        self._came_in_crowd = many

    def pause_reading(self) -> None:
        """Nothing is received until :meth:`resume_reading`; the kernel keeps what its buffer has room for.

        Idempotent.
        """
        if not self._closing:
            self._paused = True
            self._update_events()

    def resume_reading(self) -> None:
        """Undo :meth:`pause_reading`. Idempotent."""
        if self._paused and not self._closing:
            self._paused = False
            self._update_events()

    def is_reading(self) -> bool:
        return not (self._paused or self._closing)

    # Sending

    def sendto(self, data: bytes | bytearray | memoryview, addr: Any = None) -> None:
        """Send ``data``, which may be empty, as one datagram: now, or as soon as the kernel takes it.

        Once the transport is closing the datagram is dropped. What the network has against it is told
        to the protocol's ``error_received``.

        :arg addr: where to. None on an endpoint made with ``remote_addr`` (or exactly that address).
            On a socket that was connected before, whatever is given, it goes to the peer.

        Raises :exc:`TypeError` for data that are not bytes, :exc:`ValueError` for another address than
        the endpoint's, and what :meth:`socket.socket.sendto` raises for what is no address.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"data argument must be a bytes-like object, not {type(data).__name__!r}"
            )
        if self._address is not None:
            if addr is not None and addr != self._address:
                raise ValueError(f"Invalid address: must be None or {self._address}")
            addr = self._address
        if self._closing:
            return
        if not self._waiting:
            try:
                self._send(data, addr)
                return
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as error:
                self._tell("error_received", error)
                return
        data = bytes(data)  # what waits must not change under our hands
        self._waiting.append((data, addr))
        self._waiting_size += len(data) + HEADER_SIZE
        self._update_events()
        self._pause_if_full(self._waiting_size)

    def _send(self, data: bytes | bytearray | memoryview, address: Any) -> None:
        if self._connected:
            self._sock.send(data)
        else:
            self._sock.sendto(data, address)

    def _on_writable(self) -> None:
        for count in range(MAX_AT_ONCE):
            try:
                self._send(*self._waiting[0])
            except (BlockingIOError, InterruptedError):
                if count == 0:
                    self._rest()
                break
            except OSError as error:
                self._drop_first()
                self._tell("error_received", error)
            except Exception as error:
                self._drop_first()
                self._report("a datagram could not be sent", error)
            else:
                self._drop_first()
            if not self._waiting:
                break
        if self._lost:
            return
        self._resume_if_room(self._waiting_size)
        if not self._waiting:
            self._update_events()
            if self._closing:
                self._lose()

    def _drop_first(self) -> None:
        data, _ = self._waiting.popleft()
        self._waiting_size -= len(data) + HEADER_SIZE

    def _rest(self) -> None:
        """Try again in a moment.

        A Unix socket that is not connected is always ready to be written to, as far as the poll knows;
        the receiver whose queue is full is not its affair.
        """
        if self._resting is None:
            self._resting = self._loop.schedule_at(self._loop.time() + BUSY_PAUSE, self._rested, ())
            self._update_events()

    def _rested(self) -> None:
        self._resting = None
        self._update_events()

    def _wanted_events(self) -> int:
        reading = 0 if self._paused or self._closing else READ
        return reading | WRITE if self._waiting and self._resting is None else reading

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent, each datagram's header included."""
        return self._waiting_size

    # The end

    def close(self) -> None:
        """Send what waits, then close. Nothing is received from now on. Idempotent."""
        if self._closing:
            return
        self._closing = True
        if self._waiting:
            self._update_events()
        else:
            self._lose()

    def abort(self) -> None:
        """Close now; what waits is dropped."""
        self._closing = True
        self._lose()

    def _lose(self) -> None:
        if self._lost:
            return
        self._lost = True
        self._watch_for(0)
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        self._waiting.clear()
        self._waiting_size = 0
        self._loop.call_soon(self._call_connection_lost)

    def _call_connection_lost(self) -> None:
        try:
            self._protocol.connection_lost(None)
        finally:
            self._sock.close()
            self._protocol = None  # type: ignore[assignment]

    # About

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast(asyncio.DatagramProtocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol
