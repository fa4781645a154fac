"""What processes send each other through publish/subscribe: bytes that say whose they are and what.

.. code-block:: text

   1  version
   T  kind: T text, B binary, R roll
   0123456789abcdef  the process that has sent it
   the message itself; for a roll JSON: {"in": [attendances], "out": [tokens], "whole": false}

What a process does not know, of a later version perhaps, it leaves alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..escape import json_encode
from .members import Attendance, decoded

SENDER_LENGTH: Final = 16
_TEXT, _BINARY, _ROLL = b"1T", b"1B", b"1R"
_HEAD_LENGTH: Final = 2 + SENDER_LENGTH


@dataclass(frozen=True, slots=True)
class Sent:
    """A message for all in the room."""

    message: str | bytes
    """Text, or what is binary."""


@dataclass(frozen=True, slots=True)
class News:
    """Who has come, is known otherwise, or has gone."""

    here: Sequence[Attendance]
    gone: Sequence[str]
    """Tokens."""
    whole: bool = False
    """Whether all connections of the sender that are in the room are told."""


def seal(sender: str, content: Sent | News) -> bytes:
    """The bytes that ``sender`` publishes."""
    if isinstance(content, News):
        news = {
            "in": [entry.fields() for entry in content.here],
            "out": list(content.gone),
            "whole": content.whole,
        }
        kind, payload = _ROLL, json_encode(news).encode()
    elif isinstance(content.message, str):
        kind, payload = _TEXT, content.message.encode()
    else:
        kind, payload = _BINARY, content.message
    return b"%b%b%b" % (kind, sender.encode(), payload)


def sender_of(data: bytes) -> str:
    """Who has sealed this."""
    return data[2:_HEAD_LENGTH].decode("latin1")


def unseal(data: bytes) -> Sent | News:
    """What somebody has sealed. Raises :exc:`ValueError` for what is nothing of that kind."""
    kind, payload = data[:2], data[_HEAD_LENGTH:]
    if len(data) < _HEAD_LENGTH:
        raise ValueError("too short")
    if kind == _TEXT:
        return Sent(payload.decode())
    if kind == _BINARY:
        return Sent(payload)
    if kind == _ROLL:
        match decoded(payload):
            case {"in": list(here), "out": list(gone), "whole": bool(whole)} if all(
                isinstance(token, str) for token in gone
            ):
                return News([Attendance.of(fields) for fields in here], gone, whole)
    raise ValueError("of an unknown kind")
