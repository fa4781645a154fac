"""Time-outs for very many things at once, kept to the nearest second or so.

A server that gave each connection a timer of its own would pay for a heap operation with each request.
Here a connection stores *when* it must be looked at (an attribute; setting it later costs nothing
else) and lies in the bucket of one coarse tick. When that tick comes, what is overdue is told so and
the rest is put into the bucket of its new deadline. Only a deadline that moves *forward* needs a call.
"""

from typing import Protocol

from .handles import TimerHandle
from .loop import IOLoop


class Expirable(Protocol):
    """What can lie in a bucket."""

    deadline: float
    """The loop's time in seconds; ``math.inf`` for never."""
    bucket: int
    """The tick in whose bucket it lies (:attr:`Deadlines.NOWHERE` for none). Owned by :class:`Deadlines`."""

    def deadline_passed(self) -> None:
        """Called once ``deadline`` has passed. It is in no bucket then, and may be added again."""
        ...


class Deadlines:
    """The buckets of one loop.

    :arg resolution: the length of a tick in seconds.
    :arg horizon: how far ahead, in seconds, a thing is looked at again at the latest, whatever its
        deadline. A deadline that is never set nearer than this needs no :meth:`add` when it changes.

    Nothing expires early; it expires at the latest one resolution after its deadline. While the
    buckets are empty no timer runs.
    """

    NOWHERE = -1

    def __init__(self, loop: IOLoop, resolution: float = 0.5, horizon: float = 3600.0) -> None:
        self.loop = loop
        self.resolution = resolution
        self.horizon = horizon
        self.now = loop.time()
        """The time at the last tick: cheap to read, late by up to one resolution while ticking."""
        self._buckets: dict[int, set[Expirable]] = {}
        self._last_tick = self._tick_of(self.now)
        self._timer: TimerHandle | None = None

    def _tick_of(self, moment: float) -> int:
        return int(moment / self.resolution) + 1

    def add(self, thing: Expirable) -> None:
        """Look at ``thing`` when its deadline has passed; to be called again when it becomes earlier."""
        if self._timer is None:
            self._start_ticking()
        tick = max(self._tick_of(min(thing.deadline, self.now + self.horizon)), self._last_tick + 1)
        if thing.bucket != tick:
            if thing.bucket != self.NOWHERE:
                self.discard(thing)
            thing.bucket = tick
            self._buckets.setdefault(tick, set()).add(thing)

    def discard(self, thing: Expirable) -> None:
        """Forget ``thing``."""
        bucket = self._buckets.get(thing.bucket)
        if bucket is not None:
            bucket.discard(thing)
            if not bucket:
                del self._buckets[thing.bucket]
        thing.bucket = self.NOWHERE

    def _start_ticking(self) -> None:
        self.now = self.loop.time()
        self._last_tick = self._tick_of(self.now) - 1
        self._wait_for_next_tick()

    def _wait_for_next_tick(self) -> None:
        # At the moment the bucket is full, not one resolution from now: that would come later by
        # up to one resolution more.
        when = (self._last_tick + 1) * self.resolution
        self._timer = self.loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self.now = now = self.loop.time()
        # (The timer is never early, but the division may round down.)
        this_tick = max(self._tick_of(now) - 1, self._last_tick + 1)
        due = range(self._last_tick + 1, this_tick + 1)
        # After a long sleep (a suspended laptop) there are more ticks to go through than buckets.
        ticks = (
            due if len(due) <= len(self._buckets) else sorted(t for t in self._buckets if t in due)
        )
        self._last_tick = this_tick
        for tick in ticks:
            for thing in self._buckets.pop(tick, ()):
                if thing.bucket != tick:
                    continue  # moved or discarded by one that expired before it
                thing.bucket = self.NOWHERE
                if thing.deadline > now:
                    self.add(thing)
                    continue
                try:
                    thing.deadline_passed()
                except Exception as error:
                    self.loop.call_exception_handler(
                        {"message": f"Exception at the deadline of {thing!r}", "exception": error}
                    )
        if self._buckets:
            self._wait_for_next_tick()
        else:
            self._timer = None
