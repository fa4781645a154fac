"""Coroutines as tests."""

import asyncio

import pytest

from tests.testing.running import complaint, passes
from tornadolike import gen
from tornadolike.testing import AsyncTestCase, VirtualClock, gen_test


def test_kinds_of_tests():
    ran = []

    class Case(AsyncTestCase):
        @gen_test
        async def test_async(self):
            await asyncio.sleep(0)
            ran.append(asyncio.get_running_loop() is self.io_loop)

        @gen_test
        def test_generator(self):
            yield gen.moment
            ran.append((yield self.value()))

        @gen_test
        def test_plain(self):
            ran.append("plain")

        @gen_test(timeout=10)
        async def test_with_a_time_out(self):
            ran.append("limited")

        async def value(self):
            return "yielded"

    for name in ("async", "generator", "plain", "with_a_time_out"):
        passes(Case, f"test_{name}")
    assert ran == [True, "yielded", "plain", "limited"]


def test_names_and_arguments_are_kept():
    @gen_test
    async def test(self, *args, **kwargs):
        """What it says."""
        given.append((args, kwargs))

    class Case(AsyncTestCase):
        def test_it(self):
            test(self, 1, a=2)

    given = []
    passes(Case, "test_it")
    assert given == [((1,), {"a": 2})]
    assert (test.__name__, test.__doc__) == ("test", "What it says.")


def test_what_it_raises_fails_the_test():
    class Case(AsyncTestCase):
        @gen_test
        async def test(self):
            await asyncio.sleep(0)
            self.fail("as it should")

    assert "AssertionError: as it should" in complaint(Case)


class TestTimeOuts:
    @pytest.mark.parametrize("kind", ["async", "generator"])
    def test_the_traceback_shows_where_it_waits(self, kind):
        class Case(AsyncTestCase):
            @gen_test(timeout=0.01)
            async def test_async(self):
                await asyncio.Event().wait()  # here

            @gen_test(timeout=0.01)
            def test_generator(self):
                yield asyncio.Event().wait()  # here

        told = complaint(Case, f"test_{kind}")
        assert "# here" in told
        assert "TimeoutError: Operation timed out after 0.01 seconds" in told

    def test_who_does_not_want_to_be_cancelled_fails_too(self):
        class Case(AsyncTestCase):
            @gen_test(timeout=0.01)
            async def test(self):
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass

        assert "TimeoutError: Operation timed out" in complaint(Case)

    def test_what_else_it_raises_then_is_told(self):
        class Case(AsyncTestCase):
            @gen_test(timeout=0.01)
            async def test(self):
                try:
                    await asyncio.Event().wait()
                finally:
                    raise ValueError("cannot clean up")

        assert "cannot clean up" in complaint(Case)

    def test_a_cancelled_test_is_no_time_out(self):
        class Case(AsyncTestCase):
            @gen_test
            async def test(self):
                raise asyncio.CancelledError("by itself")

        assert "CancelledError: by itself" in complaint(Case)

    def test_the_environment_is_asked_where_the_test_is_defined(self, monkeypatch):
        monkeypatch.setenv("ASYNC_TEST_TIMEOUT", "0.02")

        class Case(AsyncTestCase):
            @gen_test
            async def test(self):
                await asyncio.Event().wait()

            @gen_test(timeout=100)
            async def test_longer(self):
                await asyncio.sleep(0.05)

        monkeypatch.delenv("ASYNC_TEST_TIMEOUT")
        assert "timed out after 0.02 seconds" in complaint(Case)
        passes(Case, "test_longer")

    def test_none_at_all(self):
        class Case(AsyncTestCase):
            @gen_test(timeout=0)
            async def test(self):
                await asyncio.sleep(0)
                assert self.io_loop.stats().timers == 0

        passes(Case)

    def test_they_are_in_real_seconds(self):
        class Case(AsyncTestCase):
            @gen_test(timeout=60)
            async def test(self):
                with VirtualClock():
                    await asyncio.sleep(3600)

            @gen_test(timeout=0.05)
            async def test_too_long(self):
                with VirtualClock():
                    await asyncio.Event().wait()

        passes(Case)
        assert "timed out after 0.05 seconds" in complaint(Case, "test_too_long")


def test_it_is_not_taken_for_a_test_itself():
    assert gen_test.__test__ is False
