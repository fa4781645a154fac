"""Mistakes on a command line: a line, and no traceback."""

import pytest

from tests.options.conftest import Run
from tornadolike.options.errors import hint

SOURCE = """
from tornadolike.options import define, options, parse_all, parse_command_line
define("port", 80)
define("config", type=str)
parse_all(prefix="SITE", file_option="config")
print("runs", options.port)
"""


@pytest.mark.parametrize(
    ("arguments", "environment", "line"),
    [
        (["--prot=1"], {}, "site.py: --prot: there is no such option; did you mean --port?"),
        ([], {"SITE_PORT": "x"}, "site.py: SITE_PORT: has to be a whole number, not 'x'"),
        (
            ["--config=a.toml"],
            {},
            "site.py: the options in a.toml cannot be read: No such file or directory",
        ),
        (
            ["--config=/"],
            {},
            "site.py: the options in / cannot be read: Is a directory",
        ),
        (
            [],
            {"SITE_LOGGING": "loud"},
            "site.py: logging is debug, info, warning, error, critical or none, not 'loud'",
        ),
        (
            ["--log-file-prefix=/nowhere/log"],
            {},
            "site.py: the log file cannot be opened: No such file or directory: /nowhere/log",
        ),
        (
            ["--log-rotate-mode=x", "--log-file-prefix=log"],
            {},
            "site.py: log_rotate_mode is size or",
        ),
        (["--log-line-format=xml"], {}, "site.py: log_line_format is text or json, not 'xml'"),
    ],
)
def test_a_line(run: Run, arguments: list[str], environment: dict[str, str], line: str) -> None:
    done = run(SOURCE, *arguments, **environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("port = nothing", "site.py: site.conf:1: NameError: name 'nothing' is not defined\n"),
        ("\nport = (", "site.py: site.conf:2: '(' was never closed\n"),
        ("port = 'x'", "site.py: site.conf:1: port: has to be a whole number, not 'x'\n"),
    ],
)
def test_a_line_about_a_file(run: Run, text: str, line: str) -> None:
    done = run(f"open('site.conf', 'w').write({text!r}){SOURCE}", "--config=site.conf")
    assert (done.returncode, done.stderr) == (2, line)


def test_whoever_wants_the_traceback_gets_it(run: Run) -> None:
    done = run(SOURCE, "--prot=1", flags=("-X", "dev"))
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "did you mean --port?" in done.stderr


def test_no_help_is_needed_to_go_on(run: Run) -> None:
    done = run(SOURCE, "--port=81", SITE_PORT="82")
    assert (done.returncode, done.stdout, done.stderr) == (0, "runs 81\n", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("prot", "; did you mean --port?"),
        ("qqq", ""),
        ("", ""),
        ("ports", "; did you mean --port?"),
    ],
)
def test_hints(name: str, said: str) -> None:
    assert hint(name, ["port", "host"], "--") == said
