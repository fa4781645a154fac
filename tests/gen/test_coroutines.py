"""Decorated generators: what they may yield, how they end, and that nothing of them is left."""

import asyncio
import concurrent.futures
import functools
import inspect
import threading
import traceback
from collections.abc import Generator

import pytest

from tests.running import on_every_loop, turns
from tornadolike import gen
from tornadolike.ioloop import IOLoop

APP = "tornadolike.application"


class Oops(Exception):
    pass


@gen.coroutine
def later(value, after=1):
    for _ in range(after):
        yield
    return value


@gen.coroutine
def fail_later(error):
    yield
    raise error


async def native(value):
    await asyncio.sleep(0)
    return value


# Without the loop


@on_every_loop
async def test_what_never_waits_is_done_at_once():
    @gen.coroutine
    def at_once(a, *, b):
        got = yield done(a)
        got += yield [done(b), done(1)]
        return got

    done = gen.maybe_future
    with pytest.raises(TypeError):
        at_once(1, b=2).result()  # int + list
    assert gen.coroutine(lambda: 42)().result() == 42

    @gen.coroutine
    def empty():
        return 7
        yield

    assert empty().result() == 7


def test_no_loop_needs_to_run(io_loop):
    @gen.coroutine
    def f():
        return (yield gen.maybe_future(1)) + 1

    future = f()
    assert future.result() == 2
    assert future.get_loop() is io_loop


def test_what_was_begun_before_the_loop_runs_goes_on_in_it(io_loop):
    @gen.coroutine
    def f():
        yield
        return (yield native(1))

    @gen.coroutine
    def g():
        return (yield native(2))

    first, second = f(), g()
    io_loop.add_future(second, lambda _: io_loop.stop())
    io_loop.start()
    assert not first.done() or first.result() == 1
    assert io_loop.run_sync(lambda: first) == 1
    assert second.result() == 2


def test_where_there_is_no_loop_ours_is_made():
    IOLoop.clear_current()

    @gen.coroutine
    def f():
        return (yield native(1))

    future = f()
    loop = IOLoop.current(instance=False)
    assert type(loop) is IOLoop
    assert loop.run_sync(lambda: future) == 1
    loop.close()


# How it may end


@on_every_loop
async def test_the_ways_to_return():
    @gen.coroutine
    def by_return():
        yield
        return 1

    @gen.coroutine
    def by_exception():
        yield
        raise gen.Return(2)

    @gen.coroutine
    def by_exception_at_once():
        raise gen.Return(3)
        yield

    @gen.coroutine
    def of_nothing():
        yield
        raise gen.Return

    @gen.coroutine
    def by_stop_iteration():
        raise StopIteration(4)

    assert await by_return() == 1
    assert await by_exception() == 2
    assert await by_exception_at_once() == 3
    assert await of_nothing() is None
    assert await by_stop_iteration() == 4
    assert gen.Return(5).value == 5
    assert gen.Return(5).args == (5,)


@on_every_loop
async def test_exceptions_are_in_the_future():
    @gen.coroutine
    def at_once():
        raise Oops(1)
        yield

    @gen.coroutine
    def no_generator():
        raise Oops(2)

    for future in (at_once(), no_generator(), fail_later(Oops(3))):
        with pytest.raises(Oops):
            await future
    with pytest.raises(TypeError, match="missing 1 required"):
        await later()


@on_every_loop
async def test_an_exception_can_be_caught_and_replaced():
    @gen.coroutine
    def outer():
        try:
            yield fail_later(Oops())
        except Oops:
            raise KeyError("x")  # noqa: B904 - the context is what is looked at

    with pytest.raises(KeyError) as caught:
        await outer()
    assert isinstance(caught.value.__context__, Oops)

    @gen.coroutine
    def swallows():
        try:
            yield fail_later(Oops())
        except Oops:
            yield
            return "fine"

    assert await swallows() == "fine"


