"""The package's loggers.

* ``access_log``: one record for each request served (INFO below status 400, WARNING below 500, ERROR from 500).
* ``app_log``: what went wrong in the application's own code (an exception in a handler or a callback).
* ``gen_log``: everything else the framework has to say about itself or its peers.

They are ordinary :mod:`logging` loggers; nothing is configured on import. :func:`enable_pretty_logging` does it, which
:mod:`tornadolike.options` calls when it has parsed a command line: ``formatting`` has the lines, ``setting_up`` the
rest. ``context`` has what is known of a request; ``reopening`` is for files that somebody has moved away.
"""

import logging
import time
from typing import Any, Final

from .context import REQUEST_ID, ContextFilter, add_log_field, log_fields
from .formatting import JSONFormatter, LogFormatter, colors_wanted
from .reopening import has_log_files, reopen_log_files, reopen_with_others
from .setting_up import define_logging_options, enable_pretty_logging

__all__ = [
    "CLIENT_CLOSED_REQUEST",
    "REQUEST_ID",
    "ContextFilter",
    "JSONFormatter",
    "LogFormatter",
    "Seldom",
    "access_log",
    "add_log_field",
    "app_log",
    "colors_wanted",
    "define_logging_options",
    "enable_pretty_logging",
    "gen_log",
    "has_log_files",
    "log_fields",
    "on_one_line",
    "reopen_log_files",
    "reopen_with_others",
]

access_log = logging.getLogger("tornadolike.access")
app_log = logging.getLogger("tornadolike.application")
gen_log = logging.getLogger("tornadolike.general")

CLIENT_CLOSED_REQUEST: Final = 499
"""The status, in access logs (nginx's too), of a request whose client left before anything was sent."""


def on_one_line(text: str) -> str:
    """What comes from a client, or may, for the log: a line of its own, or a terminal's command, it must not be."""
    return text if text.isprintable() else ascii(text)[1:-1]


class Seldom:
    """Tells of what may be so with every request: at once, and then once in a while, with how often it was so.

    :arg seconds: between two lines.
    """

    def __init__(self, logger: logging.Logger, seconds: float = 60.0) -> None:
        self._logger = logger
        self._seconds = seconds
        self._next = -float("inf")
        self._unsaid = 0

    def warning(self, message: str, *args: Any) -> None:
        """Log this at WARNING, unless something was logged a moment ago."""
        self._log(logging.WARNING, message, args)

    def error(self, message: str, *args: Any) -> None:
        """Log this at ERROR, unless something was logged a moment ago."""
        self._log(logging.ERROR, message, args)

    def _log(self, level: int, message: str, args: tuple[Any, ...]) -> None:
        now = time.monotonic()
        if now < self._next:
            self._unsaid += 1
            return
        if self._unsaid:
            message += " (and %d times more since the last line like this)"
            args = (*args, self._unsaid)
        self._next = now + self._seconds
        self._unsaid = 0
        self._logger.log(level, message, *args)
