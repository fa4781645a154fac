"""What is measured: tables of figures, each row of which has labels.

A table says how many numbers a row has and what becomes of them when rows of several processes are added up. What
Prometheus is told of them says :mod:`.families`.
"""

from collections.abc import Iterable
from typing import Final

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds up to which durations are counted together; those above the last are, too."""

REQUESTS: Final = "requests"
"""By method, route and status: durations."""
FETCHES: Final = "fetches"
"""By method, host and status: durations."""
LAG: Final = "lag"
"""How late the loop was: durations."""
REFUSALS: Final = "refusals"
"""By status: how many."""
CACHED: Final = "cached"
"""By cache and result: how many."""
CPU: Final = "cpu"
"""Seconds."""
CONNECTIONS: Final = "connections"
UPGRADED: Final = "upgraded"
WAITING: Final = "waiting"
BOUNDS: Final = "bounds"
"""By table: the buckets of its durations."""

GAUGES: Final = (CONNECTIONS, UPGRADED, WAITING)
"""What is as it is, and has gone with its process. All others are counted, and only grow."""

OTHER: Final = "other"
"""Stands for labels that nobody has expected."""

Labels = tuple[str, ...]
Rows = dict[Labels, list[float]]
Snapshot = dict[str, Rows]
"""All tables at one moment, by their names."""


def checked_buckets(buckets: Iterable[float]) -> tuple[float, ...]:
    """A tuple of these. Raises :exc:`TypeError` and :exc:`ValueError` for what are no bounds of buckets."""
    found = tuple(buckets)
    for bound in found:
        if isinstance(bound, bool) or not isinstance(bound, (int, float)):
            raise TypeError(f"buckets are numbers of seconds, not {bound!r}")
    if not found or sorted(set(found)) != list(found) or not 0 < found[0] <= found[-1] < 1e9:
        raise ValueError(
            f"buckets are numbers of seconds, each larger than the one before: {found!r}"
        )
    return tuple(map(float, found))


def add_to(whole: Snapshot, part: Snapshot) -> None:
    """Add the figures of ``part`` to ``whole``.

    Where the buckets are others than before, the figures behind them begin anew: they cannot be added.
    """
    bounds = whole.setdefault(BOUNDS, {})
    for labels, found in part.get(BOUNDS, {}).items():
        if bounds.get(labels) != found:
            whole.pop(labels[0], None)
            bounds[labels] = found
    for table, rows in part.items():
        if table == BOUNDS:
            continue
        sums = whole.setdefault(table, {})
        for labels, values in rows.items():
            before = sums.get(labels)
            if before is None or len(before) != len(values):
                sums[labels] = list(values)
            else:
                sums[labels] = [one + other for one, other in zip(before, values, strict=True)]


def without_gauges(snapshot: Snapshot) -> Snapshot:
    """What is left of a process that has ended."""
    return {table: rows for table, rows in snapshot.items() if table not in GAUGES}
