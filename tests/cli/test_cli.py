"""``python -m tornadolike``: its commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tornadolike import __version__, cli
from tornadolike.cli import COMMANDS, Failure, main

FOLDER = Path(cli.__file__).parent
BESIDE = {"__init__", "colours", "completing", "failing", "loading", "parsing"}


def run(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "tornadolike", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_each_module_is_a_command():
    assert set(COMMANDS) == {path.stem for path in FOLDER.glob("*.py")} - BESIDE
    assert list(COMMANDS) == sorted(COMMANDS)


def test_all_commands_are_told(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert all(re.search(rf"(?m)^    {command}\s", said) for command in COMMANDS)


def test_the_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"tornadolike {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_has_help(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rotes"], "there is no command 'rotes'; did you mean 'routes'?"),
        (["xyz"], f"there is no command 'xyz'; there are {', '.join(COMMANDS)}"),
        (["a\x1b[31m"], "there is no command 'a\\x1b[31m'"),
        (["info", "--jsom"], "info has no option --jsom; did you mean '--json'?"),
        (["info", "--js"], "info has no option --js; did you mean '--json'?"),
        (["info", "more"], "info has no further argument more (pytest info --help"),
        (["templates", "check", ".", "--stric"], "did you mean '--strict'?"),
        (["routes"], "MODULE:NAME is missing"),
        (["--what"], "--what has no option --what"),
        (["routes", "no_such_module_anywhere"], "there is no module"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, said, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["tornadolike"])
    said = said.replace("pytest info", "tornadolike info")
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("tornadolike: ")
    assert said in told.err
    assert told.err.count("\n") == 1


def test_a_traceback_is_shown_to_who_asks(capsys):
    for arguments in (["--traceback", "routes", "nowhere"], ["routes", "nowhere", "--traceback"]):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith("Traceback")
        assert "ModuleNotFoundError" in said


def command_that_raises(monkeypatch, error):
    def run(options):
        raise error

    class Info:
        @staticmethod
        def add(commands):
            commands.add_parser("info").set_defaults(run=run)

    monkeypatch.setattr(cli, "import_module", lambda name: Info)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Failure("no", "more\n", status=7), 7, "tornadolike: no\nmore\n"),
        (PermissionError(13, "Permission denied", "f"), 2, "refuses f: Permission denied\n"),
        (OSError("strange"), 2, "strange\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_how_commands_end(error, status, said, capsys, monkeypatch):
    command_that_raises(monkeypatch, error)
    assert main(["info"]) == status
    told = capsys.readouterr().err
    assert told.endswith(said)
    assert bool(told) == bool(said)


def test_what_is_our_fault_is_not_hidden(monkeypatch):
    command_that_raises(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["info"])


def test_nobody_reads_on():
    command = f"{sys.executable} -m tornadolike --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout in ("0\n", "1\n")
    assert done.stderr == ""


def test_colours_only_where_they_are_wanted():
    assert run("xyz")[2].startswith("tornadolike: ")
    assert run("xyz", FORCE_COLOR="1")[2].startswith("\x1b[31mtornadolike:\x1b[0m ")
    assert run("xyz", FORCE_COLOR="1", NO_COLOR="1")[2].startswith("tornadolike: ")


def test_a_command_does_not_import_what_others_need():
    program = (
        "import sys; from tornadolike.cli import main\n"
        "try: main(['templates', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'tornadolike.cli.fetch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"fetch", "run"}))
def test_a_standard_output_that_is_closed(command):
    program = [sys.executable, "-m", "tornadolike", command]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *program],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "tornadolike: there is no standard output to write to: do not close it\n"
