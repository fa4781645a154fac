"""Text of unknown direction in a sentence: an Arabic name on an English page, an English name on an Arabic one."""

import re
from typing import Final

_ISOLATES: Final = re.compile("[\u2066-\u2069]")
_END: Final = "\u2069"


def isolate(text: str) -> str:
    """Return the text between marks that keep its direction from disturbing what stands around it.

    They are FIRST STRONG ISOLATE (U+2068) and POP DIRECTIONAL ISOLATE (U+2069) of Unicode's bidirectional algorithm
    (UAX #9), which nobody sees. Isolates within the text are made whole, so that nothing in a name can end ours: an
    end without a beginning is left out, and one that is missing is added. Where HTML can be written, ``<bdi>`` does
    the same.
    """
    depth = 0

    def kept(mark: re.Match[str]) -> str:
        nonlocal depth
        if mark[0] != _END:
            depth += 1
        elif depth == 0:
            return ""
        else:
            depth -= 1
        return mark[0]

    whole = _ISOLATES.sub(kept, text)
    return f"\u2068{whole}{_END * (depth + 1)}"
