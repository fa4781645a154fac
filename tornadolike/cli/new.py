"""``tornadolike new``: a project to begin with."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from ..programs.failing import Failure
from .parsing import Commands
from .skeleton.names import Names, names_of
from .skeleton.writing import write_project


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    new = commands.add_parser(
        "new",
        help="make the files of a new project",
        description="Make a project: an application with a page, a form and JSON, templates, a style sheet, settings"
        " from the environment, tests, a Dockerfile and a unit for systemd.",
        epilog="Nothing that is there is ever overwritten.",
    )
    new.add_argument("name", metavar="NAME", help="what it is called, and its folder: my-site")
    new.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    folder = Path(os.path.abspath(options.name))
    names = names_of(folder)
    try:
        written = write_project(folder, names)
    except OSError as error:
        raise Failure(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    shown = os.path.relpath(folder)
    sys.stdout.writelines(f"{os.path.relpath(path)}\n" for path in written)
    sys.stdout.write(_what_to_do(shown, names))
    return 0


def _what_to_do(folder: str, names: Names) -> str:
    go = "" if folder == os.curdir else f"  cd {shlex.quote(folder)}\n"
    return (
        f"\nSee it, and go on with its README.md:\n{go}"
        f"  python -m tornadolike run {names.package}.app\n  python -m pytest\n"
    )
