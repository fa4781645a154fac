"""The context of a coroutine, who keeps it alive, and that nothing is left when it has ended."""

import asyncio
import concurrent.futures
import contextvars
import gc
import threading
import weakref

import pytest

from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike import gen
from tornadolike.ioloop import IOLoop

APP = "tornadolike.application"


class Oops(Exception):
    pass


async def native(value):
    await asyncio.sleep(0)
    return value


# Context


variable = contextvars.ContextVar("variable", default=0)


@on_every_loop
async def test_a_coroutine_has_a_context_of_its_own():
    @gen.coroutine
    def f(value):
        assert variable.get() == 1
        token = variable.set(value)
        yield
        assert variable.get() == value
        yield inner(value)
        assert variable.get() == value
        yield gen.sleep(0)
        assert (yield native_inner()) == value
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            yield pool.submit(abs, -1)
        assert variable.get() == value
        variable.reset(token)
        assert variable.get() == 1

    @gen.coroutine
    def inner(value):
        assert variable.get() == value
        variable.set(99)
        yield
        assert variable.get() == 99

    async def native_inner():
        await asyncio.sleep(0)
        return variable.get()

    variable.set(1)
    await gen.multi([f(2), f(3)])
    assert variable.get() == 1

    @gen.coroutine
    def at_once():
        variable.set(5)

    at_once()
    assert variable.get() == 1


@pytest.mark.parametrize("kind", ["moment", "future", "thread", "native"])
@on_every_loop
async def test_it_is_one_context_from_the_first_step_to_the_last(kind):
    def in_thread():
        start = threading.Event()
        asyncio.get_running_loop().call_soon(start.set)
        return pool.submit(start.wait)

    @gen.coroutine
    def f():
        waits = {
            "moment": lambda: None,
            "future": lambda: gen.sleep(0),
            "thread": in_thread,
            "native": lambda: native(1),
        }[kind]
        token = variable.set(1)
        yield waits()
        variable.reset(token)
        second = variable.set(2)
        yield waits()
        yield gen.sleep(0)
        assert variable.get() == 2
        variable.reset(second)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        await f()


# What is left


class Witness:
    pass


@pytest.mark.parametrize(
    "case",
    [
        *("returns", "raises", "raises at once", "raises through", "no generator"),
        *("cancelled", "all", "bad", "thread"),
    ],
)
@on_every_loop
async def test_what_has_ended_leaves_no_circles(case):
    witnesses = []

    @gen.coroutine
    def returns():
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        yield
        yield native(1)
        return 1

    @gen.coroutine
    def raises():
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        yield
        raise Oops

    @gen.coroutine
    def raises_at_once():
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        yield gen.maybe_future(1)
        raise Oops

    @gen.coroutine
    def raises_through():
        try:
            yield raises()
        finally:
            yield

    @gen.coroutine
    def no_generator():
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        raise Oops

    @gen.coroutine
    def cancelled():
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        yield
        raise asyncio.CancelledError

    @gen.coroutine
    def all_of_them():
        yield gen.multi([raises(), returns()], quiet_exceptions=Oops)

    @gen.coroutine
    def bad():
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        try:
            yield 3
        except gen.BadYieldError:
            pass
        try:
            yield 3
        except gen.BadYieldError:
            yield
        raise Oops

    @gen.coroutine
    def thread():
        witness = Witness()
        witnesses.append(weakref.ref(witness))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            yield pool.submit(abs, -1)

    start = {
        "returns": returns,
        "raises": raises,
        "raises at once": raises_at_once,
        "raises through": raises_through,
        "no generator": no_generator,
        "cancelled": cancelled,
        "all": all_of_them,
        "bad": bad,
        "thread": thread,
    }[case]
    gc.collect()
    gc.disable()
    try:
        try:
            await start()
        except (Oops, asyncio.CancelledError):
            pass
        await turns()
        assert witnesses
        assert [witness() for witness in witnesses] == [None] * len(witnesses)
    finally:
        gc.enable()


@on_jumping_clock
async def test_who_holds_the_future_holds_all_that_it_needs():
    """Also when what is waited for is known to nobody else but by a weak reference."""
    known = []

    @gen.coroutine
    def waits():
        future = gen.Future()
        known.append(weakref.ref(future))
        yield future
        return "end"

    @gen.coroutine
    def outer(wrap):
        return (yield wrap(waits()))

    async def awaits(future):
        return await future

    wraps = {
        "direct": lambda future: future,
        "multi": lambda future: [future],
        "dict": lambda future: {"a": [future]},
        "with_timeout": lambda future: gen.with_timeout(10**6, future),
        "native": awaits,
    }
    futures = {name: outer(wrap) for name, wrap in wraps.items()}
    await turns()
    gc.collect()
    for reference in known:
        future = reference()
        assert future is not None
        future.set_result(None)
        del future
    for name, future in futures.items():
        assert "end" in str(await future), name


@on_every_loop
async def test_what_nobody_holds_goes_with_its_finally():
    ended = []

    @gen.coroutine
    def waits():
        try:
            yield gen.Future()
        finally:
            ended.append(True)

    waits()
    gc.collect()
    assert ended == [True]


def test_a_suspended_coroutine_dies_with_its_loop():
    ended = []

    @gen.coroutine
    def for_ever():
        try:
            while True:
                yield gen.sleep(3600)
        finally:
            ended.append(True)

    async def native_for_ever():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    loop = IOLoop()

    async def main():
        circle = for_ever()
        circle.circle = circle
        await turns()

    loop.run_sync(main)
    loop.close()
    gc.collect()
    assert ended == [True]


@on_every_loop
async def test_a_task_that_nobody_holds_runs_to_its_end():
    """asyncio itself knows tasks by weak references only."""
    known = []

    async def waits():
        future = asyncio.get_running_loop().create_future()
        known.append(weakref.ref(future))
        return await future

    ended = []

    @gen.coroutine
    def f():
        ended.append((yield waits()))

    f()
    await turns()
    gc.collect()
    known[0]().set_result("end")
    await turns()
    assert ended == ["end"]
    assert not getattr(asyncio.get_running_loop(), "_yielded_tasks")  # noqa: B009 (no type has it)
