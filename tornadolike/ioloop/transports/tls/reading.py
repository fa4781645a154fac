"""The reading half of a TLS transport: what came is decrypted when the application wants it.

While it does not, what came stays as it is, and the transport below is paused as soon as more comes: so
no more than one receiving waits here.

What the application writes while it is told something leaves together when all was told.
"""

import asyncio
from typing import cast

from ...core import Core
from ..pulling import PullProtocol
from .machine import TLSMachine
from .phase import CLOSING, LOST, OPEN
from .writing import WritingSide


class ReadingSide(WritingSide):
    """What of a TLS transport has to do with reading."""

    __slots__ = (
        "_buffered",
        "_lower_ended",
        "_lower_reading_paused",
        "_pulled",
        "_reading_paused",
        "_unread",
    )

    def __init__(self, loop: Core, protocol: asyncio.BaseProtocol, machine: TLSMachine) -> None:
        super().__init__(loop, protocol, machine)
        self._buffered = isinstance(protocol, asyncio.BufferedProtocol)
        self._pulled = isinstance(protocol, PullProtocol)
        self._unread = b""
        self._reading_paused = False
        self._lower_reading_paused = False
        self._lower_ended = False

    def _uncork(self) -> None:
        """Hand down, in one piece, what the callbacks have written."""
        self._corked = False
        if self._phase is LOST:
            return
        self._send_output()
        if self._waiting and not self._lower_full:
            self._pump()  # it waited for something that has only come now
            self._check_marks()

    def _deliver(self) -> None:
        """Give the application what came, if it wants it."""
        if self._pulled:
            self._tell_what_came()
            return
        if self._reading_paused:
            self._pause_lower()
            return
        if self._buffered:
            self._deliver_into_buffers()
        else:
            data = self._machine.read()
            if self._unread:
                data, self._unread = self._unread + data, b""
            if data:
                try:
                    self._protocol.data_received(data)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    self._callback_failed("data_received", error)
                    return
        if self._reading_paused or self._pulled:  # since then
            return  # type: ignore[unreachable]  # (data_received may do either)
        if self._machine.ended or self._lower_ended:
            self._peer_ended()

    def _deliver_into_buffers(self) -> None:
        machine = self._machine
        try:
            while self._unread or (machine.has_input and not machine.ended):
                protocol = cast(asyncio.BufferedProtocol, self._protocol)
                buffer = memoryview(protocol.get_buffer(-1)).cast("B")
                if not buffer:
                    raise RuntimeError("get_buffer() returned an empty buffer")
                count = self._take_unread(buffer) or machine.read_into(buffer)
                del buffer
                if not count:
                    break
                protocol.buffer_updated(count)
                if self._reading_paused or self._phase is not OPEN or not self._buffered:
                    break
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._callback_failed("get_buffer() or buffer_updated", error)
        if not self._buffered:  # any more: the rest is for another protocol
            self._deliver_again()

    def _take_unread(self, buffer: memoryview) -> int:
        count = min(len(buffer), len(self._unread))
        buffer[:count] = self._unread[:count]
        self._unread = self._unread[count:]
        return count

    def _deliver_again(self) -> None:
        """From the loop: reading goes on, or something was given back."""
        if self._phase is OPEN and not self._reading_paused:
            self._corked = True
            try:
                self._deliver()
            finally:
                self._uncork()

    def pause_reading(self) -> None:
        """Nothing is delivered until :meth:`resume_reading`. Idempotent.

        The transport below is paused as soon as something comes.
        """
        if self._phase not in (CLOSING, LOST):
            self._reading_paused = True

    def resume_reading(self) -> None:
        """Undo :meth:`pause_reading`. Idempotent."""
        if self._reading_paused and self._phase not in (CLOSING, LOST):
            self._reading_paused = False
            if self._unread or self._machine.has_input or self._machine.ended or self._lower_ended:
                self._loop.call_soon(self._deliver_again)
            self._resume_lower()

    def is_reading(self) -> bool:
        return self._phase not in (CLOSING, LOST) and not (
            self._reading_paused or self._lower_ended or self._machine.ended
        )

    def unread(self, data: bytes) -> None:
        """Give back bytes that belong to the protocol that takes over; it gets them before all others.

        They come as any others do: from a callback of the loop, and not while reading is paused. If the
        peer's side has ended already, the new protocol is told that too.
        """
        self._unread = data + self._unread
        self._loop.call_soon(self._deliver_again)

    def peer_state(self) -> str:
        """How it is with the peer behind what has not been read: ``"open"``, ``"ended"`` or ``"lost"``."""
        if self._phase is LOST:
            return "lost"
        if self._machine.ended or self._lower_ended:
            return "ended"
        ask = getattr(self._lower, "peer_state", None)
        return "open" if ask is None else cast(str, ask())

    def _pause_lower(self) -> None:
        if not self._lower_reading_paused and self._lower is not None:
            self._lower_reading_paused = True
            self._lower.pause_reading()

    def _resume_lower(self) -> None:
        if self._lower_reading_paused and self._lower is not None:
            self._lower_reading_paused = False
            self._lower.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Have ``protocol`` told everything from now on. Its ``connection_made`` is not called."""
        self._protocol = cast(asyncio.Protocol, protocol)
        self._buffered = isinstance(protocol, asyncio.BufferedProtocol)
        self._pulled = isinstance(protocol, PullProtocol)

    # What the whole does

    def _tell_what_came(self) -> None:
        """Tell a protocol that pulls of it."""
        raise NotImplementedError

    def _peer_ended(self) -> None:
        raise NotImplementedError

    def _callback_failed(self, method: str, error: BaseException) -> None:
        raise NotImplementedError
