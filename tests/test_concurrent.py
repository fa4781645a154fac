"""Futures of both kinds, on both kinds of loops."""

import asyncio
import concurrent.futures
import functools
import threading

import pytest

from tests.running import on_every_loop, turns
from tornadolike.concurrent import (
    FUTURES,
    DummyExecutor,
    Future,
    chain_future,
    create_future,
    done_future,
    dummy_executor,
    future_add_done_callback,
    future_set_exc_info,
    future_set_exception_unless_cancelled,
    future_set_result_unless_cancelled,
    is_future,
    run_on_executor,
    when_done,
)
from tornadolike.ioloop import IOLoop

APP = "tornadolike.application"

KINDS = {"asyncio": create_future, "thread": concurrent.futures.Future}
each_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


# What a future is


def test_both_kinds_are_futures(io_loop):
    assert Future is asyncio.Future
    assert set(FUTURES) == {concurrent.futures.Future, asyncio.Future}
    assert is_future(Future(loop=io_loop))
    assert is_future(concurrent.futures.Future())
    assert not is_future(None)
    assert not is_future(asyncio.Future)


@on_every_loop
async def test_a_new_future_belongs_to_the_running_loop():
    assert create_future().get_loop() is asyncio.get_running_loop()
    assert done_future(1).get_loop() is asyncio.get_running_loop()


def test_while_none_runs_it_belongs_to_the_current_loop(io_loop):
    assert create_future().get_loop() is io_loop
    assert done_future(1).get_loop() is io_loop


def test_where_there_is_no_loop_ours_is_made():
    IOLoop.clear_current()
    future = create_future()
    loop = IOLoop.current(instance=False)
    assert type(loop) is IOLoop
    assert future.get_loop() is loop
    loop.close()


def test_a_thread_without_a_loop_is_told_so(io_loop):
    raised = []

    def call():
        for make in (create_future, lambda: done_future(1)):
            with pytest.raises(RuntimeError, match="no event loop in thread 'lonely'") as caught:
                make()
            raised.append(caught.value)

    thread = threading.Thread(target=call, name="lonely")
    thread.start()
    thread.join()
    assert len(raised) == 2


def test_a_thread_with_a_loop_of_its_own():
    made = []

    def call():
        loop = IOLoop()
        made.append(create_future().get_loop() is loop)
        loop.close()

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert made == [True]


@on_every_loop
async def test_in_debug_mode_a_future_tells_who_asked_for_it():
    asyncio.get_running_loop().set_debug(True)
    future = create_future()
    assert f"created at {__file__}:" in repr(future)


# Completing


@each_kind
@on_every_loop
async def test_a_result_for_a_future_that_may_be_cancelled(make):
    future = make()
    future_set_result_unless_cancelled(future, 42)
    assert future.result() == 42
    cancelled = make()
    cancelled.cancel()
    future_set_result_unless_cancelled(cancelled, 42)
    assert cancelled.cancelled()
    with pytest.raises((asyncio.InvalidStateError, concurrent.futures.InvalidStateError)):
        future_set_result_unless_cancelled(future, 43)


@each_kind
@on_every_loop
async def test_an_exception_for_a_future_that_may_be_cancelled(make, expect_log):
    future = make()
    error = KeyError("x")
    future_set_exception_unless_cancelled(future, error)
    assert future.exception() is error
    cancelled = make()
    cancelled.cancel()
    with expect_log(APP, "Exception after Future was cancelled") as log:
        future_set_exception_unless_cancelled(cancelled, error)
    assert log.matched[0].exc_info[1] is error


@each_kind
@on_every_loop
async def test_an_exception_as_sys_gives_it(make):
    future = make()
    error = KeyError("x")
    future_set_exc_info(future, (KeyError, error, None))
    assert future.exception() is error
    with pytest.raises(Exception, match="called with no exception"):
        future_set_exc_info(make(), (None, None, None))


# Following


@each_kind
@on_every_loop
async def test_a_callback_is_called_when_the_future_is_done(make):
    called = []
    future = make()
    future_add_done_callback(future, called.append)
    await turns()
    assert called == []
    future.set_result(1)
    await turns()
    assert called == [future]
    future_add_done_callback(future, called.append)
    assert called == [future, future], "at once"


