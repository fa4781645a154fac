"""The plugin among others: what it does where nobody wants anything of it, and where others have its names."""

import subprocess
import sys

from tests.pytest_plugin.conftest import APP, ROOT, Project

LIGHT = """
import sys
import pytest
before = set(sys.modules)
import tornadolike.pytest_plugin
new = set(sys.modules) - before
allowed = {name for name in new if name.startswith("tornadolike.pytest_plugin")} | {"tornadolike"}
assert "asyncio" in before or "asyncio" not in new, "asyncio is imported"
assert not {name for name in new - allowed if name.startswith("tornadolike")}, new
"""


def test_it_imports_nothing_of_ours_before_it_is_used() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], cwd=ROOT, check=True)


def test_it_does_nothing_unasked(project: Project) -> None:
    project.write(
        "test_plain.py",
        """
        import sys

        def test_it(request):
            assert request.fixturenames == ["request"]
            assert "tornadolike.ioloop" not in sys.modules
        """,
    )
    project.run().passed("test_it")


def test_fixtures_of_others_stay_theirs(project: Project) -> None:
    project.write(
        "other.py",
        """
        import pytest

        @pytest.fixture(scope="session")
        def base_url():
            return "https://example.com"
        """,
    )
    project.write(
        "test_theirs.py",
        """
        import pytest

        @pytest.fixture(scope="session")
        def page(base_url):
            return base_url

        def test_it(page, base_url, io_loop):
            assert page == base_url == "https://example.com"
        """,
    )
    project.run("-pother").passed("test_it")


def test_it_can_be_switched_off(project: Project) -> None:
    project.write("test_off.py", "def test_it(io_loop):\n    pass\n")
    done = project.run("-p", "no:tornadolike.pytest_plugin")
    assert done.outcomes == {"test_it": "ERROR"}
    assert "fixture 'io_loop' not found" in done.text


def test_collecting_makes_no_loop(site_project: Project) -> None:
    site_project.write(
        "test_collect.py",
        APP,
        """
        import sys

        class Refused:
            def __init__(self, *args, **options):
                raise AssertionError("a loop")

        IOLoop.__init__ = Refused.__init__

        async def test_it(http_client): pass
        """,
    )
    done = site_project.run("--co")
    assert done.status == 0, done.text
    assert "test_collect.py::test_it" in done.text


def test_the_fixtures_are_told(project: Project) -> None:
    done = project.run("--fixtures")
    for name in ("io_loop", "http_client", "serve", "virtual_clock", "ws_connect"):
        assert f"\n{name} -- " in done.text
    assert "@pytest.mark.tornadolike(timeout=None, check=None)" in project.run("--markers").text


def test_in_several_processes(site_project: Project) -> None:
    site_project.write(
        "test_many.py",
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        async def test_it(http_client, number):
            assert (await http_client.fetch("/")).code == 200
        """,
    )
    done = site_project.run("-n2", plugins="xdist")
    assert done.status == 0, done.text
    assert "6 passed" in done.text


def test_the_habits_of_pytest_tornado(site_project: Project) -> None:
    site_project.write(
        "test_habits.py",
        """
        import functools
        import pytest
        from tornadolike import gen
        from tornadolike.ioloop import TimeoutError

        @gen.coroutine
        def dummy():
            yield gen.moment
            raise gen.Return(True)

        def test_start_and_stop(io_loop):
            future = dummy()
            future.add_done_callback(lambda done: io_loop.stop())
            io_loop.start()
            assert future.result()

        def test_run_sync(io_loop):
            assert io_loop.run_sync(functools.partial(dummy))

        @pytest.mark.gen_test
        def test_no_generator(io_loop):
            assert io_loop

        @pytest.mark.gen_test(run_sync=False)
        def test_generator(http_client, base_url):
            assert (yield dummy())
            response = yield http_client.fetch(base_url)
            assert response.code == 200

        @pytest.mark.gen_test
        def test_raises(request):
            with pytest.raises(ZeroDivisionError):
                yield dummy()
                1 / 0
            assert "gen_test" in request.keywords

        @pytest.mark.xfail(raises=TimeoutError, strict=True)
        @pytest.mark.gen_test(timeout=0.05)
        def test_time_out(io_loop):
            yield gen.sleep(100)

        @pytest.mark.gen_test
        def test_secure(https_client, base_url):
            assert base_url.startswith("https://")
            response = yield https_client.fetch(base_url, validate_cert=False)
            assert response.code == 200

        class TestClass:
            @pytest.mark.gen_test
            def test_method(self, io_loop):
                assert (yield dummy())
        """,
    )
    done = site_project.run()
    assert "7 passed, 1 xfailed" in done.text, done.text
