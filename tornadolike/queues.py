"""Queues between coroutines: :class:`Queue`, :class:`PriorityQueue`, :class:`LifoQueue`.

.. code-block:: python

    queue = Queue(maxsize=100)

    async def consumer():
        async for item in queue:
            try:
                await work_on(item)
            finally:
                queue.task_done()

    async def producer():
        for item in range(1000):
            await queue.put(item)      # waits while the queue is full
        await queue.join()             # until all have been worked on

They are for coroutines of one loop: from another thread, go through :meth:`.IOLoop.add_callback`. A
``timeout`` is a time of :meth:`.IOLoop.time`, a :class:`~datetime.timedelta` from now, or None for no
end.
"""

import collections
import heapq
from collections.abc import Awaitable
from typing import Any, Generic, TypeVar

from .concurrent import Future, done_future
from .locks import Deadline, Line, Taker, Waiter

__all__ = ["LifoQueue", "PriorityQueue", "Queue", "QueueEmpty", "QueueFull"]

T = TypeVar("T")


class QueueEmpty(Exception):
    """:meth:`Queue.get_nowait` has found no item."""


class QueueFull(Exception):
    """:meth:`Queue.put_nowait` has found no room."""


class Putter(Waiter[None], Generic[T]):
    """Waits for room for ``item``."""

    __slots__ = ("item",)
    item: T


class QueueIterator(Generic[T]):
    """``async for`` over a queue: as many items as ever come."""

    def __init__(self, queue: "Queue[T]") -> None:
        self._queue = queue

    def __aiter__(self) -> "QueueIterator[T]":
        return self

    def __anext__(self) -> Awaitable[T]:
        return self._queue.get()


