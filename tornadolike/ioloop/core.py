"""An asyncio loop without a network: tasks, futures, executors, exception handler, debug mode.

Coroutines and the synchronisation tools of :mod:`asyncio` need no more than this.
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import logging
import socket
import sys
import threading
import traceback
import warnings
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

from ..log import app_log
from .handles import ORIGIN_DEPTH
from .origins import origin_of
from .poller import Poller
from .reactor import Watcher
from .sources import Sources
from .starting import Starter
from .tracing import Tracing

T = TypeVar("T")

asyncio_log = logging.getLogger("asyncio")

FACTORIES_TAKE_NAMES = sys.version_info >= (3, 13, 3)
"""Whether asyncio gives a task factory the name too, instead of naming the task afterwards."""

TaskFactory = Callable[..., asyncio.Future[Any]]
ORIGINS = {"source_traceback": "Object", "handle_traceback": "Handle"}
"""Entries of an error's context that are stacks, and what was made there."""

ExceptionHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class Core(Sources):
    """A reactor with :class:`asyncio.AbstractEventLoop`'s methods for all but sockets, pipes and processes."""

    tracing: Tracing | None = None
    """For new connections, if they shall tell of their lives."""
    starter: Starter | None = None
    """Takes the first steps of coroutines. None for a guest, which cannot."""

    def __init__(self, poller: Poller | None = None) -> None:
        self._task_factory: TaskFactory | None = None
        self._exception_handler: ExceptionHandler | None = None
        self._default_executor: concurrent.futures.ThreadPoolExecutor | None = None
        self._executor_shut_down = False
        self._asyncgens: weakref.WeakSet[AsyncGenerator[Any, Any]] = weakref.WeakSet()
        self._asyncgens_shut_down = False
        self.slow_callback_duration = 0.1
        """Seconds that a callback may take before debug mode reports it."""
        self._current_handle: object = None
        """What debug mode sees running."""
        self._coroutine_tracking_before: int | None = None
        self._background: set[asyncio.Future[Any]] = set()
        self.starter = Starter(self)
        super().__init__(poller)
        self._debug = self._timed = asyncio.coroutines._is_debug_mode()  # type: ignore[attr-defined]

    # Futures and tasks

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], **kwargs: Any
    ) -> asyncio.Task[T]:
        """Make a task of ``coro``; ``name``, ``context`` and what else the interpreter's Task takes."""
        if self._debug or self._closed:
            self._check_closed()
            self._check_thread("create_task")
        if self._task_factory is None:
            return asyncio.Task(coro, loop=self, **kwargs)
        if kwargs.get("context", self) is None:
            del kwargs["context"]  # a factory of two arguments is good enough then
        if FACTORIES_TAKE_NAMES:
            return self._task_factory(self, coro, **kwargs)  # type: ignore[return-value]
        name = kwargs.pop("name", None)
        task = self._task_factory(self, coro, **kwargs)
        if name is not None and hasattr(task, "set_name"):
            task.set_name(name)
        return task  # type: ignore[return-value]

    def start_task(
        self, coro: Coroutine[Any, Any, T], context: Context | None = None
    ) -> asyncio.Task[T]:
        """Make a task of ``coro`` and take its first step at once.

        A coroutine that never suspends is done when this returns, without a turn of the loop, and yet
        ran as a real task (``asyncio.current_task()``, ``asyncio.timeout()``). Called from inside a
        task, while the loop is not running, or with a task factory set, the first step waits for the
        next turn as usual.
        """
        if (
            self._task_factory is not None
            or self._thread_id is None
            or asyncio.current_task(self) is not None
        ):
            return self.create_task(coro, context=context)
        if sys.version_info >= (3, 12):
            return asyncio.Task(coro, loop=self, context=context, eager_start=True)
        task = asyncio.Task(coro, loop=self, context=context)
        handle = self._take_back_first_step(task)
        if handle is not None:
            handle._run()
        return task

    def begin_task(
        self, coro: Coroutine[Any, Any, object], context: Context | None = None
    ) -> asyncio.Task[Any] | None:
        """As :meth:`start_task`, for who wants nothing of a task that is done: that is None.

        Such a task need not be made, if its coroutine does nothing with it either (:mod:`.starting`).
        """
        assert self.starter is not None  # a guest's method is another
        return self.starter.begin(coro, context)

    def _take_back_first_step(self, task: asyncio.Task[Any]) -> Any:
        """Remove and return the handle that the constructor of ``task`` has just put into the ready queue.

        It is at the end. A callback from another thread or a signal can have come behind it, but not between the
        look and the pop: the interpreter switches only after calls and at jumps back. None in that case.
        """
        try:
            if self._ready[-1]._callback.__self__ is not task:  # type: ignore[union-attr]
                return None
        except AttributeError:
            return None
        return self._ready.pop()

    def adopt(self, awaitable: Awaitable[T], callback: object) -> asyncio.Future[T]:
        """Run what ``callback`` returned and nobody awaits to its end; log its exception."""
        task = asyncio.ensure_future(awaitable, loop=self)
        self._background.add(task)  # asyncio itself holds tasks by weak references only
        task.add_done_callback(functools.partial(self._adopted_ended, callback))
        return task

    def _adopted_ended(self, callback: object, task: asyncio.Future[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._errors += 1
            app_log.error("Exception in callback %r", callback, exc_info=error)

    def set_task_factory(self, factory: TaskFactory | None) -> None:
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._task_factory = factory

    def get_task_factory(self) -> TaskFactory | None:
        return self._task_factory

    # Running

    def run_until_complete(self, future: Awaitable[T] | Generator[Any, None, T]) -> T:
        """Run until ``future`` (or a coroutine, made a task) is done; return its result or raise its exception."""
        self._check_startable()
        is_new = not asyncio.isfuture(future)
        awaited: asyncio.Future[T] = asyncio.ensure_future(future, loop=self)  # type: ignore[arg-type]
        if is_new and isinstance(awaited, asyncio.Task):
            # An exception of this task is raised below: no "Task was destroyed" beside it.
            awaited._log_destroy_pending = False  # type: ignore[attr-defined]
        awaited.add_done_callback(self._stop_when_done)
        try:
            self.run_forever()
        except BaseException:
            if is_new and awaited.done() and not awaited.cancelled():
                awaited.exception()  # retrieved: what is being raised is more important
            raise
        finally:
            awaited.remove_done_callback(self._stop_when_done)
        if not awaited.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return awaited.result()

    def _stop_when_done(self, future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and isinstance(
            future.exception(), (SystemExit, KeyboardInterrupt)
        ):
            return  # raised out of run_forever already
        self.stop()

    def close(self) -> None:
        if not self._closed and self._thread_id is None:
            executor, self._default_executor = self._default_executor, None
            if executor is not None:
                self._executor_shut_down = True
                executor.shutdown(wait=False)
            if self.starter is not None:
                self.starter.drop()
        super().close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True) and self._thread_id is None:
            warnings.warn(
                f"unclosed event loop {self!r}", ResourceWarning, stacklevel=2, source=self
            )
            self.close()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} running={self.is_running()} closed={self._closed} "
            f"debug={self._debug}>"
        )

    # Asynchronous generators

    def _asyncgen_started(self, agen: AsyncGenerator[Any, Any]) -> None:
        if self._asyncgens_shut_down:
            warnings.warn(
                f"asynchronous generator {agen!r} was scheduled after shutdown_asyncgens()",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )
        self._asyncgens.add(agen)

    def _asyncgen_dropped(self, agen: AsyncGenerator[Any, Any]) -> None:
        self._asyncgens.discard(agen)
        if not self._closed:
            self.call_soon_threadsafe(self.create_task, agen.aclose())

    async def shutdown_asyncgens(self) -> None:
        """Close every asynchronous generator that is still suspended."""
        self._asyncgens_shut_down = True
        suspended = list(self._asyncgens)
        self._asyncgens.clear()
        results = await asyncio.gather(
            *(agen.aclose() for agen in suspended), return_exceptions=True
        )
        for agen, result in zip(suspended, results, strict=True):
            if isinstance(result, Exception):
                self.call_exception_handler(
                    {
                        "message": f"an error occurred during closing of asynchronous generator {agen!r}",
                        "exception": result,
                        "asyncgen": agen,
                    }
                )

    # Threads

    def set_default_executor(  # type: ignore[override]
        self, executor: concurrent.futures.ThreadPoolExecutor
    ) -> None:
        """Use ``executor`` where :meth:`run_in_executor` is given none."""
        if not isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            raise TypeError(f"executor must be ThreadPoolExecutor instance, not {executor!r}")
        self._default_executor = executor

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run ``func(*args)`` in a thread of ``executor`` (None: the default one) and give its future."""
        self._check_closed()
        if self._debug:
            self._check_callable(func, "run_in_executor")
        if executor is None:
            if self._executor_shut_down:
                raise RuntimeError("Executor shutdown has been called")
            if self._default_executor is None:
                self._default_executor = concurrent.futures.ThreadPoolExecutor(
                    thread_name_prefix="tornadolike"
                )
            executor = self._default_executor
        job = executor.submit(func, *args)
        future = asyncio.wrap_future(job, loop=self)
        if self.clock is not None:
            self.clock.job_begun(job)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait up to ``timeout`` seconds (None: for ever) for the default executor's threads to end."""
        self._executor_shut_down = True
        executor = self._default_executor
        if executor is None:
            return
        done = self.create_future()

        def wait() -> None:
            problem = None
            try:
                executor.shutdown(wait=True)
            except Exception as error:
                problem = error
            with contextlib.suppress(RuntimeError):  # closed in the meantime
                self.call_soon_threadsafe(end, problem)

        def end(problem: Exception | None) -> None:
            if not done.done():
                if problem is None:
                    done.set_result(None)
                else:
                    done.set_exception(problem)

        thread = threading.Thread(target=wait, name="tornadolike executor shutdown")
        thread.start()
        try:
            async with asyncio.timeout(timeout):
                await done
        except TimeoutError:
            warnings.warn(
                f"the executor's threads did not end within {timeout} seconds",
                RuntimeWarning,
                stacklevel=2,
            )
            executor.shutdown(wait=False)
        else:
            thread.join()
            self._default_executor = None

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """As :func:`socket.getaddrinfo`, in a thread. Debug mode logs it, at INFO if it was slow."""
        look_up = self._look_up_and_time if self._debug else socket.getaddrinfo
        return await self.run_in_executor(None, look_up, host, port, family, type, proto, flags)

    def _look_up_and_time(self, host: Any, port: Any, *hints: Any) -> list[Any]:
        started = self.time()
        found: list[Any] | None = None
        try:
            found = socket.getaddrinfo(host, port, *hints)
            return found
        finally:
            took = self.time() - started
            level = logging.INFO if took >= self.slow_callback_duration else logging.DEBUG
            asyncio_log.log(
                level, "Looking up %r, port %r took %.3f seconds: %r", host, port, took, found
            )

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        """As :func:`socket.getnameinfo`, in a thread."""
        return await self.run_in_executor(None, socket.getnameinfo, sockaddr, flags)

    # Errors

    def set_exception_handler(self, handler: ExceptionHandler | None) -> None:
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._exception_handler = handler

    def get_exception_handler(self) -> ExceptionHandler | None:
        return self._exception_handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report an error that nobody is there to catch. Never raises but for process exits.

        It goes to the handler of :meth:`set_exception_handler`; if there is none, or if it raises, to
        :meth:`default_exception_handler`.
        """
        self._errors += 1
        if self._exception_handler is not None:
            try:
                source: Any = context.get("task") or context.get("future") or context.get("handle")
                if hasattr(source, "get_context"):  # a copy: its own may be entered right now
                    source.get_context().copy().run(self._exception_handler, self, context)
                else:
                    self._exception_handler(self, context)
                return
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                context = {
                    "message": "Unhandled error in exception handler",
                    "exception": error,
                    "context": context,
                }
        try:
            self.default_exception_handler(context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # a subclass's, or something's __repr__
            asyncio_log.error("Exception in default exception handler", exc_info=error)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Log ``context`` to the ``asyncio`` logger: its message, then each of the other entries.

        In debug mode, if ``context`` does not know where its object was made, it says where the
        callback was that is running.
        """
        origin = getattr(self._current_handle, "_source_traceback", None)
        if origin and "source_traceback" not in context:
            context["handle_traceback"] = origin
        lines = [context.get("message") or "Unhandled exception in event loop"]
        for key in sorted(context):
            value = context[key]
            if key in ORIGINS:
                where = "".join(traceback.format_list(value)).rstrip()
                lines.append(f"{ORIGINS[key]} created at (most recent call last):\n{where}")
            elif key not in ("message", "exception"):
                lines.append(f"{key}: {value!r}")
        error = context.get("exception")
        # Spelt out, as those expect who look at what asyncio logs.
        exc_info = False if error is None else (type(error), error, error.__traceback__)
        asyncio_log.error("\n".join(lines), exc_info=exc_info)

    def _watcher_failed(self, fd: int, watcher: Watcher, error: BaseException) -> None:
        self.call_exception_handler(
            {
                "message": f"Exception in the handler {watcher!r} of descriptor {fd}",
                "exception": error,
            }
        )

    # Debug mode

    def get_debug(self) -> bool:
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        """In debug mode calls from wrong threads are refused, handles remember the line that made
        them, coroutines that are never awaited theirs, and callbacks and descriptor handlers slower
        than :attr:`slow_callback_duration` are reported. From any thread."""
        self._debug = self._timed = enabled
        if self._thread_id is not None:
            self.call_soon_threadsafe(self._track_coroutines, enabled)

    def _track_coroutines(self, enable: bool) -> None:
        before = self._coroutine_tracking_before
        if enable and before is None:
            self._coroutine_tracking_before = sys.get_coroutine_origin_tracking_depth()
            sys.set_coroutine_origin_tracking_depth(ORIGIN_DEPTH)
        elif before is not None and not enable:
            self._coroutine_tracking_before = None
            sys.set_coroutine_origin_tracking_depth(before)

    def _run_and_time(self, what: object, function: Callable[..., object], *args: Any) -> None:
        if self._debug:
            self._current_handle = what
        started = self.time()
        try:
            function(*args)
        finally:
            took = self.time() - started
            self._current_handle = None
            if took >= self.slow_callback_duration:
                step_of = getattr(getattr(what, "_callback", None), "__self__", None)
                # The task says more than the handle of its step.
                self._was_slow(step_of if isinstance(step_of, asyncio.Task) else what, took)
            # An exception that the call has kept holds this frame: let it hold no more.
            del what, function, args
            step_of = None

    def _was_slow(self, what: object, took: float) -> None:
        """A callback, a step of a task or a watcher took at least :attr:`slow_callback_duration`."""
        if not self._debug:
            return
        described = repr(what)
        if not isinstance(
            what, (asyncio.Handle, asyncio.Task)
        ):  # those tell their lines themselves
            described += f" at {origin_of(what)[1]}"
        asyncio_log.warning("Executing %s took %.3f seconds", described, took)
