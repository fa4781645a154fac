"""Debug mode, the exception handlers and task factories in their details."""

import asyncio
import contextlib
import inspect
import logging
import os
import socket
import subprocess
import sys
import threading

import pytest

from tornadolike.ioloop import IOLoop, core
from tornadolike.ioloop.poller import WRITE

from .test_stats import line_of, run_turns

# When it is on


@pytest.mark.parametrize(
    ("arguments", "environment", "debug"),
    [
        ([], {}, False),
        ([], {"PYTHONASYNCIODEBUG": "1"}, True),
        ([], {"PYTHONASYNCIODEBUG": ""}, False),
        (["-X", "dev"], {}, True),
        (["-E"], {"PYTHONASYNCIODEBUG": "1"}, False),
    ],
)
def test_how_it_is_switched_on_from_outside(arguments, environment, debug):
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "import tornadolike\n"
        "async def main(): return tornadolike.ioloop.IOLoop.current().get_debug()\n"
        "print(tornadolike.run(main()), end='')"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, *arguments, "-c", program],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == str(debug)


@pytest.mark.parametrize("at_first", [False, True])
def test_it_can_be_switched_while_the_loop_runs(virtual, expect_log, caplog, at_first):
    def slow():
        virtual.now += 1.0

    async def main():
        virtual.set_debug(not at_first)
        virtual.call_soon(slow)
        await asyncio.sleep(1)

    virtual.set_debug(at_first)
    if at_first:
        virtual.run_until_complete(main())
        assert caplog.records == []
    else:
        with expect_log("asyncio", "Executing .*slow"):
            virtual.run_until_complete(main())


def test_another_thread_may_switch_it(io_loop, thread):
    seen = []

    async def main():
        switched = asyncio.Event()

        def switch():
            io_loop.set_debug(True)
            io_loop.call_soon_threadsafe(switched.set)

        thread(switch)
        await switched.wait()
        seen.append(sys.get_coroutine_origin_tracking_depth())

    io_loop.run_until_complete(main())
    assert seen[0] > 0
    assert sys.get_coroutine_origin_tracking_depth() == 0


# What it reports


def test_slow_handlers_of_descriptors_are_logged_with_their_line(virtual, expect_log, pair):
    virtual.set_debug(True)

    def slow(fd, events):
        virtual.now += 1.0

    virtual.add_handler(pair[0], slow, WRITE)
    with expect_log("asyncio", rf"Executing .* at {line_of(slow)} took 1\.000 seconds"):
        run_turns(virtual, 1)
    virtual.remove_handler(pair[0])


@pytest.mark.parametrize(("seconds", "level"), [(0.5, logging.INFO), (0.05, logging.DEBUG)])
def test_slow_look_ups_are_logged(virtual, monkeypatch, expect_log, seconds, level):
    def look_up(*args):
        virtual.now += seconds
        return ["found"]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    virtual.set_debug(True)
    done = virtual._look_up_and_time("example.org", 80, 0, 0, 0, 0)
    assert done == ["found"]
    with expect_log("asyncio", rf"Looking up 'example.org', port 80 took {seconds:.3f} s") as log:
        virtual._look_up_and_time("example.org", 80, 0, 0, 0, 0)
    assert log.matched[0].levelno == level


def test_a_look_up_that_fails_is_logged_too(io_loop, monkeypatch, expect_log):
    def fail(*args):
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    io_loop.set_debug(True)
    with (
        expect_log("asyncio", r"Looking up 'nowhere', port None took .* seconds: None"),
        pytest.raises(socket.gaierror),
    ):
        io_loop.run_until_complete(io_loop.getaddrinfo("nowhere", None))


@pytest.mark.parametrize("debug", [False, True])
def test_look_ups_work_in_debug_mode_as_without(io_loop, debug):
    io_loop.set_debug(debug)
    found = io_loop.run_until_complete(
        io_loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    )
    assert found[0][4] == ("127.0.0.1", 80)
    name = io_loop.run_until_complete(io_loop.getnameinfo(("127.0.0.1", 80), 3))
    assert name == ("127.0.0.1", "80")


@pytest.mark.parametrize("bad", [None, 7, "name"])
def test_threads_run_only_what_can_be_called(io_loop, bad):
    io_loop.set_debug(True)
    with pytest.raises(TypeError, match="a callable object was expected by run_in_executor"):
        io_loop.run_in_executor(None, bad)


def test_coroutines_are_not_for_threads(io_loop):
    async def coroutine_function():
        pass

    coroutine = coroutine_function()
    io_loop.set_debug(True)
    for bad in (coroutine_function, coroutine):
        with pytest.raises(TypeError, match="coroutines cannot be used with run_in_executor"):
            io_loop.run_in_executor(None, bad)
    coroutine.close()


def test_a_default_executor_must_be_of_threads(io_loop):
    with pytest.raises(TypeError, match="executor must be ThreadPoolExecutor instance"):
        io_loop.set_default_executor(object())


