""":class:`FlowControl`: a protocol that writes faster than its peer reads is asked to pause.

What waits to be sent is measured against two marks. Above the high one the protocol is told
``pause_writing``, once; at the low one or below ``resume_writing``. Nothing enforces it: what is written
all the same waits too. The marks lie apart so that a protocol is not told at every piece.

A protocol that writes to what is closed may not know of the end yet. So its first late writes are dropped
without a word; whoever goes on has missed something, and the log says so.
"""

import asyncio
from typing import Any, ClassVar, Final

from ..core import asyncio_log
from .telling import Telling

HIGH_WATER: Final = 64 * 1024
"""Bytes waiting to be sent above which the protocol is asked to pause."""

DROPS_UNSAID: Final = 4
"""How many writes after the end are dropped without a word."""


class FlowControl(Telling, asyncio.WriteTransport):
    """The marks of a transport that is written to, and its late writes.

    A subclass says by :meth:`get_write_buffer_size` how much waits. When that has grown it calls
    ``_pause_if_full``, when it has shrunk ``_resume_if_room``.
    """

    __slots__ = ("_dropped", "_high", "_low", "_protocol_paused")

    _high_water: ClassVar = HIGH_WATER
    """The high mark where nobody has set another."""

    _why_dropped: ClassVar = "the transport is closed"
    """The log's words to those who keep writing."""

    def __init__(self, extra: dict[str, Any] | None = None) -> None:
        self._extra = extra  # asyncio's would make a dict of None
        self._high = self._high_water
        self._low = self._high // 4
        self._protocol_paused = False
        self._dropped = 0  # writes that came too late

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The marks, in bytes, at which the protocol is asked to pause and to go on.

        By default ``high`` is four times ``low``, and ``low`` a quarter of ``high``; without either they
        are what they were at first. If more waits than ``high`` the protocol is asked to pause now.

        Raises :exc:`ValueError` unless ``high >= low >= 0``.
        """
        self._set_marks(high, low)
        self._pause_if_full(self.get_write_buffer_size())

    def _set_marks(self, high: int | None, low: int | None) -> None:
        if high is None:
            high = self._high_water if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """The low and the high mark, in bytes."""
        return self._low, self._high

    def _pause_if_full(self, waiting: int) -> None:
        """``waiting`` bytes wait now, and there may be more than before."""
        if waiting > self._high and not self._protocol_paused:
            self._protocol_paused = True
            self._tell("pause_writing")

    def _resume_if_room(self, waiting: int) -> None:
        """``waiting`` bytes wait now, and there may be less than before."""
        if self._protocol_paused and waiting <= self._low:
            self._protocol_paused = False
            self._tell("resume_writing")

    def _drop(self) -> None:
        """Something was written that comes too late."""
        self._dropped += 1
        if self._dropped > DROPS_UNSAID:
            asyncio_log.warning("%r: data is dropped, %s", self, self._why_dropped)
