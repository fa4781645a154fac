"""Futures: a result that is still to come, and who is told when it is there.

A :class:`Future` is :class:`asyncio.Future`. A thread pool's :class:`concurrent.futures.Future` is
another class, which can be done in any thread; both can be awaited by a ``yield`` in
:func:`.gen.coroutine`, joined by :func:`chain_future` and completed by the functions below.
"""

import asyncio
import functools
import os
import threading
from asyncio import _get_running_loop
from collections.abc import Callable, Coroutine, Hashable
from concurrent import futures
from types import TracebackType
from typing import Any, Generic, TypeVar, cast, overload

from .ioloop import IOLoop
from .ioloop.yielded import FUTURES
from .log import app_log

__all__ = [
    "FUTURES",
    "DummyExecutor",
    "Future",
    "ReturnValueIgnoredError",
    "chain_future",
    "create_future",
    "dummy_executor",
    "future_add_done_callback",
    "future_set_exc_info",
    "future_set_exception_unless_cancelled",
    "future_set_result_unless_cancelled",
    "is_future",
    "run_on_executor",
]

T = TypeVar("T")

Future = asyncio.Future

AnyFuture = asyncio.Future[T] | futures.Future[T]

F = TypeVar("F", bound=asyncio.Future[Any])

Key = TypeVar("Key", bound=Hashable)

HERE = os.path.dirname(__file__) + os.sep


class ReturnValueIgnoredError(Exception):
    """Not raised any more; the name is kept for programs that catch it."""


def is_future(x: Any) -> bool:
    """Whether ``x`` is a future of :mod:`asyncio` or of :mod:`concurrent.futures`."""
    return isinstance(x, FUTURES)


def current_asyncio_loop() -> asyncio.AbstractEventLoop:
    """The loop that runs in this thread, or where none does the one of :meth:`.IOLoop.current`.

    Raises :exc:`RuntimeError` in a thread that is not the main one and has no loop: nobody would run it.
    """
    loop = _get_running_loop()
    if loop is None:
        in_main_thread = threading.current_thread() is threading.main_thread()
        io_loop = IOLoop.current(instance=in_main_thread)
        if io_loop is None:
            raise RuntimeError(
                f"there is no event loop in thread {threading.current_thread().name!r}; call this "
                "in the loop's thread, by its add_callback(), or make an IOLoop() in this one"
            )
        loop = io_loop.asyncio_loop
    return loop


@overload
def create_future() -> Future[Any]: ...
@overload
def create_future(kind: type[F]) -> F: ...
def create_future(kind: type[asyncio.Future[Any]] = Future) -> asyncio.Future[Any]:
    """A new future of the current loop, be it running or not.

    In debug mode it remembers the line of the program that asked for it, not ours.
    """
    future = kind(loop=_get_running_loop() or current_asyncio_loop())
    if future._source_traceback:  # type: ignore[attr-defined]
        forget_our_lines(future)
    return future


def done_future(result: T) -> Future[T]:
    """A new future that has its ``result`` already."""
    future: Future[T] = Future(loop=_get_running_loop() or current_asyncio_loop())
    future.set_result(result)
    return future


def forget_our_lines(future: asyncio.Future[Any]) -> None:
    """Have ``future`` say in reports which line of the program asked for it, not which of ours made it."""
    origin = future._source_traceback  # type: ignore[attr-defined]
    while origin and origin[-1].filename.startswith(HERE):
        del origin[-1]


# Completing


def future_set_result_unless_cancelled(future: AnyFuture[T], value: T) -> None:
    """Complete ``future`` with ``value``; nothing happens if it was cancelled.

    Raises :exc:`asyncio.InvalidStateError` if it is done for another reason.
    """
    if not future.cancelled():
        future.set_result(value)


