"""A program that looks at its own files from time to time."""

import functools
import weakref
from typing import Final

from ..ioloop import IOLoop, PeriodicCallback
from ..log import gen_log
from ..process import task_id
from .modules import Files
from .restarting import restart

CHECK_TIME: Final = 500
"""Milliseconds between two looks, by default."""

_loops: "weakref.WeakSet[IOLoop]" = weakref.WeakSet()
"""The loops on which somebody looks."""

_disabled = False


def start(check_time: float = CHECK_TIME) -> None:
    """Look for changed files every ``check_time`` milliseconds, on the current loop, and restart if there are any.

    Nothing happens the second time on the same loop, in the workers of
    :func:`~tornadolike.process.fork_processes`, and after :func:`disable`. When a Python file has changed to something
    that cannot be compiled, that is logged, and the program goes on as it is.
    """
    loop = IOLoop.current()
    if _disabled or loop in _loops:
        return
    if any(not other.asyncio_loop.is_closed() for other in _loops):
        gen_log.warning("autoreload was started on another loop of this process, too")
    _loops.add(loop)
    files = Files()
    files.changed()  # as they are from the beginning
    PeriodicCallback(functools.partial(look, files), check_time).start()


def disable() -> None:
    """From now on nothing is restarted: for who watches the files of the program from outside, or does not want it."""
    global _disabled
    _disabled = True


def wait() -> None:
    """Wait for a file to change, then restart. To be called at the end of a program that has no loop."""
    loop = IOLoop()
    loop.add_callback(start)
    loop.start()


def look(files: Files) -> None:
    """Restart if files have changed, and what they have in them is a program."""
    if _disabled or task_id() is not None:
        return  # a worker is one of several: who has forked them would have to restart
    changed = files.changed()
    if not changed or any(not compiles(path) for path in changed):
        return
    gen_log.info("%s changed: restarting", ", ".join(sorted(changed)))
    restart()


def compiles(path: str) -> bool:
    """Whether this is no program that is half-written. Says so."""
    if not path.endswith(".py"):
        return True
    try:
        with open(path, "rb") as file:
            compile(file.read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        gen_log.error("Not restarted: %s", error)
        return False
    except OSError:
        pass  # it is gone again, or not to be read: the new program will say so
    return True
