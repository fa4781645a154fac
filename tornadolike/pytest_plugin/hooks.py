"""What pytest calls."""

import inspect
from collections.abc import Generator
from types import ModuleType
from typing import Any

import pytest

from . import choosing, fixtures
from .choosing import LOOP, Collector
from .running import as_sync, run_test
from .settings import GEN_TEST, GEN_TEST_HELP, MARK_HELP, add_options, check_settings

Item = pytest.Item | pytest.Collector


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(trylast=True)  # when all plugins are there
def pytest_configure(config: pytest.Config) -> None:
    check_settings(config)
    config.addinivalue_line("markers", MARK_HELP)
    if GEN_TEST in choosing.our_marks(config):
        config.addinivalue_line("markers", GEN_TEST_HELP)
    config.pluginmanager.register(_free_fixtures(config), "tornadolike-fixtures")


def _free_fixtures(config: pytest.Config) -> ModuleType:
    """Our fixtures, but for those whose names another plugin uses: it is not to be broken by our being installed."""
    holder = ModuleType(fixtures.__name__, fixtures.__doc__)
    taken = {
        name
        for plugin in config.pluginmanager.get_plugins()
        if isinstance(plugin, ModuleType)
        for name in vars(plugin)
    }
    for name in fixtures.NAMES:
        if name not in taken:
            setattr(holder, name, getattr(fixtures, name))
    return holder


# Tests


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: Collector, name: str, obj: Any
) -> list[pytest.Function] | None:
    """Make tests of generators that have our mark: pytest refuses them."""
    generator = inspect.isgeneratorfunction(obj) and collector.istestfunction(obj, name)
    if not generator or not choosing.is_claimed(collector, obj):
        return None
    return list(collector._genfunctions(name, obj))


@pytest.hookimpl(specname="pytest_pycollect_makeitem", wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem_ours(
    collector: Collector, name: str, obj: Any
) -> Generator[None, Item | list[Item] | None, Item | list[Item] | None]:
    """See to it that tests of ours have a loop, and that pytest-asyncio does not make them its own."""
    function = getattr(obj, "__func__", obj)
    if not inspect.isfunction(function) or not collector.istestfunction(obj, name):
        return (yield)
    claimed = choosing.is_claimed(collector, function)
    if claimed:
        pytest.mark.usefixtures(LOOP)(function)
    made = yield
    if not isinstance(made, list):
        return made
    for index, item in enumerate(made):
        if isinstance(item, pytest.Function) and (claimed or _takes_our_loop(item, function)):
            other = choosing.other_owner(choosing.marks_of(collector, function), function)
            if other is not None:
                raise choosing.conflict(collector, name, other)
            made[index] = item = _plain(item)
            item.stash[choosing.OURS] = True
    return made


def _takes_our_loop(item: pytest.Function, function: Any) -> bool:
    return (
        choosing.is_coroutine(function)
        and LOOP in item.fixturenames
        and choosing.has_our_loop(item)
    )


def _plain(item: pytest.Function) -> pytest.Function:
    """The test as it was before pytest-asyncio, which takes all of them in its mode ``auto``."""
    if not type(item).__module__.startswith("pytest_asyncio"):
        return item
    return pytest.Function.from_parent(
        item.parent,
        name=item.name,
        callspec=getattr(item, "callspec", None),
        callobj=item.obj,
        fixtureinfo=item._fixtureinfo,
        originalname=item.originalname,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    """Run a test of ours."""
    __tracebackhide__ = True
    if not choosing.is_ours(pyfuncitem):
        return None
    return run_test(pyfuncitem, fixtures.our_loop(pyfuncitem.funcargs[LOOP]))


# Async fixtures


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object | None, object | None]:
    """Run an async fixture, if it is of a test of ours."""
    function: Any = fixturedef.func
    if (
        not choosing.is_async_fixture(function)
        or getattr(function, "_force_asyncio_fixture", False)  # @pytest_asyncio.fixture
        or not choosing.has_our_fixtures(request._pyfuncitem)
    ):
        return (yield)
    sync = as_sync(request, function, fixtures.loop_for_fixture(request))
    vars(fixturedef)["func"] = sync
    try:
        return (yield)
    finally:
        vars(fixturedef)["func"] = function
