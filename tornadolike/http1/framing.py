"""What frames a message: its fields and its kind are read here, and :mod:`.framing_rules` decides."""

import re

from ..httputil import HTTPInputError, HTTPOutputError
from ..httputil.headers import NAME
from .framing_rules import (
    BODY_NOT_SENT,
    EMPTY_RESPONSE,
    LENGTH,
    NO_CODING,
    NO_LENGTH,
    NUMBER,
    READING,
    RESPONSE,
    TUNNEL,
    UPGRADE,
    WRITING,
    ZERO,
    Coding,
    Framing,
    Kind,
    Length,
    Refusal,
)

Fields = dict[str, str | list[str]]

_MAX_DIGITS = 18
"""The digits of a length: more, and it is larger than any limit (and int() would work too long)."""
_CODING = re.compile(rf"(?:{NAME.pattern})(?:[ \t]*;.*)?")
_SHOWN = 100
"""How much of a wrong value stands in the error, and so in the log."""


def joined(value: str | list[str]) -> str:
    """The value of a field that may have come several times."""
    return value if isinstance(value, str) else ",".join(value)


def shown(value: str | list[str] | None) -> str:
    """A wrong value for a message: its beginning."""
    return repr(joined(value or "")[:_SHOWN])


def read_coding(fields: Fields) -> Coding:
    """What Transfer-Encoding says."""
    value = fields.get("Transfer-Encoding")
    if value is None:
        return NO_CODING
    names = [name.strip(" \t").lower() for name in joined(value).split(",")]
    if names == ["chunked"]:
        return Coding.CHUNKED
    if (
        names[-1] == "chunked"
        and "chunked" not in names[:-1]
        and all(map(_CODING.fullmatch, names))
    ):
        return Coding.OTHERS
    return Coding.FAULTY


def read_length(fields: Fields) -> tuple[Length, int | None]:
    """What Content-Length says; and the number, if it is one."""
    value = fields.get("Content-Length")
    if value is None:
        return NO_LENGTH
    if not isinstance(value, str) or "," in value:
        return _read_repeated_length(value)
    if not (value.isascii() and value.isdigit()):
        return Length.FAULTY, None
    if len(value) > _MAX_DIGITS:
        return Length.HUGE, None
    size = int(value)
    return (NUMBER if size else ZERO), size


def _read_repeated_length(value: str | list[str]) -> tuple[Length, int | None]:
    values = {one.strip(" \t") for one in joined(value).split(",")}
    if len(values) > 1:
        return Length.UNEQUAL, None
    length, size = read_length({"Content-Length": values.pop()})
    return (length if size is None else Length.REPEATED), size


def has_no_body(status: int) -> bool:
    """Whether responses of this status never have content (RFC 9110 sections 15.2, 15.3.5, 15.4.5)."""
    return status == 204 or status == 304 or 100 <= status < 200


def kind_of_response(method: str | None, status: int) -> Kind:
    """The kind of a response of ``status`` to a request of ``method``."""
    if status < 200:
        return UPGRADE if status == 101 else EMPTY_RESPONSE
    if method == "CONNECT" and status < 300:
        return TUNNEL
    if status == 204:
        return EMPTY_RESPONSE
    if method == "HEAD" or status == 304:
        return BODY_NOT_SENT
    return RESPONSE


def frame_read(kind: Kind, version: str, coding: Coding, length: Length, fields: Fields) -> Framing:
    """How the message of another is framed. Raises :exc:`HTTPInputError` if it is refused."""
    decision = READING[kind, version, coding, length]
    if isinstance(decision, Refusal):
        raise HTTPInputError(_text(decision, kind, fields), decision.status)
    return decision


def frame_written(kind: Kind, version: str, coding: Coding, fields: Fields) -> tuple[Framing, int]:
    """How a message of ours is framed, and its length if that frames it (else 0).

    Raises :exc:`HTTPOutputError` if it cannot be framed.
    """
    length, size = read_length(fields)
    if size is not None and fields["Content-Length"] != str(size):
        length = Length.FAULTY  # a number has one spelling as we write it
    decision = WRITING[kind, version, coding, length]
    if isinstance(decision, Refusal):
        raise HTTPOutputError(_text(decision, kind, fields))
    return decision, (size or 0) if decision is LENGTH else 0


def _text(refusal: Refusal, kind: Kind, fields: Fields) -> str:
    return refusal.text.format(
        kind=kind,
        coding=shown(fields.get("Transfer-Encoding")),
        length=shown(fields.get("Content-Length")),
    )
