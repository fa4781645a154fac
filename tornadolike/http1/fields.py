"""The field section of a message: parsed strictly, its meaning for framing worked out once.

Clients say the same again and again: on a connection that is kept alive the field sections of one
request after another are, as a rule, equal to the byte. A :class:`FieldSection` is therefore immutable
and may stand for many messages (:class:`FieldSectionCache`).

What is refused (RFC 9112 sections 2.2, 5, 6.1, 6.3 and RFC 9110 sections 5, 7.2, 8.6): bare CR or LF and
other control characters, white space in or around a name, folded lines, more than one Content-Length
or a list of them, Content-Length beside Transfer-Encoding, transfer codings other than ``chunked`` alone,
more than one Host or one that is no host.
"""

import re
from typing import Final

from ..httputil import HTTPInputError
from ..httputil.authority import is_authority
from ..httputil.headers import FORBIDDEN_IN_VALUE, NAME, field_names

CONTROL_IN_PART: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?=[^\n])|(?<!\r)\n")
"""A control character, or half a line break, in bytes to which more may come: with it they need not be
waited for."""

_LENGTH = re.compile(r"[0-9]+")
_LENGTH_DIGITS = 18
"""The digits of a length: more, and it is larger than any limit (and int() would work too long)."""
_CODING = re.compile(rf"(?:{NAME.pattern})(?:[ \t]*;.*)?")
_SHOWN = 100
"""How much of a wrong value stands in the error, and so in the log."""


class FieldSection:
    """The fields of one message (or of several that are equal), and what they say about it."""

    __slots__ = (
        "chunked",
        "close",
        "content_length",
        "expect",
        "fields",
        "has_host",
        "keep_alive",
        "plain",
        "transfer_coded",
    )

    def __init__(self, text: str, max_count: int) -> None:
        self.fields = parse_fields(text, max_count)
        self._read_framing()
        self._read_connection()
        self.has_host = self._check_host()
        expect = self.fields.get("Expect")
        self.expect: str | None = None if expect is None else joined(expect).lower()
        self.plain = (
            self.has_host
            and not self.content_length
            and not self.transfer_coded
            and not self.close
            and self.expect is None
        )
        """Whether a request with these fields, of either version, is well framed and has no body, and there
        is nothing else about it (but HTTP/1.0 is not kept alive)."""

    def _read_framing(self) -> None:
        length = self.fields.get("Content-Length")
        coding = self.fields.get("Transfer-Encoding")
        self.content_length: int | None = None
        self.transfer_coded = coding is not None
        self.chunked = False
        if coding is not None:
            if length is not None:
                raise HTTPInputError("Message with both Transfer-Encoding and Content-Length")
            names = [name.strip(" \t").lower() for name in joined(coding).split(",")]
            if names == ["chunked"]:
                self.chunked = True
            elif (
                names[-1] == "chunked"
                and "chunked" not in names[:-1]
                and all(map(_CODING.fullmatch, names))
            ):
                raise HTTPInputError(f"Unsupported Transfer-Encoding {shown(coding)}", 501)
            else:
                raise HTTPInputError(f"Invalid Transfer-Encoding {shown(coding)}")
        elif length is not None:
            if not isinstance(length, str) or not _LENGTH.fullmatch(length):
                raise HTTPInputError(f"Invalid Content-Length {shown(length)}")
            if len(length) > _LENGTH_DIGITS:
                raise HTTPInputError(f"Content-Length {shown(length)} is beyond measure", 413)
            self.content_length = int(length)

    def _read_connection(self) -> None:
        connection = self.fields.get("Connection")
        self.close = self.keep_alive = False
        if connection is not None:
            options = [option.strip(" \t").lower() for option in joined(connection).split(",")]
            self.close = "close" in options
            self.keep_alive = "keep-alive" in options and not self.close

    def _check_host(self) -> bool:
        host = self.fields.get("Host")
        if host is None:
            return False
        if not isinstance(host, str):
            raise HTTPInputError("More than one Host header")
        # It is empty where the target has no authority (RFC 9112 section 3.2).
        if host and not is_authority(host):
            raise HTTPInputError(f"Invalid Host header {shown(host)}")
        return True

    def with_host(self, host: str) -> dict[str, str | list[str]]:
        """The fields with another Host."""
        return {**self.fields, "Host": host}


def joined(value: str | list[str]) -> str:
    """The value of a field that may have come several times."""
    return value if isinstance(value, str) else ",".join(value)


def shown(value: str | list[str]) -> str:
    """A wrong value for a message: its beginning."""
    return repr(joined(value)[:_SHOWN])


def parse_fields(text: str, max_count: int) -> dict[str, str | list[str]]:
    """The fields of ``text`` (lines with CRLF between them) by their canonical names.

    Raises :exc:`HTTPInputError`: with status 431 for more than ``max_count``, 400 for the rest.
    """
    fields: dict[str, str | list[str]] = {}
    if not text:
        return fields
    lines = text.split("\r\n")
    if len(lines) > max_count:
        raise HTTPInputError(f"More than {max_count} headers", 431)
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise HTTPInputError(f"Malformed header line {line[:100]!r}")
        name = field_names[name]
        # Nearly all values are printable, which is told much faster than what is wrong with others.
        if not value.isprintable() and FORBIDDEN_IN_VALUE.search(value):
            raise HTTPInputError("Control character or bare line break in a header")
        value = value.strip(" \t")
        before = fields.get(name)
        if before is None:
            fields[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            fields[name] = [before, value]
    return fields


class FieldSectionCache(dict[bytes, FieldSection]):
    """Field sections that were parsed before, by their bytes.

    Bounded in number and size; when it is full it starts anew, which costs less than keeping track of
    which entry was used last.
    """

    MAX_ENTRIES = 512
    MAX_BYTES = 2048

    def __init__(self, max_count: int) -> None:
        super().__init__()
        self.max_count = max_count

    def __missing__(self, raw: bytes) -> FieldSection:
        section = FieldSection(raw.decode("latin1"), self.max_count)
        if len(raw) <= self.MAX_BYTES:
            if len(self) >= self.MAX_ENTRIES:
                self.clear()
            self[raw] = section
        return section
