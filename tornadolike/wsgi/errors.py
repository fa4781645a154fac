"""``wsgi.errors``, and how an application learns that nobody listens any more."""

from collections.abc import Iterable
from typing import Final

from ..iostream import StreamClosedError
from ..log import app_log, on_one_line

MAX_LINE: Final = 8 * 1024
"""Characters of a line of ``wsgi.errors``; a longer one becomes several records."""


class ClientGone(StreamClosedError):
    """The client has left, and the application still writes to it."""


class ErrorLog:
    """``wsgi.errors``: text whose lines become records (WARNING) of the logger ``tornadolike.application``."""

    def __init__(self) -> None:
        self._begun = ""
        """The last line, as long as it has no end."""

    def write(self, text: str) -> int:
        """Log the lines of ``text``; what has no line break yet waits for it, or for :meth:`flush`."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._log(line)
        if len(self._begun) > MAX_LINE:
            self.flush()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one behind the other."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Log what waits."""
        line, self._begun = self._begun, ""
        self._log(line)

    def _log(self, line: str) -> None:
        line = line.rstrip()
        for start in range(0, len(line), MAX_LINE):
            app_log.warning("wsgi.errors: %s", on_one_line(line[start : start + MAX_LINE]))
