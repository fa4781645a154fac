"""``tornadolike shell``: Python with an application, a client, and ``await``."""

import argparse
import sys

from ..log import on_one_line
from ..programs.failing import Failure
from .parsing import Commands
from .shells.console import Console, compiled
from .shells.ipython import has_ipython, run_ipython
from .shells.session import Session


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    shell = commands.add_parser(
        "shell",
        help="try things out: Python with your application, a client, and await",
        description="Python with your application, which is served on a free port of this machine, and a client that"
        " asks it: await fetch('/'). Coroutines are awaited where they stand, on a loop that runs all the time. With"
        " IPython where that is installed.",
        epilog="Ctrl-C interrupts what is awaited, Ctrl-D ends the shell.",
    )
    shell.add_argument("application", metavar="MODULE:NAME", nargs="?", help="such as main:app")
    shell.add_argument("-c", "--command", metavar="CODE", help="run this, and nothing more")
    shell.add_argument("--plain", action="store_true", help="without IPython")
    shell.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        code = None if options.command is None else compiled(options.command)
    except SyntaxError as error:
        raise Failure(
            f"-c {(error.text or options.command).strip()}: {on_one_line(error.msg)}"
        ) from error
    if code is None and sys.stdin is None:  # it was closed, by <&- say
        raise Failure("there is no standard input: give -c CODE")
    with Session(options.application) as session:
        if code is not None:
            return _status(Console(session).run(code))
        is_terminal = sys.stdin.isatty()
        if is_terminal and not options.plain and has_ipython():
            run_ipython(session)
            return 0
        return _status(Console(session).talk(session.banner if is_terminal else ""))


def _status(error: BaseException | None) -> int:
    """The exit status behind what was run."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return int(error is not None)
