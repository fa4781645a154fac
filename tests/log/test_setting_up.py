"""Logs by options."""

import io
import json
import logging
import logging.handlers
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tornadolike.log import (
    JSONFormatter,
    LogFormatter,
    define_logging_options,
    enable_pretty_logging,
)
from tornadolike.options import Error, OptionParser


@pytest.fixture
def options() -> OptionParser:
    options = OptionParser()
    define_logging_options(options)
    return options


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.Logger("site")
    yield logger
    for handler in logger.handlers:
        handler.close()


def handlers(logger: logging.Logger) -> list[type[logging.Handler]]:
    return [type(handler) for handler in logger.handlers]


def test_the_defaults(options: OptionParser, logger: logging.Logger) -> None:
    enable_pretty_logging(options, logger)
    assert logger.level == logging.INFO
    (handler,) = logger.handlers
    assert type(handler) is logging.StreamHandler
    assert handler.stream is sys.stderr
    assert type(handler.formatter) is LogFormatter


@pytest.mark.parametrize(
    ("name", "level"), [("debug", 10), ("WARNING", 30), ("Error", 40), ("critical", 50)]
)
def test_levels(options: OptionParser, logger: logging.Logger, name: str, level: int) -> None:
    options.logging = name
    enable_pretty_logging(options, logger)
    assert logger.level == level


@pytest.mark.parametrize("name", ["none", "None", None])
def test_logging_stays_as_it_is(
    options: OptionParser, logger: logging.Logger, name: str | None
) -> None:
    options.logging = name
    enable_pretty_logging(options, logger)
    assert (logger.level, logger.handlers) == (0, [])


@pytest.mark.parametrize(
    ("to_stderr", "to_file", "has_one", "count"),
    [
        (None, False, False, 1),
        (None, True, False, 0),
        (None, False, True, 0),
        (True, True, True, 1),
        (False, False, False, 0),
    ],
)
def test_when_it_goes_to_the_standard_error_output(
    options: OptionParser,
    logger: logging.Logger,
    tmp_path: Path,
    to_stderr: bool | None,
    to_file: bool,
    has_one: bool,
    count: int,
) -> None:
    options.log_to_stderr = to_stderr
    options.log_file_prefix = str(tmp_path / "log") if to_file else None
    if has_one:
        logger.addHandler(logging.NullHandler())
    enable_pretty_logging(options, logger)
    assert handlers(logger).count(logging.StreamHandler) == count


def test_a_file_that_rotates_by_its_size(
    options: OptionParser,
    logger: logging.Logger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    options.log_file_prefix = str(tmp_path / "log")
    options.log_file_max_size = 300
    options.log_file_num_backups = 2
    enable_pretty_logging(options, logger)
    for _ in range(20):
        logger.error("ä" * 50)
    logger.handlers[0].flush()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    text = (tmp_path / "log.1").read_text(encoding="utf-8")
    assert text.startswith("[E ")
    assert "ä" * 50 in text


def test_a_file_that_rotates_by_time(
    options: OptionParser, logger: logging.Logger, tmp_path: Path
) -> None:
    options.log_file_prefix = str(tmp_path / "log")
    options.log_rotate_mode = "time"
    options.log_rotate_when = "H"
    options.log_rotate_interval = 2
    options.log_file_num_backups = 3
    enable_pretty_logging(options, logger)
    (handler,) = logger.handlers
    assert isinstance(handler, logging.handlers.TimedRotatingFileHandler)
    assert (handler.interval, handler.backupCount) == (2 * 60 * 60, 3)


def test_lines_of_json(options: OptionParser, logger: logging.Logger, tmp_path: Path) -> None:
    options.log_file_prefix = str(tmp_path / "log")
    options.log_line_format = "json"
    options.log_to_stderr = True
    enable_pretty_logging(options, logger)
    assert [type(handler.formatter) for handler in logger.handlers] == [JSONFormatter] * 2
    logger.removeHandler(logger.handlers[1])
    logger.error("x")
    logger.handlers[0].flush()
    assert json.loads((tmp_path / "log").read_text())["message"] == "x"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("logging", "loud", "logging is debug, info, warning, error, critical or none, not 'loud'"),
        ("log_rotate_mode", "x", "log_rotate_mode is size or time, not 'x'"),
        ("log_line_format", "xml", "log_line_format is text or json, not 'xml'"),
    ],
)
def test_what_there_is_not(
    options: OptionParser,
    logger: logging.Logger,
    tmp_path: Path,
    name: str,
    value: str,
    complaint: str,
) -> None:
    options.log_file_prefix = str(tmp_path / "log")
    options[name] = value
    with pytest.raises(ValueError, match=complaint):
        enable_pretty_logging(options, logger)
    assert (logger.level, logger.handlers) == (0, [])


