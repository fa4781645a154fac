"""Tornado's names for IOLoops over asyncio's loops."""

import asyncio
import socket
import subprocess
import sys
import threading
import warnings

import pytest

from tornadolike.gen import BadYieldError
from tornadolike.ioloop import GuestLoop, IOLoop
from tornadolike.platform import asyncio as platform
from tornadolike.platform.asyncio import (
    AddThreadSelectorEventLoop,
    AsyncIOLoop,
    AsyncIOMainLoop,
    BaseAsyncIOLoop,
    to_asyncio_future,
    to_tornado_future,
)

PATIENCE = 10.0


@pytest.fixture(autouse=True)
def _nothing_current():
    yield
    IOLoop.clear_current()


# IOLoops


def test_the_main_loop_is_over_the_current_one(new_foreign_loop):
    foreign = new_foreign_loop()
    asyncio.set_event_loop(foreign)
    loop = AsyncIOMainLoop()
    loop.install()
    assert isinstance(loop, GuestLoop)
    assert loop.asyncio_loop is loop.selector_loop is foreign
    assert IOLoop.current() is loop
    with pytest.raises(RuntimeError, match="has an IOLoop already"):
        AsyncIOMainLoop()
    seen = []
    loop.add_callback(lambda: seen.append(IOLoop.current()))
    loop.add_callback(loop.stop)
    foreign.run_forever()
    assert seen == [loop]
    loop.close()
    assert foreign.is_closed()


def test_the_main_loop_of_a_running_one(new_foreign_loop):
    async def main():
        loop = AsyncIOMainLoop(make_current=False)
        assert IOLoop.current() is loop
        with pytest.raises(RuntimeError, match="has an IOLoop already"):
            AsyncIOMainLoop()

    with asyncio.Runner(loop_factory=new_foreign_loop) as runner:
        runner.run(main())


def test_our_own_loop_needs_none(io_loop):
    with pytest.raises(RuntimeError, match="is an IOLoop itself"):
        AsyncIOMainLoop()


def test_a_loop_over_a_new_one():
    loop = AsyncIOLoop()
    assert IOLoop.current() is loop
    assert asyncio.get_event_loop() is loop.asyncio_loop
    assert not isinstance(loop.asyncio_loop, IOLoop)
    assert loop.run_sync(lambda: asyncio.sleep(0, 42)) == 42
    other = AsyncIOLoop(make_current=False)
    assert IOLoop.current() is loop
    other.close()
    loop.close()
    assert loop.asyncio_loop.is_closed()
    assert IOLoop.current(instance=False) is None


def test_a_loop_over_a_given_one(new_foreign_loop):
    foreign = new_foreign_loop()
    loop = AsyncIOLoop(asyncio_loop=foreign, make_current=False)
    assert loop.asyncio_loop is foreign
    with pytest.raises(RuntimeError, match="has an IOLoop already"):
        AsyncIOLoop(asyncio_loop=foreign)
    loop.close()


def test_a_new_loop_that_cannot_be_used_is_closed(monkeypatch):
    made = []
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: made.append(IOLoop()) or made[0])
    with pytest.raises(RuntimeError, match="is an IOLoop itself"):
        AsyncIOLoop()
    assert made[0].is_closed()


def test_tornados_books():
    own = IOLoop()
    loop = AsyncIOLoop()
    assert loop.is_current
    assert loop.old_asyncio is own
    assert not loop.closing
    ours, theirs = socket.socketpair()
    with ours, theirs:
        loop.add_handler(ours, print, IOLoop.READ | IOLoop.WRITE)
        loop.add_handler(theirs.fileno(), len, IOLoop.READ)
        loop.update_handler(ours, IOLoop.WRITE)
        assert loop.handlers == {
            ours.fileno(): (ours, print),
            theirs.fileno(): (theirs.fileno(), len),
        }
        assert (loop.readers, loop.writers) == ({theirs.fileno()}, {ours.fileno()})
        loop.close()
    assert loop.closing
    assert not loop.is_current
    assert loop.handlers == {}
    assert loop.readers == loop.writers == set()
    own.close()


