"""What is said in the terminal: one line each, and colours only where somebody sees them."""

import os
import sys
from typing import Final, TextIO

RED: Final = "31"
YELLOW: Final = "33"
GREEN: Final = "32"

NAME: Final = "tornadolike"


def is_coloured(stream: TextIO) -> bool:
    """Whether colours are for somebody: on a terminal, unless ``NO_COLOR`` or ``FORCE_COLOR`` says otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def say(text: str, colour: str = "", details: str = "") -> None:
    """Write a line to the standard error output, and the details below it as they are."""
    stream = sys.stderr
    name = f"{NAME}:"
    if colour and is_coloured(stream):
        text = f"\x1b[{colour}m{text}\x1b[0m"
    lines = f"{name} {text}\n{details}"
    encoding = stream.encoding or "utf-8"
    stream.write(lines.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
