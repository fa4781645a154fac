""":class:`SlowRequests`: says which requests take long, while they do, and what they wait for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, Final

from ..http1connection.serving import Answering
from ..log import REQUEST_ID, gen_log
from ..util import check_numbers, check_whole_numbers
from ..web import Application, RequestHandler
from .stacks import stack_of_task

LOOKS: Final = 2
"""How often it is looked within the time from which on a request is slow."""


class SlowRequests:
    """Reports requests that are still at work after some time, with the place where each of them waits; and when they
    are done how long it took.

    .. code-block:: python

        app.lifetime(SlowRequests(2.0))

    It looks now and then at the handlers that have to wait for something, which the server knows anyway, so that a
    request costs nothing. One is slow from ``seconds`` on, counted from when it first had to wait, and is noticed after
    half as long again at the latest. Left out are those that have sent their heads (a stream of events, a large file),
    and those that wait for the body of their request: how long this takes is the client's affair. A handler that does
    not wait but computes keeps the whole loop, and is reported by :class:`.LoopWatch`.

    Lines are warnings of ``tornadolike.general``, with the attributes ``route`` and ``request_id``.

    :arg seconds: from which on a request is slow.
    :arg most: how many are reported each time it looks; of others there is only the number. When a database is stuck,
        all requests are.

    Raises :exc:`ValueError` for what is no such time or number.
    """

    def __init__(self, seconds: float = 1.0, *, most: int = 10) -> None:
        check_numbers(seconds=seconds)
        check_whole_numbers(most=most)
        if not 0.01 <= seconds <= 86400:
            raise ValueError(f"seconds is 0.01 to 86400, not {seconds!r}")
        if most < 1:
            raise ValueError(f"most is 1 or more, not {most!r}")
        self._seconds = seconds
        self._most = most

    @contextlib.asynccontextmanager
    async def __call__(self, application: Application) -> AsyncIterator[None]:
        """As a lifetime of the application: watch its requests meanwhile."""
        watching = asyncio.create_task(self._watch(application), name="slow requests")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _watch(self, application: Application) -> None:
        known: set[Answering] = set()
        while True:
            await asyncio.sleep(self._seconds / LOOKS)
            before = time.monotonic() - self._seconds
            slow = {one for one in _at_work(application) if one.since <= before and _is_slow(one)}
            self._report(slow - known)
            known = slow

    def _report(self, slow: set[Answering]) -> None:
        oldest_first = sorted(slow, key=lambda one: one.since)
        for one in oldest_first[: self._most]:
            took = time.monotonic() - one.since
            stack = stack_of_task(one.task)
            _log(one.handler, "has been at work for %.2f s, and waits here:\n%s", took, stack)
            one.task.add_done_callback(partial(_ended, one.handler, one.since))
        left = len(slow) - self._most
        if left > 0:
            gen_log.warning(
                "Slow: %d more requests have been at work for %g s", left, self._seconds
            )


def _at_work(application: Application) -> Iterator[Answering]:
    """What the servers of an application wait for."""
    for server in list(application._life.servers):
        if server._serving is not None:
            yield from list(server._serving.answering)


def _is_slow(one: Answering) -> bool:
    """Whether it is the handler that takes long, and nobody else."""
    handler = one.handler
    if handler is None or handler._headers_written:
        return False
    return not (handler._streams_body and handler.request_body.waited_for)


def _ended(handler: RequestHandler, since: float, task: "asyncio.Task[Any]") -> None:
    end = "was cancelled" if task.cancelled() else f"was answered by {handler.get_status()}"
    _log(handler, "%s after %.2f s", end, time.monotonic() - since)


def _log(handler: RequestHandler, message: str, *args: object) -> None:
    more = {"route": handler.logged_route, "request_id": vars(handler).get(REQUEST_ID)}
    named = "".join(f", {name} {value}" for name, value in more.items() if value)
    gen_log.warning(f"Slow: %s%s {message}", handler._request_summary(), named, *args, extra=more)