def test_subclasses_of_tornados_kind(new_foreign_loop):
    class Mine(BaseAsyncIOLoop):
        def initialize(self, name, **kwargs):
            self.name = name
            super().initialize(new_foreign_loop(), **kwargs)

    loop = Mine(name="one", make_current=False)
    assert loop.name == "one"
    loop.close()


def test_ioloop_can_be_configured_to_be_one():
    try:
        IOLoop.configure("tornadolike.platform.asyncio.AsyncIOLoop")
        loop = IOLoop(make_current=False)
        assert type(loop).__name__ == "AsyncIOLoop"
        loop.close()
    finally:
        IOLoop.configure(None)


PROGRAM = """
import asyncio
from tornadolike.platform.asyncio import AsyncIOMainLoop
from tornadolike.ioloop import IOLoop

asyncio.set_event_loop(asyncio.new_event_loop())
AsyncIOMainLoop().install()
IOLoop.current().call_later(0, IOLoop.current().stop)
asyncio.get_event_loop().run_forever()
print(type(IOLoop.current()).__name__)
IOLoop.current().close()
"""


def test_a_program_of_tornados_days():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=30,
        env={"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    assert (done.stdout, done.stderr) == ("AsyncIOMainLoop\n", "")


# Futures


def test_futures(io_loop):
    async def main():
        future = io_loop.create_future()
        assert to_tornado_future(future) is future
        assert to_asyncio_future(future) is future
        assert await to_asyncio_future(asyncio.sleep(0, 42)) == 42
        assert await to_asyncio_future([asyncio.sleep(0, 1), asyncio.sleep(0, 2)]) == [1, 2]
        with pytest.raises(BadYieldError):
            to_asyncio_future(42)

    io_loop.run_sync(main)


# The policy


@pytest.fixture
def policy():
    before = asyncio.get_event_loop_policy()
    with pytest.warns(DeprecationWarning, match=r"use asyncio\.run") as warned:
        policy = platform.AnyThreadEventLoopPolicy()
    assert warned[0].filename == __file__
    asyncio.set_event_loop_policy(policy)
    yield policy
    asyncio.set_event_loop_policy(before)


def in_a_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join(PATIENCE)
    return results[0]


def test_every_thread_has_a_loop(policy):
    def work():
        loop = asyncio.get_event_loop()
        assert asyncio.get_event_loop() is loop
        loop.close()
        asyncio.set_event_loop(None)
        return loop

    assert isinstance(in_a_thread(work), asyncio.AbstractEventLoop)


def test_ioloop_under_the_policy(policy):
    def work():
        loop = IOLoop.current()
        assert asyncio.get_event_loop() is loop
        loop.close()
        return loop

    assert type(in_a_thread(work)) is IOLoop


def test_naming_the_policy_warns_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert platform.AnyThreadEventLoopPolicy is platform.AnyThreadEventLoopPolicy
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        platform.Nothing  # noqa: B018 (it raises)


# The loop with a thread


def test_a_loop_with_readers_by_a_thread(new_foreign_loop):
    real = new_foreign_loop()
    loop = AddThreadSelectorEventLoop(real)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        heard = []

        def read():
            heard.append(ours.recv(100))
            loop.remove_reader(ours)
            loop.add_writer(ours, written)

        def written():
            heard.append("writable")
            assert loop.remove_writer(ours)
            assert not loop.remove_writer(ours)
            loop.stop()

        loop.add_reader(ours, read)
        loop.call_soon(theirs.send, b"x")
        loop.run_forever()
        assert heard == [b"x", "writable"]
        assert loop.get_debug() is False
        assert loop.time() - real.time() < 1
        assert loop.slow_callback_duration == real.slow_callback_duration
    loop.close()
    loop.close()
    assert real.is_closed()
