"""What goes wrong, or is done on purpose, under traffic: each is a coroutine from a :class:`.Stage` to a report."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from ..reports import Report
from .certificates import certificate_changed
from .chaos import chaos
from .killing import all_killed, supervisor_killed, supervisor_replaced, worker_killed
from .logs import logs_rotated
from .recycling import worker_blocks, worker_leaks
from .redis import redis_restarted
from .reloading import bad_version, reloaded, reloaded_preloading, reloaded_reusing
from .stage import Stage
from .stopping import quiet, successor, terminated

__all__ = ["SCENARIOS", "Stage"]

SCENARIOS: Final[dict[str, Callable[[Stage], Coroutine[Any, Any, Report]]]] = {
    "quiet": quiet,
    "worker-killed": worker_killed,
    "all-killed": all_killed,
    "reload": reloaded,
    "reload-preload": reloaded_preloading,
    "reload-reuse-port": reloaded_reusing,
    "bad-version": bad_version,
    "term": terminated,
    "successor": successor,
    "logs": logs_rotated,
    "certificate": certificate_changed,
    "leak": worker_leaks,
    "block": worker_blocks,
    "redis": redis_restarted,
    "supervisor-killed": supervisor_killed,
    "supervisor-replaced": supervisor_replaced,
    "chaos": chaos,
}
"""By the names that the command line knows."""
