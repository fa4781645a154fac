"""The field section of a message: parsed strictly, its meaning worked out once.

Clients say the same again and again: on a connection that is kept alive the field sections of one
request after another are, as a rule, equal to the byte. A :class:`FieldSection` is therefore immutable
and may stand for many messages (:class:`FieldSectionCache`).

What is refused (RFC 9112 sections 2.2, 5 and RFC 9110 sections 5, 7.2): bare CR or LF and other control
characters, white space in or around a name, folded lines, more than one Host or one that is no host. What
the fields say of the body is judged by the tables of :mod:`.framing`.
"""

import re
from typing import Final

from .._native import RUNNING, references, twin
from ..httputil import HTTPInputError
from ..httputil.authority import is_authority
from ..httputil.headers import FORBIDDEN_IN_VALUE, field_names
from .framing import Fields, joined, read_coding, read_length, shown
from .framing_rules import NO_CODING, NO_LENGTH, NUMBER, ZERO, Coding, Length

CONTROL_IN_PART: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?=[^\n])|(?<!\r)\n")
"""A control character, or half a line break, in bytes to which more may come: with it they need not be
waited for."""


@twin("fields")
class FieldSection:
    """The fields of one request (or of several that are equal), and what they say about it."""

    __slots__ = (
        "close",
        "coding",
        "content_length",
        "expect",
        "fields",
        "has_host",
        "keep_alive",
        "length",
        "plain",
    )

    def __init__(self, text: str, max_count: int) -> None:
        self.fields = fields = parse_fields(text, max_count)
        self.coding = read_coding(fields)
        self.length, self.content_length = read_length(fields)
        self.close, self.keep_alive = read_connection(fields)
        self.has_host = self._check_host()
        expect = self.fields.get("Expect")
        self.expect: str | None = None if expect is None else joined(expect).lower()
        self.plain = (
            self.has_host
            and self.coding is Coding.NONE
            and (self.length is Length.NONE or self.length is Length.ZERO)
            and not self.close
            and self.expect is None
        )
        """Whether a request with these fields, of either version, is well framed and has no body, and there
        is nothing else about it (but HTTP/1.0 is not kept alive)."""

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

    def stays_open(self, version: str) -> bool:
        """Whether the client leaves the connection open behind a request of this version."""
        return stays_open(version, self.close, self.keep_alive)

    def check_expectation(self) -> None:
        """Raise :exc:`HTTPInputError` (417) if something else is expected than 100 Continue."""
        if self.expect is not None and self.expect != "100-continue":
            raise HTTPInputError(f"Unknown expectation {shown(self.expect)}", 417)

    def with_host(self, host: str) -> Fields:
        """The fields with another Host."""
        return {**self.fields, "Host": host}


def read_connection(fields: Fields) -> tuple[bool, bool]:
    """Whether the connection is to be closed, and whether (if not) to be kept alive, as the fields say."""
    options = connection_options(fields)
    close = "close" in options
    return close, "keep-alive" in options and not close


def connection_options(fields: Fields) -> list[str]:
    """The options that Connection names, in lower case."""
    connection = fields.get("Connection")
    if connection is None:
        return []
    return [option.strip(" \t").lower() for option in joined(connection).split(",")]


def stays_open(version: str, close: bool, keep_alive: bool) -> bool:
    """Whether a connection stays open behind a message of which this is known (RFC 9112 section 9.3)."""
    return not close and (version == "HTTP/1.1" or keep_alive)


def parse_fields(text: str, max_count: int) -> Fields:
    """The fields of ``text`` (lines with CRLF between them) by their canonical names.

    Raises :exc:`HTTPInputError`: with status 431 for more than ``max_count``, 400 for the rest.
    """
    fields: Fields = {}
    if not text:
        return fields
    lines = text.split("\r\n")
    if len(lines) > max_count:
        raise HTTPInputError(f"More than {max_count} headers", 431)
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            fault = "line folding" if line[:1] in (" ", "\t") else "no colon in header line"
            raise HTTPInputError(f"{fault}: {line[:100]!r}")
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


@twin("fields")
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


if RUNNING:
    from .._native import fields as native

    native.install(
        references["fields.FieldSection"],
        field_names,
        is_authority,
        HTTPInputError,
        (read_coding, read_length, read_connection),
        NO_CODING,
        (NO_LENGTH[0], ZERO, NUMBER),
    )
