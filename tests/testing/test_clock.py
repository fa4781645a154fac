"""Time that jumps."""

import asyncio
import functools
import socket
import sys
import threading
import time
import unittest
from concurrent.futures import Future

import pytest

from tests.conftest import PATIENCE
from tests.testing.running import passes
from tornadolike import ioloop
from tornadolike.httpclient import AsyncHTTPClient, HTTPClientError
from tornadolike.httpserver import HTTPServer
from tornadolike.ioloop import IOLoop, PeriodicCallback
from tornadolike.testing import VirtualClock, bind_unused_port
from tornadolike.testing.limits import RealLimit
from tornadolike.web import Application, RequestHandler


def jumping(**options):
    """The test is a method, and a coroutine that gets a loop and its clock."""

    def decorate(test):
        def run(self):
            async def main():
                with VirtualClock(**options) as clock:
                    await test(self, IOLoop.current(), clock)

            ioloop.run(main())

        return run

    return decorate


class TestJumping:
    @jumping(alone=True)
    async def test_a_day_takes_no_time(self, loop, clock):
        began, really = loop.time(), time.monotonic()
        await asyncio.sleep(86400)
        assert loop.time() - began == 86400
        assert clock.time() == loop.time()
        assert time.monotonic() - really < PATIENCE

    @jumping(alone=True)
    async def test_what_is_due_runs_in_order_at_its_time(self, loop, clock):
        began = loop.time()
        ran = []
        for seconds in (30, 10, 20, 10):
            loop.call_later(seconds, lambda: ran.append(loop.time() - began))
        every_quarter = PeriodicCallback(lambda: ran.append("tick"), 15_000)
        every_quarter.start()
        await asyncio.sleep(31)
        every_quarter.stop()
        assert ran == [10, 10, "tick", 20, 30, "tick"]

    @jumping(alone=True)
    async def test_time_stands_still_while_there_is_something_to_do(self, loop, clock):
        began = loop.time()
        loop.call_later(0.001, lambda: late.append(True))
        late = []
        for _ in range(1000):
            await asyncio.sleep(0)
        assert loop.time() == began
        assert not late

    @jumping(alone=True)
    async def test_time_outs(self, loop, clock):
        began = loop.time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.sleep(61)
        assert loop.time() - began == 60
        async with asyncio.timeout(60):
            await asyncio.sleep(59)

    @jumping(alone=True)
    async def test_it_can_be_put_forward(self, loop, clock):
        began = loop.time()
        ran = []
        loop.call_later(10, lambda: ran.append(loop.time() - began))
        clock.advance(25)
        assert not ran
        await asyncio.sleep(0.5)
        assert ran == [25]
        for seconds in (-1, float("nan"), float("inf")):
            with pytest.raises(ValueError, match="put forward only"):
                clock.advance(seconds)

    def test_waiting_for_ever_alone_fails(self, io_loop):
        with VirtualClock(io_loop, alone=True), pytest.raises(RuntimeError, match="for ever"):
            io_loop.run_sync(asyncio.Event().wait)
        io_loop.run_sync(functools.partial(asyncio.sleep, 0))  # the loop goes on

    def test_debug_mode_and_statistics(self, io_loop):
        async def main():
            began = io_loop.time()
            await asyncio.sleep(3600)
            return io_loop.time() - began

        io_loop.set_debug(True)
        io_loop.watch_lag()
        with VirtualClock(io_loop):
            assert io_loop.run_sync(main) == 3600
        assert io_loop.stats().turns > 0
        assert io_loop.stats().timer_lag.max == 0.0


class Slow(RequestHandler):
    async def get(self):
        await asyncio.sleep(30)
        self.write("late")


