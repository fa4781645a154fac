"""The loop as asyncio's tasks, futures and tools see it."""

import asyncio
import concurrent.futures
import contextvars
import gc
import logging
import os
import signal
import socket
import sys
import threading
import weakref

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.handles import ORIGIN_DEPTH
from tornadolike.ioloop.poller import WRITE

from .test_reactor import run_turns

variable = contextvars.ContextVar("variable", default="default")


class Failed(Exception):
    """What the tests raise and find again."""


async def fail(after=0):
    for _ in range(after):
        await asyncio.sleep(0)
    raise Failed


async def answer(value=42, after=0):
    for _ in range(after):
        await asyncio.sleep(0)
    return value


# run_until_complete


def test_a_coroutine_gives_its_result(loop):
    assert loop.run_until_complete(answer()) == 42
    assert loop.run_until_complete(answer(43, after=3)) == 43


def test_a_future_gives_its_result(io_loop):
    future = io_loop.create_future()
    io_loop.call_soon(future.set_result, 1)
    assert io_loop.run_until_complete(future) == 1
    assert io_loop.run_until_complete(future) == 1  # it is done


def test_any_awaitable_will_do(io_loop):
    class Awaitable:
        def __await__(self):
            return answer().__await__()

    assert io_loop.run_until_complete(Awaitable()) == 42


@pytest.mark.parametrize("after", [0, 2])
def test_an_exception_is_raised(io_loop, after):
    with pytest.raises(Failed):
        io_loop.run_until_complete(fail(after))
    assert not io_loop.is_running()


def test_a_failed_future_is_raised(io_loop):
    future = io_loop.create_future()
    future.set_exception(Failed())
    with pytest.raises(Failed):
        io_loop.run_until_complete(future)


def test_a_cancelled_future_is_raised(io_loop):
    future = io_loop.create_future()
    future.cancel()
    with pytest.raises(asyncio.CancelledError):
        io_loop.run_until_complete(future)
    task = io_loop.create_task(answer(after=5))
    io_loop.call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        io_loop.run_until_complete(task)


def test_a_foreign_future_is_refused(io_loop):
    other = IOLoop(make_current=False)
    with pytest.raises(ValueError, match="belongs to a different loop"):
        io_loop.run_until_complete(other.create_future())
    other.close()


def test_what_cannot_be_awaited_is_refused(io_loop):
    with pytest.raises(TypeError):
        io_loop.run_until_complete(42)


def test_a_stop_before_the_end_is_an_error(io_loop):
    task = io_loop.create_task(answer(after=3))
    io_loop.call_soon(io_loop.stop)
    with pytest.raises(RuntimeError, match="stopped before Future completed"):
        io_loop.run_until_complete(task)
    # The end of the first one is no reason to stop any more.
    assert io_loop.run_until_complete(answer(43, after=6)) == 43
    assert task.result() == 42


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
def test_a_process_exit_in_the_coroutine(io_loop, exit_error):
    async def leave():
        await asyncio.sleep(0)
        raise exit_error("out")

    with pytest.raises(exit_error, match="out"):
        io_loop.run_until_complete(leave())
    # Its end is still in the ready queue, and must not stop the next run.
    assert io_loop.run_until_complete(answer(after=3)) == 42


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
def test_a_process_exit_is_not_reported_beside_being_raised(io_loop, exit_error):
    async def leave():
        raise exit_error

    with pytest.raises(exit_error):
        io_loop.run_until_complete(leave())
    io_loop.close()
    gc.collect()


@pytest.mark.parametrize("running", ["itself", "another"])
def test_inside_a_running_loop_it_is_refused_and_the_coroutine_not_started(io_loop, running):
    inner = io_loop if running == "itself" else IOLoop(make_current=False)
    started = []

    async def never():
        started.append(1)

    async def main():
        coroutine = never()
        with pytest.raises(RuntimeError, match="running"):
            inner.run_until_complete(coroutine)
        coroutine.close()
        await asyncio.sleep(0)

    io_loop.run_until_complete(main())
    run_turns(inner, 2)
    assert not started
    inner.close()


def test_a_closed_loop_is_refused(io_loop):
    io_loop.close()
    coroutine = answer()
    with pytest.raises(RuntimeError, match="closed"):
        io_loop.run_until_complete(coroutine)
    with pytest.raises(RuntimeError, match="closed"):
        io_loop.create_task(coroutine)
    coroutine.close()