@on_every_loop
async def test_an_exception_has_no_context_that_is_not_its_own():
    @gen.coroutine
    def f():
        raise Oops

    for _ in range(2):
        with pytest.raises(Oops) as caught:
            await f()
        assert caught.value.__context__ is None


@on_every_loop
async def test_a_traceback_shows_the_program_only():
    @gen.coroutine
    def inner():
        yield
        raise Oops

    @gen.coroutine
    def outer():
        yield inner()

    @gen.coroutine
    def at_once():
        yield gen.maybe_future(1)
        raise Oops

    for start, expected in ((outer, ["outer", "inner"]), (at_once, ["at_once"])):
        with pytest.raises(Oops) as caught:
            await start()
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert names[1:] == expected


def test_what_ends_the_process_is_not_put_into_a_future(io_loop):
    @gen.coroutine
    def at_once():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        at_once()

    @gen.coroutine
    def f():
        yield
        raise SystemExit(3)

    future = f()
    with pytest.raises(SystemExit):
        io_loop.start()
    assert not future.done()


# What it may yield


@on_every_loop
async def test_futures_and_awaitables():
    @gen.coroutine
    def f():
        assert (yield) is None
        assert (yield None) is None
        assert (yield gen.moment) is None
        assert (yield gen._null_future) is None
        assert (yield later(1)) == 1
        assert (yield native(2)) == 2
        assert (yield asyncio.ensure_future(native(3))) == 3
        assert (yield [later(4), native(5), None]) == [4, 5, None]
        assert (yield {"a": later(6), "b": [native(7)]}) == {"a": 6, "b": [7]}
        assert (yield asyncio.gather(later(8), later(9))) == [8, 9]
        assert (yield Awaitable()) == 10
        return "end"

    class Awaitable:
        def __await__(self):
            return (yield from native(10).__await__())

    assert await f() == "end"
    assert await native(await f()) == "end"


@on_every_loop
async def test_futures_of_threads():
    names = []

    @gen.coroutine
    def f(pool):
        start = threading.Event()
        waiting = pool.submit(start.wait)
        asyncio.get_running_loop().call_soon(start.set)
        assert (yield waiting)
        names.append(threading.current_thread())
        with pytest.raises(ZeroDivisionError):
            yield pool.submit(divmod, 1, 0)
        done = pool.submit(abs, -1)
        concurrent.futures.wait([done])
        return (yield done)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert await f(pool) == 1
    assert names == [threading.current_thread()]


@pytest.mark.parametrize("bad", [3, "text", (), object(), [3]])
@on_every_loop
async def test_what_cannot_be_waited_for(bad):
    @gen.coroutine
    def f():
        with pytest.raises(gen.BadYieldError, match="yielded unknown object"):
            yield bad
        yield
        return "told"

    assert await f() == "told"

    @gen.coroutine
    def first_thing():
        yield bad

    with pytest.raises(gen.BadYieldError):
        await first_thing()


class Deferred:
    """What another library would have in place of a future."""

    def __init__(self, broken=False):
        self.broken = broken


@gen.convert_yielded.register(Deferred)
def _(deferred):
    if deferred.broken:
        raise Oops("broken")
    return gen.maybe_future("deferred")


@on_every_loop
async def test_another_type_that_is_registered():
    @gen.coroutine
    def f():
        assert (yield Deferred()) == "deferred"
        assert (yield [Deferred()]) == ["deferred"]
        try:
            yield Deferred(broken=True)
        except Oops:
            return "caught"

    assert await f() == "caught"


@on_every_loop
async def test_a_turn_of_the_loop_lets_others_work():
    calls = []

    @gen.coroutine
    def f(name, yielded):
        for _ in range(3):
            calls.append(name)
            yield yielded

    await gen.multi([f("a", gen.maybe_future(1)), f("b", gen.maybe_future(1))])
    assert "".join(calls) == "aaabbb"
    for nothing in (None, gen.moment):
        calls.clear()
        await gen.multi([f("a", nothing), f("b", nothing)])
        assert "".join(calls) == "ababab"


