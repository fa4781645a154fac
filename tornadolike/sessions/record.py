"""What is kept of a session, and its form as bytes: JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

MAX_FLASHES: Final = 20
"""The most messages that wait to be shown: who never shows them keeps the last ones."""


_PLAIN: Final = frozenset({str, int, bool, type(None)})
_encoder: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Flash(NamedTuple):
    """A message that is shown once."""

    category: str
    text: str


@dataclass(slots=True)
class Record:
    """A session as it is kept. Times are in seconds since 1970."""

    created: int
    seen: int
    permanent: bool
    data: dict[str, Any] = field(default_factory=dict)
    flashes: list[Flash] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.data and not self.flashes

    def encode(self) -> bytes:
        """Raises :exc:`TypeError` and :exc:`ValueError` for what is no JSON."""
        flashes = [list(flash) for flash in self.flashes]
        return encode([self.created, self.seen, int(self.permanent), self.data, flashes])


def decode(content: bytes) -> Record | None:
    """The record of these bytes; None if they are none (of another version of us, say)."""
    try:
        created, seen, permanent, data, flashes = json.loads(
            content.decode("utf-8", "surrogatepass")
        )
        made = [Flash(category, text) for category, text in flashes]
    except (ValueError, TypeError, RecursionError):
        return None
    texts = [text for flash in made for text in flash]
    if not all(isinstance(text, str) for text in texts) or not isinstance(data, dict):
        return None
    if not isinstance(created, int) or not isinstance(seen, int):
        return None
    return Record(created, seen, bool(permanent), data, made)


def encode(value: object) -> bytes:
    """A value as JSON. Raises :exc:`TypeError` and :exc:`ValueError` for what is none."""
    return _encoder.encode(value).encode("utf-8", "surrogatepass")


def is_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether both are the same JSON, in whatever order."""
    return before.keys() == now.keys() and all(
        is_same_value(before[name], now[name]) for name in now
    )


def is_same_value(before: object, now: object) -> bool:
    """Whether both are the same JSON: to Python 1 is True, and 1.0."""
    if type(before) is type(now) and type(now) in _PLAIN:
        return before == now
    return encode(before) == encode(now)