def future_set_exception_unless_cancelled(future: AnyFuture[Any], exc: BaseException) -> None:
    """Complete ``future`` with the exception ``exc``, which is logged instead if it was cancelled."""
    if future.cancelled():
        app_log.error("Exception after Future was cancelled", exc_info=exc)
    else:
        future.set_exception(exc)


def future_set_exc_info(
    future: AnyFuture[Any],
    exc_info: tuple[type | None, BaseException | None, TracebackType | None],
) -> None:
    """As :func:`future_set_exception_unless_cancelled`, with what :func:`sys.exc_info` gives."""
    if exc_info[1] is None:
        raise Exception(
            "future_set_exc_info called with no exception; call it inside an except block"
        )
    future_set_exception_unless_cancelled(future, exc_info[1])


# Following


@overload
def future_add_done_callback(
    future: futures.Future[T], callback: Callable[[futures.Future[T]], object]
) -> None: ...
@overload
def future_add_done_callback(
    future: Future[T], callback: Callable[[Future[T]], object]
) -> None: ...
def future_add_done_callback(future: AnyFuture[Any], callback: Callable[..., object]) -> None:
    """Call ``callback(future)`` when ``future`` is done: at once, if it is done already.

    A :class:`concurrent.futures.Future` calls it in the thread that completes it;
    :meth:`.IOLoop.add_future` calls in the loop's.
    """
    if future.done():
        callback(future)
    else:
        future.add_done_callback(callback)


def when_done(future: AnyFuture[Any], callback: Callable[[Any], object]) -> None:
    """As :func:`future_add_done_callback`, and always in this thread's loop."""
    if future.done():
        callback(future)
    elif isinstance(future, Future):
        future.add_done_callback(callback)
    else:
        IOLoop.current().add_future(future, callback)


def chain_future(a: AnyFuture[T], b: AnyFuture[T]) -> None:
    """When ``a`` is done, complete ``b`` in the same way, unless it is done by then.

    Each may be of either kind. If ``a`` is a :class:`concurrent.futures.Future`, ``b`` is completed
    in the loop that is current now.
    """
    if isinstance(a, Future):
        future_add_done_callback(a, functools.partial(copy_outcome, target=b))
    else:
        IOLoop.current().add_future(a, functools.partial(copy_outcome, target=b))


def copy_outcome(source: AnyFuture[T], target: AnyFuture[T]) -> None:
    """Complete ``target`` as ``source`` was completed, unless ``target`` is done."""
    if target.done():
        return
    if source.cancelled():
        target.cancel()
    elif (error := source.exception()) is not None:
        if isinstance(error, StopIteration):  # no coroutine could be told of it
            (replaced := RuntimeError(f"a future raised {error!r}")).__cause__ = error
            error = replaced
        target.set_exception(error)
    else:
        target.set_result(source.result())


# Sharing


