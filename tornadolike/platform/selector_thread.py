""":class:`SelectorThread`: readers and writers for asyncio loops that have none.

The thread and the loop take turns. The loop hands over the descriptors to wait for; the thread waits
for them in ``select`` and, when some are ready, has the loop call their callbacks and hand over again.
So a descriptor that stays ready is reported once in a turn of the loop, and only the loop's thread
touches the tables. A change of the tables wakes the thread through a pair of sockets.

The thread lasts from the loop's first turn until :meth:`SelectorThread.close`, which whoever closes the
loop properly need not call: ``shutdown_asyncgens`` (a part of :func:`asyncio.run`) does.
"""

import asyncio
import atexit
import contextvars
import functools
import select
import socket
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from ..ioloop.sources import descriptor_number

CLOSED_CHECK_INTERVAL: Final = 1.0
"""How often, in seconds, the thread asks whether a loop that does not take its turn was closed."""

Callbacks = dict[int, Callable[[], object]]


class SelectorThread:
    """``add_reader`` and its kin for ``real_loop``, by a thread of their own.

    All methods are for the loop's thread. Callbacks run there too, in the context in which this object
    was made.
    """

    def __init__(self, real_loop: asyncio.AbstractEventLoop) -> None:
        self._loop = real_loop
        self._context = contextvars.copy_context()
        self._readers: Callbacks = {}
        self._writers: Callbacks = {}
        self._awaited: tuple[list[int], list[int]] = ([], [])
        self._threads_turn = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._closed = False
        self._hearing, self._calling = socket.socketpair()
        self._hearing.setblocking(False)
        self._calling.setblocking(False)
        self._readers[self._hearing.fileno()] = self._hear
        # Not before the loop runs: one that is closed without ever running says nothing to anybody.
        real_loop.call_soon(self._start, context=self._context)
        _open_ones.add(self)

    def _start(self) -> None:
        if self._closed:
            return
        # The loop closes its asynchronous generators in the end. This one's first step has nothing to
        # wait for, so it needs no task.
        self._until_shutdown = self._closed_at_shutdown()
        try:
            self._until_shutdown.__anext__().send(None)
        except StopIteration:
            pass
        self._thread = threading.Thread(
            target=self._wait_in_turn, name="tornadolike selector", daemon=True
        )
        self._thread.start()
        self._hand_over()

    async def _closed_at_shutdown(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        """End the thread. Idempotent."""
        if self._closed:
            return
        self._closed = True
        _open_ones.discard(self)
        self._call()
        self._threads_turn.release()
        if self._thread is not None:
            self._thread.join()
        self._readers.clear()
        self._writers.clear()
        self._hearing.close()
        self._calling.close()

    # In the loop

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:
        """Call ``callback(*args)`` whenever ``fd`` is readable."""
        self._add(self._readers, fd, callback, args)

    def add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:
        """Call ``callback(*args)`` whenever ``fd`` is writable, or has an error."""
        self._add(self._writers, fd, callback, args)

    def remove_reader(self, fd: Any) -> bool:
        """Undo :meth:`add_reader`; return whether there was one."""
        return self._remove(self._readers, fd)

    def remove_writer(self, fd: Any) -> bool:
        """Undo :meth:`add_writer`; return whether there was one."""
        return self._remove(self._writers, fd)

    def _add(
        self, callbacks: Callbacks, fd: Any, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        if self._closed:
            raise RuntimeError("the SelectorThread is closed")
        callbacks[descriptor_number(fd)] = functools.partial(callback, *args)
        self._call()

    def _remove(self, callbacks: Callbacks, fd: Any) -> bool:
        if callbacks.pop(descriptor_number(fd), None) is None:
            return False
        self._call()
        return True

    def _hand_over(self) -> None:
        self._awaited = list(self._readers), list(self._writers)
        self._threads_turn.release()

    def _call_back(self, readable: list[int], writable: list[int]) -> None:
        for callbacks, ready in ((self._readers, readable), (self._writers, writable)):
            for fd in ready:
                callback = callbacks.get(fd)
                if callback is None:
                    continue  # removed by one that was called before
                try:
                    callback()
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    self._loop.call_exception_handler(
                        {
                            "message": f"Exception in the callback of descriptor {fd}",
                            "exception": error,
                        }
                    )
        self._hand_over()

    def _forget_closed(self) -> None:
        """Some descriptor was closed without being removed."""
        for callbacks in self._readers, self._writers:
            for fd in list(callbacks):
                try:
                    select.select([fd], [], [], 0)
                except (OSError, ValueError):
                    del callbacks[fd]
        self._hand_over()

    def _call(self) -> None:
        """Have the thread come back from where it waits."""
        try:
            self._calling.send(b"\0")
        except BlockingIOError:
            pass  # it has been called often enough

    def _hear(self) -> None:
        try:
            self._hearing.recv(4096)
        except BlockingIOError:
            pass

    # In the thread

    def _wait_in_turn(self) -> None:
        while True:
            while not self._threads_turn.acquire(timeout=CLOSED_CHECK_INTERVAL):
                if self._loop.is_closed():
                    return
            if self._closed:
                return
            readers, writers = self._awaited
            found: tuple[Callable[..., object], *tuple[list[int], ...]]
            try:
                # (On Windows errors are in the third set.)
                readable, writable, failed = select.select(readers, writers, writers)
                found = self._call_back, readable, list({*writable, *failed})
            except (OSError, ValueError):
                found = (self._forget_closed,)
            try:
                self._loop.call_soon_threadsafe(*found, context=self._context)
            except RuntimeError:
                return  # the loop was closed


_open_ones: "weakref.WeakSet[SelectorThread]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    # Threads that wait at the interpreter's end can keep it from ending.
    for each in list(_open_ones):
        each.close()
