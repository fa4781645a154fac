"""Processes, and those that are nobody's."""

import os
import signal
import subprocess
import sys

import pytest

from tornadolike.workers import processes
from tornadolike.workers.processes import how_it_ended, is_over, reap_strangers


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "it has ended by itself, with status 0"),
        (-signal.SIGTERM, "it was killed by SIGTERM"),
        (-99, "it was killed by signal 99"),
        (None, "it has ended"),
    ],
)
def test_how_it_ended(status, text):
    assert how_it_ended("it", status) == text


def ended():
    """A child that has ended, and that nobody has asked how."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    return child


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="only /proc tells")
def test_who_has_ended_is_over_also_if_nobody_has_asked():
    child = ended()
    assert is_over(child.pid)
    child.wait()
    assert is_over(child.pid)
    assert not is_over(os.getpid())


def test_strangers_are_let_go(monkeypatch):
    stranger = ended()
    reap_strangers()
    with pytest.raises(ChildProcessError):
        os.waitpid(stranger.pid, 0)
    stranger.wait()  # which finds that somebody was quicker
    child = ended()
    monkeypatch.setattr(processes.Spawned, "running", {child.pid})
    reap_strangers()
    assert child.wait() == 0
    reap_strangers()  # there is nobody
