"""Test cases with a loop each."""

import asyncio
import contextlib
import gc
import socket
import unittest

import pytest

from tests.testing.running import complaint, outcome, passes
from tornadolike.ioloop import IOLoop
from tornadolike.platform.asyncio import AsyncIOLoop, AsyncIOMainLoop
from tornadolike.testing import AsyncTestCase, gen_test, setup_with_context_manager


def test_each_test_has_a_loop_of_its_own():
    loops = []

    class Case(AsyncTestCase):
        def test(self):
            assert IOLoop.current() is self.io_loop
            assert asyncio.get_event_loop_policy().get_event_loop() is self.io_loop
            loops.append(self.io_loop)

    passes(Case)
    passes(Case)
    assert loops[0] is not loops[1]
    assert loops[0].is_closed()
    assert IOLoop.current(instance=False) is None


class TestWaiting:
    def test_what_stop_is_given_is_returned(self):
        class Case(AsyncTestCase):
            def test(self):
                self.io_loop.add_callback(self.stop, "word")
                assert self.wait() == "word"
                self.io_loop.add_callback(self.stop, a=1, b=2)
                assert self.wait() == {"a": 1, "b": 2}
                self.stop("before")
                assert self.wait() == "before"
                self.stop()
                assert self.wait() is None
                with pytest.raises(TypeError, match="one argument"):
                    self.stop("word", a=1)

        passes(Case)

    def test_a_condition_is_waited_for(self):
        class Case(AsyncTestCase):
            def test(self):
                def more():
                    asked.append(None)
                    self.io_loop.add_callback(self.stop)
                    return len(asked) == 3

                asked = []
                self.io_loop.add_callback(self.stop)
                self.wait(more)
                assert len(asked) == 3

        passes(Case)

    def test_who_never_stops_fails(self):
        class Case(AsyncTestCase):
            def test(self):
                self.wait(timeout=0.01)

        result = outcome(Case)
        assert "Async operation timed out after 0.01 seconds" in result.failures[0][1]

    def test_the_time_out_of_the_environment(self, monkeypatch):
        class Case(AsyncTestCase):
            def test(self):
                self.wait()

        monkeypatch.setenv("ASYNC_TEST_TIMEOUT", "0.02")
        assert "timed out after 0.02 seconds" in complaint(Case)

    def test_without_a_limit_there_is_no_timer(self):
        class Case(AsyncTestCase):
            def test(self):
                self.io_loop.add_callback(lambda: self.stop(self.io_loop.stats().timers))
                assert self.wait(timeout=0) == 0
                self.io_loop.add_callback(lambda: self.stop(self.io_loop.stats().timers))
                assert self.wait(timeout=9) == 1
                assert self.io_loop.stats().timers == 0

        passes(Case)


class TestEnding:
    def test_tasks_that_are_left_are_cancelled(self):
        ended = []

        class Case(AsyncTestCase):
            def test(self):
                async def for_ever():
                    try:
                        await asyncio.Event().wait()
                    finally:
                        await asyncio.sleep(0)
                        ended.append(asyncio.get_running_loop())

                self.io_loop.add_callback(for_ever)
                self.io_loop.add_callback(self.stop)
                self.wait()

        passes(Case)
        assert len(ended) == 1

    def test_what_they_raise_then_fails_the_test(self):
        class Case(AsyncTestCase):
            @gen_test
            async def test(self):
                async def bad_loser():
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        raise ValueError("not with me") from None

                self.task = asyncio.create_task(bad_loser())
                await asyncio.sleep(0)

        assert "ValueError: not with me" in complaint(Case)

    def test_a_task_that_does_not_end_fails_the_test(self, monkeypatch, expect_log):
        class Case(AsyncTestCase):
            @gen_test
            async def test(self):
                async def stubborn():
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.Event().wait()
                    await asyncio.Event().wait()

                self.task = asyncio.create_task(stubborn())
                await asyncio.sleep(0)

        monkeypatch.setenv("ASYNC_TEST_TIMEOUT", "0.02")
        with expect_log("asyncio", "Task was destroyed but it is pending"):
            assert "TimeoutError: Operation timed out after 0.02 seconds" in complaint(Case)
            gc.collect()

    def test_generators_are_closed(self):
        class Case(AsyncTestCase):
            @gen_test
            async def test(self):
                async def numbers():
                    try:
                        yield 1
                    finally:
                        closed.append(True)

                self.left = numbers()
                await anext(self.left)

        closed = []
        passes(Case)
        assert closed

    def test_descriptors_of_handlers_are_closed(self):
        ends = socket.socketpair()

        class Case(AsyncTestCase):
            def test(self):
                self.io_loop.add_handler(ends[0], lambda fd, events: None, IOLoop.READ)

        passes(Case)
        assert ends[0].fileno() == -1
        ends[1].close()

    def test_a_set_up_that_fails_leaves_no_loop(self):
        class Case(AsyncTestCase):
            def setUp(self):
                super().setUp()
                loops.append(self.io_loop)
                raise ValueError("not today")

            def test(self):
                raise AssertionError

        loops = []
        assert "not today" in complaint(Case)
        assert loops[0].is_closed()

    def test_a_failure_behind_the_test_is_raised(self):
        class Case(AsyncTestCase):
            def tearDown(self):
                super().tearDown()
                self._failure = ValueError("late")

            def test(self):
                pass

        with pytest.raises(ValueError, match="late"):
            outcome(Case)


class TestForgottenCoroutines:
    def test_a_coroutine(self):
        class Case(AsyncTestCase):
            async def test(self):
                raise AssertionError

        assert "should be decorated with tornadolike.testing.gen_test" in complaint(Case)

    def test_a_generator(self):
        class Case(AsyncTestCase):
            def test(self):
                yield

        assert "should be decorated with tornadolike.testing.gen_test" in complaint(Case)

    def test_a_value(self):
        class Case(AsyncTestCase):
            def test(self):
                return 42

        assert "Return value from test method ignored: 42" in complaint(Case)


class TestOtherLoops:
    @pytest.mark.parametrize("kind", [AsyncIOLoop, AsyncIOMainLoop])
    def test_loops_of_asyncio(self, kind):
        """The main loop is somebody else's to close."""
        theirs = asyncio.new_event_loop()
        asyncio.set_event_loop(theirs)

        class Case(AsyncTestCase):
            def get_new_ioloop(self):
                return kind(make_current=False)

            @gen_test
            async def test(self):
                loops.append(asyncio.get_running_loop())
                await asyncio.sleep(0)

        loops = []
        with pytest.warns(DeprecationWarning, match="get_new_ioloop is deprecated"):
            passes(Case)
        assert loops[0].is_closed() == (kind is AsyncIOLoop)
        assert (loops[0] is theirs) == (kind is AsyncIOMainLoop)
        theirs.close()


def test_context_managers_around_a_test():
    class Case(unittest.TestCase):
        def setUp(self):
            assert setup_with_context_manager(self, around()) == "given"

        def test(self):
            events.append("test")

        def tearDown(self):
            events.append("tearDown")

    @contextlib.contextmanager
    def around():
        events.append("enter")
        yield "given"
        events.append("exit")

    events = []
    passes(Case)
    assert events == ["enter", "test", "tearDown", "exit"]
