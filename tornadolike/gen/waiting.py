"""Waiting no longer than so long: :func:`with_timeout`; waiting for nothing: :func:`sleep`."""

import datetime
from collections.abc import Callable
from typing import Any, TypeVar

from ..concurrent import (
    AnyFuture,
    Future,
    copy_outcome,
    create_future,
    done_future,
    future_set_result_unless_cancelled,
    is_future,
    when_done,
)
from ..ioloop import IOLoop
from ..ioloop.handles import TimerHandle
from ..ioloop.yielded import convert_yielded
from ..log import app_log
from .parallel import Quiet

T = TypeVar("T")


def with_timeout(
    timeout: float | datetime.timedelta,
    future: Any,
    quiet_exceptions: Quiet = (),
    *,
    message: str | Callable[[], str] | None = None,
) -> Future[Any]:
    """Give the result of ``future`` (whatever a coroutine may yield), but raise TimeoutError at ``timeout``.

    :arg timeout: a time of :meth:`.IOLoop.time`, or a :class:`~datetime.timedelta` from now.
    :arg message: the text of the exception, or a function that makes it when it is needed.

    What is waited for goes on after the time-out and can be waited for again
    (:func:`asyncio.wait_for` and :func:`asyncio.timeout` cancel it). If it fails when nobody waits
    any more its exception is logged, unless it is of a type in ``quiet_exceptions``.
    """
    limited: Limited = create_future(Limited)
    limited.limit(convert_yielded(future), timeout, quiet_exceptions, message)
    return limited


class Timed(Future[T]):
    """A future with a timer that nobody needs when it is cancelled."""

    __slots__ = ("_timer",)
    _timer: TimerHandle

    def cancel(self, msg: Any | None = None) -> bool:
        if not super().cancel(msg):
            return False
        self._timer.cancel()
        return True


class Limited(Timed[Any]):
    """Becomes what it waits for, or a TimeoutError."""

    __slots__ = ("_awaited", "_message", "_quiet")
    _awaited: AnyFuture[Any] | None

    def limit(
        self,
        awaited: AnyFuture[Any],
        timeout: float | datetime.timedelta,
        quiet_exceptions: Quiet,
        message: str | Callable[[], str] | None,
    ) -> None:
        self._quiet = quiet_exceptions
        self._message = message
        if awaited.done():
            copy_outcome(awaited, self)
            return
        self._awaited = awaited  # held: who waits for us may be the only one who does
        self._timer = IOLoop.current().add_timeout(timeout, self._on_timeout)
        when_done(awaited, self._on_done)

    def _on_done(self, awaited: AnyFuture[Any]) -> None:
        if not self.done():
            self._timer.cancel()
            self._awaited = None
            copy_outcome(awaited, self)
        elif not awaited.cancelled():
            error = awaited.exception()
            if error is not None and not isinstance(error, self._quiet):
                app_log.error("Exception in Future %r after timeout", awaited, exc_info=error)

    def _on_timeout(self) -> None:
        if self.done():
            return
        self._awaited = None
        message = self._message
        try:
            text = message() if callable(message) else message
        except Exception as error:
            self.set_exception(error)
        else:
            self.set_exception(TimeoutError("Timeout" if text is None else text))


def sleep(duration: float) -> Future[None]:
    """A future that is done in ``duration`` seconds. Wait for it; the call alone does nothing."""
    result: Timed[None] = create_future(Timed)
    result._timer = IOLoop.current().call_later(
        duration, future_set_result_unless_cancelled, result, None
    )
    return result


def maybe_future(x: Any) -> Future[Any]:
    """``x`` if it is a future, else a future that is done with the result ``x``.

    For a function that may return a future or not. Better: a function that always does.
    """
    if is_future(x):
        return x  # type: ignore[no-any-return]
    return done_future(x)
