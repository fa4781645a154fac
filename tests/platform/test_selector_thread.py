"""Readers and writers by a thread."""

import asyncio
import contextvars
import os
import socket
import subprocess
import sys

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.platform.selector_thread import SelectorThread

PATIENCE = 10.0
variable = contextvars.ContextVar("variable", default="default")


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture(params=["foreign", "own"])
def loop(request, new_foreign_loop):
    loop = IOLoop(make_current=False) if request.param == "own" else new_foreign_loop()
    yield loop
    loop.close()


@pytest.fixture
def selector(loop):
    selector = SelectorThread(loop)
    yield selector
    selector.close()


def until(loop, condition):
    async def wait():
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.001)

    loop.run_until_complete(wait())


def test_what_stays_ready_is_reported_again(loop, selector, pair):
    ours, theirs = pair
    calls = []
    selector.add_reader(ours, calls.append, 1)
    theirs.send(b"x")
    until(loop, lambda: len(calls) >= 3)
    assert selector.remove_reader(ours)
    assert not selector.remove_reader(ours.fileno())
    del calls[:]
    until(loop, lambda: True)
    assert calls == []


def test_the_last_callback_counts(loop, selector, pair):
    calls = []
    selector.add_writer(pair[0], calls.append, "first")
    selector.add_writer(pair[0], calls.append, "second")
    until(loop, lambda: calls)
    assert set(calls) == {"second"}


def test_one_removes_another(loop, selector, pair):
    calls = []

    def remove_the_other(mine, other):
        calls.append(mine)
        selector.remove_writer(other)

    selector.add_writer(pair[0], remove_the_other, 0, pair[1])
    selector.add_writer(pair[1], remove_the_other, 1, pair[0])
    until(loop, lambda: len(calls) >= 3)
    assert len(set(calls)) == 1


def test_a_change_wakes_the_thread(loop, selector, pair):
    """It waits for one descriptor, and then is to wait for another."""
    calls = []
    selector.add_reader(pair[0], print)
    until(loop, lambda: selector._thread is not None)
    for _ in range(3):
        selector.add_writer(pair[1], calls.append, 1)
        until(loop, lambda: calls)
        selector.remove_writer(pair[1])
        del calls[:]


def test_a_callback_that_raises_is_reported(loop, selector, pair, expect_log):
    calls = []

    def fail():
        calls.append(1)
        if len(calls) == 2:
            selector.remove_writer(pair[0])
        raise ValueError

    selector.add_writer(pair[0], fail)
    with expect_log("asyncio", "Exception in the callback of descriptor", count=2):
        until(loop, lambda: len(calls) == 2)


def test_an_exit_goes_through(loop, selector, pair):
    def leave():
        raise SystemExit

    selector.add_writer(pair[0], leave)
    with pytest.raises(SystemExit):
        loop.run_forever()


def test_a_descriptor_that_is_closed_is_forgotten(loop, selector, pair):
    reading, writing = os.pipe()

    async def main():
        while selector._thread is None:
            await asyncio.sleep(0)
        selector.add_reader(reading, print)
        os.close(reading)
        called = asyncio.Event()
        selector.add_writer(pair[0], called.set)
        async with asyncio.timeout(PATIENCE):
            await called.wait()
            while reading in selector._readers:
                await asyncio.sleep(0.001)

    loop.run_until_complete(main())
    os.close(writing)


def test_callbacks_run_in_the_context_of_the_beginning(loop, pair):
    seen = []
    token = variable.set("then")
    selector = SelectorThread(loop)
    variable.reset(token)
    selector.add_writer(pair[0], lambda: seen.append(variable.get()))
    until(loop, lambda: seen)
    assert seen[0] == "then"
    selector.close()


def test_more_calls_than_the_pair_of_sockets_holds(loop, selector, pair):
    calls = []
    for _ in range(5000):
        selector.add_writer(pair[0], calls.append, 1)
    until(loop, lambda: calls)


def test_after_the_end(loop, selector, pair):
    until(loop, lambda: selector._thread is not None)
    thread = selector._thread
    selector.close()
    assert not thread.is_alive()
    with pytest.raises(RuntimeError, match="is closed"):
        selector.add_reader(pair[0], print)
    assert not selector.remove_reader(pair[0])
    selector.close()


def test_a_loop_that_never_runs_has_no_thread(loop, pair):
    selector = SelectorThread(loop)
    selector.add_reader(pair[0], print)
    selector.close()
    assert selector._thread is None
    until(loop, lambda: True)
    assert selector._thread is None, "nor later"


def test_the_end_of_the_loop_is_the_threads(new_foreign_loop, pair):
    async def main():
        selector = SelectorThread(asyncio.get_running_loop())
        heard = asyncio.Event()
        selector.add_reader(pair[0], heard.set)
        pair[1].send(b"x")
        async with asyncio.timeout(PATIENCE):
            await heard.wait()
        return selector

    with asyncio.Runner(loop_factory=new_foreign_loop) as runner:
        selector = runner.run(main())
        thread = selector._thread
        assert thread.is_alive()
    assert not thread.is_alive()
    assert selector._hearing.fileno() == -1


def test_a_loop_that_is_closed_without_a_word(new_foreign_loop, pair):
    loop = new_foreign_loop()
    selector = SelectorThread(loop)
    selector.add_reader(pair[0], print)
    until(loop, lambda: selector._thread is not None)
    loop.close()
    pair[1].send(b"x")
    selector._thread.join(PATIENCE)
    assert not selector._thread.is_alive()
    selector.close()


PROGRAM = """
import asyncio, socket
from tornadolike.platform.asyncio import SelectorThread

async def main():
    global selector, pair
    pair = socket.socketpair()
    selector = SelectorThread(asyncio.get_running_loop())
    selector.add_reader(pair[0], print)
    await asyncio.sleep(0.01)

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
loop.close()
print("over")
"""


def test_the_interpreter_ends_nevertheless():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=30,
        env={"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")
