"""What is said in the terminal: one line each, and colours only where somebody sees them."""

import sys

from .colours import coloured


def say(text: str, colour: str = "", details: str = "") -> None:
    """Write a line to the standard error output, and the details below it as they are."""
    stream = sys.stderr
    if colour:
        text = coloured(text, colour, stream)
    lines = f"tornadolike: {text}\n{details}"
    encoding = stream.encoding or "utf-8"
    stream.write(lines.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
