"""A bar that shows how far a download is."""

import shutil
import time
from collections.abc import Callable
from typing import Final, TextIO

from ...programs.amounts import size_text, time_text

SHORT: Final = 1.0
"""Seconds for which nothing is shown: most downloads are over then."""

INTERVAL: Final = 0.1
"""Seconds between two pictures."""

SHORT_NAME: Final = 8
"""Characters of the name that are shown in any case."""


class ProgressBar:
    """Shows how far a download is, in one line that is written over and over.

    .. code-block:: text

        image.iso  42% [########            ]  1.2 GB of 2.9 GB  11.4 MB/s  2:29 left

    :arg name: of what comes.
    :arg stream: the terminal.
    :arg clock: gives seconds.
    """

    def __init__(
        self, name: str, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name if name.isprintable() else ascii(name)
        self._stream = stream
        self._clock = clock
        self._begin = self._last = clock()
        self._shown = 0
        """Characters that stand there."""
        self._first: int | None = None
        """Bytes that were there before this began."""

    def show(self, done: int, total: int | None) -> None:
        """So many bytes are there, of so many. To be called for each piece."""
        now = self._clock()
        if self._first is None:
            self._first = done
        if now - self._begin < SHORT or (now - self._last < INTERVAL and done != total):
            return
        self._last = now
        speed = (done - self._first) / (now - self._begin)
        self._write(self._line(done, total, speed))

    def end(self) -> None:
        """It is over, one way or another."""
        if self._shown:
            self._stream.write("\n")
            self._stream.flush()
            self._shown = 0

    def _line(self, done: int, total: int | None, speed: float) -> str:
        pace = f"{size_text(speed)}/s"
        if not total:
            return self._named(f"  {size_text(done)}  {pace}")
        share = min(done / total, 1.0)
        bar = "#" * int(share * 20)
        left = f"  {time_text((total - done) / speed)} left" if speed > 0 else ""
        sizes = f"{size_text(done)} of {size_text(total)}"
        return self._named(f" {share:4.0%} [{bar:<20}]  {sizes}  {pace}{left}")

    def _named(self, figures: str) -> str:
        """The line, in which rather the name is cut than the figures."""
        room = max(shutil.get_terminal_size().columns - 1, 1)
        name, length = self._name, max(room - len(figures), SHORT_NAME)
        if len(name) > length:
            name = f"{name[: length - 3]}..."
        return f"{name}{figures}"[:room]

    def _write(self, line: str) -> None:
        self._stream.write("\r" + line.ljust(self._shown))
        self._stream.flush()
        self._shown = len(line)
