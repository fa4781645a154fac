"""Heads of responses: parsed strictly, and what they say worked out once for all that are equal.

On connections that are kept the heads of one response after another are often equal to the byte.
"""

import re
from typing import Final

from .._native import twin
from ..httputil import HTTPInputError, ResponseStartLine
from ..httputil.headers import field_names
from .fields import parse_fields, read_connection, stays_open
from .framing import Fields, read_coding, read_length
from .framing_rules import Length

_STATUS_LINE: Final = re.compile(
    rb"HTTP/([0-9])\.([0-9]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?"
)
"""The space behind the status is missing with some servers whose reason is empty."""


@twin("responses")
def scan_head(
    raw: bytes, max_count: int, names: dict[str, str]
) -> tuple[str, int, str, Fields] | None:
    """The version, status, reason and fields of a head that is surely well-formed, or None.

    Here it leaves all to what is general.
    """
    return None


class SaidInHead:
    """What the head of a response (or of several that are equal) says, whatever was asked.

    :arg raw: the head, without the line breaks at its end.
    :arg max_count: how many fields it may have.

    Raises :exc:`HTTPInputError` for a line or fields that are malformed.
    """

    __slots__ = ("coding", "fields", "length", "size", "start_line", "stays_open")

    def __init__(self, raw: bytes, max_count: int) -> None:
        found = scan_head(raw, max_count, field_names)
        fields: Fields
        if found is None:
            line, _, text = raw.partition(b"\r\n")
            self.start_line = read_status_line(line)
            fields = parse_fields(text.decode("latin1"), max_count)
        else:
            version, status, reason, fields = found
            self.start_line = ResponseStartLine(version, status, reason)
        self.fields = fields
        self.coding = read_coding(fields)
        self.length, self.size = read_length(fields)
        if self.length is Length.REPEATED:
            fields["Content-Length"] = str(self.size)  # what several say is one (RFC 9110 8.6)
        self.stays_open = stays_open(self.start_line.version, *read_connection(fields))


class ResponseHeadCache(dict[bytes, SaidInHead]):
    """Heads that were parsed before, by their bytes: until its Date changes a server often says the same.

    Bounded in number and size; when it is full it starts anew. Cookies are not kept in it.
    """

    MAX_ENTRIES = 128
    MAX_BYTES = 1024

    def __init__(self, max_count: int) -> None:
        super().__init__()
        self.max_count = max_count

    def __missing__(self, raw: bytes) -> SaidInHead:
        said = SaidInHead(raw, self.max_count)
        if len(raw) <= self.MAX_BYTES and "Set-Cookie" not in said.fields:
            if len(self) >= self.MAX_ENTRIES:
                self.clear()
            self[raw] = said
        return said


def read_status_line(line: bytes) -> ResponseStartLine:
    """What a status line says. Raises :exc:`HTTPInputError`, with status 505 for another version than 1.x."""
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise malformed_line(line)
    major, minor, status, reason = match.groups()
    if major != b"1":
        raise HTTPInputError(f"Unsupported HTTP version in {line[:50]!r}", 505)
    version = "HTTP/1.0" if minor == b"0" else "HTTP/1.1"
    return ResponseStartLine(version, int(status), (reason or b"").decode("latin1"))


def malformed_line(line: bytes) -> HTTPInputError:
    """What to raise for what is no status line."""
    return HTTPInputError(f"Malformed HTTP status line {line[:100]!r}")
