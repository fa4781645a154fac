"""What a loop can be asked to wait for."""

import asyncio
import concurrent.futures
import gc
import types

import pytest

from tests.running import on_every_loop, turns
from tornadolike.ioloop.yielded import BadYieldError, convert_yielded


@on_every_loop
async def test_a_future_is_returned_as_it_is():
    for future in (asyncio.Future(), concurrent.futures.Future()):
        assert convert_yielded(future) is future


@on_every_loop
async def test_an_awaitable_becomes_a_task():
    async def native():
        return asyncio.current_task()

    @types.coroutine
    def generator():
        yield
        return "generator"

    class Awaitable:
        def __await__(self):
            yield
            return "awaitable"

    task = convert_yielded(native())
    assert isinstance(task, asyncio.Task)
    assert await task is task
    assert await convert_yielded(generator()) == "generator"
    assert await convert_yielded(Awaitable()) == "awaitable"


@on_every_loop
async def test_a_task_is_held_until_it_has_ended():
    gate = asyncio.Event()
    ended = []

    async def native():
        await gate.wait()
        ended.append(True)

    convert_yielded(native())
    await turns()
    gc.collect()
    gate.set()
    await turns()
    assert ended == [True]
    assert asyncio.get_running_loop()._yielded_tasks == set()


@pytest.mark.parametrize("nothing", [3, "x", object(), asyncio.sleep, (i for i in ())])
def test_what_cannot_be_waited_for(nothing):
    with pytest.raises(BadYieldError, match="yield a future, an awaitable"):
        convert_yielded(nothing)