class Flight(Generic[T]):
    """Work on its way, for all who wait for it."""

    def __init__(self, task: asyncio.Task[T], *, must_land: bool) -> None:
        self.task = task
        self._is_left_alone = must_land
        self._waiting = 0

    @property
    def is_over(self) -> bool:
        """Whether nobody can wait for it any more: it has ended, or the last who waited has given up."""
        return self.task.done() or self.task.cancelling() > 0

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, or for so many seconds; then it goes on for whoever comes next. Returns whether it has
        ended. Who is cancelled leaves the others waiting."""
        self._waiting += 1
        try:
            landed, _ = await asyncio.wait([self.task], timeout=seconds)
        except asyncio.CancelledError:
            if self._waiting == 1 and not self._is_left_alone:
                self.task.cancel()
                await asyncio.wait([self.task])
            raise
        finally:
            self._waiting -= 1
        if not landed:
            self._is_left_alone = True
        return bool(landed)

    async def result(self) -> T:
        """What it gives, or raises."""
        await self.wait()
        return self.task.result()


class Flights(Generic[Key, T]):
    """What many want at the same time is done once for all of them, in each loop.

    :arg must_land: whether what has begun goes on though all who waited have been cancelled. By default the last one
        ends it.
    """

    def __init__(self, *, must_land: bool = False) -> None:
        self._must_land = must_land
        self._flights: dict[asyncio.AbstractEventLoop, dict[Key, Flight[T]]] = {}

    async def join(self, key: Key, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the work gives, or raises, that is on its way for this key; ``start`` is called if none is."""
        flight = self.find(key)
        if flight is None:
            flight = self.begin(key, start())
        return await flight.result()

    def find(self, key: Key) -> Flight[T] | None:
        """What is on its way for this key in this loop."""
        flight = self._flights.get(asyncio.get_running_loop(), {}).get(key)
        return None if flight is None or flight.is_over else flight

    def begin(self, key: Key, work: Coroutine[Any, Any, T]) -> Flight[T]:
        """Do this for all who want it."""
        loop = asyncio.get_running_loop()
        for closed in [each for each in list(self._flights) if each.is_closed()]:
            self._flights.pop(closed, None)  # nobody has told us the end
        flying = self._flights.setdefault(loop, {})

        def landed(task: asyncio.Task[T]) -> None:
            if flying.get(key) is flight:
                del flying[key]
            if not flying and self._flights.get(loop) is flying:
                del self._flights[loop]
            if not task.cancelled():
                task.exception()  # those who wait have it; if nobody waits any more it is nobody's

        flight = flying[key] = Flight(loop.create_task(work), must_land=self._must_land)
        flight.task.add_done_callback(landed)
        return flight


# Threads


class DummyExecutor(futures.Executor):
    """An executor that has no threads: it runs what it is given at once, in the caller's."""

    def submit(  # type: ignore[override]
        self, fn: Callable[..., T], *args: Any, **kwargs: Any
    ) -> futures.Future[T]:
        future: futures.Future[T] = futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, cancel_futures: bool = False) -> None:
        """Nothing is left to wait for."""


dummy_executor = DummyExecutor()


def run_on_executor(*args: Any, **kwargs: Any) -> Callable[..., Any]:
    """Decorate a method so that it runs in a thread and its caller gets a :class:`Future`.

    The threads are those of ``self.executor``; ``@run_on_executor(executor="_pool")`` takes
    ``self._pool``. ``io_loop`` is accepted and has no meaning any more: the future belongs to the
    loop that is current at the call. A future that is cancelled before a thread was free takes
    the call out of the executor's queue.

    In new code :meth:`.IOLoop.run_in_executor` at the call says better what happens.
    """
    if args and kwargs:
        raise ValueError("cannot combine positional and keyword args")
    if len(args) > 1:
        raise ValueError(f"expected 1 argument, got {len(args)}")
    if unknown := kwargs.keys() - {"executor", "io_loop"}:
        raise TypeError(f"run_on_executor() takes executor=, not {', '.join(sorted(unknown))}=")
    name = kwargs.get("executor", "executor")

    def decorate(fn: Callable[..., T]) -> Callable[..., Future[T]]:
        @functools.wraps(fn)
        def submit(self: Any, *args: Any, **kwargs: Any) -> Future[T]:
            result = create_future()
            executor = cast(futures.Executor, getattr(self, name))
            running = executor.submit(fn, self, *args, **kwargs)
            chain_future(running, result)
            result.add_done_callback(lambda done: done.cancelled() and running.cancel())
            return result

        return submit

    return decorate(args[0]) if args else decorate


async def in_thread(function: Callable[..., T], *args: object) -> T:
    """Call ``function(*args)`` in a thread of the loop's executor.

    Whoever is cancelled meanwhile still waits until it has returned: what it works with may be closed then.
    """
    job = asyncio.get_running_loop().run_in_executor(None, function, *args)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        while not job.done():
            try:
                await asyncio.wait([job])
            except asyncio.CancelledError:
                pass  # once is enough
        if not job.cancelled():
            job.exception()  # nobody else will look at it
        raise
