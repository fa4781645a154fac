"""Several things at once: all of them (:func:`multi`), or each as it comes (:class:`WaitIterator`)."""

from asyncio import CancelledError
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, overload

from ..concurrent import Future, copy_outcome, create_future, when_done
from ..ioloop.yielded import convert_yielded
from ..log import app_log
from .yielding import drop_frames

K = TypeVar("K")

Quiet = type[Exception] | tuple[type[Exception], ...]


@overload
def multi(children: Mapping[K, Any], quiet_exceptions: Quiet = ()) -> Future[dict[K, Any]]: ...
@overload
def multi(children: Sequence[Any], quiet_exceptions: Quiet = ()) -> Future[list[Any]]: ...
def multi(children: Mapping[Any, Any] | Sequence[Any], quiet_exceptions: Quiet = ()) -> Future[Any]:
    """Wait for all ``children`` at once; give a list of their results, or a dict if they are in one.

    A child is whatever a coroutine may yield, lists and dicts of more of them included. In a decorated
    coroutine ``yield [a, b]`` does the same; a native one writes ``await multi([a, b])``.

    If children fail, the exception of the first in order is raised once all of them have ended. The
    others' are logged, but for those of the types in ``quiet_exceptions`` and for cancellations.
    Cancelling the future does not cancel the children.
    """
    gathered: Gathered = create_future(Gathered)
    if isinstance(children, Mapping):
        gathered.gather(list(children.values()), list(children), quiet_exceptions)
    else:
        gathered.gather(children, None, quiet_exceptions)
    return gathered


multi_future = Multi = multi


class Gathered(Future[Any]):
    """Counts the children that are not there yet; when none is missing it has their results."""

    __slots__ = ("_children", "_keys", "_missing", "_quiet")

    def gather(
        self, children: Iterable[Any], keys: list[Any] | None, quiet_exceptions: Quiet
    ) -> None:
        self._children = [convert_yielded(child) for child in children]
        self._keys = keys
        self._quiet = quiet_exceptions
        self._missing = 1  # ourselves: not done before all have been looked at
        for child in self._children:
            if not child.done():
                self._missing += 1
                when_done(child, self._one_is_there)
        self._one_is_there(None)

    def _one_is_there(self, child: Future[Any] | None) -> None:
        self._missing -= 1
        if self._missing:
            return
        results = []
        for each in self._children:
            try:
                results.append(each.result())
            except (Exception, CancelledError) as raised:
                self._failed(drop_frames(raised))
        if not self.done():
            keys = self._keys
            self.set_result(results if keys is None else dict(zip(keys, results, strict=True)))

    def _failed(self, error: BaseException) -> None:
        if not self.done():
            self.set_exception(error)
        elif not isinstance(error, CancelledError) and not isinstance(error, self._quiet):
            app_log.error("Multiple exceptions in yield list", exc_info=error)


@convert_yielded.register(list)
@convert_yielded.register(dict)
def _(yielded: list[Any] | dict[Any, Any]) -> Future[Any]:
    return multi(yielded)


class WaitIterator:
    """Gives the results of several things in the order in which they come.

    .. code-block:: python

        results = gen.WaitIterator(slow, quick)      # or, to know them by name: (a=slow, b=quick)
        while not results.done():
            try:
                answer = await results.next()
            except Exception as error:
                answer = error
            print(results.current_index, answer)

    Each argument is whatever a coroutine may yield. ``async for`` works too, and ends with the first
    exception; a second ``async for`` goes on behind it.
    """

    current_index: int | str | None
    """Which argument the last result came from: its number from 0, or its name."""
    current_future: Future[Any] | None
    """The argument itself (if it was none, the future that was made of it)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError("You must provide args or kwargs, not both")
        self.current_index = self.current_future = None
        self._indices: dict[Future[Any], list[int | str]] = {}
        """The arguments that have not been given out; one may have been passed more than once."""
        self._finished: deque[Future[Any]] = deque()
        """Those that are done and that nobody has asked for yet."""
        self._asked: deque[Future[Any]] = deque()
        """Those that :meth:`next` has given out and that have no result yet."""
        for index, child in kwargs.items() if kwargs else enumerate(args):
            future = child if isinstance(child, Future) else convert_yielded(child)
            self._indices.setdefault(future, []).append(index)
            when_done(future, self._one_is_there)

    def done(self) -> bool:
        """Whether all results have been given out."""
        if self._indices:
            return False
        self.current_index = self.current_future = None
        return True

    def next(self) -> Future[Any]:
        """A future of the next result. Raises :exc:`RuntimeError` if there is none left.

        If it is cancelled, the result goes to whoever asks next.
        """
        if not self._indices:
            raise RuntimeError("all results have been given out; ask done() before next()")
        asked: Future[Any] = create_future()
        if self._finished:
            self._give(self._finished.popleft(), asked)
        else:
            self._asked.append(asked)
        return asked

    def _one_is_there(self, child: Future[Any]) -> None:
        while self._asked:
            asked = self._asked.popleft()
            if not asked.done():
                self._give(child, asked)
                return
        self._finished.append(child)

    def _give(self, child: Future[Any], asked: Future[Any]) -> None:
        indices = self._indices[child]
        self.current_index = indices.pop(0)
        self.current_future = child
        if not indices:
            del self._indices[child]
        copy_outcome(child, asked)

    def __aiter__(self) -> "WaitIterator":
        return self

    def __anext__(self) -> Future[Any]:
        if self._indices:
            return self.next()
        self.done()
        raise StopAsyncIteration
