"""Where something is."""

import asyncio
import contextlib
import re
import threading
import traceback

import tornadolike
from tests.running import on_every_loop, turns
from tornadolike.slowness.stacks import (
    DEEPEST,
    HERE,
    WAITS,
    _shown,
    stack_of_task,
    stack_of_thread,
)


def calls(stack):
    """How many calls are shown; those that are the same as the one before are only counted there."""
    repeated = re.findall(r"repeated (\d+) more", stack)
    return len(re.findall(r"^ *File ", stack, re.M)) + sum(map(int, repeated))


def test_a_thread():
    entered, leave = threading.Event(), threading.Event()

    def wait_in_here():
        entered.set()
        leave.wait()

    thread = threading.Thread(target=wait_in_here)
    thread.start()
    entered.wait()
    stack = stack_of_thread(thread.ident)
    leave.set()
    thread.join()
    assert "in wait_in_here\n    leave.wait()" in stack
    assert not stack_of_thread(thread.ident)


def test_a_deep_thread():
    def deeper(left):
        return deeper(left - 1) if left else stack_of_thread(threading.get_ident())

    assert calls(deeper(200)) == DEEPEST


async def outer(future):
    await inner(future)


async def inner(future):
    await future


async def generator(future):
    yield await future


async def iterating(future):
    async for _ in generator(future):
        pass


@contextlib.asynccontextmanager
async def context(future):
    await future
    yield


async def entering(future):
    async with context(future):
        pass


async def stack_of(function):
    future = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(function(future))
    await turns()
    stack = stack_of_task(task)
    future.set_result(None)
    await task
    assert not stack_of_task(task)
    return [line.strip() for line in stack.splitlines()]


@on_every_loop
async def test_a_task():
    stack = await stack_of(outer)
    assert [line.rpartition(" ")[2] for line in stack[::2]] == ["outer", "inner"]
    assert stack[1::2] == ["await inner(future)", "await future"]


@on_every_loop
async def test_what_a_task_iterates_over_or_enters():
    assert "yield await future" in await stack_of(iterating)
    assert (await stack_of(entering))[-1] == "await future"


def test_what_is_of_this_package_is_left_out():
    """But for the innermost."""
    files = [f"{HERE}ioloop.py", "/site.py", f"{HERE}web.py", "/work.py", f"{HERE}locks.py"]
    stack = _shown([traceback.FrameSummary(file, 1, "f", line="f()") for file in files], 30)
    assert re.findall(r'File "(.*)"', stack) == ["/site.py", "/work.py", f"{HERE}locks.py"]


def test_calls_within_this_package():
    async def main():
        return stack_of_thread(threading.get_ident())

    assert HERE not in tornadolike.run(main()).rpartition("  File ")[0]


@on_every_loop
async def test_a_deep_task():
    async def deeper(left, future):
        await (deeper(left - 1, future) if left else future)

    stack = await stack_of(lambda future: deeper(200, future))
    assert calls("\n".join(stack)) == WAITS