def test_a_task_left_behind_by_a_stop_is_not_reported(io_loop):
    """run_until_complete has raised already; "Task was destroyed" beside it would be noise."""
    io_loop.call_soon(io_loop.stop)
    with pytest.raises(RuntimeError):
        io_loop.run_until_complete(answer(after=5))
    io_loop.close()
    gc.collect()


# Callbacks (the reactor's own tests say the rest)


def test_timers_take_keyword_arguments(virtual):
    calls = []
    virtual.call_later(1, lambda **kwargs: calls.append(kwargs), a=1)
    virtual.call_at(1001.0, lambda **kwargs: calls.append(kwargs), b=2)
    virtual.call_later(1, virtual.stop)
    virtual.run_forever()
    assert calls == [{"a": 1}, {"b": 2}]


# Tasks


def test_a_task_has_what_it_was_given(io_loop):
    context = contextvars.copy_context()
    context.run(variable.set, "of the context")

    async def look():
        return variable.get(), asyncio.current_task().get_name()

    task = io_loop.create_task(look(), name="name", context=context)
    assert isinstance(task, asyncio.Task)
    assert task.get_loop() is io_loop
    assert io_loop.run_until_complete(task) == ("of the context", "name")


def test_a_future_belongs_to_the_loop(io_loop):
    future = io_loop.create_future()
    assert isinstance(future, asyncio.Future)
    assert future.get_loop() is io_loop


def test_a_task_factory_makes_the_tasks(io_loop):
    made = []

    def factory(loop, coro, **kwargs):
        made.append(kwargs)
        return asyncio.Task(coro, loop=loop, **kwargs)

    io_loop.set_task_factory(factory)
    assert io_loop.get_task_factory() is factory
    context = contextvars.copy_context()
    task = io_loop.create_task(answer(1), name="mine", context=context)
    assert task.get_name() == "mine"
    assert io_loop.run_until_complete(task) == 1
    assert made == [{"context": context}]
    io_loop.set_task_factory(None)
    assert io_loop.get_task_factory() is None
    with pytest.raises(TypeError):
        io_loop.set_task_factory(1)


def test_a_task_factory_of_two_arguments_will_do(io_loop):
    io_loop.set_task_factory(lambda loop, coro: asyncio.Task(coro, loop=loop))
    assert io_loop.run_until_complete(io_loop.create_task(answer(), context=None)) == 42
    assert io_loop.run_until_complete(io_loop.create_task(answer(), name=None)) == 42
    assert io_loop.run_until_complete(io_loop.start_task(answer())) == 42


def test_a_task_factory_may_give_something_else(io_loop):
    thing = io_loop.create_future()

    def factory(loop, coro):
        coro.close()
        return thing

    io_loop.set_task_factory(factory)
    assert io_loop.create_task(answer(), name="no name") is thing


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_tasks(io_loop):
    io_loop.set_task_factory(asyncio.eager_task_factory)

    async def main():
        at_once = asyncio.create_task(answer(1), name="first")
        assert at_once.done()
        suspended = asyncio.create_task(answer(2, after=1), name="second")
        assert not suspended.done()
        assert suspended.get_name() == "second"
        async with asyncio.TaskGroup() as group:
            third = group.create_task(answer(3))
            fourth = group.create_task(answer(4, after=2))
        assert io_loop.start_task(answer(5)).result() == 5
        return [at_once.result(), await suspended, third.result(), fourth.result()]

    assert io_loop.run_until_complete(main()) == [1, 2, 3, 4]


# start_task: called by the reactor's own callbacks, as the server does


def in_callback(loop, function):
    """The result of ``function`` called as a callback of the loop, outside of any task."""
    outcome = []

    def call():
        try:
            outcome.append(function())
        except BaseException as error:
            outcome.append(error)
        loop.call_soon(loop.stop)

    loop.call_soon(call)
    loop.run_forever()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def test_a_started_task_takes_its_first_step_at_once(io_loop):
    seen = []

    async def look():
        seen.append((asyncio.current_task(), asyncio.get_running_loop()))
        return 42

    def start():
        before = len(io_loop._ready)
        task = io_loop.start_task(look())
        assert task.done()
        assert len(io_loop._ready) == before  # not even a turn of the loop
        assert asyncio.current_task() is None
        return task

    task = in_callback(io_loop, start)
    assert task.result() == 42
    assert seen == [(task, io_loop)]


