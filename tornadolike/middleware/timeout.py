""":class:`Timeout`: an end for handlers that take too long."""

import asyncio
import math

from ..log import gen_log
from ..util import check_numbers, check_whole_numbers
from ..web import HTTPError, RequestHandler
from ..web.around import Next


class Timeout:
    """Cancels a handler that has not sent the head of its response in time, and answers in its place.

    The handler sees :exc:`asyncio.CancelledError` where it waits, as from :func:`asyncio.timeout`. One that does not
    wait but computes cannot be helped. The time begins with the handler: behind the request's body, but for handlers
    that take the body as it comes. What comes behind the head has its own time, as long as the client takes it.

    :arg seconds: how long it may take.
    :arg status: 503, or 504 of a gateway.
    :arg whole_response: the time is for the whole of the response. One that is not complete then is cut off: its
        client sees a connection that breaks.

    Raises :exc:`ValueError` for what is no time, or no status of an error.
    """

    def __init__(self, seconds: float, *, status: int = 503, whole_response: bool = False) -> None:
        check_numbers(seconds=seconds)
        check_whole_numbers(status=status)
        if not (seconds > 0 and math.isfinite(seconds)):
            raise ValueError(f"a time-out is a number of seconds, more than 0, not {seconds!r}")
        if not 400 <= status <= 599:
            raise ValueError(
                f"the status of a time-out is that of an error, such as 503, not {status!r}"
            )
        self._seconds = seconds
        self._status = status
        self._whole_response = whole_response

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit:
                timer = loop.call_later(self._seconds, self._end, handler, limit)
                try:
                    await call_next(handler)
                finally:
                    timer.cancel()
        except TimeoutError:
            if not limit.expired():
                raise  # the handler's own
            self._answer(handler)

    def _end(self, handler: RequestHandler, limit: asyncio.Timeout) -> None:
        if not handler._finished and (self._whole_response or not handler._headers_written):
            limit.reschedule(0)

    def _answer(self, handler: RequestHandler) -> None:
        if handler._finished:
            return
        if handler._headers_written:
            gen_log.warning(
                "%s: cut off after %g seconds", handler._request_summary(), self._seconds
            )
            handler._abandon()
            return
        message = "not answered within %g seconds"
        raise HTTPError(
            self._status,
            message,
            self._seconds,
            detail="It took too long to answer this; try later",
        )
