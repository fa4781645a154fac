"""Children of the test's process: none may be left, neither running nor as a zombie."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def children() -> set[int]:
    """The process numbers of our children, zombies too."""
    found = set()
    # A thread that ends leaves its children to another one.
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            found.update(map(int, (thread / "children").read_text().split()))
    return found


@pytest.fixture(autouse=True)
def no_child_is_left(nothing_leaks: None) -> Iterator[None]:
    """Fails the test that leaves a child. (One that was killed at the last moment has a moment to go.)"""
    before = children()
    yield
    deadline = time.monotonic() + 2.0
    while (left := children() - before) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not left
