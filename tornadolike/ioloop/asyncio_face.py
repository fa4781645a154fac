"""The reactor as asyncio knows a loop: tasks, futures, executors, signals, exception handler, debug mode.

Coroutines and the synchronisation tools of :mod:`asyncio` need no more than this.
"""

import asyncio
import concurrent.futures
import contextvars
import functools
import logging
import signal
import socket
import sys
import threading
import time
import warnings
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

from .handles import Handle, TimerHandle
from .poller import ERROR, READ, WRITE
from .reactor import Reactor, Watcher
from .wakeup import ignore_signal, replace_signal_handler

T = TypeVar("T")

asyncio_log = logging.getLogger("asyncio")

TaskFactory = Callable[..., asyncio.Future[Any]]
ExceptionHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class _ReaderAndWriter:
    """The watcher behind :meth:`~AsyncioFace.add_reader` and :meth:`~AsyncioFace.add_writer`."""

    __slots__ = ("loop", "reader", "writer")

    def __init__(self, loop: "AsyncioFace") -> None:
        self.loop = loop
        self.reader: Handle | None = None
        self.writer: Handle | None = None

    def events(self) -> int:
        return (READ if self.reader else 0) | (WRITE if self.writer else 0)

    def __call__(self, events: int) -> None:
        # An error makes both sides ready: whoever tries its system call learns what it is.
        if self.reader is not None and events & (READ | ERROR):
            self.loop._ready.append(self.reader)
        if self.writer is not None and events & (WRITE | ERROR):
            self.loop._ready.append(self.writer)


