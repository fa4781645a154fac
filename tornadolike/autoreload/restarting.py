"""This process becomes a new one, which begins as this one has begun."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from ..log import gen_log

_hooks: list[Callable[[], object]] = []


def add_reload_hook(fn: Callable[[], object]) -> None:
    """Call ``fn`` before the process is replaced.

    Files and sockets need none: Python opens them so that the new program does not get them. A hook that fails is
    logged.
    """
    _hooks.append(fn)


def restart() -> None:
    """Call the hooks and run the same command again in this process. Returns only if the system refuses that.

    The new program gets the interpreter's options (``-X``, ``-W``, ``-m`` and others) and the arguments that this one
    was started with.
    """
    for hook in _hooks.copy():
        try:
            hook()
        except Exception:
            gen_log.exception("A reload hook failed: %r", hook)
    # A timer that somebody set would end the new program, which does not know of it.
    signal.setitimer(signal.ITIMER_REAL, 0, 0)
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)
    try:
        os.execv(sys.executable, command())  # noqa: S606 (what runs already)
    except OSError as error:
        gen_log.error("Cannot restart: %s", error)


def command() -> list[str]:
    """How this program was started. Embedded interpreters do not know it, but for its arguments."""
    return [sys.executable, *(sys.orig_argv[1:] or sys.argv)]


def _flush(stream: Any) -> None:
    try:
        stream.flush()  # exec would throw away what is waiting to be written
    except (AttributeError, OSError, ValueError):
        pass  # there is none, or it is closed