def test_in_debug_mode_a_report_says_which_callback_was_running(io_loop, expect_log):
    """Although what is reported does not know where it was made."""
    io_loop.set_debug(True)
    io_loop.call_soon(io_loop.call_exception_handler, {"message": "text"})
    here = inspect.currentframe().f_lineno - 1
    with expect_log("asyncio", rf"(?s)text.Handle created at.*{__file__}\", line {here}"):
        run_turns(io_loop, 1)


def test_without_debug_mode_it_cannot(io_loop, expect_log):
    io_loop.call_soon(io_loop.call_exception_handler, {"message": "text"})
    with expect_log("asyncio", r"^text$"):
        run_turns(io_loop, 1)


# Exception handlers


class LoopWithHandler(IOLoop):
    def __init__(self, error=None):
        self.error = error
        self.contexts = []
        super().__init__(make_current=False)

    def default_exception_handler(self, context):
        self.contexts.append(context)
        if self.error is not None:
            raise self.error


def test_a_subclass_may_have_its_own_default_handler():
    with contextlib.closing(LoopWithHandler()) as loop:
        loop.call_exception_handler({"message": "text"})
        assert loop.contexts == [{"message": "text"}]

        def fail(loop, context):
            raise error

        error = ValueError("in the handler")
        loop.set_exception_handler(fail)
        loop.call_exception_handler({"message": "text"})
        assert loop.contexts[1:] == [
            {
                "message": "Unhandled error in exception handler",
                "exception": error,
                "context": {"message": "text"},
            }
        ]


@pytest.mark.parametrize("custom", [False, True])
def test_a_default_handler_that_fails_is_logged(expect_log, custom):
    with contextlib.closing(LoopWithHandler(ValueError("twice"))) as loop:
        if custom:
            loop.set_exception_handler(lambda loop, context: 1 / 0)
        with expect_log("asyncio", "Exception in default exception handler", count=1):
            loop.call_exception_handler({"message": "text"})


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_a_default_handler_may_end_the_process(error):
    with contextlib.closing(LoopWithHandler(error())) as loop, pytest.raises(error):
        loop.call_exception_handler({"message": "text"})


@pytest.mark.parametrize("bad", ["x", 7, object()])
def test_a_handler_is_callable_or_none(io_loop, bad):
    with pytest.raises(TypeError):
        io_loop.set_exception_handler(bad)
    io_loop.set_exception_handler(None)
    assert io_loop.get_exception_handler() is None


# Task factories


def make_noting_factory(noted):
    def factory(loop, coro, **kwargs):
        noted.append(kwargs)
        return asyncio.Task(coro, loop=loop, **kwargs)

    return factory


async def nothing():
    pass


@pytest.mark.parametrize("takes_names", [False, True])
def test_a_factory_gets_the_name_where_asyncio_gives_it(io_loop, monkeypatch, takes_names):
    monkeypatch.setattr(core, "FACTORIES_TAKE_NAMES", takes_names)
    noted = []
    io_loop.set_task_factory(make_noting_factory(noted))
    task = io_loop.create_task(nothing(), name="Ann")
    assert task.get_name() == "Ann"
    unnamed = io_loop.create_task(nothing())
    assert noted == ([{"name": "Ann"}, {}] if takes_names else [{}, {}])
    io_loop.run_until_complete(asyncio.gather(task, unnamed))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_the_eager_factory_of_asyncio(io_loop):
    steps = []

    async def child(wait):
        steps.append(asyncio.current_task().get_name().startswith("Task-"))
        if wait:
            await asyncio.sleep(0)
        return wait

    async def main():
        at_once = io_loop.create_task(child(False))
        waits = asyncio.create_task(child(True), name="Bo")
        assert at_once.done()
        assert not waits.done()
        assert waits.get_name() == "Bo"
        assert len(steps) == 2
        async with asyncio.timeout(1), asyncio.TaskGroup() as group:
            group.create_task(child(True))
        return await waits, at_once.result()

    io_loop.set_task_factory(asyncio.eager_task_factory)
    for debug in (False, True):
        steps.clear()
        io_loop.set_debug(debug)
        assert io_loop.run_until_complete(main()) == (True, False)
    assert io_loop.get_task_factory() is asyncio.eager_task_factory


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
@pytest.mark.parametrize("eager", [False, True])
def test_a_task_may_be_asked_to_start_at_once(io_loop, eager):
    """What create_task is given beyond a name and a context reaches the task."""

    async def main():
        return io_loop.create_task(nothing(), eager_start=eager).done()

    assert io_loop.run_until_complete(main()) is eager


@pytest.mark.parametrize("bad", ["x", 7])
def test_a_factory_is_callable_or_none(io_loop, bad):
    with pytest.raises(TypeError):
        io_loop.set_task_factory(bad)


# Threads at the end


def test_the_executor_can_be_shut_down_twice_and_without_ever_having_been(io_loop):
    io_loop.run_until_complete(io_loop.shutdown_default_executor())
    io_loop.run_until_complete(io_loop.shutdown_default_executor())


def test_a_shutdown_is_waited_for_by_two(io_loop):
    async def main():
        await io_loop.run_in_executor(None, threading.get_ident)
        await asyncio.gather(
            io_loop.shutdown_default_executor(), io_loop.shutdown_default_executor()
        )

    io_loop.run_until_complete(main())
