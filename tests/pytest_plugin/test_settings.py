"""What can be configured, and what is said of what makes no sense."""

import pytest

from tests.pytest_plugin.conftest import Project

TEST = "import pytest\n@pytest.mark.tornadolike(%s)\nasync def test_it(): pass\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tornadolike_mode": "sometimes"}, "tornadolike_mode is strict or auto, not 'sometimes'"),
        ({"tornadolike_timeout": "long"}, "tornadolike_timeout is a number of seconds, not 'long'"),
        ({"tornadolike_check": "tasks memory"}, "some of tasks, descriptors, errors: 'memory'?"),
        (
            {
                "tornadolike_mode": "auto",
                "asyncio_mode": "auto",
                "asyncio_default_fixture_loop_scope": "function",
            },
            "tornadolike_mode and asyncio_mode are both auto",
        ),
    ],
)
def test_nonsense(project: Project, options: dict[str, str], told: str) -> None:
    project.write("test_it.py", TEST % "")
    project.configure(**options)
    done = project.run(plugins="asyncio" if "asyncio_mode" in options else "")
    assert done.status == pytest.ExitCode.USAGE_ERROR, done.text
    assert told in done.text
    assert "Traceback" not in done.text


def test_nonsense_at_a_mark(project: Project) -> None:
    project.write("test_it.py", TEST % "check='tsks'")
    done = project.run()
    assert done.outcomes == {"test_it": "ERROR"}, done.text
    assert "some of tasks, descriptors, errors: 'tsks'?" in done.text


def test_what_goes_before_what(project: Project) -> None:
    """The mark, then the command line, then the configuration, then the environment."""
    project.write(
        "test_it.py",
        """
        import pytest
        from tornadolike.pytest_plugin.settings import timeout_of

        @pytest.mark.tornadolike(timeout=1)
        @pytest.mark.gen_test(timeout=2)
        def test_mark(request):
            assert timeout_of(request.node) == 1

        @pytest.mark.gen_test(timeout=2)
        def test_gen_test(request):
            assert timeout_of(request.node) == 2

        def test_none(request, expected):
            assert timeout_of(request.node) == expected
        """,
    )
    project.write(
        "conftest.py",
        """
        import os, pytest

        @pytest.fixture
        def expected():
            return float(os.environ["EXPECTED"])
        """,
    )
    names = ("test_mark", "test_gen_test", "test_none")
    project.run(EXPECTED="5").passed(*names)
    project.run(EXPECTED="4", ASYNC_TEST_TIMEOUT="4").passed(*names)
    project.configure(tornadolike_timeout="6")
    project.run(EXPECTED="6", ASYNC_TEST_TIMEOUT="4").passed(*names)
    project.run("--async-test-timeout=7", EXPECTED="7").passed(*names)
    project.run("--async-test-timeout=7", "--tornadolike-timeout=8", EXPECTED="8").passed(*names)
