"""``python -m tornadolike secret``."""

import argparse
import re
import secrets
import sys
from typing import Final

from .parsing import Commands

DEFAULT_BYTES: Final = 32
LEAST_BYTES: Final = 16
MOST_BYTES: Final = 1024

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    secret = commands.add_parser(
        "secret",
        help="make a secret, for the setting cookie_secret say",
        description="Print a new secret: random bytes, as hexadecimal digits. Nobody has it but you.",
        epilog="Keep it out of the source: python -m tornadolike secret --env COOKIE_SECRET >> .env",
    )
    secret.add_argument(
        "--bytes",
        metavar="N",
        type=_size,
        default=DEFAULT_BYTES,
        help=f"how many, {LEAST_BYTES} to {MOST_BYTES} (default: %(default)s)",
    )
    secret.add_argument(
        "--env",
        metavar="NAME",
        type=_variable,
        help="print NAME=SECRET, as files of variables have it",
    )
    secret.set_defaults(run=_run)


def _size(text: str) -> int:
    size = int(text)
    if not LEAST_BYTES <= size <= MOST_BYTES:
        raise argparse.ArgumentTypeError(f"a secret has {LEAST_BYTES} to {MOST_BYTES} bytes")
    return size


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise argparse.ArgumentTypeError("a variable has letters, digits and _, no digit first")
    return text


def _run(options: argparse.Namespace) -> int:
    made = secrets.token_hex(options.bytes)
    sys.stdout.write(f"{options.env}={made}\n" if options.env else f"{made}\n")
    return 0