def test_a_started_task_goes_on_where_it_suspends(io_loop):
    async def suspend():
        steps.append(1)
        await asyncio.sleep(0)
        steps.append(2)
        return asyncio.current_task()

    steps = []
    task = in_callback(io_loop, lambda: io_loop.start_task(suspend()))
    assert steps[0] == 1
    assert io_loop.run_until_complete(task) is task
    assert steps == [1, 2]


def test_a_started_task_can_fail_at_once(io_loop):
    task = in_callback(io_loop, lambda: io_loop.start_task(fail()))
    with pytest.raises(Failed):
        task.result()


def test_a_started_task_can_cancel_itself(io_loop):
    async def cancel():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    task = in_callback(io_loop, lambda: io_loop.start_task(cancel()))
    with pytest.raises(asyncio.CancelledError):
        io_loop.run_until_complete(task)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("start", ["create_task", "start_task"])
def test_a_task_that_failed_is_gone_when_nobody_holds_it(io_loop, start, debug):
    """Its exception holds the frames in which it was raised; none of them may hold the task."""
    io_loop.set_debug(debug)
    tasks = []
    gc.collect()
    gc.disable()
    try:
        io_loop.call_soon(lambda: tasks.append(getattr(io_loop, start)(fail())))
        run_turns(io_loop, 2)
        assert isinstance(tasks[0].exception(), Failed)
        reference = weakref.ref(tasks.pop())
        assert reference() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
def test_a_started_task_can_end_the_process(io_loop, exit_error):
    async def leave():
        tasks.append(asyncio.current_task())
        raise exit_error

    tasks = []
    io_loop.call_soon(lambda: io_loop.start_task(leave()))
    with pytest.raises(exit_error):
        io_loop.run_forever()
    assert isinstance(tasks[0].exception(), exit_error)
    run_turns(io_loop)
    assert asyncio.current_task(io_loop) is None


def test_a_time_out_works_from_the_first_step_on(virtual):
    async def wait():
        try:
            async with asyncio.timeout(5):
                await virtual.create_future()
        except TimeoutError:
            return virtual.now

    task = in_callback(virtual, lambda: virtual.start_task(wait()))
    assert virtual.run_until_complete(task) == 1005.0


def test_a_group_of_tasks_works_from_the_first_step_on(io_loop):
    async def work():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(answer(number, after=number)) for number in range(3)]
        return [task.result() for task in tasks]

    task = in_callback(io_loop, lambda: io_loop.start_task(work()))
    assert io_loop.run_until_complete(task) == [0, 1, 2]


def test_a_started_task_has_a_context_of_its_own(io_loop):
    async def change():
        seen.append(variable.get())
        variable.set("changed")
        await asyncio.sleep(0)
        seen.append(variable.get())

    def start():
        variable.set("outside")
        task = io_loop.start_task(change())
        assert variable.get() == "outside"
        return task

    seen = []
    io_loop.run_until_complete(in_callback(io_loop, start))
    assert seen == ["outside", "changed"]


def test_a_started_task_runs_in_the_context_it_is_given(io_loop):
    context = contextvars.copy_context()
    in_callback(io_loop, lambda: io_loop.start_task(set_variable("given"), context))
    assert context[variable] == "given"
    assert variable.get() != "given"


async def set_variable(value):
    variable.set(value)


def test_inside_a_task_the_first_step_waits(io_loop):
    """Tasks do not nest: the step of one inside the step of another would lose the current task."""

    async def main():
        task = io_loop.start_task(answer())
        assert not task.done()
        assert asyncio.current_task() is main_task
        return await task

    main_task = io_loop.create_task(main())
    assert io_loop.run_until_complete(main_task) == 42


def test_before_the_loop_runs_the_first_step_waits(io_loop):
    async def look():
        return asyncio.get_running_loop()

    task = io_loop.start_task(look())
    assert not task.done()
    assert io_loop.run_until_complete(task) is io_loop


def test_with_a_task_factory_the_first_step_is_its_business(io_loop):
    io_loop.set_task_factory(lambda loop, coro, **kwargs: asyncio.Task(coro, loop=loop, **kwargs))
    task = in_callback(io_loop, lambda: io_loop.start_task(answer()))
    assert io_loop.run_until_complete(task) == 42


