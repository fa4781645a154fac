""":func:`release_when_idle`: the memory that compression holds, given back where nothing happens.

One timer for all connections of a loop, and none while there is nothing to give back. It looks at them
every :data:`RELEASE_AFTER` seconds: who has neither sent nor received since the last look is released.
"""

from typing import Final
from weakref import WeakKeyDictionary, WeakSet, ref

from ...ioloop import IOLoop
from .deflate import PerMessageDeflate

RELEASE_AFTER: Final = 5.0
"""Seconds without a compressed message, and up to twice as many, after which memory is given back.

Short, for it is cheap to be wrong: the next message takes some microseconds more, and is as small as ever."""

TURN: Final = 100
"""So many are released before others have their turn: to free that memory takes a millisecond."""


class _Sweep:
    """The connections of one loop whose compression holds memory."""

    def __init__(self, loop: IOLoop) -> None:
        self._loop = ref(loop)  # which keeps us, while it lives
        self._holding: WeakSet[PerMessageDeflate] = WeakSet()
        self._waiting = False

    def watch(self, extension: PerMessageDeflate) -> None:
        self._holding.add(extension)
        if not self._waiting:
            self._wait()

    def _wait(self) -> None:
        loop = self._loop()
        if loop is not None:
            self._waiting = True
            loop.call_later(RELEASE_AFTER, self._look)

    def _look(self) -> None:
        self._go_through([extension for extension in self._holding if not extension.was_used()])

    def _go_through(self, idle: list[PerMessageDeflate]) -> None:
        for _ in range(min(TURN, len(idle))):
            extension = idle.pop()
            if extension.release():
                self._holding.discard(extension)
        loop = self._loop()
        if idle and loop is not None:
            loop.call_soon(self._go_through, idle)
            return
        self._waiting = False
        if self._holding:
            self._wait()


_sweeps: WeakKeyDictionary[IOLoop, _Sweep] = WeakKeyDictionary()


def release_when_idle(extension: PerMessageDeflate) -> None:
    """Have ``extension`` give back its memory when it is not used. To be called in its loop's thread."""
    loop = IOLoop.current()
    assert loop is not None
    sweep = _sweeps.get(loop)
    if sweep is None:
        sweep = _sweeps[loop] = _Sweep(loop)
    extension.on_memory = sweep.watch
