"""From an ``Accept-Encoding`` to a coding (RFC 9110 section 12.5.3)."""

import re
from collections.abc import Sequence
from typing import Final

from ..httputil.headers import NAME
from .base import registered_name

MAX_ACCEPTED: Final = 32
"""Only so many of the codings that a client names are looked at; there are not half as many."""

_ACCEPTED = re.compile(
    rf"[ \t]*({NAME.pattern})[ \t]*"
    r"(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)


def choose_coding(accept_encoding: str | None, offered: Sequence[str]) -> str | None:
    """Which of the codings that are ``offered`` (the best first) the client wants; None for none of them.

    The one with the highest quality value wins; where several have it, the first offered. A coding that
    the client does not name is not used unless it sends ``*``. One to which it prefers ``identity`` is
    not either. What is malformed in the header counts as if it were not there.

    A client that does not say what it accepts accepts everything, in theory. In practice, as it is with
    every other server, it is one that understands nothing but what is not encoded. And one that excludes
    that too (``identity;q=0``), and everything else that we have, gets it all the same: the 406 that it
    asks for would be of no more use to it.
    """
    if not accept_encoding:
        return None
    wanted: dict[str, float] = {}
    for item in accept_encoding.split(",", MAX_ACCEPTED)[:MAX_ACCEPTED]:
        match = _ACCEPTED.fullmatch(item)
        if match is not None:
            name = registered_name(match[1])
            quality = 1.0 if match[2] is None else float(match[2])
            # Said twice, the better counts.
            wanted[name] = max(quality, wanted.get(name, 0.0))
    others = wanted.get("*", 0.0)
    # Where it is not named it is welcome, but less than anything that is.
    best, chosen = wanted.get("identity", 0.0), None
    for name in offered:
        quality = wanted.get(name, others)
        if quality > best or (quality == best > 0.0 and chosen is None):
            best, chosen = quality, name
    return chosen