def test_a_callback_that_came_behind_the_first_step_is_not_taken_for_it(io_loop, monkeypatch):
    """On 3.11 the step is fetched from the end of the ready queue, where threads append too."""
    real_task = asyncio.Task
    ran = []

    def disturbed(coro, *, loop, **kwargs):
        task = real_task(coro, loop=loop, **kwargs)
        loop.call_soon_threadsafe(ran.append, "from a thread")
        return task

    def start():
        monkeypatch.setattr(asyncio, "Task", disturbed)
        task = io_loop.start_task(answer())
        monkeypatch.undo()
        assert ran == []
        return task

    task = in_callback(io_loop, start)
    assert io_loop.run_until_complete(task) == 42
    assert ran == ["from a thread"]


def test_a_started_task_in_a_watcher(loop, pair):
    """Where the server starts them: inside the dispatch."""
    tasks = []

    def ready(events):
        loop.unwatch(pair[0].fileno())
        tasks.append(loop.start_task(answer()))
        assert tasks[0].done()
        loop.stop()

    loop.watch(pair[0].fileno(), ready, WRITE)
    loop.run_forever()
    assert tasks[0].result() == 42


# What callbacks return


def test_adopted_work_is_held_while_it_waits(io_loop):
    """asyncio holds tasks weakly: one that waits for something only it knows would be collected."""

    async def wait():
        future = io_loop.create_future()
        futures.append(weakref.ref(future))
        await future

    futures = []
    task = weakref.ref(io_loop.adopt(wait(), "callback"))
    run_turns(io_loop, 2)
    gc.collect()
    assert task() is not None
    futures[0]().set_result(None)
    run_turns(io_loop, 3)
    gc.collect()
    assert task() is None
    assert not io_loop._background


# Executors


def test_a_function_runs_in_a_thread(loop):
    async def main():
        return await loop.run_in_executor(None, threading.current_thread)

    assert loop.run_until_complete(main()) is not threading.current_thread()
    loop.run_until_complete(loop.shutdown_default_executor())


def test_an_exception_comes_out_of_the_thread(io_loop):
    with pytest.raises(ValueError, match="invalid literal"):
        io_loop.run_until_complete(io_loop.run_in_executor(None, int, "x"))
    io_loop.run_until_complete(io_loop.shutdown_default_executor())


def test_an_executor_of_ones_own(io_loop):
    with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="mine") as executor:
        thread = io_loop.run_until_complete(
            io_loop.run_in_executor(executor, threading.current_thread)
        )
        assert thread.name.startswith("mine")
        io_loop.set_default_executor(executor)
        thread = io_loop.run_until_complete(asyncio.to_thread(threading.current_thread))
        assert thread.name.startswith("mine")
    with pytest.raises(TypeError, match="ThreadPoolExecutor"):
        io_loop.set_default_executor(object())


def test_to_thread_keeps_the_context(io_loop):
    async def main():
        variable.set("of the task")
        return await asyncio.to_thread(variable.get)

    assert io_loop.run_until_complete(main()) == "of the task"
    io_loop.run_until_complete(io_loop.shutdown_default_executor())


def test_after_the_shutdown_the_default_executor_takes_no_more(io_loop):
    async def main():
        await io_loop.run_in_executor(None, int)
        await io_loop.shutdown_default_executor()
        with pytest.raises(RuntimeError, match="shutdown"):
            io_loop.run_in_executor(None, int)
        await io_loop.shutdown_default_executor()

    io_loop.run_until_complete(main())


def test_the_shutdown_waits_for_the_threads(io_loop):
    release = threading.Event()
    done = []

    def work():
        release.wait(10)
        done.append(1)

    async def main():
        future = io_loop.run_in_executor(None, work)
        shutdown = asyncio.create_task(io_loop.shutdown_default_executor())
        await asyncio.sleep(0)
        assert not shutdown.done()
        release.set()
        await shutdown
        assert done == [1]
        await future

    io_loop.run_until_complete(main())


def test_the_shutdown_waits_only_so_long(io_loop):
    release = threading.Event()

    async def main():
        future = io_loop.run_in_executor(None, release.wait, 10)
        with pytest.warns(RuntimeWarning, match=r"did not end within 0\.01 seconds"):
            await io_loop.shutdown_default_executor(timeout=0.01)
        release.set()
        await future

    io_loop.run_until_complete(main())


