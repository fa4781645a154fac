"""Logs by options: their level, their form, and where they go."""

import logging
from types import SimpleNamespace
from typing import Any, Final

from ..util import describe, ends_in_one_line
from .context import ContextFilter
from .formatting import JSONFormatter, LogFormatter

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
LINE_FORMATS: Final = ("text", "json")
ROTATE_MODES: Final = ("size", "time")

DEFAULTS: Final[dict[str, Any]] = {
    "logging": "info",
    "log_to_stderr": None,
    "log_file_prefix": None,
    "log_file_max_size": 100 * 1000 * 1000,
    "log_file_num_backups": 10,
    "log_rotate_when": "midnight",
    "log_rotate_interval": 1,
    "log_rotate_mode": "size",
    "log_line_format": "text",
}

_options_of_the_program: list[Any] = []
"""The options that :mod:`tornadolike.options` has for the whole program, once it is imported.

They come to us: a log stands on the ground floor, and may not know who parses command lines.
"""


def options_of_the_program(options: Any) -> None:
    """Say which options hold where none are given. They have the logging options already."""
    _options_of_the_program[:] = [options]


def enable_pretty_logging(options: Any = None, logger: logging.Logger | None = None) -> None:
    """Have a logger (the root) write as these options say.

    They are attributes, of the names that :func:`define_logging_options` gives. Default: those of
    :mod:`tornadolike.options`, which calls this itself when it has parsed a command line or a file.

    Raises :exc:`ValueError` for a level, a line format or a mode of rotation that there is not, and :exc:`OSError`
    if a file cannot be opened. Nothing has changed then.
    """
    if options is None:
        options = _options_of_the_program[0] if _options_of_the_program else _defaults()
    if options.logging is None or options.logging.lower() == "none":
        return
    if logger is None:
        logger = logging.getLogger()
    level = _level(options.logging)
    # Programs have options of their own making, which know only Tornado's.
    line_format = getattr(options, "log_line_format", "text")
    if line_format not in LINE_FORMATS:
        raise ValueError(f"log_line_format is text or json, not {line_format!r}")
    if options.log_file_prefix:
        handler: logging.Handler = _file_handler(options)
        handler.setFormatter(_formatter(line_format, color=False))
        handler.addFilter(ContextFilter())
        logger.addHandler(handler)
    if options.log_to_stderr or (options.log_to_stderr is None and not logger.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(_formatter(line_format, color=True))
        handler.addFilter(ContextFilter())
        logger.addHandler(handler)
    logger.setLevel(level)


def _defaults() -> SimpleNamespace:
    return SimpleNamespace(**DEFAULTS)


def _level(name: str) -> int:
    number = logging.getLevelNamesMapping().get(name.upper())
    if number is None:
        raise ValueError(f"logging is {', '.join(LEVELS)} or none, not {name!r}")
    return number


def _formatter(line_format: str, *, color: bool) -> logging.Formatter:
    return JSONFormatter() if line_format == "json" else LogFormatter(color=color)


def _file_handler(options: Any) -> logging.Handler:
    from logging import handlers  # which stands on much, and few programs need it

    if options.log_rotate_mode == "size":
        return handlers.RotatingFileHandler(
            options.log_file_prefix,
            maxBytes=options.log_file_max_size,
            backupCount=options.log_file_num_backups,
            encoding="utf-8",
        )
    if options.log_rotate_mode == "time":
        return handlers.TimedRotatingFileHandler(
            options.log_file_prefix,
            when=options.log_rotate_when,
            interval=options.log_rotate_interval,
            backupCount=options.log_file_num_backups,
            encoding="utf-8",
        )
    raise ValueError(
        f"log_rotate_mode is size or time, not {options.log_rotate_mode!r}: what a new file is begun for"
    )


def define_logging_options(options: Any = None) -> None:
    """Define the options about logs on an :class:`~tornadolike.options.OptionParser` of your own.

    Those of :mod:`tornadolike.options` itself, which are meant by None, have them when it is imported. When they are
    parsed, :func:`enable_pretty_logging` is called with them.
    """
    if options is None:
        if not _options_of_the_program:
            return
        options = _options_of_the_program[0]
    for name, type, metavar, help in (
        (
            "logging",
            str,
            "debug|info|warning|error|none",
            "what is logged: this and what is worse. With 'none' the configuration of logging stays as it is",
        ),
        (
            "log_to_stderr",
            bool,
            None,
            "log to the standard error output, coloured if it is a terminal. Without this option: if there is no"
            " --log-file-prefix and nothing else is configured",
        ),
        (
            "log_file_prefix",
            str,
            "PATH",
            "log to this file; older ones have numbers or dates behind its name. Each process needs a file of its own",
        ),
        ("log_file_max_size", int, "BYTES", "size at which a new file is begun"),
        ("log_file_num_backups", int, None, "how many older files are kept"),
        (
            "log_rotate_when",
            str,
            None,
            "unit of the interval at which a new file is begun: S, M, H, D, W0 to W6, or midnight",
        ),
        ("log_rotate_interval", int, None, "how many of these units"),
        ("log_rotate_mode", str, "size|time", "what a new file is begun for"),
        ("log_line_format", str, "text|json", "lines for people, or a JSON object on each"),
    ):
        options.define(name, DEFAULTS[name], type=type, metavar=metavar, help=help)
    options.add_parse_callback(lambda: _enable_after_parsing(options))


def _enable_after_parsing(options: Any) -> None:
    try:
        enable_pretty_logging(options)
    except ValueError as error:
        # logging's own errors, as for log_rotate_when, are of this kind too
        ends_in_one_line(error, str(error))
        raise
    except OSError as error:
        ends_in_one_line(error, f"the log file cannot be opened: {describe(error)}")
        raise