@on_every_loop
async def test_what_a_thread_completes_is_told_in_the_loop():
    called = asyncio.Event()
    threads = []

    def callback(future):
        threads.append(threading.current_thread())
        called.set()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        start = threading.Event()
        future = pool.submit(start.wait)
        when_done(future, callback)
        start.set()
        await called.wait()
    when_done(future, callback)
    assert threads == [threading.current_thread()] * 2


OUTCOMES = {
    "result": lambda future: future.set_result(42),
    "exception": lambda future: future.set_exception(KeyError("x")),
    "cancellation": lambda future: future.cancel(),
}


def outcome(future):
    if future.cancelled():
        return "cancelled"
    return repr(future.exception()) if future.exception() else future.result()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("complete", OUTCOMES.values(), ids=OUTCOMES)
@pytest.mark.parametrize("make_b", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("make_a", KINDS.values(), ids=KINDS)
@on_every_loop
async def test_a_chain(make_a, make_b, complete, when):
    a, b = make_a(), make_b()
    if when == "before":
        complete(a)
    chain_future(a, b)
    if when == "after":
        await turns()
        assert not b.done()
        complete(a)
    await turns()
    assert b.done()
    assert outcome(b) == outcome(a)


@pytest.mark.parametrize("complete", OUTCOMES.values(), ids=OUTCOMES)
@on_every_loop
async def test_a_chain_to_what_is_done_already(complete):
    a, b = create_future(), done_future("mine")
    chain_future(a, b)
    complete(a)
    await turns()
    assert b.result() == "mine"
    if not a.cancelled():
        a.exception()


@on_every_loop
async def test_what_no_coroutine_can_be_told():
    a, b = concurrent.futures.Future(), create_future()
    a.set_exception(StopIteration(3))
    chain_future(a, b)
    with pytest.raises(RuntimeError, match=r"StopIteration\(3\)"):
        await b


# Threads


def test_the_dummy_executor_calls_at_once():
    assert isinstance(dummy_executor, DummyExecutor)
    assert dummy_executor.submit(divmod, 7, 2).result(0) == (3, 1)
    assert dummy_executor.submit(int, "11", base=2).result(0) == 3
    assert isinstance(dummy_executor.submit(divmod, 7, 0).exception(0), ZeroDivisionError)
    dummy_executor.shutdown(wait=True, cancel_futures=True)
    assert dummy_executor.submit(abs, -1).result(0) == 1


class Service:
    def __init__(self, pool):
        self.executor = pool
        self._second = pool
        self.calls = 0

    @run_on_executor
    def add(self, a, b=1):
        "Adds."
        self.calls += 1
        return a + b, threading.current_thread()

    @run_on_executor()
    def fail(self):
        raise KeyError("x")

    @run_on_executor(executor="_second", io_loop="anything")
    def where(self):
        return threading.current_thread()


@pytest.fixture
def pool():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield pool


@on_every_loop
async def test_a_method_that_runs_in_a_thread(pool):
    service = Service(pool)
    future = service.add(2, b=3)
    assert isinstance(future, Future)
    result, thread = await future
    assert result == 5
    assert thread is not threading.current_thread()
    with pytest.raises(KeyError):
        await service.fail()
    assert await service.where() is thread
    assert Service.add.__name__ == "add"
    assert Service.add.__doc__ == "Adds."


@on_every_loop
async def test_a_method_on_the_dummy_executor():
    assert await Service(dummy_executor).where() is threading.current_thread()


@on_every_loop
async def test_a_call_that_is_cancelled_in_the_queue_is_not_made(pool):
    service = Service(pool)
    go = threading.Event()
    busy = pool.submit(go.wait)
    future = service.add(1)
    future.cancel()
    await turns()
    last = pool.submit(lambda: "last")
    go.set()
    assert await asyncio.wrap_future(last) == "last"
    assert busy.result(0)
    assert future.cancelled()
    assert service.calls == 0


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    [
        ((abs, abs), {}, ValueError),
        ((abs,), {"executor": "x"}, ValueError),
        ((), {"excutor": "x"}, TypeError),
    ],
)
def test_a_decorator_that_is_used_wrongly(args, kwargs, error):
    with pytest.raises(error, match=r"expected 1|cannot combine|takes executor=, not excutor="):
        run_on_executor(*args, **kwargs)


def test_a_partial_function_is_a_method_too(io_loop):
    """functools.wraps takes what there is to be taken."""
    decorated = run_on_executor(functools.partial(lambda factor, self, x: factor * x, 2))
    assert io_loop.run_sync(lambda: decorated(Service(dummy_executor), 21)) == 42
