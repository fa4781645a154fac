"""Real asyncio libraries on our loop: each test is a coroutine that runs on a fresh one."""

import asyncio
import inspect
import os
from typing import Any

import pytest

import tornadolike


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run the ``async def`` tests of this folder on an :class:`IOLoop`."""
    if not inspect.iscoroutinefunction(pyfuncitem.function):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}

    async def main() -> None:
        async with asyncio.timeout(30):
            await pyfuncitem.function(**arguments)

    tornadolike.run(main())
    return True


@pytest.fixture
def redis_url() -> str:
    """A Redis server that may be written to: ``.ci/run`` starts one and sets REDIS_URL."""
    url = os.environ.get("REDIS_URL")
    if not url:
        pytest.skip(
            "REDIS_URL names no server; start one: redis-server --port 6399, REDIS_URL=redis://127.0.0.1:6399"
        )
    return url