def test_a_file_that_cannot_be_opened(
    options: OptionParser, logger: logging.Logger, tmp_path: Path
) -> None:
    options.log_file_prefix = str(tmp_path / "missing" / "log")
    with pytest.raises(FileNotFoundError):
        enable_pretty_logging(options, logger)
    assert (logger.level, logger.handlers) == (0, [])


def test_options_of_somebody_elses_making(logger: logging.Logger) -> None:
    """With the names that Tornado has, and no more."""
    options = SimpleNamespace(logging="debug", log_file_prefix=None, log_to_stderr=None)
    enable_pretty_logging(options, logger)
    assert logger.level == logging.DEBUG
    assert type(logger.handlers[0].formatter) is LogFormatter


def test_they_are_defined_once(options: OptionParser) -> None:
    assert set(options) - {"help"} == {
        *("logging", "log_to_stderr", "log_file_prefix", "log_file_max_size", "log_line_format"),
        *("log_file_num_backups", "log_rotate_when", "log_rotate_interval", "log_rotate_mode"),
    }
    with pytest.raises(Error, match="Option 'logging' is already defined"):
        define_logging_options(options)
    with pytest.raises(Error, match="Option 'logging' is already defined"):
        define_logging_options()  # those of the program have them from the beginning


def run(program: str, *arguments: str) -> str:
    """What a program writes to its standard error output."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    return subprocess.run(
        command, check=True, timeout=60, env=environment, capture_output=True, text=True
    ).stderr


PARSED = (
    "import logging; from tornadolike.options import options, parse_command_line;"
    "{}; logging.info('hello')"
)


@pytest.mark.parametrize(
    ("statement", "arguments", "logged"),
    [
        ("pass", [], False),
        ("parse_command_line()", [], True),
        ("parse_command_line()", ["--logging=none"], False),
        ("parse_command_line()", ["--logging=warning"], False),
        ("parse_command_line(final=False)", [], False),
        ("options.logging = None; parse_command_line()", [], False),
        ("options.logging = None; parse_command_line()", ["--logging=info"], True),
    ],
)
def test_when_a_command_line_is_parsed(statement: str, arguments: list[str], logged: bool) -> None:
    assert ("hello" in run(PARSED.format(statement), *arguments)) == logged


def test_without_options_the_defaults_hold() -> None:
    said = run(
        "import logging, sys; from tornadolike.log import *;"
        "define_logging_options();"
        "enable_pretty_logging(); logging.info('hello'); logging.debug('not this');"
        "assert 'tornadolike.options' not in sys.modules"
    )
    assert said.startswith("[I ")
    assert said.endswith("hello\n")
    assert said.count("\n") == 1


def test_json_on_a_command_line() -> None:
    said = run(PARSED.format("parse_command_line()"), "--log-line-format=json")
    found: dict[str, Any] = json.loads(said)
    assert (found["level"], found["message"]) == ("INFO", "hello")


def test_a_stream_of_its_own_is_not_needed(
    options: OptionParser, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    enable_pretty_logging(options, logger)
    logger.warning("hello")
    assert stream.getvalue().endswith("] hello\n")
    assert "\x1b" not in stream.getvalue()
