"""Who runs which test, with other plugins beside ours."""

import pytest

from tests.pytest_plugin.conftest import APP, Project

SCOPE = "-oasyncio_default_fixture_loop_scope=function"  # or pytest-asyncio warns

MIXED = """
    import pytest_asyncio

    def is_ours():
        return isinstance(asyncio.get_running_loop(), IOLoop)

    @pytest_asyncio.fixture
    async def theirs():
        yield is_ours()

    @pytest.fixture
    async def plain():
        yield is_ours()

    @pytest.mark.asyncio
    async def test_asyncio(theirs):
        assert not is_ours()
        assert not theirs

    @pytest.mark.anyio
    async def test_anyio():
        assert not is_ours()

    @pytest.fixture
    async def anyios():
        yield is_ours()

    @pytest.mark.anyio
    async def test_anyio_fixture(anyios):
        assert not anyios

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.mark.tornadolike
    async def test_marked(plain, theirs):
        assert is_ours()
        assert plain
        assert not theirs

    async def test_by_fixture(http_client, plain):
        assert is_ours()
        assert plain

    def test_sync(io_loop, plain):
        assert plain
"""
NAMES = (
    *("test_asyncio", "test_anyio", "test_anyio_fixture", "test_marked", "test_by_fixture"),
    "test_sync",
)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_beside_other_plugins(site_project: Project, mode: str) -> None:
    site_project.write("test_mixed.py", APP, MIXED)
    site_project.run(SCOPE, f"--asyncio-mode={mode}", plugins="asyncio anyio").passed(*NAMES)


def test_beside_other_plugins_with_ours_in_auto_mode(site_project: Project) -> None:
    unmarked = """
    async def test_unmarked(plain):
        assert is_ours()
        assert plain

    def test_sync_only(plain):
        assert plain

    async def test_backend(anyio_backend):
        assert not is_ours()

    def test_sync_backend(anyio_backend, anyios):
        assert not anyios
    """
    site_project.write("test_mixed.py", APP, MIXED, unmarked)
    site_project.configure(tornadolike_mode="auto")
    site_project.run(SCOPE, plugins="asyncio anyio").passed(
        *NAMES, "test_unmarked", "test_sync_only", "test_backend", "test_sync_backend"
    )


def test_whose_an_unmarked_test_is_in_asyncio_auto_mode(project: Project) -> None:
    project.write(
        "test_unmarked.py",
        APP,
        """
        @pytest.fixture
        async def plain():
            return asyncio.get_running_loop()

        async def test_unmarked(plain):
            assert plain is asyncio.get_running_loop()
            assert not isinstance(plain, IOLoop)
        """,
    )
    project.run(SCOPE, "--asyncio-mode=auto", plugins="asyncio").passed("test_unmarked")


def test_an_unmarked_test_is_nobodys(project: Project) -> None:
    project.write("test_nobody.py", "async def test_it():\n    pass\n")
    done = project.run()
    assert done.outcomes == {"test_it": "FAILED"}
    assert "async def functions are not natively supported" in done.text


@pytest.mark.parametrize(
    ("source", "owner"),
    [
        ("@pytest.mark.asyncio\nasync def test_it(io_loop): pass", "pytest-asyncio"),
        (
            "@pytest.mark.asyncio\n@pytest.mark.tornadolike\nasync def test_it(): pass",
            "pytest-asyncio",
        ),
        ("@pytest.mark.anyio\nasync def test_it(http_client): pass", "anyio's plugin"),
        ("@pytest.mark.tornadolike\nasync def test_it(anyio_backend): pass", "anyio's plugin"),
    ],
)
def test_claimed_by_two(project: Project, source: str, owner: str) -> None:
    project.write("test_two.py", APP, source)
    done = project.run(SCOPE, plugins="asyncio anyio")
    assert done.status == 2, done.text
    assert f"test_it is for {owner} by its marks" in done.text
    assert "Traceback" not in done.text


def test_what_is_not_ours_is_left_alone(project: Project) -> None:
    project.configure(tornadolike_mode="auto")
    project.write(
        "test_others.py",
        APP,
        """
        import unittest
        from tornadolike.testing import AsyncTestCase, gen_test

        class TestIsolated(unittest.IsolatedAsyncioTestCase):
            async def test_isolated(self):
                assert not isinstance(asyncio.get_running_loop(), IOLoop)

        class TestTornado(AsyncTestCase):
            @gen_test
            async def test_tornado(self):
                assert asyncio.get_running_loop() is self.io_loop

        def test_plain():
            assert asyncio._get_running_loop() is None

        @pytest.fixture
        def values():
            yield 1

        def test_generator_fixture(values):
            assert values == 1
        """,
    )
    project.run().passed(
        *("TestIsolated::test_isolated", "TestTornado::test_tornado"),
        *("test_plain", "test_generator_fixture"),
    )
