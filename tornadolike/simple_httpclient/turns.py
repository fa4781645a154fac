""":class:`Turns`: whose turn it is to send a request, of all who want to."""

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Callable, Hashable
from itertools import count

_Queue = OrderedDict[int, asyncio.Future[None]]
"""Those who wait, by their numbers, the first of them first. (A dict does not find its first at once when many that
were before it have gone.)"""


class Turns:
    """Turns that are taken and given back: so many at once in all, and so many for each host.

    Who comes first is served first, unless the limit of his host keeps him: then those behind him who want to go
    elsewhere do not wait for that. To give a turn back costs the same however many wait.

    :arg most: in all.
    :arg most_per_host: for each key; None: as many as in all.

    Raises :exc:`ValueError` for a limit below 1.
    """

    # A host with room whose first waits stands in a heap, by that one's number. While there is room in all nobody
    # is left in the heap; so who finds room in all and at his host finds nobody whom he would overtake.

    def __init__(self, most: int, most_per_host: int | None = None) -> None:
        _check(most=most, most_per_host=1 if most_per_host is None else most_per_host)
        self._most = most
        self._most_per_host = most_per_host
        self._taken: dict[Hashable, int] = {}
        self._all_taken = 0
        self._numbers = count()
        self._queues: dict[Hashable, _Queue] = {}
        self._ready: list[tuple[int, Hashable]] = []

    @property
    def most(self) -> int:
        """In all. If it is changed, that holds from now on; who has a turn keeps it."""
        return self._most

    @most.setter
    def most(self, most: int) -> None:
        _check(most=most)
        self._most = most
        self._serve()

    @property
    def taken(self) -> dict[Hashable, int]:
        """How many turns are taken, by host. To be read only."""
        return self._taken

    @property
    def all_taken(self) -> int:
        """How many turns are taken, in all."""
        return self._all_taken

    @property
    def waiting(self) -> list[Hashable]:
        """The host of each who waits, the first first."""
        by_number = {number: key for key, queue in self._queues.items() for number in queue}
        return [by_number[number] for number in sorted(by_number)]

    def take(self, key: Hashable) -> bool:
        """Take a turn for ``key``, if there is one: :meth:`give_back` it then."""
        if self._all_taken >= self._most or not self._has_room(key):
            return False
        self._all_taken += 1
        self._taken[key] = self._taken.get(key, 0) + 1
        return True

    async def wait(self, key: Hashable) -> None:
        """Take a turn when there is one. Who is cancelled has none."""
        number = next(self._numbers)
        turn = asyncio.get_running_loop().create_future()
        queue = self._queues.setdefault(key, OrderedDict())
        queue[number] = turn
        if len(queue) == 1 and self._has_room(key):
            heapq.heappush(self._ready, (number, key))
        self._serve()
        try:
            await turn
        except BaseException:
            if turn.cancel() or turn.cancelled():
                self._forget(key, number)
            elif turn.exception() is None:
                self.give_back(key)
            raise

    def give_back(self, key: Hashable) -> None:
        """The request has ended."""
        self._all_taken -= 1
        left = self._taken[key] - 1
        if left:
            self._taken[key] = left
        else:
            del self._taken[key]
        queue = self._queues.get(key)
        if queue and self._most_per_host is not None and left == self._most_per_host - 1:
            heapq.heappush(self._ready, (next(iter(queue)), key))
        if self._ready:
            self._serve()

    def refuse_all(self, failure: Callable[[], Exception]) -> None:
        """Who waits gets no turn: each is raised one of these."""
        queues, self._queues = self._queues, {}
        self._ready.clear()
        for queue in queues.values():
            for turn in queue.values():
                if not turn.done():
                    turn.set_exception(failure())

    def _has_room(self, key: Hashable) -> bool:
        return self._most_per_host is None or self._taken.get(key, 0) < self._most_per_host

    def _serve(self) -> None:
        """Give the turns that there are to those who wait for them."""
        ready = self._ready
        while ready and self._all_taken < self._most:
            number, key = ready[0]
            queue = self._queues[key]
            first = next(iter(queue))
            if first != number:  # who was the first has given up
                heapq.heapreplace(ready, (first, key))
                continue
            turn = queue.pop(first)
            if not turn.done():
                self.take(key)
                turn.set_result(None)
            if queue and self._has_room(key):
                heapq.heapreplace(ready, (next(iter(queue)), key))
                continue
            heapq.heappop(ready)
            if not queue:
                del self._queues[key]

    def _forget(self, key: Hashable, number: int) -> None:
        """Who had this number has given up."""
        queue = self._queues.get(key)
        if queue is None or queue.pop(number, None) is None or queue:
            return
        del self._queues[key]
        self._ready = [each for each in self._ready if each[1] != key]
        heapq.heapify(self._ready)


def _check(**limits: int) -> None:
    for name, limit in limits.items():
        if limit < 1:
            raise ValueError(f"requests at once ({name}) are 1 or more, not {limit}")
