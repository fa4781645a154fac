"""``python -m tornadolike``: the commands for the developer at the desk.

Each command has a module here with a function ``add(commands)``, which says what its arguments are and which function
runs it: that gets them and returns the exit status.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

COMMANDS: Final = ("fetch", "info", "run", "secret", "templates")
"""The names of the modules. Only that of the command that is called is imported: some stand on much."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    if arguments is None:
        arguments = sys.argv[1:]
    parser = argparse.ArgumentParser(
        prog="python -m tornadolike", description="Commands for the developer at the desk."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    called = COMMANDS if not arguments or arguments[0] not in COMMANDS else (arguments[0],)
    for name in called:
        import_module(f"{__name__}.{name}").add(commands)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status
