"""The same options and the same words, to Tornado's parser and to ours."""

import copy
import datetime
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tornado.log
import tornado.options

from tornadolike.log import LogFormatter
from tornadolike.options import Error, OptionParser


def define(parser: Any) -> None:
    parser.define("port", default=80)
    parser.define("name", default="x", group="site")
    parser.define("rate", type=float)
    parser.define("debug", default=False)
    parser.define("day", type=datetime.datetime)
    parser.define("wait", type=datetime.timedelta)
    parser.define("my_hosts", multiple=True, group="site")
    parser.define("ports", type=int, multiple=True)
    parser.define("flags", type=bool, multiple=True)


def outcome(kind: Callable[[], Any], do: Callable[[Any], Any]) -> Any:
    """What becomes of the options, or the fact that it is an error."""
    parser = kind()
    define(parser)
    try:
        rest = do(parser)
    except (Error, tornado.options.Error, ValueError, TypeError):
        return "an error"
    return rest, parser.as_dict(), parser.group_dict("site"), list(parser)


LINES = [
    [],
    ["--port=81"],
    ["-port=81"],
    ["--port= 81 "],
    ["--port=0x51"],
    ["--port=-1", "a", "--port=2"],
    ["--port=1", "--", "--port=2"],
    ["--port=1", "--port=2"],
    ["--port"],
    ["--port="],
    ["--port=1.5"],
    ["--nothing=1"],
    ["--name=a=b,c"],
    ["--name="],
    ["--rate=1e3"],
    ["--rate=x"],
    ["--debug"],
    ["--debug=true"],
    ["--debug=T"],
    ["--debug=1"],
    ["--debug=False"],
    ["--debug=0"],
    ["--debug=f"],
    *([f"--day={day}"] for day in ("2013-04-28", "20130428 05:16:01", "05:16", "soon")),
    *([f"--wait={wait}"] for wait in ("45", "45s", "1h 30m", "-1.5 min", "1e3us", "2 days", "2 x")),
    ["--my-hosts=a,b"],
    ["--my_hosts=a,,b "],
    ["--ports=1,3:5"],
    ["--ports=4:4"],
    ["--ports=x"],
    ["--flags=true,false,1,0"],
]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_command_line(line: list[str]) -> None:
    def parse(parser: Any) -> Any:
        return parser.parse_command_line(["site.py", *line])

    ours = outcome(OptionParser, parse)
    assert ours == outcome(tornado.options.OptionParser, parse)


FILES = [
    "",
    "port = 81",
    "port = '81'",
    "port = 8.1",
    "unknown = 5; name = 'a'; import os",
    "name = 5",
    "my_hosts = ['a', 'b']",
    "my_hosts = 'a,b'",
    "my_hosts = ('a',)",
    "my_hosts = [5]",
    "ports = '1:3'",
    "ports = [1, 2]",
    "name = None",
    "rate = 1",
    "wait = '45s'",
    "import datetime; day = datetime.datetime(2013, 4, 28)",
]


@pytest.mark.parametrize("text", FILES)
def test_a_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "site.conf"
    file.write_text(text)
    ours = outcome(OptionParser, lambda parser: parser.parse_config_file(file))
    assert ours == outcome(
        tornado.options.OptionParser, lambda parser: parser.parse_config_file(file)
    )


# What docs/tornado.md tells: what it is with us, and with them.
DIFFERENT: list[tuple[str, Any, Any]] = [
    ("--debug=no", False, True),
    ("--debug=maybe", "an error", True),
    ("--my-hosts=", [], [""]),
    ("--ports=", [], "an error"),
    ("--ports=9:5", "an error", []),
]


@pytest.mark.parametrize(("flag", "ours", "theirs"), DIFFERENT)
def test_what_is_different(flag: str, ours: Any, theirs: Any) -> None:
    def parse(parser: Any) -> Any:
        return parser.parse_command_line(["site.py", flag])

    name = flag.strip("-").partition("=")[0].replace("-", "_")
    for kind, value in ((OptionParser, ours), (tornado.options.OptionParser, theirs)):
        found = outcome(kind, parse)
        assert (found if isinstance(found, str) else found[1][name]) == value


@pytest.mark.parametrize("message", ["plain", "two\nlines", "ä", b"\xe9", {"a": 1}], ids=repr)
@pytest.mark.parametrize("with_exception", [False, True])
@pytest.mark.filterwarnings("ignore::BytesWarning")
def test_lines_of_the_log(message: Any, with_exception: bool) -> None:
    info: Any = None
    if with_exception:
        try:
            raise ValueError("bad\nworse")
        except ValueError:
            info = sys.exc_info()
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, 35):
        record = logging.LogRecord("n", level, "/a/web.py", 61, message, (), info)
        ours = LogFormatter(color=False).format(copy.copy(record))
        assert ours == tornado.log.LogFormatter(color=False).format(record)
