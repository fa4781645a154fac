"""How records of :mod:`logging` are written: for people, and for programs."""

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What speaks to a terminal, ends a line for some, or cannot be written; not the tab and the line feed."""

_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_OF_FORMATTERS: Final = {"color", "end_color", "taskName"}


def colors_wanted(stream: TextIO | None) -> bool:
    """Whether what is written to ``stream`` may be coloured.

    It may on a terminal, unless that is a dumb one. The environment has the last word: ``NO_COLOR`` with any text
    says no, and otherwise ``FORCE_COLOR`` says yes.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        on_terminal = stream is not None and stream.isatty()
    except (AttributeError, ValueError):  # somebody's own object, or one that is closed
        return False
    return on_terminal and os.environ.get("TERM", "dumb") != "dumb"


class LogFormatter(logging.Formatter):
    """A line for people: level, time, module, line, message; coloured where that can be seen.

    :arg fmt: the format, of the kind that ``style`` says. Besides what every record has there are ``color`` and
        ``end_color``, between which the line has the colour of its level.
    :arg datefmt: of ``asctime``, as :func:`time.strftime` has it.
    :arg style: ``%``, ``{`` or ``$``, as in :class:`logging.Formatter`.
    :arg color: colour it if the standard error output wants that (:func:`colors_wanted`).
    :arg colors: which of a terminal's colours, 0 to 7, for which level. Others have none.

    Further lines of a message, and a traceback, are indented. A control character in a message comes as ``\\x1b``,
    so that nobody whose text is logged can speak to the terminal of who reads it.
    """

    DEFAULT_FORMAT = (
        "%(color)s[%(levelname)1.1s %(asctime)s %(module)s:%(lineno)d]%(end_color)s %(message)s"
    )
    DEFAULT_DATE_FORMAT = "%y%m%d %H:%M:%S"
    DEFAULT_COLORS: Final[dict[int, int]] = {
        logging.DEBUG: 4,  # blue
        logging.INFO: 2,  # green
        logging.WARNING: 3,  # yellow
        logging.ERROR: 1,  # red
        logging.CRITICAL: 5,  # magenta
    }

    def __init__(
        self,
        fmt: str = DEFAULT_FORMAT,
        datefmt: str = DEFAULT_DATE_FORMAT,
        style: Literal["%", "{", "$"] = "%",
        color: bool = True,
        colors: dict[int, int] = DEFAULT_COLORS,
    ) -> None:
        super().__init__(fmt, datefmt, style)
        self._colors: dict[int, str] = {}
        self._normal = ""
        if color and colors_wanted(sys.stderr):
            self._colors = {level: f"\x1b[3{number}m" for level, number in colors.items()}
            self._normal = "\x1b[0m"

    def format(self, record: Any) -> str:
        try:
            record.message = _speakable(record.getMessage())
        except Exception as error:
            # What is wrong in a call of a logger must not be lost with what it wanted to tell.
            record.message = _speakable(f"Bad message ({error!r}): {record.__dict__!r}")
        record.asctime = self.formatTime(record, self.datefmt)
        record.color = self._colors.get(record.levelno, "")
        record.end_color = self._normal if record.color else ""
        lines = [self.formatMessage(record).rstrip()]
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            lines.append(_speakable(record.exc_text))
        if record.stack_info:
            lines.append(_speakable(self.formatStack(record.stack_info)))
        return "\n".join(lines).replace("\n", "\n    ")


class JSONFormatter(logging.Formatter):
    """A JSON object for each record, on a line of its own, all of it ASCII: for programs that collect logs.

    .. code-block:: json

        {"time": "2026-11-24T08:49:37.125+00:00", "level": "ERROR", "logger": "tornadolike.application",
         "message": "Uncaught exception GET /", "module": "web", "line": 61, "process": 4711,
         "exception": "Traceback (most recent call last):..."}

    ``exception`` and ``stack`` are there if the record has them. What a call of a logger gives as ``extra`` comes
    under its own names; what JSON cannot say, as its ``repr``.
    """

    def format(self, record: logging.LogRecord) -> str:
        said = self.record(record)
        try:
            return json.dumps(said, default=repr, allow_nan=False)
        except (ValueError, TypeError, RecursionError):  # no number, a circle, a key that is none
            return json.dumps({key: _plain(value) for key, value in said.items()})

    def record(self, record: logging.LogRecord) -> dict[str, Any]:
        """What is said about a record. To be extended."""
        try:
            message = record.getMessage()
        except Exception as error:
            message = f"Bad message ({error!r}): {record.msg!r} % {record.args!r}"
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
            "module": record.module,
            "line": record.lineno,
            "process": record.process,
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            said["stack"] = record.stack_info
        for name, value in vars(record).items():
            if name not in _OF_EVERY_RECORD and name not in _OF_FORMATTERS:
                said[f"{name}_" if name in said else name] = value
        return said


def _speakable(text: str) -> str:
    return _UNSPEAKABLE.sub(lambda match: ascii(match[0])[1:-1], text)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else repr(value)
