"""``python -m tornadolike``: the commands for the developer at the desk.

Each command has a module here with a function ``add(commands)``, which says what its arguments are and which function
runs it: that gets them and returns the exit status.
"""

import argparse
from collections.abc import Sequence

from . import templates


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tornadolike", description="Commands for the developer at the desk."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    templates.add(commands)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status
