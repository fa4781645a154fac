"""An application's life: hooks and lifetimes in their order, and what becomes of it when one fails."""

import asyncio
import contextlib
import functools
import logging

import pytest

from tests.running import on_every_loop
from tests.web.life.test_lifetime import recording
from tornadolike.httpclient import AsyncHTTPClient
from tornadolike.routing import RuleRouter
from tornadolike.web import Application, FallbackHandler, Mount, RequestHandler

APP_LOG = "tornadolike.application"


class Opened:
    """A middleware with a life."""

    def __init__(self, name, told):
        self.name, self.told = name, told

    async def __call__(self, handler, call_next):
        await call_next(handler)

    @contextlib.asynccontextmanager
    async def lifetime(self, application):
        self.told.append(f"{self.name} opens")
        yield
        self.told.append(f"{self.name} closes")


@on_every_loop
async def test_middleware_and_mounted_applications_live_with_it():
    told = []
    everywhere = Opened("everywhere", told)
    somewhere = Opened("somewhere", told)
    innermost = recording(told, "innermost")
    inner = recording(told, "inner", [("/x/y/.*", innermost)], middleware=[everywhere])
    beside = recording(told, "beside")
    outer = recording(
        told,
        "outer",
        [
            ("/x/.*", RuleRouter([("/x/y/.*", inner), ("/x/.*", inner)])),
            ("/z/.*", FallbackHandler, {"fallback": beside}),
            Mount("/m", RuleRouter([("/.*", recording(told, "mounted"))])),
            Mount("/n", recording(told, "below")),
            ("/a", [("/a", RequestHandler)]),
        ],
        middleware=[everywhere],
    )
    outer.wildcard_router.rules[-1].middleware = (somewhere, everywhere)
    expected = ["everywhere opens", "somewhere opens", "outer starts"]
    async with outer:
        assert told[:3] == expected
        assert sorted(told[3:]) == sorted(
            [
                "everywhere opens",
                *(
                    f"{name} starts"
                    for name in ("inner", "innermost", "beside", "mounted", "below")
                ),
            ]
        )
        begun = list(told)
        told.clear()
    names = [line.split()[0] for line in begun]
    assert [line.split()[0] for line in told] == names[::-1]
    assert all(line.endswith(("stops", "closes")) for line in told)


@on_every_loop
async def test_a_mounted_application_that_lives_already_is_left_alone():
    told = []
    inner = recording(told, "inner")
    outer = recording(told, "outer", [("/.*", inner)])
    async with inner:
        async with outer:
            pass
        assert told == ["inner starts", "outer starts", "outer stops"]
    assert told[3:] == ["inner stops"]


@on_every_loop
async def test_a_failing_start_undoes_what_was_begun(expect_log):
    told = []
    inner = recording(told, "inner")
    app = recording(told, "app", [("/.*", inner)])

    @inner.on_startup
    async def broken():
        inner.background.start(asyncio.sleep, 3600)
        raise ValueError("no database")

    inner.on_shutdown(lambda: told.append("never"))
    with (
        expect_log(APP_LOG, "job sleep is cancelled", count=1),
        pytest.raises(ValueError, match="no database") as raised,
    ):
        await app.start()
    assert told == ["app starts", "inner starts", "inner stops", "app stops"]
    assert "broken" in raised.value.__notes__[0]
    with pytest.raises(RuntimeError, match="was not started"):
        app.listen(0, "127.0.0.1")


@on_every_loop
async def test_a_start_that_is_cancelled_is_undone():
    told = []
    app = recording(told, "app")
    app.on_startup(lambda: asyncio.sleep(3600))
    starting = asyncio.ensure_future(app.start())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="is starting"):
        await app.stop()
    with pytest.raises(RuntimeError, match="starting already"):
        await app.start()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert told == ["app starts", "app stops"]


@on_every_loop
async def test_a_failing_end_is_logged_and_the_others_come(expect_log):
    told = []
    app = recording(told, "app")

    @app.on_shutdown
    def broken():
        raise ValueError("no")

    @app.lifetime
    async def twice():
        yield
        yield

    @app.on_shutdown
    async def cut():
        raise asyncio.CancelledError  # not of this task

    await app.start()
    with expect_log(APP_LOG, "(broken|twice|cut) failed when", logging.ERROR, count=3):
        await app.stop()
    assert told == ["app starts", "app stops"]
    await app.stop()
    assert len(told) == 2


@on_every_loop
async def test_a_stop_that_is_cancelled_goes_on_in_a_hurry(expect_log):
    told = []
    app = recording(told, "app")
    await app.start()
    app.background.start(asyncio.sleep, 3600)
    stopping = asyncio.ensure_future(app.stop())
    beside = asyncio.ensure_future(app.stop())
    for _ in range(3):
        await asyncio.sleep(0)
    with expect_log(APP_LOG, "job sleep is cancelled", count=1):
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
    await beside
    assert told == ["app starts", "app stops"]


@on_every_loop
async def test_hooks_are_in_the_task_that_starts():
    app = Application()
    caught = []

    @app.lifetime
    async def group(app):
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(60):
            caught.append(tasks)
            yield

    async with app:
        done = caught[0].create_task(asyncio.sleep(0, "done"))
    assert done.result() == "done"


def test_one_loop_after_the_other():
    told = []
    app = recording(told, "app")
    app.background.every(0.001, lambda: "tick" in told or told.append("tick"))

    async def main():
        async with app:
            while "tick" not in told:
                await asyncio.sleep(0.001)

    for _ in range(2):
        told.clear()
        asyncio.run(main())
        assert told == ["app starts", "tick", "app stops"]


def test_a_hook_that_ends_the_program_does_not_keep_the_others_from_their_end(expect_log):
    said = []

    async def both(raises):
        inner = Application(name="inner", raises=raises)
        outer = Application([("/inner/.*", inner)], name="outer", raises=raises)
        for app in (outer, inner):
            app.lifetime(functools.partial(ends, app))
            app.on_shutdown(functools.partial(fails, raises))
        await outer.start()
        await outer.stop()

    @contextlib.asynccontextmanager
    async def ends(app):
        yield
        said.append(app.settings["name"])

    def fails(raises):
        raise raises

    with pytest.raises(SystemExit):
        asyncio.run(both(SystemExit(3)))
    assert said == ["inner", "outer"]
    with expect_log(APP_LOG, "failed when the application stopped", logging.ERROR, count=2):
        asyncio.run(both(BaseExceptionGroup("tasks", [asyncio.CancelledError()])))
    assert said == ["inner", "outer"] * 2


@on_every_loop
async def test_what_all_its_servers_have_done():
    app = Application()
    assert app._life.counts == (0, 0, 0)
    async with app:
        servers = [app.listen(0, "127.0.0.1") for _ in range(2)]
        async with AsyncHTTPClient(force_instance=True) as client:
            for server in servers:
                (sock,) = server._sockets.values()
                url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
                assert (await client.fetch(url, raise_error=False)).code == 404
            assert app._life.counts == (2, 2, 0)
