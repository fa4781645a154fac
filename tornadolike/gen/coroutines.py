"""Coroutines made of generators: :func:`coroutine`, and what runs them.

A generator runs in the caller's stack until it yields something that is not there yet. If that never
happens, its future is done when the call returns, and no loop was needed. Otherwise the future is a
:class:`Runner`, which is told by what was yielded, continues the generator in the loop, and so
on until the end.

Three things are to be watched here:

* **Context.** The generator has a context of its own, a copy of its caller's, in which all its steps run:
  a variable that it sets is kept across yields (and a token resets it), and does not leak to the caller.
* **Life.** A suspended coroutine is held by what it waits for, and holds that; so whoever holds the future
  of a coroutine holds everything that is needed for it to end.
* **Circles.** An exception holds its traceback, that the frames it went through, these the frames that
  called them, and a frame here would hold the future that holds the exception: all that is on the stack
  would live until the collector comes. So our frames are taken off the traceback
  (:func:`.drop_frames`), and those that called the generator leave with nothing in their variables.
"""

import functools
import inspect
from asyncio import CancelledError, _get_running_loop
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from types import GeneratorType
from typing import Any, ParamSpec, TypeVar, overload

from ..concurrent import (
    AnyFuture,
    Future,
    create_future,
    current_asyncio_loop,
    future_set_exception_unless_cancelled,
    future_set_result_unless_cancelled,
)
from ..ioloop import IOLoop
from ..ioloop.yielded import convert_yielded
from .yielding import drop_frames, moment

P = ParamSpec("P")
T = TypeVar("T")


class Return(Exception):
    """``raise gen.Return(value)`` ends a decorated coroutine as ``return value`` does, which is better."""

    def __init__(self, value: Any = None) -> None:
        super().__init__(value)
        self.value = value


@overload
def coroutine(func: Callable[P, Generator[Any, Any, T]]) -> Callable[P, Future[T]]: ...
@overload
def coroutine(func: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Future[T]]: ...
@overload
def coroutine(func: Callable[P, T]) -> Callable[P, Future[T]]: ...
def coroutine(func: Callable[..., Any]) -> Callable[..., Future[Any]]:
    """Make a coroutine of a generator function: a call gives a :class:`Future` of what it returns.

    .. code-block:: python

        @gen.coroutine
        def total(urls):
            answers = yield [client.fetch(url) for url in urls]
            return sum(len(answer.body) for answer in answers)

    Each ``yield`` takes a future, an awaitable, a list or dict of such, or None, and gives its result
    or raises its exception (what cannot be waited for raises :exc:`BadYieldError`). In new code
    ``async def`` is the better way; the two can await each other.

    The call runs the function up to the first thing that is not there yet, in a copy of the caller's
    context. Exceptions are put into the future, so somebody has to wait for it. A coroutine that
    raises :exc:`asyncio.CancelledError` has its future cancelled. But cancelling the future does not
    stop the coroutine: it goes on, its result is dropped and an exception logged.

    A function that returns something else than a generator gives a future that is done, with that
    value; one that is a native coroutine function, its task.
    """
    if inspect.iscoroutinefunction(func):

        @functools.wraps(func)
        def start(*args: Any, **kwargs: Any) -> Future[Any]:
            return convert_yielded(func(*args, **kwargs))

    else:

        @functools.wraps(func)
        def start(*args: Any, **kwargs: Any) -> Future[Any]:
            context = copy_context()
            return context.run(_start, context, func, args, kwargs)

    start.__tornado_coroutine__ = True  # type: ignore[attr-defined]
    return start


def is_coroutine_function(func: Any) -> bool:
    """Whether ``func`` was made by :func:`coroutine`."""
    return getattr(func, "__tornado_coroutine__", False)


def _start(
    context: Context,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Future[Any]:
    """Call ``func`` and run what it gives as far as it gets."""
    # One is made if there is none, for the tasks of what is yielded, too.
    loop = _get_running_loop() or current_asyncio_loop()
    try:
        value = func(*args, **kwargs)
        # (The last question is slow to deny.)
        if type(value) is GeneratorType or (
            hasattr(type(value), "send") and isinstance(value, Generator)
        ):
            awaited = _advance(value, None)
            suspended = create_future(Runner)
            suspended.wait_for(awaited, value, context)
            return suspended
    except (StopIteration, Return) as stop:
        value = stop.value
    except CancelledError as error:
        return _cancelled(error)
    except Exception as error:
        return _failed(error)
    done: Future[Any] = Future(loop=loop)
    done.set_result(value)
    return done


def _failed(error: Exception) -> Future[Any]:
    future = create_future()
    future.set_exception(drop_frames(error))
    return future


def _cancelled(error: CancelledError) -> Future[Any]:
    future = create_future()
    future.cancel(*error.args[:1])
    return future


def _advance(generator: Generator[Any, Any, Any], awaited: AnyFuture[Any] | None) -> AnyFuture[Any]:
    """Continue ``generator`` with the outcome of ``awaited`` until it has to wait; return for what.

    What it raises passes, its end as :exc:`StopIteration` or :exc:`Return`.
    """
    value: Any = None
    error: BaseException | None = None
    try:
        while True:
            if awaited is not None:
                try:
                    value = awaited.result()
                except (Exception, CancelledError) as raised:
                    error = drop_frames(raised)
            # Not in the handler: the generator would see us handling an exception.
            yielded = generator.send(value) if error is None else generator.throw(error)
            value = error = None
            try:
                awaited = convert_yielded(yielded)
            except Exception as raised:
                awaited, error = None, drop_frames(raised)
                continue
            if awaited is moment or not awaited.done():
                return awaited
    finally:
        value = error = awaited = yielded = None  # see above: circles


class Runner(Future[T]):
    """The future of a coroutine that is suspended; it runs the coroutine to its end."""

    __slots__ = ("_awaited", "_generator", "_steps_in")
    _awaited: AnyFuture[Any] | None
    _generator: Generator[Any, Any, T] | None
    _steps_in: Context

    def wait_for(
        self, awaited: AnyFuture[Any], generator: Generator[Any, Any, T], context: Context
    ) -> None:
        """Continue ``generator`` in ``context`` when ``awaited`` is done."""
        self._awaited = awaited
        self._generator = generator
        self._steps_in = context
        if awaited is moment:
            self.get_loop().call_soon(self._resume, awaited, context=context)
        elif isinstance(awaited, Future):
            awaited.add_done_callback(self._resume, context=context)
        else:
            resume: Any = functools.partial(context.run, self._resume)  # type: ignore[call-arg]
            IOLoop.current().add_future(awaited, resume)

    def _resume(self, awaited: AnyFuture[Any]) -> None:
        generator = self._generator
        assert generator is not None
        try:
            awaited = _advance(generator, awaited)
        except (StopIteration, Return) as stop:
            future_set_result_unless_cancelled(self, stop.value)
        except CancelledError as error:
            self.cancel(*error.args[:1])
        except Exception as error:
            future_set_exception_unless_cancelled(self, drop_frames(error))
        else:
            self.wait_for(awaited, generator, self._steps_in)
            return
        self._awaited = self._generator = None
        del self, awaited  # see above: circles

    def __repr__(self) -> str:
        text = super().__repr__()
        name = getattr(getattr(self, "_generator", None), "__qualname__", None)
        return text if name is None else text.replace(" ", f" of {name}() ", 1)
