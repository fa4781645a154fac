"""What becomes of the loops when the process forks.

A child of :func:`os.fork` inherits them half: the threads that ran them are not there, but the
descriptors are, and through the epoll descriptor it would watch and unwatch *for its parent*; through
the wake-up pipe its signals would reach the parent. So in the child each loop lets go at once of all
that it shares, and from then on refuses to work, saying why. The parent notices nothing.

This runs in every child of this process that Python makes by fork, for :mod:`multiprocessing` and
``subprocess`` with ``preexec_fn`` too. It costs some microseconds for each loop that lives.
"""

import os
import weakref
from typing import Protocol


class Inheritance(Protocol):
    """What a child process may not go on with."""

    def left_behind(self) -> None:
        """Called in the child, before any other code runs there."""
        ...


_inheritances: weakref.WeakSet[Inheritance] = weakref.WeakSet()


def leave_behind(thing: Inheritance) -> None:
    """Have every child process that is forked from now on call ``thing.left_behind()``."""
    _inheritances.add(thing)


def _in_child() -> None:
    for thing in list(_inheritances):
        thing.left_behind()
    _inheritances.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
