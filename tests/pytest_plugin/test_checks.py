"""What a test has left behind, where that is asked for."""

from tests.pytest_plugin.conftest import APP, Project

LEAVING = """
    import logging, os

    kept = []

    @pytest.mark.tornadolike
    async def test_task():
        kept.append(asyncio.create_task(asyncio.sleep(100), name="sleeper"))

    @pytest.mark.tornadolike
    async def test_descriptor():
        kept.append(os.open("/dev/null", os.O_RDONLY))

    @pytest.mark.tornadolike
    async def test_error():
        logging.getLogger("my.site").error("it %s", "broke")

    @pytest.mark.tornadolike
    async def test_lost_failure():
        async def fail():
            raise ZeroDivisionError
        asyncio.create_task(fail())
        await asyncio.sleep(0)

    @pytest.mark.tornadolike(check="tasks descriptors")
    async def test_forgiven():
        logging.getLogger("my.site").error("it broke")

    async def test_clean(io_loop):
        logging.getLogger("my.site").warning("it did not break")
        await asyncio.create_task(asyncio.sleep(0))

    async def test_expected(io_loop, caplog):
        from tornadolike.testing import ExpectLog
        with ExpectLog("my.site", "it broke"):
            logging.getLogger("my.site").error("it broke")
"""
CLEAN = {"test_forgiven": "PASSED", "test_clean": "PASSED", "test_expected": "PASSED"}


def test_what_is_left(project: Project) -> None:
    project.write("test_leaving.py", APP, LEAVING)
    project.configure(tornadolike_check="tasks descriptors errors")
    done = project.run()
    leaving = ("test_task", "test_descriptor", "test_error", "test_lost_failure")
    assert done.outcomes == {**dict.fromkeys(leaving, "ERROR"), **CLEAN}, done.text
    assert "still running: task sleeper, sleep (" in done.text
    assert "/dev/null" in done.text
    assert "logged: my.site: it broke" in done.text
    assert "Task exception was never retrieved" in done.text


def test_nothing_is_looked_for_without_being_asked(project: Project) -> None:
    project.write("test_leaving.py", APP, LEAVING)
    done = project.run()
    assert set(done.outcomes.values()) == {"PASSED"}, done.text
