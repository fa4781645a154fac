"""Colours, where a terminal shows them."""

from typing import Final, TextIO

from ..log import colors_wanted

CODES: Final = {"dim": "2", "red": "31", "green": "32", "yellow": "33"}
"""As ECMA-48 (section 8.3.117) has them, to which all terminals keep."""


def coloured(text: str, colour: str, stream: TextIO) -> str:
    """``text`` in one of :data:`CODES`, if ``stream`` is a terminal, or the environment wants it in any case."""
    return f"\x1b[{CODES[colour]}m{text}\x1b[0m" if colors_wanted(stream) else text
