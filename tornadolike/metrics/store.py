""":class:`Store`: the figures of one process, in its own memory or in a folder where others see them."""

import itertools
from bisect import bisect_left
from collections.abc import Hashable
from typing import Final

from ..ioloop.forks import leave_behind
from ..log import gen_log
from .figures import SIZE, Figures
from .folder import Folder, usual_folder
from .tables import BOUNDS, Labels, Snapshot

_numbers: Final = itertools.count(1)


class Store:
    """Adds up what is measured.

    A process that is forked begins with nothing: what was counted before is its parent's.

    :arg bounds: buckets of durations, by the names of their tables.
    :arg max_rows: how many rows there may be.
    """

    def __init__(self, bounds: dict[str, tuple[float, ...]], max_rows: int) -> None:
        self._bounds = bounds
        self._max_rows = max_rows
        self.folder: Folder | None = usual_folder()
        """Where other processes have theirs, if there are others."""
        self.figures: Figures | None = None
        """None as long as nothing was counted."""
        self._known: list[dict[Hashable, int]] = []

    def left_behind(self) -> None:
        """In a child process: begin anew. (The memory is the parent's, also where it is shared.)"""
        self.figures = None
        for known in self._known:
            known.clear()

    def new_known(self) -> dict[Hashable, int]:
        """Where who measures may keep places of rows; it is emptied when they are no places any more."""
        known: dict[Hashable, int] = {}
        self._known.append(known)
        return known

    def begin(self) -> Figures:
        """What to count in."""
        figures = self.figures
        if figures is None:
            figures = self.figures = Figures(self._memory(), self._max_rows)
            leave_behind(self)
            for table, bounds in self._bounds.items():
                figures.set(BOUNDS, (table,), bounds)
        return figures

    def _memory(self) -> object:
        if self.folder is not None:
            try:
                return self.folder.new_memory(next(_numbers))
            except OSError as error:
                gen_log.error(
                    "This process tells nobody of its figures, for it cannot write them to %s: %s",
                    self.folder.path,
                    error,
                )
        return bytearray(SIZE)

    # Counting

    def count(self, table: str, labels: Labels = (), number: float = 1.0) -> None:
        """Add to the number of a row."""
        figures = self.begin()
        figures.values[figures.row(table, labels)] += number

    def set(self, table: str, number: float, labels: Labels = ()) -> None:
        """Set the number of a row."""
        figures = self.begin()
        figures.values[figures.row(table, labels)] = number

    def place(self, table: str, labels: Labels = ()) -> int:
        """The place of a row of durations."""
        return self.begin().row(table, labels, len(self._bounds[table]) + 2)

    def took(self, table: str, labels: Labels, seconds: float) -> None:
        """Count a duration."""
        bounds = self._bounds[table]
        place = self.place(table, labels)
        figures = self.begin()
        figures.values[place + bisect_left(bounds, seconds)] += 1.0
        figures.values[place + len(bounds) + 1] += seconds

    # Telling

    def snapshot(self) -> tuple[Snapshot, list[int]]:
        """The figures of all processes, and the numbers of those whose they are, if there is a folder of them."""
        if self.folder is not None:
            return self.folder.snapshot()
        return ({} if self.figures is None else self.figures.snapshot()), []
