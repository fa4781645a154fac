"""A pytest plugin for maint/native/leaks: runs each test several times, and tells what grows.

The first rounds may fill caches; so only what grows in each of the last ones is a leak. Native objects are
counted (`tornadolike/_native/counters.pyx`), and one that stays behind each time is an error of the test.
Memory is counted in Python's blocks, and (with glibc) in the bytes that malloc() has given: there, a cache that
is not full yet looks like a leak, so it is told at the end, for somebody to look at.
"""

import ctypes
import gc
import os
import sys
from itertools import pairwise
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tornadolike import _native
from tornadolike._native import counters

ROUNDS = int(os.environ.get("ROUNDS", "7"))
LAST = 3
BLOCKS = 40  # a round: pytest itself leaves some twenty
BYTES = 4096

growing: dict[str, str] = {}
fat: list[tuple[int, str]] = []
heavy: list[tuple[int, str]] = []


class Malloc(ctypes.Structure):
    """What mallinfo2() tells, since glibc 2.33."""

    _fields_ = (("numbers", ctypes.c_size_t * 10),)


try:
    _mallinfo: Any = ctypes.CDLL(None).mallinfo2
    _mallinfo.restype = Malloc
except AttributeError:
    _mallinfo = None


def allocated() -> int:
    """The bytes that malloc() has given and not got back; 0 if nobody knows."""
    if _mallinfo is None:
        return 0
    numbers = _mallinfo().numbers
    return int(numbers[7] + numbers[4])  # uordblks and hblkhd: in its heap, and mapped


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a build that does not count."""
    if not _native.counts_objects():
        raise pytest.UsageError(f"the native core does not count here: {_native.described()}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test so often, from its fixtures on."""
    living: list[dict[str, int]] = []
    blocks: list[int] = []
    sizes: list[int] = []
    for number in range(ROUNDS):
        last = number == ROUNDS - 1
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        # Fixtures of the module stay until the last round: what they make is not this test's. So what is
        # next is not the item, which would stay set up, but what it stands in.
        following: Any = nextitem if last else item.parent
        reports = runtestprotocol(item, log=last, nextitem=following)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if any(not report.passed for report in reports):
            if not last:
                for report in reports:
                    item.ihook.pytest_runtest_logreport(report=report)
            return True
        reports.clear()
        gc.collect()
        if not last:
            living.append(counters.living())
            blocks.append(sys.getallocatedblocks())
            sizes.append(allocated())
    _judge(item.nodeid, living, blocks, sizes)
    return True


def _judge(test: str, living: list[dict[str, int]], blocks: list[int], sizes: list[int]) -> None:
    steps = {kind: _growth([each.get(kind, 0) for each in living]) for kind in living[-1]}
    more_blocks, more_bytes = _growth(blocks), _growth(sizes)
    if max(steps.values()) <= 0 and more_blocks < BLOCKS and more_bytes < BYTES:
        return
    # An exception that a test raises again and again has all that was in its frames.
    _forget_tracebacks()
    now = counters.living()
    for kind, most in steps.items():
        if most > 0 and now[kind] > living[0].get(kind, 0):
            growing[test] = f"{kind}: {most} more each time"
    if more_blocks >= BLOCKS and sys.getallocatedblocks() > blocks[0]:
        fat.append((more_blocks, test))
    if more_bytes >= BYTES and allocated() > sizes[0]:
        heavy.append((more_bytes, test))


def _forget_tracebacks() -> None:
    gc.unfreeze()  # what is frozen would not be told
    for one in gc.get_objects():
        if issubclass(type(one), BaseException):
            one.__traceback__ = None
    del one
    gc.collect()
    gc.freeze()


def _growth(values: list[int]) -> int:
    """How much there is more in each of the last rounds, at the least."""
    steps = [after - before for before, after in pairwise(values)]
    return min(steps[-LAST:], default=0)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail, if native objects were left behind."""
    if growing and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what grows."""
    terminalreporter.write_sep("=", f"what grows in each of the last {LAST} of {ROUNDS} rounds")
    for test, what in growing.items():
        terminalreporter.write_line(f"LEAK {test}: {what}", red=True)
    for most, test in sorted(fat, reverse=True)[:20]:
        terminalreporter.write_line(f"memory {test}: {most} blocks or more")
    for most, test in sorted(heavy, reverse=True)[:20]:
        terminalreporter.write_line(f"memory {test}: {most} bytes of malloc() or more")
    terminalreporter.write_line(f"still alive: {counters.living()}")
