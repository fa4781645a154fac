"""What has failed, and where: found in the child, told to the terminal and to browsers by the parent."""

import dataclasses
import linecache
import os
import traceback
from typing import Any, Final, Self

from ..log import on_one_line
from .failing import Failure
from .loading import own_lines

LINES_AROUND: Final = 4
"""How many lines of the source are shown before the line that failed, and behind it."""

MOST_TEXT: Final = 60_000
"""Characters of a traceback, of which the last are shown: what goes on for ever has its reason there."""


@dataclasses.dataclass(frozen=True)
class Report:
    """Why a program does not run."""

    headline: str
    """One line: what."""
    file: str = ""
    """The place in the program where, if it is known: seen from the current folder."""
    line: int = 0
    source: tuple[tuple[int, str], ...] = ()
    """The lines around it, with their numbers."""
    details: str = ""
    """The traceback."""
    is_wrong_use: bool = False
    """The command line is wrong rather than the program: no change of a file is likely to help."""

    @property
    def place(self) -> str:
        """Where, for people."""
        return f"{self.file}, line {self.line}" if self.file else ""

    @property
    def summary(self) -> str:
        """Where and what, in one line."""
        return f"{self.place}: {self.headline}" if self.file else self.headline

    @property
    def way(self) -> str:
        """The traceback without its last line, if that is the headline only."""
        lines = self.details.splitlines(keepends=True)
        return "".join(lines[:-1] if lines and lines[-1].strip() == self.headline else lines)

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The opposite of :meth:`as_dict`, behind JSON, too."""
        source = tuple((number, text) for number, text in values["source"])
        return cls(**{**values, "source": source})


def report_of(error: BaseException) -> Report:
    """What is to be told of an exception that a program was ended by."""
    if isinstance(error, Failure):
        cause = error.__cause__
        if not error.details or cause is None:
            return Report(error.text, is_wrong_use=True)
        return _report(cause, error.details)
    return _report(error, own_lines(error))


def _report(error: BaseException, details: str) -> Report:
    last = list(traceback.TracebackException.from_exception(error).format_exception_only())[-1]
    file, line = _place(error)
    return Report(
        on_one_line(" ".join(last.split())),
        os.path.relpath(file) if _is_here(file) else file,
        line,
        _around(file, line),
        details[-MOST_TEXT:],
    )


def _place(error: BaseException) -> tuple[str, int]:
    """The line that somebody would look at first: the last one in the current folder, or else the last one."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return error.filename, error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if _is_here(frame.filename) and frame.lineno:
            return frame.filename, frame.lineno
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)


def _is_here(file: str) -> bool:
    here = os.path.join(os.path.realpath(os.curdir), "")
    beneath = os.path.realpath(file).removeprefix(here)
    return not os.path.isabs(beneath) and "site-packages" not in beneath


def _around(file: str, line: int) -> tuple[tuple[int, str], ...]:
    linecache.checkcache(file)
    numbers = range(max(1, line - LINES_AROUND), line + LINES_AROUND + 1)
    found = [(number, linecache.getline(file, number)) for number in numbers]
    return tuple((number, text.rstrip()) for number, text in found if text)
