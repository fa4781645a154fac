"""The same hooks on an application of aiohttp and on ours: what is called, in which order, and what is not."""

import asyncio
import contextlib

import aiohttp.web
import pytest

from tornadolike.web import Application


class Told(list):
    """What has happened; one of these things fails."""

    def __init__(self, fails):
        self.fails = fails

    def happen(self, what):
        self.append(what)
        if what == self.fails:
            raise ValueError(what)

    def context(self, name):
        async def context(app):
            self.happen(f"{name} opens")
            yield
            self.happen(f"{name} closes")

        return context

    def hook(self, name):
        async def hook(app):
            self.happen(name)

        return hook


async def on_aiohttp(told):
    app, inner = aiohttp.web.Application(), aiohttp.web.Application()
    app.on_startup.append(told.hook("start"))
    app.cleanup_ctx.append(told.context("a"))
    app.cleanup_ctx.append(told.context("b"))
    app.on_shutdown.append(told.hook("stop 1"))
    app.on_shutdown.append(told.hook("stop 2"))
    inner.cleanup_ctx.append(told.context("inner"))
    app.add_subapp("/inner", inner)
    runner = aiohttp.web.AppRunner(app, handle_signals=False)
    try:
        await runner.setup()
    except ValueError:
        told.append("raised")
    with contextlib.suppress(ValueError):
        await runner.cleanup()


async def on_ours(told):
    inner = Application()
    app = Application([("/inner/.*", inner)])
    app.on_startup(told.hook("start"))
    app.lifetime(told.context("a"))
    app.lifetime(told.context("b"))
    app.on_shutdown(told.hook("stop 1"))
    app.on_shutdown(told.hook("stop 2"))
    inner.lifetime(told.context("inner"))
    try:
        await app.start()
    except ValueError:
        told.append("raised")
    await app.stop()


THEIR_BEGIN = ["a opens", "b opens", "start", "inner opens"]
BEGIN = ["start", "a opens", "b opens", "inner opens"]
END = ["inner closes", "stop 2", "stop 1", "b closes", "a closes"]

CASES = [
    # There contexts come before functions, on_shutdown goes forwards, and what is inside is ended last.
    (
        None,
        [*THEIR_BEGIN, "stop 1", "stop 2", "b closes", "a closes", "inner closes"],
        BEGIN + END,
    ),
    # What was begun is ended, and nothing else: as here.
    (
        "b opens",
        ["a opens", "b opens", "raised", "a closes"],
        ["start", "a opens", "b opens", "a closes", "raised"],
    ),
    # The exception comes last here: when start() has raised it there is nothing left to be ended.
    (
        "inner opens",
        [*THEIR_BEGIN, "raised", "b closes", "a closes"],
        [*BEGIN, "stop 2", "stop 1", "b closes", "a closes", "raised"],
    ),
    # A context that fails at its end: there the applications inside are not ended.
    (
        "b closes",
        [*THEIR_BEGIN, "stop 1", "stop 2", "b closes", "a closes"],
        BEGIN + END,
    ),
    # A function that fails at the end: there all that should follow is left out.
    (
        "stop 2",
        [*THEIR_BEGIN, "stop 1", "stop 2"],
        BEGIN + END,
    ),
]


@pytest.mark.parametrize(("fails", "theirs", "ours"), CASES, ids=[str(case[0]) for case in CASES])
def test_the_order_of_hooks(expect_log, fails, theirs, ours):
    told = Told(fails)
    asyncio.run(on_aiohttp(told))
    assert told == theirs
    told = Told(fails)
    logged = contextlib.nullcontext()
    if fails in END:
        logged = expect_log("tornadolike.application", "failed when the application", count=1)
    with logged:
        asyncio.run(on_ours(told))
    assert told == ours
