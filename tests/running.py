"""Tests that are coroutines: each runs on our loop and, in guest mode, on asyncio's."""

import asyncio
import datetime
import functools
import inspect

import pytest

from tests.ioloop.virtual import VirtualLoop
from tornadolike import ioloop
from tornadolike.ioloop import IOLoop

HOUR = datetime.timedelta(hours=1)
NOW = datetime.timedelta(0)

LOOPS = {
    "IOLoop": functools.partial(IOLoop, make_current=False),
    "asyncio": asyncio.new_event_loop,
}


def run_on(new_loop, main):
    """Run the coroutine ``main`` on a new loop and return its result."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(main)


def on_every_loop(test):
    """The test ``async def test(fixtures)`` runs once on each kind of loop."""

    def run(loop_kind, **fixtures):
        run_on(LOOPS[loop_kind], test(**fixtures))

    return pytest.mark.parametrize("loop_kind", LOOPS)(_sync(test, run, "loop_kind"))


def on_jumping_clock(test):
    """The test runs on a loop whose clock jumps: an hour takes no time, and waiting for ever fails."""

    def run(**fixtures):
        run_on(functools.partial(VirtualLoop, make_current=False), test(**fixtures))

    return _sync(test, run)


def _sync(test, run, *more):
    functools.update_wrapper(run, test)
    del run.__wrapped__
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in more]
    signature = inspect.signature(test)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *parameters])
    return run


async def turns(count=3):
    """Let the loop make some turns."""
    for _ in range(count):
        await asyncio.sleep(0)


def now():
    """The time of the loop."""
    return IOLoop.current().time()


def timers():
    """How many timers the loop holds that somebody still needs."""
    loop = asyncio.get_running_loop()
    return len(loop._timers) - loop._cancelled_timers


def fixture_of_run(limit):
    """A fixture: ``run(main)`` runs a coroutine function on a loop of ours, or beside one of asyncio's."""

    @pytest.fixture(params=[ioloop.run, asyncio.run], ids=["own", "guest"])
    def run(request):
        def run_it(main):
            async def limited():
                async with asyncio.timeout(limit):
                    await main()

            request.param(limited())

        return run_it

    return run
