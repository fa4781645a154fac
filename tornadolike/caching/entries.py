""":class:`Entry`: a response as it is kept, and what a store has of it.

.. code-block:: text

   R  4 bytes: how long is what follows  JSON: what is known of the response  its body
   V  JSON: the names of the request's headers that tell variants apart
"""

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

from ..httputil import HTTPServerRequest

_LENGTH: Final = struct.Struct(">I")

Fields = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept response."""

    status: int
    reason: str
    fields: Fields
    """Its headers, by their canonical names; without a value those that handlers have by default and this one has not.

    Those that are the same in all responses of the handler are not here.
    """
    made: float
    """When its handler began, in seconds since the epoch: several machines may share it."""
    fresh_seconds: float
    """How long it is good, from then on."""
    may_be_stale: bool
    """Whether it may be used behind that time, by who has chosen so."""
    vary: dict[str, str]
    """The request's headers that it depends on, and what they were."""
    generation: str
    """That of the cache when the handler began."""
    tokens: dict[str, str]
    """Those of the names it can be invalidated by."""
    body: bytes

    def suits(self, request: HTTPServerRequest) -> bool:
        """Whether it is an answer to ``request``, as far as its headers tell (RFC 9111 section 4.1)."""
        return all(value_of(request, name) == value for name, value in self.vary.items())

    def to_bytes(self) -> bytes:
        """What is kept of it."""
        known: list[Any] = [
            self.status,
            self.reason,
            self.fields,
            self.made,
            self.fresh_seconds,
            self.may_be_stale,
            self.vary,
            self.generation,
            self.tokens,
        ]
        head = json.dumps(known, separators=(",", ":")).encode()
        return b"R" + _LENGTH.pack(len(head)) + head + self.body

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Entry | None":
        """The response; None for what is none of ours."""
        start = 1 + _LENGTH.size
        if kept[:1] != b"R" or len(kept) < start:
            return None
        end = start + _LENGTH.unpack_from(kept, 1)[0]
        try:
            known: list[Any] = [*json.loads(kept[start:end].decode()), kept[end:]]
            return cls(*known)
        except (ValueError, TypeError):
            return None


def names_to_bytes(names: list[str]) -> bytes:
    """What is kept of a resource whose responses depend on these headers."""
    return b"V" + json.dumps(names).encode()


def names_from_bytes(kept: bytes) -> list[str] | None:
    """The names of these headers; None if that is something else."""
    if kept[:1] != b"V":
        return None
    try:
        names = json.loads(kept[1:])
    except ValueError:
        return None
    return names if isinstance(names, list) and all(isinstance(n, str) for n in names) else None


def value_of(request: HTTPServerRequest, name: str) -> str:
    """The value of one of the request's headers, however many fields and whatever white space it came in."""
    value = request._fields.get(name, "")
    if isinstance(value, list):
        value = ",".join(value)
    return ",".join([part.strip(" \t") for part in value.split(",")])  # as HTTP has white space
