"""``tornadolike``, or ``python -m tornadolike``: the commands for the developer at the desk.

Each command has a module here with a function ``add(commands)``, which says what its arguments are and which function
runs it: that gets them and returns the exit status, or raises :exc:`.Failure`. How an application is found by its
name, and served, is in :mod:`tornadolike.programs`. Beside the commands are

.. code-block:: text

   parsing      reads a command line
   completing   scripts for shells
   benching, fetching, routing, running, shells, skeleton     the parts of bench, fetch, routes, run, shell and new
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Final

from tornadolike import __version__

from ..programs.failing import WRONG_USE, Failure, meant, tell
from .parsing import Parser

COMMANDS: Final = (
    "bench",
    "cert",
    "completion",
    "fetch",
    "info",
    "new",
    "routes",
    "run",
    "secret",
    "shell",
    "templates",
)
"""The names of the modules. Only that of the command that is called is imported: some stand on much."""

WITHOUT_OUTPUT: Final = ("fetch", "run")
"""The commands that do not need a standard output, or say themselves what they need it for."""

INTERRUPTED: Final = 130
"""The exit status behind Ctrl-C."""
NOT_WRITTEN: Final = 1
"""The exit status when nobody reads the output any more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    A command that fails says so in one line of the standard error, and its status is 2 where it has no others of its
    own; ``--traceback`` shows where it failed.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    shows_traceback = "--traceback" in arguments
    try:
        return _run([each for each in arguments if each != "--traceback"])
    except BrokenPipeError:
        # Who reads has enough, as head(1) does. Python would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_WRITTEN
    except KeyboardInterrupt:
        return INTERRUPTED
    except (Failure, OSError) as error:
        if shows_traceback:
            traceback.print_exc()
            return error.status if isinstance(error, Failure) else WRONG_USE
        return tell(error if isinstance(error, Failure) else _failure_of(error))


def parser_of(*names: str) -> Parser:
    """The parser of the command line, with these commands."""
    is_script = os.path.basename(sys.argv[0]) == "tornadolike"
    parser = Parser(
        prog="tornadolike" if is_script else "python -m tornadolike",
        description="Commands for the developer at the desk.",
        epilog="COMMAND --help tells more.",
    )
    parser.add_argument("--version", action="version", version=f"tornadolike {__version__}")
    parser.add_argument(
        "--traceback",
        action="store_true",
        help="when a command fails, show where; may stand anywhere",
    )
    parser.set_defaults(whole=partial(parser_of, *COMMANDS))  # for who tells of all commands
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    for name in names:
        import_module(f"{__name__}.{name}").add(commands)
    return parser


def _run(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in COMMANDS:
        if sys.stdout is None and name not in WITHOUT_OUTPUT:  # it was closed, by >&- say
            raise Failure("there is no standard output to write to: do not close it")
        options: argparse.Namespace = parser_of(name).parse_all(arguments, name)
        status: int = options.run(options)
        return status
    if not name.startswith("-"):
        raise Failure(
            f"there is no command {name!r}{meant(name, COMMANDS) or '; there are ' + ', '.join(COMMANDS)}"
        )
    parser = parser_of(*COMMANDS)
    if not arguments:
        parser.print_help(sys.stderr)
        return WRONG_USE
    parser.parse_all(arguments, name)
    return parser.error("COMMAND is missing")


def _failure_of(error: OSError) -> Failure:
    """What the system has refused; its own words begin with a number that is no use to anybody."""
    about = f" {error.filename}" if error.filename is not None else ""
    return Failure(f"the system refuses{about}: {error.strerror or error}")