class TestRealSockets:
    @jumping()
    async def test_a_server_and_its_client_on_one_loop(self, loop, clock):
        sock, port = bind_unused_port()
        server = HTTPServer(Application([("/", Slow)]))
        server.add_sockets([sock])
        client = AsyncHTTPClient(force_instance=True)
        url = f"http://127.0.0.1:{port}/"
        try:
            began = loop.time()
            for _ in range(20):
                response = await client.fetch(url, request_timeout=31)
                assert response.body == b"late"
            assert loop.time() - began == 600
            with pytest.raises(HTTPClientError, match="Timeout"):
                await client.fetch(url, request_timeout=29)
            assert loop.time() - began == 629
        finally:
            client.close()
            server.stop()
            await server.close_all_connections()

    @jumping()
    async def test_data_that_is_there_comes_before_a_timer(self, loop, clock):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            reading = asyncio.ensure_future(loop.sock_recv(ours, 10))
            began = loop.time()
            await asyncio.sleep(0)
            theirs.send(b"here")
            done, _ = await asyncio.wait([reading], timeout=60)
            assert loop.time() == began
            assert done.pop().result() == b"here"

    @jumping(patience=PATIENCE)
    async def test_patience_with_other_threads(self, loop, clock):
        ours, theirs = socket.socketpair()
        asked = threading.Event()

        def answer():
            assert asked.wait(PATIENCE)
            theirs.send(b"answer")

        with ours, theirs:
            ours.setblocking(False)
            thread = threading.Thread(target=answer)
            thread.start()
            began = loop.time()
            loop.call_soon(asked.set)
            async with asyncio.timeout(60):
                assert await loop.sock_recv(ours, 10) == b"answer"
            thread.join()
            assert loop.time() == began

    @jumping()
    async def test_without_timers_it_really_waits(self, loop, clock):
        woken = asyncio.Event()
        thread = threading.Thread(target=loop.add_callback, args=[woken.set])
        began = loop.time()
        loop.call_soon(thread.start)
        await woken.wait()
        thread.join()
        assert loop.time() == began


class TestPolling:
    """What the kernel is asked, by a clock that is asked by nobody else."""

    @pytest.fixture
    def sockets(self, io_loop):
        ends = socket.socketpair()
        io_loop.add_handler(ends[0], lambda fd, events: None, IOLoop.READ)
        yield
        for end in ends:
            end.close()

    def polls(self, clock, timeout, events=()):
        """The seconds that the clock lets the kernel wait, one after another."""
        asked = []

        def kernel(seconds, most):
            asked.append(seconds)
            return list(events)

        began = clock.time()
        assert clock.poll(kernel, timeout, 100) == list(events)
        return asked, clock.time() - began

    def test_it_jumps_at_once_where_nothing_is_watched(self, io_loop):
        clock = VirtualClock(io_loop).start()
        assert self.polls(clock, 60.0) == ([0.0], 60.0)

    def test_it_is_a_little_patient_with_descriptors(self, io_loop, sockets):
        clock = VirtualClock(io_loop).start()
        assert self.polls(clock, 60.0) == ([0.001], 60.0)

    @pytest.mark.parametrize("patience", [0.0, 0.5])
    def test_as_patient_as_it_is_told_to_be(self, io_loop, sockets, patience):
        clock = VirtualClock(io_loop, patience=patience).start()
        assert self.polls(clock, 60.0) == ([patience], 60.0)

    @pytest.mark.parametrize("timeout", [0.0, 60.0, -1.0])
    def test_what_is_ready_comes_first(self, io_loop, timeout):
        clock = VirtualClock(io_loop, alone=True).start()
        assert self.polls(clock, timeout, events=[(1, IOLoop.READ)]) == ([0.0], 0.0)

    def test_with_no_timer_it_really_waits(self, io_loop):
        clock = VirtualClock(io_loop).start()
        assert self.polls(clock, -1.0) == ([0.0, -1.0], 0.0)

    @pytest.mark.parametrize("wait", ["for a job", "for ever"])
    def test_but_no_longer_than_the_test_may_take(self, io_loop, wait):
        clock = VirtualClock(io_loop).start()
        if wait == "for a job":
            clock.job_begun(Future())
        limit = RealLimit(io_loop, 100, lambda: None)
        asked, jumped = self.polls(clock, 60.0 if wait == "for a job" else -1.0)
        assert 90 < asked[-1] <= 100
        assert jumped == 0.0
        limit.cancel()

    def test_a_stopped_clock_waits_as_it_is_asked_to(self, io_loop, sockets):
        clock = VirtualClock(io_loop).start()
        clock.stop()
        asked, jumped = self.polls(clock, 60.0)
        assert asked == [60.0]
        assert jumped < PATIENCE


