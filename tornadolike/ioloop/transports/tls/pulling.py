"""The pull manner of a TLS transport: for a :class:`~..pulling.PullProtocol` above.

The transport below goes on pushing: what it receives is fed to the machine, and stays there until the
protocol takes it. READ is told while there is anything of that (it may turn out to be half a record), or
an end. What is asked for and is not there is received from below at once, if that can be pulled too.

Nothing waits here on the way out: no more is encrypted than goes down, and not while below is full.
"""

import asyncio
import errno
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Final, cast

from ...core import Core
from ...poller import READ, WRITE
from ..pieces import MAX_PIECES, Piece
from ..pulling import PullProtocol, what_had_come
from .buffers import receiving_buffer
from .machine import RECORD, TLSMachine
from .phase import CLOSING, LOST, OPEN
from .reading import ReadingSide
from .writing import PORTION


class PullingSide(ReadingSide):
    """What of a TLS transport has to do with protocols that pull."""

    __slots__ = (
        "_end_taken",
        "_error",
        "_left",
        "_room_wanted",
        "_telling_soon",
        "_write_stands",
    )

    def __init__(self, loop: Core, protocol: asyncio.BaseProtocol, machine: TLSMachine) -> None:
        super().__init__(loop, protocol, machine)
        self._reading_paused = self._pulled  # until it wants something
        self._room_wanted = False
        self._telling_soon = False
        self._end_taken = False  # the protocol was told of the peer's end, by receive_into
        self._write_stands = False  # until the peer has answered (in a handshake underneath)
        self._error: Exception | None = None  # what ended the connection
        self._left = False  # a protocol that pulls has ended the connection itself

    # Telling

    def want(self, events: int) -> None:
        """For a :class:`~..pulling.PullProtocol`: call its ``on_ready`` when one of ``events`` is possible."""
        self._reading_paused = not events & READ
        self._room_wanted = bool(events & WRITE)
        if not self._reading_paused and not self._machine.has_input:
            self._resume_lower()
        self._tell_soon()

    def _ready_events(self) -> int:
        """What is wanted and possible."""
        if self._phase is not OPEN or not self._pulled:
            return 0
        events = 0
        if not self._reading_paused and self.has_news():
            events = READ
        if self._room_wanted and not (self._lower_full or self._waiting or self._write_stands):
            events |= WRITE
        return events

    def has_news(self) -> bool:
        """Whether something that has come is still to be taken: bytes (perhaps half a record) or the end."""
        if self._unread or (self._machine.has_input and not self._machine.ended):
            return True
        return (self._machine.ended or self._lower_ended) and not self._end_taken

    def _tell_ready(self) -> None:
        events = self._ready_events()
        if events:
            try:
                cast(PullProtocol, self._protocol).on_ready(events)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                self._callback_failed("on_ready", error)
            if not self._reading_paused and self._phase is OPEN and self._machine.has_input:
                self._pause_lower()  # enough waits here
        self._tell_soon()

    def _tell_soon(self) -> None:
        """Tell again at the next turn of the loop what is possible still."""
        if not self._telling_soon and self._ready_events():
            self._telling_soon = True
            self._loop.call_soon(self._tell_now)

    def _tell_now(self) -> None:
        self._telling_soon = False
        self._tell_ready()

    def _tell_what_came(self) -> None:
        self._write_stands = False
        if self._reading_paused and self.has_news():
            self._pause_lower()
        self._tell_ready()

    def _lower_resumed(self) -> None:
        super()._lower_resumed()
        self._tell_ready()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        was_pulled = self._pulled
        super().set_protocol(protocol)
        self._end_taken = False
        if was_pulled and not self._pulled:
            self._room_wanted = False
            self._loop.call_soon(self._deliver_again)

    def unread(self, data: bytes) -> None:
        super().unread(data)
        self._end_taken = False

    # Bytes

    def receive_into(self, buffer: Any) -> int | None:
        """For a :class:`~..pulling.PullProtocol`: decrypt what there is now into ``buffer``.

        Raises what ended the connection, behind everything that came before.
        """
        if self._phase in (CLOSING, LOST):
            raise OSError(errno.EBADF, "the TLS connection is closed")
        if self._phase is not OPEN:
            return None
        with memoryview(buffer) as view, view.cast("B") as room:
            if self._unread:
                return self._take_unread(room)
            count = self._decrypt_into(room)
        if count is not None and not count:
            self._end_taken = True
            self._raise_failure()
        return count

    def _decrypt_into(self, room: memoryview) -> int | None:
        machine = self._machine
        count: int | None = machine.read_into(room)
        if not count and not machine.ended and not self._lower_ended:
            came = self._receive_from_below(room)
            count = machine.read_into(room) if came else None
            if not count and not machine.ended and not self._lower_ended:
                count = None
        machine.keep()
        if machine.output_size:
            self._send_output()  # an alert, an answer to a key update
        if not machine.has_input and (not self._reading_paused or self._lower_pull is None):
            self._resume_lower()
        return count

    def _receive_from_below(self, room: memoryview) -> bool:
        """Feed the machine what is to be had at once and about fits in ``room``; whether that was anything.

        (It may have been the end.)
        """
        if self._lower_pull is None:
            return False
        buffer = receiving_buffer(self._loop)[: max(len(room), RECORD) + 512]
        try:
            count = self._lower_pull(buffer)
        except OSError as error:
            self._error = error
            self._lower_ended = True  # and without a goodbye: anybody can send a reset
            raise
        if count is None:
            return False
        self._write_stands = False
        if count:
            self._machine.lend(buffer[:count])
            if room.obj is buffer.obj:
                self._machine.keep()  # for TLS above us: it would be written over
        else:
            self._lower_ended = True
        return True

    def _raise_failure(self) -> None:
        machine = self._machine
        if machine.peer_closed:
            return
        failure = machine.failure or self._error
        if failure is not None:
            raise failure

    def send_now(self, pieces: Sequence[Piece]) -> int:
        """For a :class:`~..pulling.PullProtocol`: encrypt and send a part of ``pieces``, if there is room."""
        if self._phase in (CLOSING, LOST):
            raise OSError(errno.EBADF, "the TLS connection is closed")
        if self._error is not None:
            raise self._error
        lower = self._lower
        if self._phase is not OPEN or self._lower_full or self._waiting or lower is None:
            return 0
        if lower.is_closing():
            return 0  # it has failed in a write of ours, and will say so
        taken = self._machine.write(_portion_of(pieces))
        if not taken:
            self._write_stands = True
            self._resume_lower()
        self._send_output()
        return taken

    # The end

    def _broken_below(self, error: Exception) -> None:
        """The transport below is lost; what it had received can still be taken."""
        for data in self._rest_from_below():
            self._machine.feed(data)
        self._error = error
        self._lower_ended = True
        self._forget_lower()
        self._tell_ready()

    def _drain_lower(self) -> None:
        """Drop what was received below, as TLS 1.3's tickets."""
        for _ in self._rest_from_below():
            pass

    def _rest_from_below(self) -> Iterable[memoryview]:
        if self._lower_pull is None:
            return ()
        return what_had_come(self._lower_pull, receiving_buffer(self._loop))

    def _leave(self) -> None:
        """Our goodbye has gone down: end below once it has gone from there; wait for no other goodbye."""
        lower = self._lower
        assert lower is not None
        if self._lower_size():
            self._resume_lower()
            lower.set_write_buffer_limits(high=0)  # so that we are told when nothing waits any more
        else:
            self._drain_lower()
            self._end_now(lower.close)

    def _end_now(self, end: Callable[[], object]) -> None:
        """End the transport below, by one of its methods, without a word if it knows how to."""
        self._phase = LOST
        self._left = True
        if self._lower is None or self._lower_pull is not None:
            if self._lower is not None:
                self._lower.set_protocol(_NOBODY)
            end()
            self._end(None)
        else:
            end()  # it will call connection_lost

    # What the whole does

    def _end(self, error: Exception | None) -> None:
        raise NotImplementedError


_NOBODY: Final = PullProtocol()
"""Whom a transport tells that nobody is interested in any more."""


def _portion_of(pieces: Sequence[Piece]) -> Piece:
    """The first bytes of ``pieces`` in one."""
    first = pieces[0]
    if len(pieces) == 1 or len(first) >= PORTION:
        return first if len(first) <= PORTION else memoryview(first)[:PORTION]
    together = bytearray()
    for piece in islice(pieces, MAX_PIECES):
        together += memoryview(piece)[: PORTION - len(together)]
        if len(together) == PORTION:
            break
    return memoryview(together)
