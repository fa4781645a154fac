"""How long a test may take."""

import asyncio
import gc
import time
import weakref

import pytest

from tests.running import turns
from tornadolike.ioloop import IOLoop
from tornadolike.testing import VirtualClock, get_async_test_timeout
from tornadolike.testing.limits import RealLimit, run_limited


@pytest.mark.parametrize(
    ("said", "seconds"), [(None, 5.0), ("0.5", 0.5), ("60", 60.0), ("soon", 5.0), ("", 5.0)]
)
def test_the_environment(monkeypatch, said, seconds):
    monkeypatch.delenv("ASYNC_TEST_TIMEOUT", raising=False)
    if said is not None:
        monkeypatch.setenv("ASYNC_TEST_TIMEOUT", said)
    assert get_async_test_timeout() == seconds


class TestRunning:
    def test_the_result(self, io_loop):
        async def main():
            await asyncio.sleep(0)
            return "done"

        for seconds in (10, 0, None):
            assert run_limited(io_loop, main, seconds) == "done"
        assert RealLimit.of(io_loop) is None
        assert not io_loop._timers or io_loop._timers[0][2].cancelled()

    def test_what_it_raises(self, io_loop):
        async def main():
            raise ValueError("as it is")

        with pytest.raises(ValueError, match="as it is"):
            run_limited(io_loop, main, 10)
        assert RealLimit.of(io_loop) is None

    def test_the_end(self, io_loop):
        async def main():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.append(True)
                raise

        ended = []
        with pytest.raises(TimeoutError, match=r"timed out after 0\.01 seconds"):
            run_limited(io_loop, main, 0.01)
        assert ended

    def test_a_time_out_of_the_program_is_its_own(self, io_loop):
        async def main():
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError) as caught:
            run_limited(io_loop, main, 100)
        assert "Operation" not in str(caught.value)

    def test_a_foreign_loop(self):
        foreign = asyncio.new_event_loop()
        asyncio.set_event_loop(foreign)
        try:
            with pytest.raises(TimeoutError):
                run_limited(IOLoop.current(), asyncio.Event().wait, 0.01)
        finally:
            asyncio.set_event_loop(None)
            foreign.close()


class TestLimit:
    def test_it_comes_once(self, io_loop):
        async def main():
            ended = asyncio.Event()
            limit = RealLimit(io_loop, 0.01, ended.set)
            assert RealLimit.of(io_loop) is limit
            assert 0 < limit.seconds_left() <= 0.01
            await ended.wait()
            assert limit.expired
            assert limit.seconds_left() == 0.0
            assert RealLimit.of(io_loop) is None

        io_loop.run_sync(main)

    def test_a_cancelled_one_does_not_come(self, io_loop):
        async def main():
            came = []
            limit = RealLimit(io_loop, 0.0, lambda: came.append(True))
            limit.cancel()
            await turns()
            assert not came
            assert not limit.expired

        io_loop.run_sync(main)

    @pytest.mark.parametrize("first", ["limit", "clock"])
    def test_a_clock_that_jumps_does_not_bring_it(self, io_loop, first):
        async def main():
            clock = VirtualClock().start() if first == "clock" else None
            limit = RealLimit(io_loop, 100, lambda: None)
            clock = clock or VirtualClock().start()
            await asyncio.sleep(3600)
            assert not limit.expired
            clock.stop()
            assert 90 < limit._timer.when() - io_loop.time() <= 100  # it has one again
            limit.cancel()

        io_loop.run_sync(main)

    @pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
    def test_it_comes_in_real_time_where_the_clock_jumps(self, io_loop, busy):
        async def main():
            ended = asyncio.Event()
            began = time.monotonic()
            limit = RealLimit(io_loop, 0.02, ended.set)
            with VirtualClock():
                while busy and not ended.is_set():
                    await asyncio.sleep(60)
                await ended.wait()
            assert limit.expired
            assert time.monotonic() - began >= 0.02

        io_loop.run_sync(main)

    def test_it_does_not_keep_the_loop(self):
        loop = IOLoop(make_current=False)
        RealLimit(loop, 100, lambda: None)
        loop.close()
        alive = weakref.ref(loop)
        del loop
        gc.collect()
        assert alive() is None
