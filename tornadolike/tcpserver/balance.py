""":class:`Balance`: who of several processes takes the next connection from a socket that they share.

The system wakes all who wait at a socket, and the first takes what is there. Left alone, one process takes nearly all
of the connections, which it then has for as long as these live. So each process tells the others how many it has, in
memory that they share, and who has more than another holds back for a moment: long enough for one that is idle to come
first, and short enough not to be felt if the others are busy, or stuck.
"""

from collections.abc import Callable
from mmap import mmap
from typing import Final

from .. import process

PLACES: Final = process.SHARED_SIZE // 8
"""For so many processes there are places of their own; others have theirs together with another one."""

MOST_AT_ONCE: Final = 16
"""Connections taken in one turn of the loop: what is known of the others is true for a moment only."""


class Balance:
    """One process's part.

    :arg memory: shared by all of them; a number for each: 0, or how many connections it has and one.
    :arg number: of this process.
    :arg count: how many connections it has now.
    """

    def __init__(self, memory: mmap, number: int, count: Callable[[], int]) -> None:
        self._all = memoryview(memory).cast("Q")
        self._place = number % PLACES
        self._count = count

    def tell(self) -> int:
        """Tell the others how many this process has, and return that."""
        mine = self._count()
        self._all[self._place] = mine + 1
        return mine

    def share(self) -> int:
        """How many connections this process may take now. 0: others should come first."""
        mine = self.tell()
        least = min(filter(None, self._all.tolist())) - 1
        return 0 if mine > least else min(least - mine + 1, MOST_AT_ONCE)
