"""``tornadolike completion``: what a shell needs to know to complete commands and options.

The scripts are made of the parsers, so that what a command takes is told in one place.
"""

import argparse
import sys
from typing import Final

from .completing import bash, described, fish, zsh
from .parsing import Commands

SHELLS: Final = {"bash": bash, "zsh": zsh, "fish": fish}


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    completion = commands.add_parser(
        "completion",
        help="print what lets your shell complete commands and options",
        description="Print a script that lets a shell complete the commands and options of tornadolike.",
        epilog='bash: put eval "$(tornadolike completion bash)" into ~/.bashrc; zsh: the same, for zsh, into ~/.zshrc;'
        " fish: tornadolike completion fish > ~/.config/fish/completions/tornadolike.fish",
    )
    completion.add_argument("shell", choices=tuple(SHELLS), help="for which shell")
    completion.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    sys.stdout.write(SHELLS[options.shell](described(options.whole())))
    return 0
