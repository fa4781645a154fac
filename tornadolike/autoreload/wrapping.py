"""``python -m tornadolike.autoreload``: runs a program, and again when its files have changed."""

import contextlib
import importlib.util
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NamedTuple, NoReturn

from ..log import gen_log
from .looking import wait
from .modules import watch

USAGE: Final = """\
usage: python -m tornadolike.autoreload [--until-success] FILE [ARGUMENT ...]
       python -m tornadolike.autoreload [--until-success] -m MODULE [ARGUMENT ...]
"""

HELP: Final = """
Run a program, and run it again whenever one of its files has changed.

  -m MODULE        run a module, as python -m does, and not a file or a folder
  --until-success  end when the program has ended with status 0
  -h, --help       show this
"""

WRONG_USE: Final = 2


class Program(NamedTuple):
    """What is to be run."""

    name: str
    is_module: bool
    arguments: list[str]
    until_success: bool


def main() -> None:
    """Run the program that the command line names; when it has ended, wait for a change and run it again.

    It works for what does not begin at all, because of a syntax error say, and for what ends by itself, as tests do.
    With ``--until-success`` it returns when the program has ended with status 0. What Python's own command line has
    for the name of the program (a file, a folder, ``-m`` and a module) can be given. A wrong command line is
    :exc:`SystemExit` with status 2.
    """
    program = parse(sys.argv[1:])
    before = sys.argv
    status = _run(program)
    sys.argv = before
    _watch_module(program)
    if program.until_success and not status:
        return
    with contextlib.suppress(KeyboardInterrupt):
        wait()


def parse(arguments: Sequence[str]) -> Program:
    """The command line. All behind the name of the program is the program's own affair."""
    until_success = False
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument in {"-h", "--help"}:
            sys.stdout.write(USAGE + HELP)
            sys.exit()
        elif argument == "--until-success":
            until_success = True
        elif argument == "-m" and rest:
            return Program(rest[0], True, rest[1:], until_success)
        elif argument == "-m":
            _refuse("-m needs the name of a module")
        elif argument.startswith("-"):
            _refuse(f"unknown option {argument}")
        else:
            return Program(argument, False, rest, until_success)
    return _refuse("name a file, or a module by -m")


def _refuse(reason: str) -> NoReturn:
    sys.stderr.write(f"{USAGE}tornadolike.autoreload: {reason}\n")
    sys.exit(WRONG_USE)


def _run(program: Program) -> object:
    """Run it as Python itself would, and return its exit status."""
    sys.argv = [sys.argv[0] if program.is_module else program.name, *program.arguments]
    try:
        if program.is_module:
            runpy.run_module(program.name, run_name="__main__", alter_sys=True)
        else:
            if os.path.isfile(program.name):  # of a folder this is done by runpy
                sys.path.insert(0, os.path.dirname(os.path.abspath(program.name)))
            runpy.run_path(program.name, run_name="__main__")
    except SystemExit as end:
        _tell(logging.INFO if not end.code else logging.WARNING, f"ended with status {end.code}")
        return end.code
    except Exception as error:
        _watch_culprits(error)
        _tell(logging.ERROR, "failed", error)
        return 1
    _tell(logging.INFO, "ended")
    return 0


def _tell(level: int, what: str, error: Exception | None = None) -> None:
    gen_log.log(level, "The program %s; it is run again when a file changes", what, exc_info=error)


def _watch_culprits(error: BaseException) -> None:
    """What has failed while it was imported is not among the modules: the traceback has it."""
    for frame in traceback.extract_tb(error.__traceback__):
        watch(frame.filename)
    if isinstance(error, SyntaxError) and error.filename is not None:
        watch(error.filename)  # was never run, so it has no frame


def _watch_module(program: Program) -> None:
    """The main module is not among the modules any more when it has ended."""
    if not program.is_module:
        watch(program.name)
        return
    with contextlib.suppress(ImportError, ValueError):  # it is not there, or not yet
        for name in (program.name, f"{program.name}.__main__"):
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.origin is not None and spec.has_location:
                watch(spec.origin)
