""":class:`ExpectLog`: log lines that belong to a test."""

import logging
import re
import warnings
from types import TracebackType
from typing import Self

from ..log import app_log


class ExpectLog(logging.Filter):
    """Wants a line in the log, and keeps it out of it.

    .. code-block:: python

        with ExpectLog("tornadolike.application", "Uncaught exception"):
            response = self.fetch("/broken")

    Raises :exc:`Exception` at the end of the block if there was no such line, unless something else is being raised.

    :arg logger: the logger, or its name; ``""`` is the root. Lines of the loggers below it are not seen.
    :arg regex: what the beginning of the line looks like, as for :func:`re.match`.
    :arg required: whether it is an error if there is no such line.
    :arg level: the level it has, such as ``logging.INFO``; the logger is opened for that level. A line of another
        level does not count, and a warning tells of it. Without it, :exc:`DeprecationWarning` is given if
        all that matched was below WARNING: whether such lines are there depends on how logging is configured.

    For one thread at a time.
    """

    def __init__(
        self,
        logger: logging.Logger | str,
        regex: str,
        required: bool = True,
        level: int | None = None,
    ) -> None:
        super().__init__()
        self.logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self.regex = re.compile(regex)
        self.required = required
        self.level = level
        self.matched = 0
        """How many lines were as expected."""
        self.deprecated_level_matched = 0
        """How many of them were below WARNING with no ``level`` asked for."""
        self.logged_stack = False
        """Whether any line of the logger had a traceback."""
        self.orig_level: int | None = None
        """The level that the logger has otherwise, where that was changed."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line goes on into the log: what :mod:`logging` asks."""
        if record.exc_info:
            self.logged_stack = True
        message = record.getMessage()
        if not self.regex.match(message):
            return True
        if self.level is None:
            # A warning that is an error would be lost here, inside of logging.
            self.deprecated_level_matched += record.levelno < logging.WARNING
        elif record.levelno != self.level:
            app_log.warning(
                "Got expected log message %r at unexpected level (%s vs %s)",
                message,
                logging.getLevelName(self.level),
                record.levelname,
            )
            return True
        self.matched += 1
        return False

    def __enter__(self) -> Self:
        if self.level is not None and self.level < self.logger.getEffectiveLevel():
            self.orig_level = self.logger.level
            self.logger.setLevel(self.level)
        self.logger.addFilter(self)
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self.orig_level is not None:
            self.logger.setLevel(self.orig_level)
        self.logger.removeFilter(self)
        if typ is not None or not self.required:
            return
        if not self.matched:
            raise Exception(
                f"did not get expected log message: {self.logger.name} logged nothing that begins like "
                f"{self.regex.pattern!r}"
            )
        if self.deprecated_level_matched >= self.matched:
            warnings.warn(
                "ExpectLog matched at INFO or below without level argument: say level=logging.INFO",
                DeprecationWarning,
                stacklevel=2,
            )
