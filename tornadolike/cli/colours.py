"""Colours, where a terminal shows them."""

import os
from typing import Final, TextIO

CODES: Final = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
"""As ECMA-48 (section 8.3.117) has them, to which all terminals keep."""


def shows_colours(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that shows colours; ``NO_COLOR`` and ``FORCE_COLOR`` have the last word."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def coloured(text: str, colour: str, stream: TextIO) -> str:
    """``text`` in one of :data:`CODES`, if ``stream`` shows colours."""
    return f"\x1b[{CODES[colour]}m{text}\x1b[0m" if shows_colours(stream) else text
