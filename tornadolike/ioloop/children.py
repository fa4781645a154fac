"""How a loop learns that a child process has ended.

Linux gives a descriptor for a process that becomes readable at its end: the loop watches that. Where
there is none (another system, an old kernel, no descriptor left) a thread waits for the child. Either
way the thread of the loop is not stopped, no signal is caught (whoever wants SIGCHLD for himself may
have it), other children are left alone, and it works in every thread.

The child is *reaped*, its process number given back, only in the loop's thread: between the look at
:attr:`subprocess.Popen.returncode` and a signal nobody can give the number to a stranger. Where the
system cannot wait without reaping (macOS before Python 3.13) the waiting thread has to do it.
"""

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable

from .core import Core, asyncio_log
from .poller import READ

UNKNOWN_RETURNCODE = 255
"""What is reported for a child whose status somebody else has taken."""

KILLED_PATIENCE = 1.0
"""Seconds at the most that a killed child is waited for where no loop does."""

OnEnd = Callable[[int], object]


class ChildWatch:
    """Calls ``on_end(returncode)`` once, from the loop, when the child has ended and is reaped."""

    def __init__(self, loop: Core, process: subprocess.Popen[bytes], on_end: OnEnd) -> None:
        self._loop = loop
        self._process = process
        self._on_end: OnEnd | None = on_end

    def cancel(self) -> None:
        """Stop watching. The child is left to the holder of its ``Popen``. Idempotent."""
        self._on_end = None

    def _ended(self) -> None:
        on_end = self._on_end
        if on_end is not None:
            self.cancel()
            on_end(reap(self._process))


class DescriptorWatch(ChildWatch):
    """By a descriptor of the process. Raises :exc:`OSError` where it cannot be had or watched."""

    _fd = -1

    def __init__(self, loop: Core, process: subprocess.Popen[bytes], on_end: OnEnd) -> None:
        super().__init__(loop, process, on_end)
        self._fd = os.pidfd_open(process.pid)
        loop.watch(self._fd, self._on_event, READ)

    def _on_event(self, events: int) -> None:
        self._ended()

    def cancel(self) -> None:
        super().cancel()
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        os.close(fd)

    def __del__(self) -> None:
        if self._fd >= 0:  # the loop was closed, or could not watch it
            self._close()


class ThreadWatch(ChildWatch):
    """By a thread that waits. Raises :exc:`RuntimeError` if it cannot be started."""

    def __init__(self, loop: Core, process: subprocess.Popen[bytes], on_end: OnEnd) -> None:
        super().__init__(loop, process, on_end)
        threading.Thread(
            target=self._wait, name=f"tornadolike child {process.pid}", daemon=True
        ).start()

    def _wait(self) -> None:
        if hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):  # reaped: has ended, too
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:
            reap(self._process)
        with contextlib.suppress(RuntimeError):  # the loop was closed
            self._loop.call_soon_threadsafe(self._ended)


def watch_child(loop: Core, process: subprocess.Popen[bytes], on_end: OnEnd) -> ChildWatch:
    """Call ``on_end(returncode)`` from the loop once ``process`` has ended and is reaped.

    A negative return code is the number of the signal that killed it; 255 is reported, with a warning,
    if somebody else has reaped it. Raises :exc:`RuntimeError` where neither a descriptor nor a thread
    is to be had.
    """
    if hasattr(os, "pidfd_open"):
        try:
            return DescriptorWatch(loop, process, on_end)
        except (OSError, ValueError):  # ValueError: select() counts no further
            pass
    return ThreadWatch(loop, process, on_end)


def reap(process: subprocess.Popen[bytes]) -> int:
    """Take the status of a child that has ended (or wait for that), unless it is known already."""
    # A thread may be inside process.wait(), with the status in its hand but not yet in the object.
    with process._waitpid_lock:  # type: ignore[attr-defined]
        if process.returncode is None:
            try:
                _, status = os.waitpid(process.pid, 0)
            except ChildProcessError:
                asyncio_log.warning(
                    "child process %d was reaped by somebody else; its return code is reported as %d",
                    process.pid,
                    UNKNOWN_RETURNCODE,
                )
                process.returncode = UNKNOWN_RETURNCODE
            else:
                process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode


def reap_killed(process: subprocess.Popen[bytes]) -> None:
    """Reap a child that was killed just now and that no loop watches. That takes a moment.

    (Not a thread: it might be needed when the interpreter ends, and threads cannot be started then.)
    """
    # If it takes longer, the Popen's own finalizer looks after it.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(KILLED_PATIENCE)
