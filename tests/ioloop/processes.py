"""Children of the test's process: none may be left, neither running nor as a zombie."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def children() -> set[int]:
    """The process numbers of our children, zombies too."""
    mine = os.getpid()
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == mine:
            found.add(int(stat.parent.name))
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