class TestJobs:
    @jumping(alone=True)
    async def test_time_stands_still_while_a_thread_works(self, loop, clock):
        began = loop.time()
        resume = threading.Event()
        job = loop.run_in_executor(None, resume.wait, PATIENCE)
        loop.call_later(60, lambda: early.append(job.done()))
        early = []
        for _ in range(100):  # the loop is idle at times
            await asyncio.to_thread(int)
        assert loop.time() == began
        resume.set()
        assert await job
        await asyncio.sleep(60)
        assert early == [True]

    @jumping(alone=True)
    async def test_what_fails_or_is_cancelled_holds_it_no_longer(self, loop, clock):
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        resume = threading.Event()
        job = loop.run_in_executor(None, resume.wait, PATIENCE)
        job.cancel()
        resume.set()
        began = loop.time()
        await asyncio.sleep(60)
        assert loop.time() - began == 60


class TestStartingAndStopping:
    def test_a_foreign_loop_keeps_its_time(self):
        async def main():
            with pytest.raises(RuntimeError, match="keeps to the real time"):
                VirtualClock().start()

        asyncio.run(main())

    def test_before_the_loop_runs(self, io_loop):
        clock = VirtualClock(io_loop).start()
        began = io_loop.time()
        io_loop.run_sync(functools.partial(asyncio.sleep, 3600))
        assert io_loop.time() - began == 3600
        assert io_loop.clock is clock

    def test_time_does_not_go_back_or_leap(self, io_loop):
        before = io_loop.time()
        clock = VirtualClock(io_loop).start()
        assert before <= clock.time() <= before + 1
        assert clock.time() * 1024 == int(clock.time() * 1024)
        began = clock.time()
        assert io_loop.time() == began
        clock.advance(3600)
        clock.stop()
        clock.stop()
        assert 3600 <= io_loop.time() - began < 3600 + PATIENCE
        with pytest.raises(RuntimeError, match="not running"):
            clock.advance(1)

    def test_after_it_time_passes_as_it_does(self, io_loop):
        async def main():
            with VirtualClock():
                await asyncio.sleep(3600)
                timer = io_loop.call_later(0.02, lambda: None)
            began, really = io_loop.time(), time.monotonic()
            await asyncio.sleep(0.03)
            assert timer.when() <= io_loop.time()
            assert io_loop.time() - began >= 0.03
            assert time.monotonic() - really >= 0.03

        io_loop.run_sync(main)

    def test_one_at_a_time(self, io_loop):
        first = VirtualClock(io_loop).start()
        first.advance(100)
        with pytest.raises(RuntimeError, match="has a virtual clock already"):
            VirtualClock(io_loop).start()
        first.stop()
        now = io_loop.time()
        with VirtualClock(io_loop) as second:
            assert now <= second.time() < now + PATIENCE
        with first:
            assert io_loop.clock is first

    def test_a_closed_loop_has_no_time(self, io_loop):
        io_loop.close()
        with pytest.raises(RuntimeError, match="closed"):
            VirtualClock(io_loop).start()

    @pytest.mark.parametrize("patience", [-1, float("nan"), float("inf")])
    def test_impossible_patience(self, patience):
        with pytest.raises(ValueError, match="patience should be"):
            VirtualClock(patience=patience)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="loop_factory is new in Python 3.13")
def test_in_pythons_own_test_cases():
    class Case(unittest.IsolatedAsyncioTestCase):
        loop_factory = IOLoop

        async def test(self):
            loop = asyncio.get_running_loop()
            assert isinstance(loop, IOLoop)
            with VirtualClock():
                began = loop.time()
                await asyncio.sleep(3600)
                assert loop.time() - began == 3600

    passes(Case)
