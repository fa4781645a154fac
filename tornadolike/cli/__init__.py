"""``python -m tornadolike``: the commands for the developer at the desk."""

import argparse
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tornadolike", description=__doc__)
    parser.add_subparsers(metavar="COMMAND", required=True)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status
