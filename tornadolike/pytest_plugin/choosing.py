"""Which tests, and which fixtures, are ours to run.

A test is ours if it is marked with ``tornadolike`` (or ``gen_test``), if it is a coroutine that uses ``io_loop``, as
all our fixtures do, or if it is a coroutine that nobody else has, and the mode is ``auto``. What is marked for
another plugin is never ours; what is claimed by both is an error.
"""

import inspect
import unittest
from typing import Any, Final

import pytest

from .settings import GEN_TEST, MARK, mode_of

LOOP: Final = "io_loop"
OTHERS: Final = {"asyncio": "pytest-asyncio", "anyio": "anyio's plugin", "trio": "pytest-trio"}
"""The marks of others, and whose they are."""

OURS: Final = pytest.StashKey[bool]()
FIXTURES: Final = f"{__package__}.fixtures"

Collector = pytest.Module | pytest.Class


def function_of(test: Any) -> Any:
    """What runs in the end when a test is called: behind ``staticmethod``, and behind hypothesis's ``given``."""
    function = getattr(test, "__func__", test)
    hypothesis = getattr(function, "hypothesis", None)
    return getattr(hypothesis, "inner_test", function)


def is_coroutine(test: Any) -> bool:
    """Whether a test has to be run by a plugin."""
    return inspect.iscoroutinefunction(function_of(test))


def is_async_fixture(function: Any) -> bool:
    """Whether a fixture has to be run by a plugin."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def marks_of(collector: Collector, test: Any) -> set[str]:
    """The names of the marks that the author has put at a test, or at what it is in."""
    own = getattr(getattr(test, "__func__", test), "pytestmark", ())
    marks = [*(own if isinstance(own, list | tuple) else [own]), *collector.iter_markers()]
    return {mark.name for mark in marks}


def our_marks(config: pytest.Config) -> set[str]:
    """``gen_test`` is pytest-tornado's where that is installed."""
    return {MARK} if config.pluginmanager.has_plugin("tornado") else {MARK, GEN_TEST}


def other_owner(marks: set[str], function: Any) -> str | None:
    """Whose a test is by its marks and arguments, if somebody else's."""
    for name, owner in OTHERS.items():
        if name in marks:
            return owner
    if "anyio_backend" in inspect.signature(function).parameters:
        return OTHERS["anyio"]
    return None


def is_claimed(collector: Collector, test: Any) -> bool:
    """Whether a test is ours already by its marks, or by the mode.

    Raises :exc:`pytest.Collector.CollectError` if it is somebody else's, too.
    """
    marks = marks_of(collector, test)
    other = other_owner(marks, function_of(test))
    if marks & our_marks(collector.config):
        if other is not None:
            raise conflict(collector, test.__name__, other)
        return True
    return other is None and is_coroutine(test) and mode_of(collector.config) == "auto"


def conflict(collector: Collector, name: str, other: str) -> pytest.Collector.CollectError:
    """The error for a test that two plugins would run."""
    return collector.CollectError(
        f"{name} is for {other} by its marks (or anyio_backend), and for tornadolike by its mark or by what it uses of "
        f"{LOOP}: each has a loop of its own, so keep to one of them"
    )


def has_our_loop(item: pytest.Function) -> bool:
    """Whether ``io_loop`` in a test is the plugin's own fixture, and no other's of the same name."""
    found = item._fixtureinfo.name2fixturedefs.get(LOOP)
    return found is not None and found[-1].func.__module__ == FIXTURES


def is_ours(item: pytest.Item) -> bool:
    """Whether we run this test."""
    return item.stash.get(OURS, False)


def has_our_fixtures(item: pytest.Item) -> bool:
    """Whether we run the async fixtures of this test: those of ours, and of tests without a plugin of their own."""
    if is_ours(item):
        return True
    if not isinstance(item, pytest.Function) or is_coroutine(item.obj):
        return False
    if item.cls is not None and issubclass(item.cls, unittest.TestCase):
        return False
    if "anyio_backend" in item.fixturenames:
        return False
    return has_our_loop(item) or mode_of(item.config) == "auto"
