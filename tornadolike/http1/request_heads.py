"""Heads of requests without a body: checked and encoded once for all whose fields are equal.

A client asks for one target after another, and what it says beside that is the same each time.
"""

from dataclasses import dataclass
from typing import Final

from .framing import Fields

_SECRETS: Final = frozenset({"Authorization", "Cookie", "Proxy-Authorization"})
"""Fields that nothing remembers longer than it must."""


@dataclass(frozen=True, slots=True)
class EncodedFields:
    """Fields of a request that has no body."""

    lines: bytes
    """As they go out, with the empty line behind them."""
    stays_open: bool
    """Whether the connection may stay open behind them."""
    upgrades: bool


class EncodedFieldsCache(dict[tuple[tuple[str, object], ...], EncodedFields]):
    """Fields that were sent before, by what they are. Bounded in number and size; when it is full it starts anew."""

    MAX_ENTRIES = 128
    MAX_BYTES = 1024

    def find(self, fields: Fields) -> EncodedFields | None:
        """What was remembered of equal fields in the same order."""
        try:
            return self.get(tuple(fields.items()))
        except TypeError:  # one came several times: that is seldom
            return None

    def remember(self, fields: Fields, encoded: EncodedFields) -> None:
        """Remember fields that were found to be good, unless they are large, or tell who somebody is."""
        if len(encoded.lines) > self.MAX_BYTES or not _SECRETS.isdisjoint(fields):
            return
        # (What is no text might be equal to something that is written otherwise, as True is to 1.)
        if all(type(value) is str for value in fields.values()):
            if len(self) >= self.MAX_ENTRIES:
                self.clear()
            self[tuple(fields.items())] = encoded


encoded_fields: Final = EncodedFieldsCache()