@on_every_loop
async def test_a_long_way_of_things_that_are_there_does_not_fill_the_stack():
    @gen.coroutine
    def f():
        for _ in range(10_000):
            yield gen.maybe_future(1)
        return "end"

    assert f().result() == "end"


# What may be decorated


@on_every_loop
async def test_other_things_than_generator_functions():
    class Counting(Generator):
        left = 3

        def send(self, value):
            if not self.left:
                raise StopIteration("counted")
            self.left -= 1

        def throw(self, *error):
            raise error[0]

    assert await gen.coroutine(Counting)() == "counted"
    assert await gen.coroutine(functools.partial(divmod, 7))(2) == (3, 1)
    decorated = gen.coroutine(native)
    future = decorated(5)
    assert gen.is_future(future)
    assert await future == 5
    with pytest.raises(TypeError):
        await decorated()


@on_every_loop
async def test_methods():
    class Thing:
        factor = 2

        @gen.coroutine
        def of_instance(self, x):
            "Doc."
            yield
            return x * self.factor

        @classmethod
        @gen.coroutine
        def of_class(cls):
            yield
            return cls

    assert await Thing().of_instance(3) == 6
    assert await Thing.of_class() is Thing
    assert Thing.of_instance.__doc__ == "Doc."
    assert list(inspect.signature(Thing().of_instance).parameters) == ["x"]


def test_which_functions_are_coroutines():
    assert gen.is_coroutine_function(later)
    assert gen.is_coroutine_function(gen.coroutine(native))
    assert not gen.is_coroutine_function(native)
    assert not gen.is_coroutine_function(None)
    assert later.__wrapped__.__name__ == "later"


# Cancellation


@on_every_loop
async def test_a_cancellation_passes_like_an_exception():
    @gen.coroutine
    def raises(at_once):
        if not at_once:
            yield
        raise asyncio.CancelledError("because")

    @gen.coroutine
    def waits(future):
        yield future

    for start in (lambda: raises(True), lambda: raises(False)):
        future = start()
        with pytest.raises(asyncio.CancelledError):
            await future
        assert future.cancelled()

    for awaited in (gen.Future(), asyncio.ensure_future(asyncio.sleep(3600))):
        future = waits(awaited)
        await turns()
        awaited.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future
        assert future.cancelled()

    cancelled = gen.Future()
    cancelled.cancel()
    assert waits(cancelled).cancelled()


@on_every_loop
async def test_a_cancellation_can_be_caught():
    @gen.coroutine
    def f(awaited):
        try:
            yield awaited
        except asyncio.CancelledError:
            yield
            return "caught"

    awaited = gen.Future()
    future = f(awaited)
    awaited.cancel()
    assert await future == "caught"


@on_every_loop
async def test_a_coroutine_does_not_hear_that_its_future_is_cancelled(expect_log):
    done = []

    @gen.coroutine
    def f(fails):
        yield
        done.append("on")
        if fails:
            raise Oops
        return 1

    future = f(False)
    future.cancel()
    await turns()
    assert done == ["on"]
    assert future.cancelled()

    future = f(True)
    future.cancel()
    with expect_log(APP, "Exception after Future was cancelled"):
        await turns()


@on_every_loop
async def test_a_time_out_of_asyncio_ends_the_waiting():
    @gen.coroutine
    def for_ever():
        yield gen.Future()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(for_ever(), 0.001)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await for_ever()


# What it looks like


@on_every_loop
async def test_a_suspended_coroutine_tells_its_name():
    future = later(1)
    assert "later() pending" in repr(future)
    await future
    assert "finished result=1" in repr(future)
    asyncio.get_running_loop().set_debug(True)
    future = later(1)
    assert f"created at {__file__}:" in repr(future)
    await future
