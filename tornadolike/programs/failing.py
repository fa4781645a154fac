""":class:`Failure`: the only way in which commands fail."""

import difflib
import sys
from collections.abc import Iterable

from ..log import on_one_line
from .colours import coloured

WRONG_USE = 2
"""The exit status for what was called wrongly."""


class Failure(Exception):
    """A command cannot do what it was called for.

    :arg text: one line for the user: what is wrong, and what to do.
    :arg details: lines to show behind it, as they are: where the user's own program failed.
    :arg status: the exit status.
    """

    def __init__(self, text: str, details: str = "", status: int = WRONG_USE) -> None:
        super().__init__(on_one_line(text))
        self.details = details
        self.status = status

    @property
    def text(self) -> str:
        """The line, which has nothing in it that a terminal would obey."""
        return str(self)


def meant(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'routes'?"``, or nothing if no known word is like this one."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def tell(failure: Failure) -> int:
    """Show the user what has failed, and return the exit status."""
    if sys.stderr is not None:  # it may have been closed, by 2>&-
        encoding = sys.stderr.encoding or "utf-8"
        said = coloured("tornadolike:", "red", sys.stderr) + f" {failure.text}\n{failure.details}"
        sys.stderr.write(said.encode(encoding, "backslashreplace").decode(encoding))
    return failure.status
