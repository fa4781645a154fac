"""Real asyncio libraries on our loop: each test is a coroutine that runs on a fresh one."""

import asyncio
import inspect
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