class AsyncioFace(Reactor):
    """A reactor with :class:`asyncio.AbstractEventLoop`'s methods for all but sockets and processes."""

    def __init__(self) -> None:
        super().__init__()
        self._task_factory: TaskFactory | None = None
        self._exception_handler: ExceptionHandler | None = None
        self._default_executor: concurrent.futures.ThreadPoolExecutor | None = None
        self._executor_shut_down = False
        self._asyncgens: weakref.WeakSet[AsyncGenerator[Any, Any]] = weakref.WeakSet()
        self._asyncgens_shut_down = False
        self._signal_handlers: dict[int, Handle] = {}
        self.slow_callback_duration = 0.1
        """Seconds that a callback may take before debug mode reports it."""
        self._debug = sys.flags.dev_mode or asyncio.coroutines._is_debug_mode()  # type: ignore[attr-defined]

    # Callbacks

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> TimerHandle:
        """Run ``callback(*args)`` in ``delay`` seconds."""
        return self.schedule_at(time.monotonic() + delay, callback, args, context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> TimerHandle:
        """Run ``callback(*args)`` when :meth:`time` shows ``when`` seconds."""
        return self.schedule_at(when, callback, args, context)

    # Futures and tasks

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], **kwargs: Any
    ) -> asyncio.Task[T]:
        """Make a task of ``coro``; ``name``, ``context`` and what else the interpreter's Task takes."""
        if self._closed:
            self._check_closed()
        if self._task_factory is None:
            return asyncio.Task(coro, loop=self, **kwargs)
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
        task, or with a task factory set, the first step waits for the next turn as usual.
        """
        if self._task_factory is not None or asyncio.current_task(self) is not None:
            return self.create_task(coro, context=context)
        if sys.version_info >= (3, 12):
            return asyncio.Task(coro, loop=self, context=context, eager_start=True)
        task = asyncio.Task(coro, loop=self, context=context)
        # Its constructor put the first step at the end of the ready queue.
        self._ready.pop()._run()
        return task

    def set_task_factory(self, factory: TaskFactory | None) -> None:
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._task_factory = factory

    def get_task_factory(self) -> TaskFactory | None:
        return self._task_factory

    # Running

    def run_until_complete(self, future: Awaitable[T] | Generator[Any, None, T]) -> T:
        """Run until ``future`` (or a coroutine, made a task) is done; return its result or raise its exception."""
        self._check_closed()
        if self._thread_id is not None:
            raise RuntimeError("This event loop is already running")
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
            for signum in list(self._signal_handlers):
                self.remove_signal_handler(signum)
            executor, self._default_executor = self._default_executor, None
            if executor is not None:
                self._executor_shut_down = True
                executor.shutdown(wait=False)
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
            raise TypeError("executor must be a ThreadPoolExecutor")
        self._default_executor = executor

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run ``func(*args)`` in a thread of ``executor`` (None: the default one) and give its future."""
        self._check_closed()
        if executor is None:
            if self._executor_shut_down:
                raise RuntimeError("Executor shutdown has been called")
            if self._default_executor is None:
                self._default_executor = concurrent.futures.ThreadPoolExecutor(
                    thread_name_prefix="tornadolike"
                )
            executor = self._default_executor
        return asyncio.wrap_future(executor.submit(func, *args), loop=self)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait up to ``timeout`` seconds (None: for ever) for the default executor's threads to end."""
        self._executor_shut_down = True
        executor = self._default_executor
        if executor is None:
            return
        done = self.create_future()

        def wait() -> None:
            executor.shutdown(wait=True)
            if not self._closed:
                self.call_soon_threadsafe(asyncio.futures._set_result_unless_cancelled, done, None)  # type: ignore[attr-defined]

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
        """As :func:`socket.getaddrinfo`, in a thread."""
        return await self.run_in_executor(
            None, functools.partial(socket.getaddrinfo, host, port, family, type, proto, flags)
        )

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        """As :func:`socket.getnameinfo`, in a thread."""
        return await self.run_in_executor(None, socket.getnameinfo, sockaddr, flags)

    # Descriptors

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle:  # type: ignore[override]
        """Run ``callback(*args)`` whenever ``fd`` (a number or an object with ``fileno()``) is readable."""
        return self._set_side("reader", fd, callback, args)

    def add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle:  # type: ignore[override]
        """Run ``callback(*args)`` whenever ``fd`` is writable."""
        return self._set_side("writer", fd, callback, args)

    def remove_reader(self, fd: Any) -> bool:
        """Undo :meth:`add_reader`; return whether there was one."""
        return self._clear_side("reader", fd)

    def remove_writer(self, fd: Any) -> bool:
        """Undo :meth:`add_writer`; return whether there was one."""
        return self._clear_side("writer", fd)

    def _sides(self, number: int) -> _ReaderAndWriter | None:
        watcher = self._watchers.get(number)
        if watcher is None or isinstance(watcher, _ReaderAndWriter):
            return watcher
        raise RuntimeError(f"descriptor {number} is used by {watcher!r}")

    def _set_side(
        self, side: str, fd: Any, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> Handle:
        self._check_call(callback, f"add_{side}")
        number = descriptor_number(fd)
        handle = Handle(callback, args, self, None)
        sides = self._sides(number)
        if sides is None:
            sides = _ReaderAndWriter(self)
            setattr(sides, side, handle)
            self.watch(number, sides, sides.events())
            return handle
        before: Handle | None = getattr(sides, side)
        if before is not None:
            before.cancel()
        setattr(sides, side, handle)
        if before is None:
            self.rewatch(number, sides.events())
        return handle

    def _clear_side(self, side: str, fd: Any) -> bool:
        if self._closed:
            return False
        number = descriptor_number(fd)
        sides = self._sides(number)
        handle: Handle | None = getattr(sides, side, None)
        if sides is None or handle is None:
            return False
        handle.cancel()
        setattr(sides, side, None)
        if sides.events():
            self.rewatch(number, sides.events())
        else:
            self.unwatch(number)
        return True

    # Signals

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Callable[..., object], *args: Any
    ) -> None:
        """Run ``callback(*args)`` as a callback of the loop whenever the process receives ``sig``.

        Raises :exc:`RuntimeError` outside the main thread and for signals that cannot be caught,
        :exc:`ValueError` for a number that is no signal.
        """
        if asyncio.iscoroutine(callback) or asyncio.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        check_signal(sig)
        self._check_closed()
        try:
            self._wake_up.listen_to_signals(True)
        except (ValueError, OSError) as error:
            raise RuntimeError(f"signals can be handled in the main thread only: {error}") from None
        try:
            replace_signal_handler(sig, ignore_signal)
        except RuntimeError:
            if not self._signal_handlers:
                self._wake_up.listen_to_signals(False)
            raise
        self._signal_handlers[sig] = Handle(callback, args, self, None)

    def remove_signal_handler(self, sig: int) -> bool:
        """Restore the default action of ``sig``; return whether there was a handler."""
        check_signal(sig)
        if self._signal_handlers.pop(sig, None) is None:
            return False
        default = signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL
        replace_signal_handler(sig, default)
        if not self._signal_handlers:
            self._wake_up.listen_to_signals(False)
        return True

    def _signal_arrived(self, signum: int) -> None:
        handle = self._signal_handlers.get(signum)
        if handle is not None:
            self._ready.append(handle)

    # Errors

    def set_exception_handler(self, handler: ExceptionHandler | None) -> None:
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._exception_handler = handler

    def get_exception_handler(self) -> ExceptionHandler | None:
        return self._exception_handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report an error that nobody is there to catch. Never raises but for process exits."""
        try:
            if self._exception_handler is None:
                self.default_exception_handler(context)
            else:
                self._exception_handler(self, context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            asyncio_log.error(
                "Exception in the exception handler while it handled %r", context, exc_info=error
            )

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Log ``context`` to the ``asyncio`` logger: its message, then each of the other entries."""
        lines = [context.get("message") or "Unhandled exception in event loop"]
        details = sorted(key for key in context if key not in ("message", "exception"))
        lines += [f"{key}: {context[key]!r}" for key in details]
        asyncio_log.error("\n".join(lines), exc_info=context.get("exception"))

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
        """In debug mode wrong threads are refused, and callbacks slower than
        :attr:`slow_callback_duration` are reported."""
        self._debug = enabled

    def _run_and_time(self, handle: Handle | TimerHandle) -> None:
        started = time.monotonic()
        handle._run()
        took = time.monotonic() - started
        if took >= self.slow_callback_duration:
            asyncio_log.warning("Executing %r took %.3f seconds", handle, took)


def descriptor_number(fd: Any) -> int:
    """The number of a descriptor given as such or as an object with ``fileno()``.

    Raises :exc:`ValueError` for an object that is closed or has none.
    """
    if isinstance(fd, int):
        number = fd
    else:
        try:
            number = int(fd.fileno())
        except (AttributeError, TypeError, ValueError):
            raise ValueError(f"Invalid file object: {fd!r}") from None
    if number < 0:
        raise ValueError(f"Invalid file descriptor: {number}")
    return number


def check_signal(sig: int) -> None:
    """Raise :exc:`TypeError` or :exc:`ValueError` for what is no signal number."""
    if not isinstance(sig, int):
        raise TypeError(f"sig must be an int, not {sig!r}")
    if sig not in signal.valid_signals():
        raise ValueError(f"invalid signal number {sig}")


def current_context_runner(callback: Callable[..., object]) -> Callable[..., object]:
    """``callback`` bound to a copy of the caller's context."""
    return functools.partial(contextvars.copy_context().run, callback)
