"""Lines of logs."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tornadolike.log import JSONFormatter, LogFormatter, colors_wanted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def isatty(self) -> bool:
        raise ValueError("closed")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_colors_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert colors_wanted(Terminal())
    for stream in (io.StringIO(), Closed(), object(), None):
        assert not colors_wanted(stream)  # type: ignore[arg-type]
    monkeypatch.setenv("TERM", "dumb")
    assert not colors_wanted(Terminal())
    monkeypatch.delenv("TERM")
    assert not colors_wanted(Terminal())


@pytest.mark.parametrize(
    ("no_color", "force_color", "wanted"),
    [("1", "", False), ("1", "1", False), ("", "1", True), ("", "", None), ("0", "", False)],
)
def test_the_environment_has_the_last_word(
    monkeypatch: pytest.MonkeyPatch, no_color: str, force_color: str, wanted: bool | None
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("FORCE_COLOR", force_color)
    assert colors_wanted(Terminal()) == (True if wanted is None else wanted)
    assert colors_wanted(io.StringIO()) == (False if wanted is None else wanted)


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(output: io.StringIO) -> Iterator[logging.Logger]:
    logger = logging.Logger("site.parts", logging.DEBUG)
    logger.addHandler(logging.StreamHandler(output))
    yield logger
    logger.handlers[0].close()


def use(logger: logging.Logger, formatter: logging.Formatter) -> None:
    logger.handlers[0].setFormatter(formatter)


HEAD = r"^\[E \d{6} \d\d:\d\d:\d\d test_formatting:\d+\] "


def test_a_line_for_people(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, LogFormatter(color=False))
    logger.error("%s is %d\n", "ä", 5)
    pattern = HEAD + "ä is 5\n$"
    assert re.match(pattern, output.getvalue()), output.getvalue()


@pytest.mark.parametrize(
    ("level", "number"),
    [
        (logging.DEBUG, 4),
        (logging.INFO, 2),
        (logging.WARNING, 3),
        (logging.ERROR, 1),
        (logging.CRITICAL, 5),
    ],
)
def test_its_colour(
    logger: logging.Logger,
    output: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    level: int,
    number: int,
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    use(logger, LogFormatter())
    logger.log(level, "x")
    letter = logging.getLevelName(level)[0]
    assert output.getvalue().startswith(f"\x1b[3{number}m[{letter} ")
    assert output.getvalue().endswith("]\x1b[0m x\n")


def test_levels_without_a_colour(
    logger: logging.Logger, output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    use(logger, LogFormatter(colors={logging.ERROR: 6}))
    logger.info("x")
    assert "\x1b" not in output.getvalue()
    logger.error("x")
    assert "\x1b[36m" in output.getvalue()


def test_no_colour(
    logger: logging.Logger, output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    use(logger, LogFormatter(color=False))
    logger.info("x")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    use(logger, LogFormatter())
    logger.info("x")
    assert "\x1b" not in output.getvalue()


@pytest.mark.parametrize(
    ("style", "format"),
    [("%", "%(name)s: %(message)s"), ("{", "{name}: {message}"), ("$", "${name}: $message")],
)
def test_a_format_of_ones_own(
    logger: logging.Logger, output: io.StringIO, style: Any, format: str
) -> None:
    use(logger, LogFormatter(fmt=format, style=style))
    logger.info("x")
    assert output.getvalue() == "site.parts: x\n"


def test_the_date_has_a_format(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, LogFormatter("%(asctime)s", "year %Y"))
    logger.info("x")
    assert re.match(r"^year \d{4}\n$", output.getvalue())


def test_more_lines_are_indented(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, LogFormatter("%(message)s"))
    try:
        raise ValueError("bad\nworse")
    except ValueError:
        logger.exception("first\nsecond", stack_info=True)
    first, *others = output.getvalue().splitlines()
    assert first == "first"
    assert others[0] == "    second"
    assert all(line.startswith("    ") for line in others)
    assert "    ValueError: bad" in others
    assert "    worse" in others
    assert "    Stack (most recent call last):" in others


def test_nobody_speaks_to_the_terminal(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, LogFormatter("%(message)s"))
    try:
        raise ValueError("\x1b[2J")
    except ValueError:
        logger.exception("%s", "a\tb\rc\x1b]0;x\x07\x7f\x9b\u2028\ud800")
    said = output.getvalue()
    assert said.startswith("a\tb\\rc\\x1b]0;x\\x07\\x7f\\x9b\\u2028\\ud800\n")
    assert "ValueError: \\x1b[2J" in said
    assert said.replace("\n", "").replace("\t", "").isprintable()


def test_a_wrong_call_is_not_lost(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, LogFormatter("%(message)s"))
    logger.info("%d", "five")
    assert output.getvalue().startswith("Bad message (TypeError(")
    assert "'five'" in output.getvalue()


def said(output: io.StringIO) -> dict[str, Any]:
    (line,) = output.getvalue().splitlines()
    assert line.isascii()

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found: dict[str, Any] = json.loads(line, parse_constant=refuse)
    return found


def test_json(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, JSONFormatter())
    record = logger.makeRecord("n", logging.INFO, "/a/web.py", 61, "%s\n%s", ("ä", "b"), None)
    record.created = 0.125
    record.process = 4711
    logger.handle(record)
    assert said(output) == {
        "time": "1970-01-01T00:00:00.125+00:00",
        "level": "INFO",
        "logger": "n",
        "message": "ä\nb",
        "module": "web",
        "line": 61,
        "process": 4711,
    }


def test_exceptions_in_json(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, JSONFormatter())
    try:
        raise ValueError("bad")
    except ValueError:
        logger.exception("x", stack_info=True)
    found = said(output)
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: bad")
    assert found["stack"].startswith("Stack")


def test_what_calls_add(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, JSONFormatter())
    logger.info("x", extra={"user": "ann", "level": 3, "path": {1}})
    found = said(output)
    assert found["user"] == "ann"
    assert (found["level"], found["level_"]) == ("INFO", 3)
    assert found["path"] == "{1}"


@pytest.mark.parametrize("value", [float("nan"), {("a", "b"): 1}, "circle"])
def test_what_json_cannot_say(logger: logging.Logger, output: io.StringIO, value: Any) -> None:
    use(logger, JSONFormatter())
    circle: list[Any] = []
    circle.append(circle)
    value = circle if value == "circle" else value
    logger.info("x", extra={"value": value, "other": 5})
    assert said(output)["value"] == repr(value)
    assert said(output)["other"] == 5


def test_a_wrong_call_in_json(logger: logging.Logger, output: io.StringIO) -> None:
    use(logger, JSONFormatter())
    logger.info("%d", "five")
    assert said(output)["message"].startswith("Bad message (TypeError(")


def test_both_on_one_logger(logger: logging.Logger, output: io.StringIO) -> None:
    """What one formatter leaves on a record is none of the other's."""
    lines = logging.StreamHandler(io.StringIO())
    lines.setFormatter(LogFormatter())
    logger.handlers.insert(0, lines)
    use(logger, LogFormatter())
    logger.handlers[1].setFormatter(JSONFormatter())
    logger.info("x")
    assert set(said(output)) == {
        *("time", "level", "logger", "message", "module", "line", "process")
    }
