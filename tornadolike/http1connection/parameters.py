"""Tornado's parameters of a connection, and small parsers of its that programs import from here."""

import math
import re
from dataclasses import dataclass, fields
from typing import Any, Final

from ..http1 import Limits
from ..httputil import HTTPHeaders, HTTPInputError
from .serving import ServingParameters

DIGITS: Final = re.compile(r"[0-9]+")
"""A number, as it stands in a header."""
HEXDIGITS: Final = re.compile(r"[0-9a-fA-F]+")
"""The size of a chunk."""
SIZES: Final = frozenset(
    {field.name for field in fields(Limits)} | {"max_pipelined_size", "max_proxy_header_size"}
)
"""The limits of which None is the default; of a time-out or a rate it is none at all."""


@dataclass(slots=True)
class HTTP1ConnectionParameters:
    """Parameters of a :class:`.HTTP1Connection` or :class:`.HTTP1ServerConnection`; None is for the default."""

    no_keep_alive: bool = False
    """Close after every response."""
    chunk_size: int | None = None
    """Bytes that are read, and given to a delegate, at once at the most; 64 KB by default."""
    max_header_size: int | None = None
    """Bytes of the start line and the header fields together; 64 KB by default."""
    header_timeout: float | None = None
    """Seconds for the whole head. A server's connection waits so long between requests too, by default for an
    hour (and for a head that has begun for a minute at the most); a client's has no limit by default."""
    max_body_size: int | None = None
    """Bytes of the body; by default ``max_buffer_size`` of the stream, as a rule 100 MB."""
    body_timeout: float | None = None
    """Seconds for the whole body. None, the default: no limit."""
    decompress: bool = False
    """Give the delegate bodies with the content codings that are known taken off."""

    def __post_init__(self) -> None:
        self.chunk_size = self.chunk_size or 64 * 1024
        self.max_header_size = self.max_header_size or Limits().max_header_size


def serving_parameters(given: HTTP1ConnectionParameters, **others: Any) -> ServingParameters:
    """What ``given`` means for a server's connections.

    :arg others: more fields of :class:`.Limits` and :class:`.ServingParameters`. A size that is None is the default.

    Raises :exc:`TypeError` for a name that neither has, and :exc:`ValueError` for a time-out that cannot be so.
    """
    others = {
        name: value for name, value in others.items() if value is not None or name not in SIZES
    }
    limits = {
        field.name: others.pop(field.name) for field in fields(Limits) if field.name in others
    }
    limits["max_header_size"] = given.max_header_size
    if given.max_body_size is not None:
        limits["max_body_size"] = given.max_body_size
    if given.header_timeout:
        others["idle_connection_timeout"] = given.header_timeout
        # A head that has begun need not wait longer than one that has not, unless somebody says so.
        usual = ServingParameters().header_timeout
        others.setdefault("header_timeout", min(usual or math.inf, given.header_timeout))
    return ServingParameters(
        limits=Limits(**limits),
        no_keep_alive=given.no_keep_alive,
        body_timeout=given.body_timeout,
        **others,
    )


def parse_int(s: str) -> int:
    """A number that is not negative. Raises :exc:`ValueError` for signs, spaces, underscores and the rest.

    >>> parse_int("010")
    10
    """
    if DIGITS.fullmatch(s) is None:
        raise ValueError(f"not an integer: {s!r}")
    return int(s)


def parse_hex_int(s: str) -> int:
    """As :func:`parse_int`, in hexadecimal digits.

    >>> parse_hex_int("fF")
    255
    """
    if HEXDIGITS.fullmatch(s) is None:
        raise ValueError(f"not a hexadecimal integer: {s!r}")
    return int(s, 16)


def is_transfer_encoding_chunked(headers: HTTPHeaders) -> bool:
    """Whether a message with these headers comes in chunks.

    Raises :exc:`HTTPInputError` for every other transfer coding and for one beside Content-Length: where such a
    message ends, two readers may see differently (RFC 9112 section 6.3).
    """
    coding = headers.get("Transfer-Encoding")
    if coding is None:
        return False
    if "Content-Length" in headers:
        raise HTTPInputError("Message with both Transfer-Encoding and Content-Length")
    if coding.lower() != "chunked":
        raise HTTPInputError(f"Unsupported Transfer-Encoding {coding[:100]!r}", 501)
    return True
