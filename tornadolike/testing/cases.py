""":class:`AsyncTestCase`: tests of :mod:`unittest`, each with an event loop of its own."""

import asyncio
import contextlib
import inspect
import unittest
import warnings
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ..ioloop import GuestLoop, IOLoop
from ..platform.asyncio import AsyncIOLoop
from .limits import RealLimit, get_async_test_timeout, run_limited

T = TypeVar("T")


def setup_with_context_manager(testcase: unittest.TestCase, cm: AbstractContextManager[T]) -> T:
    """Enter ``cm`` for the rest of the test, and leave it behind :meth:`~unittest.TestCase.tearDown`.

    Return what it gave. For :meth:`~unittest.TestCase.setUp`; :meth:`unittest.TestCase.enterContext` is the same.
    """
    return testcase.enterContext(cm)


class AsyncTestCase(unittest.TestCase):
    """A test that runs on a loop of its own, :attr:`io_loop`. Coroutines are made tests by :func:`gen_test`.

    .. code-block:: python

        class MyTest(AsyncTestCase):
            @gen_test
            async def test_queue(self):
                queue = Queue()
                queue.put_nowait(1)
                self.assertEqual(await queue.get(), 1)

    At the end of the test the tasks that are left are cancelled, the loop is closed, and with it the descriptors
    that were given to :meth:`~tornadolike.ioloop.IOLoop.add_handler`.

    The older way is a test that is no coroutine. It starts something, and :meth:`wait` runs the loop until a
    callback calls :meth:`stop`.
    """

    io_loop: IOLoop

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self._running = False
        self._stopped = False
        self._stop_arguments: Any = None
        self._failure: BaseException | None = None

    def setUp(self) -> None:
        super().setUp()
        if type(self).get_new_ioloop is not AsyncTestCase.get_new_ioloop:
            warnings.warn("get_new_ioloop is deprecated", DeprecationWarning, stacklevel=2)
        self.io_loop = self.get_new_ioloop()
        self.addCleanup(self._close_loop)  # for a setUp that fails: there is no tearDown then
        asyncio.set_event_loop(self.io_loop.asyncio_loop)

    def get_new_ioloop(self) -> IOLoop:
        """Makes the loop of the test. To override it is deprecated."""
        return IOLoop(make_current=False)

    def tearDown(self) -> None:
        try:
            run_limited(self.io_loop, self._end_tasks, get_async_test_timeout())
        finally:
            self._close_loop()
        super().tearDown()
        self._raise_failure()

    def _close_loop(self) -> None:
        asyncio.set_event_loop(None)
        if _is_ours_to_close(self.io_loop):
            self.io_loop.close(all_fds=True)

    async def _end_tasks(self) -> None:
        """Cancel what is left. What such a task raises then, it is raised here."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        await asyncio.get_running_loop().shutdown_asyncgens()
        for task in left:
            with contextlib.suppress(asyncio.CancelledError):
                task.result()

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        done = super().run(result)
        self._raise_failure()  # the last chance: it came behind tearDown
        return done

    def _callTestMethod(self, method: Callable[[], object]) -> None:
        """Refuse a test that returns something: a coroutine that nobody runs has tested nothing."""
        returned = method()
        if inspect.iscoroutine(returned) or isinstance(returned, Generator):
            returned.close()
            raise TypeError(
                "Generator and coroutine test methods should be decorated with tornadolike.testing.gen_test"
            )
        if returned is not None:
            raise ValueError(f"Return value from test method ignored: {returned!r}")

    def stop(self, _arg: Any = None, **kwargs: Any) -> None:
        """Have :meth:`wait`, the one that is waiting or else the next, return ``_arg`` or the dictionary ``kwargs``.

        Raises :exc:`TypeError` for both at once.
        """
        if _arg is not None and kwargs:
            raise TypeError("stop() takes one argument, or arguments with names")
        self._stop_arguments = kwargs or _arg
        if self._running:
            self.io_loop.stop()
            self._running = False
        self._stopped = True

    def wait(
        self, condition: Callable[..., bool] | None = None, timeout: float | None = None
    ) -> Any:
        """Run the loop until :meth:`stop` is called, and return what that was given.

        :arg condition: with it, the loop is run again as long as ``condition()`` is false after a stop.
        :arg timeout: seconds until the test fails, by default :func:`get_async_test_timeout`; 0 for never.
        """
        if timeout is None:
            timeout = get_async_test_timeout()
        if not self._stopped:
            limit = (
                RealLimit(self.io_loop, timeout, lambda: self._timed_out(timeout))
                if timeout
                else None
            )
            try:
                self._run_until_stopped(condition)
            finally:
                if limit is not None:
                    limit.cancel()
        self._stopped = False
        self._raise_failure()
        result, self._stop_arguments = self._stop_arguments, None
        return result

    def _run_until_stopped(self, condition: Callable[..., bool] | None) -> None:
        while True:
            self._running = True
            self.io_loop.start()
            if self._failure is not None or condition is None or condition():
                return

    def _timed_out(self, seconds: float) -> None:
        self._failure = self.failureException(f"Async operation timed out after {seconds} seconds")
        self.stop()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure


def _is_ours_to_close(loop: IOLoop) -> bool:
    """Not one that stands for a foreign loop that somebody else made."""
    return isinstance(loop, AsyncIOLoop) or not isinstance(loop, GuestLoop)
