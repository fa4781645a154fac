""":func:`gen_test`: coroutines as tests."""

import functools
import inspect
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar, overload

from .. import gen
from .cases import AsyncTestCase
from .limits import get_async_test_timeout, run_limited

Test = Callable[..., Generator[Any, Any, Any] | Coroutine[Any, Any, Any] | None]
T = TypeVar("T", bound=AsyncTestCase)


@overload
def gen_test(*, timeout: float | None = None) -> Callable[[Test], Callable[..., None]]: ...
@overload
def gen_test(func: Test) -> Callable[..., None]: ...
def gen_test(
    func: Test | None = None, timeout: float | None = None
) -> Callable[..., None] | Callable[[Test], Callable[..., None]]:
    """Makes a coroutine, ``async`` or a generator, a test method of :class:`AsyncTestCase`.

    .. code-block:: python

        class MyTest(AsyncTestCase):
            @gen_test
            async def test_sleep(self):
                await asyncio.sleep(0)

            @gen_test(timeout=10)
            def test_longer(self):
                yield gen.sleep(6)

    The loop is running in such a test: what would run it, as :meth:`~AsyncHTTPTestCase.fetch` and
    :meth:`~AsyncTestCase.wait` do, cannot be called.

    :arg timeout: seconds until the test fails with :exc:`TimeoutError`, also where a
        :class:`VirtualClock` jumps. By default :func:`get_async_test_timeout`, asked where the test is defined.
    """
    seconds = get_async_test_timeout() if timeout is None else timeout
    if func is None:
        return functools.partial(_as_test, seconds=seconds)
    return _as_test(func, seconds)


gen_test.__test__ = False  # type: ignore[attr-defined] # it is a test in name only


def _as_test(func: Test, seconds: float) -> Callable[..., None]:
    @functools.wraps(func)
    def test(self: AsyncTestCase, *args: Any, **kwargs: Any) -> None:
        body = None

        def begin() -> Any:
            nonlocal body
            body = func(self, *args, **kwargs)
            return body

        start = begin if inspect.iscoroutinefunction(func) else gen.coroutine(begin)
        try:
            run_limited(self.io_loop, start, seconds)
        except TimeoutError as error:
            if inspect.isgenerator(body) and body.gi_frame is not None:
                # What it waited for was cancelled, and it does not know: so the traceback shows where it waits.
                body.throw(error)
            raise

    return test
