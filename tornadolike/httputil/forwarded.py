"""What proxies write into requests: ``Forwarded`` (RFC 7239) and ``X-Forwarded-For``, from text to parts.

Whom to believe is another question: :mod:`.trust` answers it, and reads from the right for that. Each proxy
adds its entry at the end, so the last is the nearest proxy's word, and what stands before the entries of
proxies that one trusts may be anybody's invention, well formed or not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from .authority import is_authority
from .errors import HTTPInputError
from .headers import NAME
from .networks import IPAddress, parse_ip

_TOKEN = NAME.pattern
_QUOTED = r'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*+"'
_SOME_PAIR = rf"{_TOKEN}=(?:{_TOKEN}|{_QUOTED})"
# Possessive: nothing that was taken is given back, so it takes linear time.
_ELEMENT: Final = rf"[ \t]*+(?:{_SOME_PAIR}[ \t]*+)?+(?:;[ \t]*+(?:{_SOME_PAIR}[ \t]*+)?+)*+"
_PAIR: Final = re.compile(rf"({_TOKEN})=({_TOKEN}|{_QUOTED})")
_ESCAPED = re.compile(r"\\(.)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*")
_HIDDEN = r"_[A-Za-z0-9._\-]+"
_NODE = re.compile(
    rf"(?:\[([0-9A-Fa-f:.]+)\]|([0-9][0-9.]*|(?i:unknown)|{_HIDDEN}))(?::([0-9]{{1,5}}|{_HIDDEN}))?"
)
_MAX_COMMAS = 100
"""Commas that may stand in the quoted strings of one element: each makes us look again where it begins."""
_SHOWN = 100
"""How much of a wrong value stands in the error, and so in the log."""


@dataclass(frozen=True, slots=True)
class ForwardedNode:
    """One end of a connection (RFC 7239 section 6)."""

    name: str
    """An address (IPv6 without brackets), ``"unknown"``, or a name that hides it and begins with ``_``."""
    port: int | str | None = None
    """A number, or a name that hides it and begins with ``_``; None if it is not told."""

    @property
    def ip(self) -> IPAddress | None:
        """The address; None if it is unknown or hidden."""
        return parse_ip(self.name)


@dataclass(frozen=True, slots=True)
class ForwardedElement:
    """What one proxy says of a request that came to it."""

    for_: ForwardedNode | None = None
    """From where it came."""
    by: ForwardedNode | None = None
    """Where it came in."""
    host: str | None = None
    """The Host that it had."""
    proto: str | None = None
    """The scheme, in lower case."""
    extensions: dict[str, str] = field(default_factory=dict)
    """Other parameters, by their names in lower case."""


_EMPTY: Final = ForwardedElement()


@lru_cache(maxsize=1)
def _element_pattern() -> re.Pattern[str]:
    """Compiled when it is needed: it takes longer than most modules do, and clients never need it."""
    return re.compile(_ELEMENT)


def parse_forwarded(value: str) -> list[ForwardedElement]:
    """The elements of a ``Forwarded`` header (of several fields of that name: joined by commas).

    The first is of the proxy that is nearest to the client. Raises :exc:`HTTPInputError` for what is not as
    RFC 7239 says.

    >>> [element.for_.name for element in parse_forwarded('for=192.0.2.43, for="[2001:db8::17]:80"')]
    ['192.0.2.43', '2001:db8::17']
    """
    found = [element for element in elements_from_right(value) if element != _EMPTY]
    return found[::-1]


def elements_from_right(value: str) -> Iterator[ForwardedElement]:
    """The same, the last first, each when it is asked for, and those that are empty, too.

    What is wrong raises :exc:`HTTPInputError` in its turn: what follows it was read all the same. (The right
    end of a good element can't be mistaken: inside a quoted string no element begins that ends with it.)
    """
    end = len(value)
    while end >= 0:
        comma = value.rfind(",", 0, end)
        commas = 0
        while not _element_pattern().fullmatch(value, comma + 1, end):
            if comma < 0 or commas == _MAX_COMMAS:
                raise HTTPInputError(f"Invalid element in Forwarded: {value[:end][-_SHOWN:]!r}")
            comma = value.rfind(",", 0, comma)
            commas += 1
        yield _element(_PAIR.findall(value, comma + 1, end))
        end = comma


def _element(pairs: list[tuple[str, str]]) -> ForwardedElement:
    said: dict[str, str] = {}
    for name, value in pairs:
        name = name.lower()
        if name in said:
            raise HTTPInputError(f"Parameter {name[:_SHOWN]!r} twice in an element of Forwarded")
        said[name] = _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
    for_, by = said.pop("for", None), said.pop("by", None)
    host, proto = said.pop("host", None), said.pop("proto", None)
    if host is not None and not is_authority(host):
        raise HTTPInputError(f"Invalid host in Forwarded: {host[:_SHOWN]!r}")
    if proto is not None and not _SCHEME.fullmatch(proto):
        raise HTTPInputError(f"Invalid proto in Forwarded: {proto[:_SHOWN]!r}")
    return ForwardedElement(
        None if for_ is None else parse_node(for_),
        None if by is None else parse_node(by),
        host,
        None if proto is None else proto.lower(),
        said,
    )


def parse_node(text: str) -> ForwardedNode:
    """A node of RFC 7239 section 6: ``192.0.2.43:47011``, ``[2001:db8::17]``, ``unknown``, ``_hidden``.

    Raises :exc:`HTTPInputError`.
    """
    match = _NODE.fullmatch(text)
    if match is None:
        raise HTTPInputError(f"Invalid node {text[:_SHOWN]!r}")
    bracketed, name, port = match.groups()
    if bracketed or name[0].isdigit():
        name = name or bracketed
        if parse_ip(name) is None or (":" in name) != bool(bracketed):
            raise HTTPInputError(f"Invalid address in node {text[:_SHOWN]!r}")
    elif name[0] != "_":
        name = "unknown"
    if port is None or port[0] == "_":
        return ForwardedNode(name, port)
    if int(port) > 65535:
        raise HTTPInputError(f"Invalid port in node {text[:_SHOWN]!r}")
    return ForwardedNode(name, int(port))


def parse_loose_node(text: str) -> ForwardedNode:
    """A node as it stands in ``X-Forwarded-For``, whose form no standard tells: IPv6 without brackets, too.

    (``unix:`` is what nginx writes of clients without an address.) Raises :exc:`HTTPInputError`.
    """
    text = text.strip(" \t")
    if parse_ip(text):
        return ForwardedNode(text)
    return parse_node("unknown" if text == "unix:" else text)
