"""The time-out of a whole fetch."""

import asyncio

import pytest

from tests.running import on_jumping_clock, timers
from tornadolike.httpclient import HTTPStreamClosedError, HTTPTimeoutError
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Hop
from tornadolike.httpclient.limiting import WholeTimeout
from tornadolike.httputil import HTTPHeaders
from tornadolike.ioloop import IOLoop

HOP = Hop("GET", parse_url("http://nowhere.test/"), HTTPHeaders(), waiting_for="for nothing")


async def limited(seconds, wait):
    limit = WholeTimeout(IOLoop.current(), seconds)
    try:
        await asyncio.sleep(wait)
    except asyncio.CancelledError as error:
        raise limit.explain(error, HOP) from None
    finally:
        limit.end()
    return "in time"


@on_jumping_clock
async def test_in_time_and_too_late():
    assert await limited(5, 4) == "in time"
    assert await limited(0, 1_000_000) == "in time"
    with pytest.raises(HTTPTimeoutError, match=r"Timeout for nothing$"):
        await limited(5, 6)
    assert not asyncio.current_task().cancelling()
    assert timers() == 0


@on_jumping_clock
async def test_a_task_that_somebody_else_cancels():
    for moment in (1, 5):
        task = asyncio.create_task(limited(5, 6))
        asyncio.get_running_loop().call_later(moment, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
    assert timers() == 0


@on_jumping_clock
async def test_what_was_cancelled_is_not_the_task():
    limit = WholeTimeout(IOLoop.current(), 5)
    reason = limit.explain(asyncio.CancelledError(), HOP)
    assert isinstance(reason, HTTPStreamClosedError)
    limit.end()
    assert timers() == 0