def test_a_shutdown_that_fails_is_raised_and_not_waited_for(io_loop):
    class Stubborn(concurrent.futures.ThreadPoolExecutor):
        def shutdown(self, *args, **kwargs):
            super().shutdown(*args, **kwargs)
            if kwargs.get("wait"):
                raise Failed

    io_loop.set_default_executor(Stubborn(1))
    with pytest.raises(Failed):
        io_loop.run_until_complete(io_loop.shutdown_default_executor())


def test_closing_does_not_wait_for_the_threads(io_loop):
    release = threading.Event()
    started = threading.Event()

    def work():
        started.set()
        release.wait(10)

    io_loop.run_in_executor(None, work).cancel()
    started.wait(10)
    thread = next(t for t in threading.enumerate() if t.name.startswith("tornadolike"))
    io_loop.close()
    assert thread.is_alive()
    release.set()
    thread.join(10)
    with pytest.raises(RuntimeError, match="closed"):
        io_loop.run_in_executor(None, int)


def test_coroutines_are_not_for_threads(io_loop):
    io_loop.set_debug(True)
    with pytest.raises(TypeError, match="coroutines"):
        io_loop.run_in_executor(None, answer)


def test_names_are_looked_up_in_a_thread(io_loop):
    async def main():
        addresses = await io_loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        names = await io_loop.getnameinfo(
            ("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        )
        return addresses[0][4], names

    assert io_loop.run_until_complete(main()) == (("127.0.0.1", 80), ("127.0.0.1", "80"))
    io_loop.run_until_complete(io_loop.shutdown_default_executor())


# Asynchronous generators


async def numbers(closed):
    try:
        for number in range(10):
            yield number
            await asyncio.sleep(0)
    finally:
        await asyncio.sleep(0)
        closed.append(asyncio.current_task())


def test_a_generator_that_is_dropped_is_closed_by_the_loop(io_loop):
    closed = []

    async def main():
        async for number in numbers(closed):
            assert number == 0
            break
        gc.collect()
        while not closed:
            await asyncio.sleep(0)

    io_loop.run_until_complete(main())
    assert closed != [None]


def test_generators_that_are_left_are_closed_at_the_shutdown(io_loop):
    closed = []

    async def main():
        generators = [numbers(closed), numbers(closed)]
        for generator in generators:
            assert await anext(generator) == 0
        return generators

    generators = io_loop.run_until_complete(main())
    io_loop.run_until_complete(io_loop.shutdown_asyncgens())
    assert len(closed) == 2
    with pytest.raises(StopAsyncIteration):
        io_loop.run_until_complete(anext(generators[0]))


def test_the_shutdown_without_generators_is_no_work(io_loop):
    io_loop.run_until_complete(io_loop.shutdown_asyncgens())
    io_loop.run_until_complete(io_loop.shutdown_asyncgens())


def test_a_generator_that_fails_to_close_is_reported(io_loop, expect_log):
    async def generate():
        try:
            yield 1
        finally:
            raise Failed

    async def main():
        generators.append(generate())
        await anext(generators[0])

    generators = []
    io_loop.run_until_complete(main())
    with expect_log("asyncio", "closing of asynchronous generator", count=1):
        io_loop.run_until_complete(io_loop.shutdown_asyncgens())


def test_a_generator_after_the_shutdown_is_warned_of(io_loop):
    async def main():
        await io_loop.shutdown_asyncgens()
        generator = numbers([])
        with pytest.warns(ResourceWarning, match="after shutdown_asyncgens"):
            await anext(generator)
        await generator.aclose()

    io_loop.run_until_complete(main())


# The tools of asyncio, unmodified


async def tool_sleep():
    return await asyncio.sleep(0.001, "slept")


async def tool_gather():
    results = await asyncio.gather(answer(1, 3), answer(2), fail(1), return_exceptions=True)
    return results[:2] if isinstance(results[2], Failed) else None


async def tool_wait():
    tasks = [asyncio.create_task(answer(number, 5 * number)) for number in range(3)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait(pending)
    return len(done), sorted(task.result() for task in tasks)


async def tool_as_completed():
    return [await each for each in asyncio.as_completed([answer(1, 5), answer(2, 1)])]


async def tool_wait_for():
    assert await asyncio.wait_for(answer(after=2), 5) == 42
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.get_running_loop().create_future(), 0.001)
    return "waited"


async def tool_timeout():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.sleep(100)
    async with asyncio.timeout(None) as limit:
        limit.reschedule(asyncio.get_running_loop().time() + 100)
    return "in time"


async def tool_shield():
    inner = asyncio.create_task(answer(after=5))
    outer = asyncio.create_task(asyncio.wait_for(asyncio.shield(inner), 10))
    await asyncio.sleep(0)
    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer
    return await inner


async def tool_task_group():
    sleepers = []

    async def run_group():
        async with asyncio.TaskGroup() as group:
            sleepers.append(group.create_task(asyncio.sleep(100)))
            group.create_task(fail(2))

    with pytest.raises(ExceptionGroup) as caught:
        await run_group()
    return sleepers[0].cancelled(), [type(error) for error in caught.value.exceptions]


async def tool_queue():
    queue = asyncio.Queue(maxsize=1)

    async def produce():
        for number in range(5):
            await queue.put(number)

    producer = asyncio.create_task(produce())
    received = []
    for _ in range(5):
        received.append(await queue.get())
        queue.task_done()
    await queue.join()
    await producer
    return received


async def tool_lock():
    lock = asyncio.Lock()
    order = []

    async def hold(number):
        async with lock:
            order.append(number)
            await asyncio.sleep(0)
            order.append(number)

    await asyncio.gather(*(hold(number) for number in range(3)))
    return order


async def tool_event():
    event = asyncio.Event()
    waiters = [asyncio.create_task(event.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    event.set()
    return await asyncio.gather(*waiters)


async def tool_condition():
    condition = asyncio.Condition()
    ready = []

    async def wait():
        async with condition:
            await condition.wait_for(lambda: ready)
            return ready[0]

    waiter = asyncio.create_task(wait())
    await asyncio.sleep(0)
    async with condition:
        ready.append("ready")
        condition.notify_all()
    return await waiter


async def tool_semaphore():
    semaphore = asyncio.BoundedSemaphore(2)
    inside = []
    most = []

    async def enter():
        async with semaphore:
            inside.append(1)
            most.append(len(inside))
            await asyncio.sleep(0)
            inside.pop()

    await asyncio.gather(*(enter() for _ in range(6)))
    return max(most)


async def tool_barrier():
    barrier = asyncio.Barrier(3)
    return sorted(await asyncio.gather(*(barrier.wait() for _ in range(3))))


async def tool_run_coroutine_threadsafe():
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(
        lambda: asyncio.run_coroutine_threadsafe(answer(after=2), loop).result(10)
    )


@pytest.mark.parametrize(
    ("tool", "result"),
    [
        (tool_sleep, "slept"),
        (tool_gather, [1, 2]),
        (tool_wait, (1, [0, 1, 2])),
        (tool_as_completed, [2, 1]),
        (tool_wait_for, "waited"),
        (tool_timeout, "in time"),
        (tool_shield, 42),
        (tool_task_group, (True, [Failed])),
        (tool_queue, [0, 1, 2, 3, 4]),
        (tool_lock, [0, 0, 1, 1, 2, 2]),
        (tool_event, [True, True, True]),
        (tool_condition, "ready"),
        (tool_semaphore, 2),
        (tool_barrier, [0, 1, 2]),
        (tool_run_coroutine_threadsafe, 42),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_the_tools_of_asyncio_work(tool, result, debug):
    with asyncio.Runner(loop_factory=IOLoop, debug=debug) as runner:
        assert runner.run(tool()) == result


def test_a_sleep_takes_its_time(virtual):
    async def main():
        await asyncio.sleep(3600)
        await asyncio.gather(asyncio.sleep(10), asyncio.sleep(20))
        return virtual.now

    assert virtual.run_until_complete(main()) == 1000 + 3600 + 20


# asyncio.Runner


def test_a_runner_takes_the_loop(io_loop):
    async def main():
        assert isinstance(asyncio.get_running_loop(), IOLoop)
        return variable.get()

    with asyncio.Runner(loop_factory=IOLoop) as runner:
        loop = runner.get_loop()
        assert runner.run(main()) == variable.get()
        assert runner.run(answer()) == 42
    assert loop.is_closed()


def test_a_runner_cleans_up(expect_log):
    """Tasks are cancelled, generators closed, threads ended."""
    ended = []

    async def forever():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("task")

    async def fail_at_the_end():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise Failed

    async def generate():
        try:
            yield
        finally:
            ended.append("generator")

    async def main():
        tasks.append(asyncio.create_task(forever()))
        tasks.append(asyncio.create_task(fail_at_the_end()))
        generators.append(generate())
        await anext(generators[0])
        return await asyncio.to_thread(threading.current_thread)

    tasks, generators = [], []
    expected = expect_log("asyncio", "unhandled exception during asyncio.run")
    with expected, asyncio.Runner(loop_factory=IOLoop) as runner:
        thread = runner.run(main())
    assert sorted(ended) == ["generator", "task"]
    assert tasks[0].cancelled()
    assert not thread.is_alive()


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_cancels_what_the_runner_runs(thread):
    """While the loop sleeps; and afterwards Ctrl-C is what it was."""
    ended = []

    async def main():
        try:
            thread(press_ctrl_c)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with asyncio.Runner(loop_factory=IOLoop) as runner, pytest.raises(KeyboardInterrupt):
        runner.run(main())
    assert ended == ["cancelled"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_coroutine_may_survive_ctrl_c(thread):
    async def main():
        try:
            thread(press_ctrl_c)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return "survived"

    with asyncio.Runner(loop_factory=IOLoop) as runner:
        assert runner.run(main()) == "survived"


def test_a_second_ctrl_c_is_immediate(thread):
    async def main():
        try:
            thread(press_ctrl_c)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            thread(press_ctrl_c)
            while True:
                await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=IOLoop) as runner, pytest.raises(KeyboardInterrupt):
        runner.run(main())


def test_a_handler_of_ones_own_for_ctrl_c(thread):
    async def main():
        loop = asyncio.get_running_loop()
        heard = loop.create_future()
        loop.add_signal_handler(signal.SIGINT, heard.set_result, "heard")
        thread(press_ctrl_c)
        return await heard

    with asyncio.Runner(loop_factory=IOLoop) as runner:
        assert runner.run(main()) == "heard"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# Errors


def test_the_exception_handler_gets_the_loop_and_the_context(io_loop):
    calls = []

    def handler(loop, context):
        calls.append((loop, context))

    assert io_loop.get_exception_handler() is None
    io_loop.set_exception_handler(handler)
    assert io_loop.get_exception_handler() is handler
    context = {"message": "text", "future": io_loop.create_future()}
    io_loop.call_exception_handler(context)
    assert calls == [(io_loop, context)]
    with pytest.raises(TypeError, match="callable"):
        io_loop.set_exception_handler(1)
    io_loop.set_exception_handler(None)
    assert io_loop.get_exception_handler() is None


def test_the_default_handler_logs_all_there_is(io_loop, expect_log):
    with expect_log("asyncio", "Unhandled exception in event loop\nextra: 1\nfuture: <Future"):
        io_loop.call_exception_handler({"future": io_loop.create_future(), "extra": 1})
    with expect_log("asyncio", "^text$") as expected:
        io_loop.call_exception_handler({"message": "text", "exception": Failed("why")})
    assert "why" in logging.Formatter().format(expected.matched[0])
    io_loop.set_debug(True)
    with expect_log("asyncio", f"Object created at (.|\n)*{__file__}"):
        io_loop.call_soon(int, "x")
        run_turns(io_loop)


def test_a_custom_handler_may_defer_to_the_default(io_loop, expect_log):
    io_loop.set_exception_handler(lambda loop, context: loop.default_exception_handler(context))
    with expect_log("asyncio", "text"):
        io_loop.call_exception_handler({"message": "text"})


@pytest.mark.parametrize("error", [Failed, asyncio.CancelledError, GeneratorExit])
def test_a_handler_that_raises_is_reported_itself(io_loop, expect_log, error):
    def handler(loop, context):
        raise error

    io_loop.set_exception_handler(handler)
    with expect_log("asyncio", "(?s)Unhandled error in exception handler.*text"):
        io_loop.call_exception_handler({"message": "text"})


@pytest.mark.parametrize("exit_error", [SystemExit, KeyboardInterrupt])
def test_a_handler_may_end_the_process(io_loop, exit_error):
    def handler(loop, context):
        raise exit_error

    io_loop.set_exception_handler(handler)
    io_loop.call_soon(int, "x")
    with pytest.raises(exit_error):
        run_turns(io_loop)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks tell their context since Python 3.12")
def test_the_handler_sees_the_context_of_the_task(io_loop):
    seen = []
    io_loop.set_exception_handler(lambda loop, context: seen.append(variable.get()))

    async def main():
        variable.set("of the task")
        io_loop.call_exception_handler({"task": asyncio.current_task()})  # it is entered now
        return asyncio.current_task()

    task = io_loop.run_until_complete(main())
    io_loop.call_exception_handler({"message": "", "task": task})
    io_loop.call_exception_handler({"message": ""})
    assert seen == ["of the task", "of the task", variable.get()]


def test_a_task_that_nobody_awaits_is_reported_with_its_exception(io_loop, expect_log):
    io_loop.create_task(fail())
    with expect_log("asyncio", "Task exception was never retrieved"):
        run_turns(io_loop, 2)
        gc.collect()


# Debug mode


def test_debug_mode_comes_from_the_environment(monkeypatch):
    for value, debug in (("", False), ("1", True)):
        monkeypatch.setenv("PYTHONASYNCIODEBUG", value)
        loop = IOLoop(make_current=False)
        assert loop.get_debug() is debug
        loop.close()


def test_debug_mode_reports_slow_callbacks(virtual, expect_log):
    virtual.set_debug(True)
    virtual.slow_callback_duration = 2.0

    def work(seconds):
        virtual.now += seconds

    virtual.call_soon(work, 1.9)
    run_turns(virtual)
    with expect_log("asyncio", r"Executing .*work.*test_core.py:\d+.* took 2\.000", count=1):
        virtual.call_soon(work, 2.0)
        run_turns(virtual)


def test_debug_mode_reports_slow_steps_by_their_task(virtual, expect_log):
    virtual.set_debug(True)

    async def work():
        virtual.now += 1.0

    with expect_log("asyncio", r"Executing <Task .*work.*> took 1\.000 seconds"):
        virtual.run_until_complete(work())


def test_debug_mode_reports_slow_watchers(virtual, expect_log, pair):
    virtual.set_debug(True)

    def slow_watcher(events):
        virtual.now += 1.0

    virtual.watch(pair[0].fileno(), slow_watcher, WRITE)
    with expect_log("asyncio", r"Executing .*slow_watcher.* took 1\.000 seconds"):
        run_turns(virtual)
    virtual.unwatch(pair[0].fileno())


def test_without_debug_mode_nothing_is_reported(virtual, caplog):
    virtual.call_soon(setattr, virtual, "now", 2000.0)
    run_turns(virtual)
    assert caplog.records == []


def test_debug_mode_knows_where_forgotten_coroutines_were_made(io_loop):
    depths = []

    def look():
        depths.append(sys.get_coroutine_origin_tracking_depth())

    io_loop.call_soon(look)
    run_turns(io_loop)
    io_loop.call_soon(io_loop.set_debug, True)
    io_loop.call_soon(io_loop.call_soon, io_loop.call_soon, look)
    run_turns(io_loop, 3)
    look()
    io_loop.call_soon(look)
    run_turns(io_loop)
    io_loop.call_soon(io_loop.set_debug, False)
    io_loop.call_soon(io_loop.call_soon, io_loop.call_soon, look)
    run_turns(io_loop, 3)
    assert depths == [0, ORIGIN_DEPTH, 0, ORIGIN_DEPTH, 0]


def test_a_watcher_that_raises_is_reported(io_loop, pair):
    contexts = []
    io_loop.set_exception_handler(lambda loop, context: contexts.append(context))

    def watcher(events):
        raise Failed

    io_loop.watch(pair[0].fileno(), watcher, WRITE)
    run_turns(io_loop)
    io_loop.unwatch(pair[0].fileno())
    assert isinstance(contexts[0]["exception"], Failed)
    assert "watcher" in contexts[0]["message"]


def test_a_loop_that_nobody_closed_complains_and_closes_itself():
    loop = IOLoop(make_current=False)
    fds = loop._wake_up.fileno(), loop._poller.fileno()
    with pytest.warns(ResourceWarning, match="unclosed event loop <IOLoop"):
        loop.__del__()
    assert loop.is_closed()
    for fd in fds:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_it_tells_about_itself(io_loop):
    assert repr(io_loop) == "<IOLoop running=False closed=False debug=False>"


def test_it_is_a_loop_of_asyncio_by_its_own_means(io_loop):
    assert isinstance(io_loop, asyncio.AbstractEventLoop)
    assert not isinstance(io_loop, asyncio.BaseEventLoop)
