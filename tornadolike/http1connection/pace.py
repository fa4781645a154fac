""":class:`Pace`: whether a peer moves bytes as fast as it has to.

A peer that moves a byte whenever its time is nearly over would keep a connection for ever. So its bytes are
counted too, over stretches of a grace time or a little more: a stretch is long enough for a network that
comes to a stop now and then, and a peer that stood still for most of one can make up for it in the rest.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """What a peer has moved in the stretch that goes on now."""

    rate: float | None
    """The least that it has to move, in bytes a second on average over a stretch; None: at any pace."""
    since: float
    """When the stretch began, by the loop's clock."""
    moved: int
    """How many bytes the peer had moved by then."""

    def is_too_slow(self, now: float, moved: int, grace_time: float) -> bool:
        """Whether a stretch is over now that was too slow. Another begins when one is over.

        :arg moved: how many bytes the peer has moved by now.
        :arg grace_time: the length of a stretch in seconds. It may be longer, if nobody looked in time.
        """
        seconds = now - self.since
        if self.rate is None or seconds < grace_time:
            return False
        too_slow = moved - self.moved < self.rate * seconds
        self.since = now
        self.moved = moved
        return too_slow

    def wait(self, seconds: float) -> None:
        """So long the peer had to wait for us."""
        self.since += seconds