class Queue(Generic[T]):
    """First in, first out. With ``maxsize`` (0: no limit) putting waits while so many items are there.

    Raises :exc:`TypeError` or :exc:`ValueError` for a ``maxsize`` that is None or negative.

    A subclass has another order if it overrides ``_init()`` (make ``self._queue``), ``_put(item)``
    and ``_get()``.
    """

    _queue: Any = None

    def __init__(self, maxsize: int = 0) -> None:
        if maxsize is None:
            raise TypeError("maxsize can't be None; 0 is no limit")
        if maxsize < 0:
            raise ValueError("maxsize can't be negative; 0 is no limit")
        self._maxsize = maxsize
        self._init()
        self._getters: Line[Taker[T]] = Line()
        self._putters: Line[Putter[T]] = Line()
        self._joiners: Line[Waiter[None]] = Line()
        self._unfinished_tasks = 0

    @property
    def maxsize(self) -> int:
        """How many items may be in the queue; 0 is any number."""
        return self._maxsize

    def qsize(self) -> int:
        """How many items are in the queue."""
        return len(self._queue)

    def empty(self) -> bool:
        """Whether no item is in the queue."""
        return not self._queue

    def full(self) -> bool:
        """Whether there is no room for another item."""
        return self._maxsize != 0 and self.qsize() >= self._maxsize

    # Putting

    def put(self, item: T, timeout: Deadline = None) -> Future[None]:
        """Put ``item``, when there is room. Raises :exc:`TimeoutError` if ``timeout`` comes first.

        It is put at once if there is room, whether the future is awaited or not.
        """
        if not self._put_if_room(item):
            putter = self._putters.wait(Putter, timeout)
            putter.item = item
            return putter
        return done_future(None)

    def put_nowait(self, item: T) -> None:
        """Put ``item``. Raises :exc:`QueueFull` if there is no room."""
        if not self._put_if_room(item):
            raise QueueFull

    def _put_if_room(self, item: T) -> bool:
        if self._getters and self._getters.has_waiter():
            # Through the queue all the same: a subclass may make something else of it.
            self._enter(item)
            got = self._get()
            getter = self._getters.call_first()
            assert getter is not None
            getter.set_result(got)
            return True
        if self._maxsize and self.full():
            return False
        self._enter(item)
        return True

    def _enter(self, item: T) -> None:
        self._put(item)
        self._unfinished_tasks += 1

    # Getting

    def get(self, timeout: Deadline = None) -> Future[T]:
        """Take an item, when there is one. Raises :exc:`TimeoutError` if ``timeout`` comes first.

        (A number is a moment, not a duration as in :meth:`queue.Queue.get`.)
        """
        if not self._has_item():
            return self._getters.wait(Taker, timeout, self)
        return done_future(self._get())

    def get_nowait(self) -> T:
        """Take an item. Raises :exc:`QueueEmpty` if there is none."""
        if not self._has_item():
            raise QueueEmpty
        return self._get()

    def _has_item(self) -> bool:
        """Whether there is an item to take now. Let in before who waits with one, as one goes out."""
        putters = self._putters
        # (One that was given an item back may have too many for that.)
        while putters and self.qsize() - 1 < self._maxsize:
            putter = putters.call_first()
            if putter is not None:
                try:
                    self._enter(putter.item)
                except Exception as error:  # it cannot be compared: its putter is to blame
                    putter.set_exception(error)
                else:
                    putter.set_result(None)
                    break
        return bool(self._queue)

    def _take_back(self, item: T) -> None:
        """Take back an item whose getter was cancelled before it got it."""
        if (getter := self._getters.call_first()) is not None:
            getter.set_result(item)
        elif type(self)._get is Queue._get:
            self._queue.appendleft(item)
        else:
            self._put(item)

    # Working

    def task_done(self) -> None:
        """The work on an item that was taken is done. Raises :exc:`ValueError` if no item is left to be."""
        if self._unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self._unfinished_tasks -= 1
        if not self._unfinished_tasks:
            for joiner in self._joiners.call_all():
                joiner.set_result(None)

    def join(self, timeout: Deadline = None) -> Future[None]:
        """Wait until :meth:`task_done` was called for each item that was put.

        Raises :exc:`TimeoutError` if ``timeout`` comes first.
        """
        if self._unfinished_tasks:
            return self._joiners.wait(Waiter, timeout)
        return done_future(None)

    def __aiter__(self) -> QueueIterator[T]:
        return QueueIterator(self)

    # The order

    def _init(self) -> None:
        self._queue = collections.deque()

    def _put(self, item: T) -> None:
        self._queue.append(item)

    def _get(self) -> T:
        return self._queue.popleft()  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self):#x} {self._format()}>"

    def __str__(self) -> str:
        return f"<{type(self).__name__} {self._format()}>"

    def _format(self) -> str:
        parts = [f"maxsize={self._maxsize!r}"]
        if self._queue:
            parts.append(f"queue={self._queue!r}")
        if self._getters:
            parts.append(f"getters[{len(self._getters)}]")
        if self._putters:
            parts.append(f"putters[{len(self._putters)}]")
        if self._unfinished_tasks:
            parts.append(f"tasks={self._unfinished_tasks}")
        return " ".join(parts)


class PriorityQueue(Queue[T]):
    """The smallest item first; items are often tuples ``(priority, data)``."""

    def _init(self) -> None:
        self._queue = []

    def _put(self, item: T) -> None:
        heap: list[Any] = self._queue
        try:
            heapq.heappush(heap, item)
        except BaseException:
            # It cannot be compared with what is there, and was left in the heap: out with it.
            del heap[next(index for index, there in enumerate(heap) if there is item)]
            heapq.heapify(heap)
            raise

    def _get(self) -> T:
        return heapq.heappop(self._queue)  # type: ignore[no-any-return]


class LifoQueue(Queue[T]):
    """The item that was put last first."""

    def _init(self) -> None:
        self._queue = []

    def _put(self, item: T) -> None:
        self._queue.append(item)

    def _get(self) -> T:
        return self._queue.pop()  # type: ignore[no-any-return]
