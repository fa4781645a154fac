"""The checks of a site."""

import asyncio
from typing import Any

import pytest

import tornadolike
from tornadolike.health import Health
from tornadolike.web import Application


def well() -> None:
    pass


def test_a_name_is_there_once() -> None:
    health = Health()
    assert health.check("one", well) is well
    with pytest.raises(ValueError, match="there is a health check 'one' already"):
        health.check("one", well)


@pytest.mark.parametrize("values", [{"timeout": 0}, {"timeout": -1}, {"every": 0}, {"every": 1e6}])
def test_what_is_no_time(values: Any) -> None:
    with pytest.raises(ValueError, match="is 0 to 86400 seconds"):
        Health().check("one", well, **values)


@pytest.mark.parametrize("values", [{"timeout": "5"}, {"timeout": None}, {"every": "1"}])
def test_what_is_no_number(values: Any) -> None:
    with pytest.raises(TypeError, match="is a number"):
        Health().check("one", well, **values)


def test_what_is_no_function() -> None:
    with pytest.raises(TypeError, match="what checks 'one' is a function, not 'ping'"):
        Health().check("one", "ping")  # type: ignore[call-overload]


@pytest.mark.parametrize("first", ["rules", "check"])
def test_checks_are_repeated_while_the_application_runs(first: str) -> None:
    """It is the same whether the check or the application was there first."""
    called = asyncio.Event()
    health = Health()
    app = Application(health.rules() if first == "rules" else [])

    @health.check("it", every=1)
    async def it() -> None:
        called.set()
        await asyncio.sleep(0)

    health.check("other", well, every=2)
    if first == "check":
        app = Application(health.rules())

    async def main() -> None:
        before = asyncio.all_tasks()
        async with app:
            await called.wait()
        assert asyncio.all_tasks() == before

    tornadolike.run(main())


def test_one_that_is_to_be_repeated_comes_too_late() -> None:
    health = Health()
    app = Application(health.rules())

    async def main() -> None:
        async with app:
            health.check("one", well)
            with pytest.raises(RuntimeError, match="too late"):
                health.check("two", well, every=1)

    tornadolike.run(main())


def test_who_does_not_start_the_application_is_told() -> None:
    health = Health()
    health.check("it", well, every=1)
    app = Application(health.rules())

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"use app\.run\(\)"):
            app.listen(0, "127.0.0.1")

    tornadolike.run(main())
