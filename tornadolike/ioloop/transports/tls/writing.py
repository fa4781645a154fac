"""The writing half of a TLS transport: encrypt no more than the transport below takes.

Clear data waits in a queue of pieces while the handshake lasts or the transport below is full. It is
encrypted in portions, so that many megabytes cost neither a second copy of them nor copies of copies.

The application's marks count what waits here *and* what waits below. The marks of the transport below
are set so that it is full whenever the sum may be above the application's low mark: then its
``resume_writing`` comes in time to pass on.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from ...core import Core
from ..files import FilePart, UnreadableFile
from ..flow import FlowControl
from ..pieces import NONE_WAIT, Piece, unchanging, view_of
from .machine import RECORD, Buffer, TLSMachine
from .phase import CLOSING, LOST, NEW, OPEN

LOWER_HIGH_WATER: Final = 64 * 1024
"""Encrypted bytes that the transport below may hold before no more are made."""

PORTION: Final = 8 * RECORD
"""Clear bytes that are encrypted before what came out is handed down."""

TURN: Final = 8 * PORTION
"""Clear bytes that are encrypted before the loop looks after others, however fast the peer takes them."""


class WritingSide(FlowControl, asyncio.Transport):
    """What of a TLS transport has to do with writing."""

    __slots__ = (
        "__weakref__",
        "_corked",
        "_loop",
        "_lower",
        "_lower_full",
        "_lower_pull",
        "_lower_size",
        "_machine",
        "_phase",
        "_protocol",
        "_pump_scheduled",
        "_taken",
        "_waiting",
        "_waiting_size",
    )

    _high_water = 512 * 1024
    _why_dropped = "the SSL connection is closed"

    _protocol: asyncio.Protocol

    def __init__(self, loop: Core, protocol: asyncio.BaseProtocol, machine: TLSMachine) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = cast(asyncio.Protocol, protocol)
        self._machine = machine
        self._phase = NEW
        self._lower: asyncio.Transport | None = None
        self._lower_size: Callable[[], int] = nothing_waits
        self._lower_pull: Callable[[memoryview], int | None] | None = None
        self._lower_full = False
        self._corked = False  # what is written goes down at the end of the callback
        self._pump_scheduled = False
        self._waiting: deque[Piece | FilePart] = NONE_WAIT
        self._waiting_size = 0
        self._taken = 0  # clear bytes that had to wait and were encrypted

    # The application's side

    def write(self, data: Buffer) -> None:
        """Encrypt and send ``data``, as soon as there is room.

        Raises :exc:`TypeError` for what is not bytes. On a connection that is closing or lost the data
        is dropped; the log tells of those who go on.
        """
        if type(data) is not bytes:
            data = view_of(data)
        if not data:
            return
        if (
            self._phase is OPEN
            and not self._waiting
            and not self._lower_full
            and len(data) <= PORTION
            and not (self._corked and self._machine.made)
        ):
            try:
                taken = self._machine.write(data)
            except ssl.SSLError as error:
                self._fail(error)
                return
            if not self._corked:
                self._send_output()
            if taken == len(data):
                return
            data = memoryview(data)[taken:]
        self._write_pieces((data,))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """As :meth:`write` of all pieces together: small ones share a record."""
        pieces = [piece if type(piece) is bytes else view_of(piece) for piece in list_of_data]
        if sum(map(len, pieces)) <= RECORD:
            self.write(b"".join(pieces))
        else:
            self._write_pieces(filter(len, pieces))

    def _write_pieces(self, pieces: Iterable[Piece]) -> None:
        if self._phase in (CLOSING, LOST) or self._is_lost_below():
            self._drop()
            return
        waiting = self._waiting
        if waiting is NONE_WAIT:
            waiting = self._waiting = deque()
        at_once = self._phase is OPEN and not waiting and not self._lower_full
        for piece in pieces:
            waiting.append(piece if at_once else unchanging(piece))
            self._waiting_size += len(piece)
        if at_once:
            self._pump()
            for i, left in enumerate(waiting):
                if not isinstance(left, FilePart):
                    waiting[i] = unchanging(left)
        self._check_marks()

    def write_file(self, head: bytes, part: FilePart, tail: bytes) -> None:
        """As :meth:`write` of ``head``, a part of a file, and ``tail``. The transport ends the part.

        The file is read block by block when it is its turn. If that fails the connection is reset, and the protocol
        told an :exc:`UnreadableFile`.
        """
        if self._phase in (CLOSING, LOST) or self._is_lost_below():
            part.end()
            self._drop()
            return
        if self._waiting is NONE_WAIT:
            self._waiting = deque()
        waiting = self._waiting
        at_once = self._phase is OPEN and not waiting and not self._lower_full
        waiting.extend(piece for piece in (head, part, tail) if piece)
        self._waiting_size += len(head) + len(part) + len(tail)
        if at_once:
            self._pump()
        self._check_marks()

    def has_file_waiting(self) -> bool:
        """Whether something of a :meth:`write_file` is still to be sent."""
        return any(isinstance(piece, FilePart) for piece in self._waiting)

    def can_write_eof(self) -> bool:
        """False: TLS knows no end of one side only that everybody understands."""
        return False

    def write_eof(self) -> None:
        """Not possible: raises :exc:`NotImplementedError`. Use :meth:`close`."""
        raise NotImplementedError("a TLS connection cannot end one side only; use close()")

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The marks, in bytes, at which the protocol is asked to pause and to go on."""
        self._set_marks(high, low)
        self._set_lower_marks()
        self._check_marks()

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent: clear ones here, and encrypted ones here and below."""
        return self._waiting_size + self._machine.output_size + self._lower_size()

    # Encrypting and handing down

    def _pump(self) -> None:
        """Encrypt and hand down what waits, as long as the transport below takes it."""
        waiting, machine = self._waiting, self._machine
        end_of_turn = self._taken + TURN
        while waiting and not self._lower_full and self._phase in (OPEN, CLOSING):
            if self._is_lost_below():
                self._forget_waiting()
                break
            if self._taken >= end_of_turn:
                self._pump_later()
                break
            try:
                portion = _next_portion(waiting)
            except UnreadableFile as error:
                self._file_failed(error)
                return
            if machine.output_size and machine.output_size + len(portion) > PORTION:
                waiting.appendleft(portion)
                self._send_output()
                continue
            try:
                taken = machine.write(portion)
            except ssl.SSLError as error:
                self._fail(error)
                return
            self._waiting_size -= taken
            self._taken += taken
            if taken < len(portion):
                waiting.appendleft(memoryview(portion)[taken:])
                self._send_output()
                return
        if not self._corked:
            self._send_output()

    def _pump_later(self) -> None:
        if not self._pump_scheduled:
            self._pump_scheduled = True
            self._loop.call_soon(self._pump_on)

    def _pump_on(self) -> None:
        self._pump_scheduled = False
        if self._phase is not LOST and not self._lower_full:
            self._lower_resumed()

    def _send_output(self) -> None:
        machine, lower = self._machine, self._lower
        if lower is None:
            return
        if machine.made:
            lower.writelines(machine.output_pieces())
            return
        output = machine.take_out()
        if output:
            lower.write(output)

    def _lower_paused(self) -> None:
        self._lower_full = True
        self._check_marks()

    def _lower_resumed(self) -> None:
        self._lower_full = False
        self._pump()
        self._check_marks()

    def _forget_lower(self) -> None:
        """It is no more: nothing of what waits will be sent."""
        self._lower = None
        self._lower_pull = None
        self._lower_size = nothing_waits
        self._lower_full = False
        self._forget_waiting()
        self._machine.output()

    def _forget_waiting(self) -> None:
        for piece in self._waiting:
            if isinstance(piece, FilePart):
                piece.end()
        self._waiting.clear()
        self._waiting_size = 0

    def _is_lost_below(self) -> bool:
        """Whether the transport below has failed, in a write of ours, say. That it has may not be told yet."""
        return self._lower is not None and self._lower.is_closing()

    def _is_lost(self) -> bool:
        return self._phase is LOST or self._is_lost_below()

    # Marks

    def _set_lower_marks(self) -> None:
        if self._lower is None:
            return
        try:
            self._lower.set_write_buffer_limits(high=min(LOWER_HIGH_WATER, self._low))
            self._lower.get_write_buffer_size()
        except NotImplementedError:
            return  # it has no marks: then only what waits here can be counted
        self._lower_size = self._lower.get_write_buffer_size

    def _check_marks(self) -> None:
        if self._is_lost():
            return  # who waits for room will be told of the end
        # Without one of these there is little, and nobody would tell when there is less.
        may_wait = self._lower_full or self._waiting
        size = self.get_write_buffer_size() if may_wait else 0
        self._resume_if_room(size)
        if not self._is_lost():  # what it was told may have ended it
            self._pause_if_full(size)

    # What the other half does

    def _fail(self, error: Exception) -> None:
        raise NotImplementedError

    def _file_failed(self, error: UnreadableFile) -> None:
        """What was announced does not come, which must not look like a proper end."""
        raise NotImplementedError


def nothing_waits() -> int:
    """The size of what waits where nothing is known about it."""
    return 0


def _next_portion(waiting: deque[Piece | FilePart]) -> Piece:
    """Take a portion off ``waiting``: a part of a large piece or of a file, or small ones that fill records.

    Raises :exc:`UnreadableFile`; then nothing is taken.
    """
    first = waiting[0]
    if isinstance(first, FilePart):
        block = first.take(PORTION)
        if not first:
            first.end()
            waiting.popleft()
        return block
    waiting.popleft()
    if len(first) > PORTION:
        view = memoryview(first)
        waiting.appendleft(view[PORTION:])
        return view[:PORTION]
    if len(first) >= RECORD or not waiting:
        return first
    pieces = [first]
    room = RECORD - len(first)
    while waiting and len(waiting[0]) <= room:
        piece = waiting[0]
        if isinstance(piece, FilePart):
            break
        room -= len(piece)
        pieces.append(piece)
        waiting.popleft()
    return b"".join(pieces)
