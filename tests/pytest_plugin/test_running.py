"""Coroutines that are tests, and coroutines that are fixtures."""

import re

import pytest

from tests.pytest_plugin.conftest import APP, Project


def test_kinds_of_tests(project: Project) -> None:
    project.write(
        "test_kinds.py",
        APP,
        """
        from tornadolike import gen

        pytestmark = pytest.mark.tornadolike

        async def test_plain():
            assert isinstance(asyncio.get_running_loop(), IOLoop)

        @pytest.mark.parametrize("number", [1, 2])
        async def test_parameters(number, tmp_path):
            assert number in (1, 2)

        class TestClass:
            @pytest.fixture
            async def value(self):
                self.seen = True
                return 42

            async def test_method(self, value):
                assert value == 42
                assert self.seen

            @staticmethod
            async def test_static():
                await asyncio.sleep(0)

        @gen.coroutine
        def test_decorated():
            yield gen.moment

        def test_generator():
            assert (yield asyncio.sleep(0, "slept")) == "slept"

        async def test_fails():
            assert 1 == 2

        async def test_skips():
            pytest.skip("not today")

        def test_plain_function():
            pass
        """,
    )
    done = project.run()
    outcomes = done.outcomes
    assert outcomes.pop("test_fails") == "FAILED", done.text
    assert "assert 1 == 2" in done.text
    assert "1 skipped" in done.text
    assert outcomes == dict.fromkeys(
        [
            *("test_plain", "test_parameters[1]", "test_parameters[2]", "test_decorated"),
            *("TestClass::test_method", "TestClass::test_static", "test_generator"),
            "test_plain_function",
        ],
        "PASSED",
    ), done.text


def test_fixtures(project: Project) -> None:
    project.write(
        "test_fixtures.py",
        APP,
        """
        from contextvars import ContextVar

        user = ContextVar("user", default="nobody")
        told = []

        @pytest.fixture
        async def simple():
            await asyncio.sleep(0)
            user.set("ann")
            return asyncio.get_running_loop()

        @pytest.fixture(params=["a", "b"])
        async def whole(request, simple):
            token = user.set("ben")
            yield request.param
            user.reset(token)
            told.append(request.param)

        @pytest.fixture
        def between():
            token = user.set("between")
            yield
            user.reset(token)

        async def test_simple(io_loop, simple):
            assert simple is asyncio.get_running_loop()
            assert user.get() == "ann"

        async def test_whole(io_loop, whole):
            assert whole in ("a", "b")
            assert user.get() == "ben"

        async def test_sync_fixture(io_loop, between):
            assert user.get() == "between"

        def test_sync_test(io_loop, whole):
            assert user.get() == "ben"

        def test_ended():
            assert told == ["a", "b", "a", "b"]
            assert user.get() == "nobody"
        """,
    )
    project.run("-p", "no:randomly").passed(
        *("test_simple", "test_whole[a]", "test_whole[b]", "test_sync_fixture"),
        *("test_sync_test[a]", "test_sync_test[b]", "test_ended"),
    )


def test_fixtures_that_are_wrong(project: Project) -> None:
    project.write(
        "test_wrong.py",
        APP,
        """
        @pytest.fixture
        async def empty():
            if False:
                yield

        @pytest.fixture
        async def twice():
            yield 1
            yield 2

        @pytest.fixture
        async def slow():
            await asyncio.sleep(1000)

        @pytest.fixture
        async def broken():
            raise ZeroDivisionError

        async def test_empty(io_loop, empty): pass
        async def test_twice(io_loop, twice): pass
        async def test_slow(io_loop, slow): pass
        async def test_broken(io_loop, broken): pass
        """,
    )
    done = project.run("--tornadolike-timeout=0.1")
    assert set(done.outcomes.values()) == {"ERROR"}, done.text
    assert "the fixture empty has yielded nothing" in done.text
    assert "the fixture twice yields more than once" in done.text
    assert "the fixture slow took longer than 0.1 seconds" in done.text
    assert "ZeroDivisionError" in done.text


def test_limits(project: Project) -> None:
    project.write(
        "test_limits.py",
        APP,
        """
        @pytest.mark.tornadolike(timeout=0.05)
        async def test_mark():
            await asyncio.Event().wait()  # here it waits

        async def test_environment(io_loop):
            await asyncio.Event().wait()

        @pytest.mark.tornadolike(timeout=0.05)
        async def test_stubborn():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass

        @pytest.mark.tornadolike(timeout=0)
        async def test_none():
            await asyncio.sleep(0.1)

        @pytest.mark.tornadolike
        async def test_cancelled():
            raise asyncio.CancelledError
        """,
    )
    done = project.run(ASYNC_TEST_TIMEOUT="0.06")
    outcomes = done.outcomes
    assert outcomes.pop("test_none") == "PASSED", done.text
    assert set(outcomes.values()) == {"FAILED"}, done.text
    assert len(outcomes) == 4
    assert re.search(r">\s+await asyncio.Event\(\).wait\(\)  # here it waits", done.text), done.text
    for name, seconds in (("mark", 0.05), ("environment", 0.06), ("stubborn", 0.05)):
        assert f"test_{name} took longer than {seconds} seconds" in done.text
    assert "test_cancelled took" not in done.text


def test_interrupted(project: Project) -> None:
    project.write(
        "test_interrupted.py",
        APP,
        """
        import os, signal

        @pytest.fixture
        async def value():
            yield 1
            print("the fixture has ended")

        @pytest.mark.tornadolike(timeout=0)
        async def test_it(io_loop, value):
            io_loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
            try:
                await asyncio.Event().wait()
            finally:
                print("the test has ended")

        def test_never():
            assert False
        """,
    )
    project.configure(tornadolike_check="tasks descriptors errors")
    done = project.run("-s")
    assert done.status == pytest.ExitCode.INTERRUPTED, done.text
    assert "the test has ended" in done.text
    assert "the fixture has ended" in done.text
    assert "left something behind" not in done.text
    assert "test_never" not in done.outcomes


def test_hypothesis(project: Project) -> None:
    project.write(
        "test_given.py",
        APP,
        """
        from hypothesis import given, settings, strategies, HealthCheck

        seen = set()

        @pytest.mark.tornadolike
        @settings(database=None, max_examples=20, deadline=None)
        @given(number=strategies.integers(0, 3))
        async def test_numbers(number):
            await asyncio.sleep(0)
            seen.add(number)

        def test_seen():
            assert seen >= {0}
        """,
    )
    project.run(plugins="hypothesis").passed("test_numbers", "test_seen")
