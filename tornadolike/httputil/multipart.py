"""The sans-I/O reader of multipart/form-data (RFC 7578, RFC 2046 section 5.1): bytes in, events out.

:meth:`MultipartReader.feed` takes bytes as they come; :meth:`MultipartReader.next_event` gives, each time
it is called, the next of

* a :class:`PartHead`: a part begins;
* ``bytes``: pieces of its content, as they come;
* :data:`End.PART`: its content is whole. Then another part begins, or
* :data:`End.FORM`: that was the last one;
* ``None``: nothing more can be said before more bytes are fed.

When there are no more bytes, :meth:`MultipartReader.feed_eof` says whether the form was whole.

What is between the parts is a *delimiter*: a line break, two hyphens and the boundary. It belongs to no
part, and the first one may do without its line break. In which state the reader looks for what:

===================  =========================================================  ==========================
state                what is there                                              what follows
===================  =========================================================  ==========================
``PREAMBLE``         text that is no part: dropped, bounded                     ``BOUNDARY``
``BOUNDARY``         what is behind a delimiter: a line break, or two hyphens   ``HEAD``, ``EPILOGUE``
``HEAD``             the fields of a part                                       ``EMPTY``
``EMPTY``            the content, or at once a delimiter that shares its line   ``CONTENT``, ``BOUNDARY``
                     break with the empty line behind the fields
``CONTENT``          the content, up to a delimiter                             ``BOUNDARY``
``EPILOGUE``         text that is no part, and no delimiter: dropped, bounded   (none)
``SPENT``            a form that was refused                                    (none)
===================  =========================================================  ==========================

What is not as it should be raises :exc:`~.HTTPInputError`, and is never guessed: two programs that split
one form differently let through what the first of them was there to stop. However the bytes are cut into
pieces, the events and the errors are the same, and it takes a time that grows with the bytes only.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from .errors import HTTPInputError
from .headers import HTTPHeaders
from .parameters import parse_parameters


@dataclass
class ParseMultipartConfig:
    """What a multipart body may be."""

    enabled: bool = True
    """Whether such bodies are read at all. If not: 415."""
    max_parts: int = 1000
    """Fields and files together. Over it: 413."""
    max_part_header_size: int = 10 * 1024
    """Bytes of headers of one part. Over it: 431."""
    max_part_header_count: int = 32
    """Headers of one part. Over it: 431."""
    max_preamble_size: int = 16 * 1024
    """Bytes before the first part, and behind the last one, that belong to none. Over it: 413."""
    max_field_size: int = 1024 * 1024
    """Bytes of one part that is read into memory while the body is still coming. Over it: 413."""


class PartHead(NamedTuple):
    """The beginning of a part."""

    name: str
    """The name of the field; never empty."""
    filename: str | None
    """As the client says, who may say ``"../../etc/passwd"``. None for what is no file; empty if none was chosen."""
    content_type: str | None
    """What the client takes it for; None if it does not say (for what is no file that means plain text)."""
    headers: HTTPHeaders
    """All of its fields."""


class End(Enum):
    """What is whole."""

    PART = "part"
    FORM = "form"


Event = PartHead | bytes | End | None

PREAMBLE: Final = "PREAMBLE"
BOUNDARY: Final = "BOUNDARY"
HEAD: Final = "HEAD"
EMPTY: Final = "EMPTY"
CONTENT: Final = "CONTENT"
EPILOGUE: Final = "EPILOGUE"
SPENT: Final = "SPENT"

_VALID_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_PADDING = re.compile(rb"[ \t]*")
_PLAIN_DISPOSITION = re.compile(r'form-data; name="([^"\\]*)"(?:; filename="([^"\\]*)")?')
"""As browsers write it, and as :func:`parse_parameters` reads it."""

MAX_PADDING: Final = 64
"""White space behind a boundary (RFC 2046 section 5.1.1). Over it: 400."""


class MultipartReader:
    """Reads one form.

    :arg boundary: the parameter of the Content-Type. Raises :exc:`~.HTTPInputError` if it is no valid one
        (RFC 2046 section 5.1.1), and if ``config`` allows no such forms.
    """

    __slots__ = (
        "_buffer",
        "_config",
        "_delimiter",
        "_dropped",
        "_parts",
        "_position",
        "_searched",
        "_state",
    )

    def __init__(self, boundary: bytes, config: ParseMultipartConfig) -> None:
        if not config.enabled:
            raise HTTPInputError("multipart/form-data parsing is disabled", 415)
        if not _VALID_BOUNDARY.fullmatch(boundary):
            raise HTTPInputError("Invalid multipart/form-data: no valid boundary")
        self._config = config
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # the line break that the first delimiter may lack
        self._position = 0
        self._searched = 0
        self._dropped = -len(self._buffer)
        self._parts = 0
        self._state: str = PREAMBLE

    def feed(self, data: bytes) -> None:
        """Take bytes of the body."""
        if self._position < len(self._buffer):
            self._buffer = self._buffer[self._position :] + data
        else:
            self._buffer = data
        self._position = 0

    def feed_eof(self) -> None:
        """There are no more bytes. Raises :exc:`~.HTTPInputError` if the form is not whole.

        To be called when :meth:`next_event` has nothing more to say.
        """
        state = self._state
        if state is not EPILOGUE:
            self._state = SPENT
            missing = "no boundary" if state is PREAMBLE else "no final boundary"
            raise HTTPInputError(f"Invalid multipart/form-data: {missing} found")

    def next_event(self) -> Event:
        """The next event. Raises :exc:`~.HTTPInputError`; after that the reader is spent."""
        try:
            return _STEPS[self._state](self)
        except HTTPInputError:
            self._state = SPENT
            self._buffer = b""
            self._position = 0
            raise

    def _read_outside(self) -> Event:
        """The text before the first delimiter or behind the last."""
        found = self._buffer.find(self._delimiter, self._position)
        end = self._may_begin_delimiter() if found < 0 else found
        self._dropped += end - self._position
        self._position = end
        limit = self._config.max_preamble_size
        if self._dropped > limit:
            raise HTTPInputError(f"multipart/form-data: more than {limit} bytes outside parts", 413)
        if found < 0:
            return None
        if self._state is EPILOGUE:
            raise HTTPInputError("Invalid multipart/form-data: a boundary behind the final one")
        self._dropped = 0
        return self._read_delimiter()

    def _may_begin_delimiter(self) -> int:
        """Where in the buffer, which has no delimiter, the one begins that its end may be the beginning of."""
        buffer = self._buffer
        size = len(buffer)
        # A delimiter has one CR, its first byte; so what is behind the last CR decides.
        begin = buffer.rfind(b"\r", max(self._position, size - len(self._delimiter) + 1))
        return begin if begin >= 0 and self._delimiter.startswith(buffer[begin:]) else size

    def _read_delimiter(self) -> Event:
        self._position += len(self._delimiter)
        self._state = BOUNDARY
        return self._read_boundary()

    def _read_boundary(self) -> Event:
        """What is behind a delimiter."""
        buffer = self._buffer
        position = self._position
        follows = buffer[position : position + 2]
        if follows != b"\r\n":
            if follows == b"--":
                self._position += 2
                self._state = EPILOGUE
                return End.FORM
            padding = _PADDING.match(buffer, position, position + MAX_PADDING)
            assert padding is not None
            position = padding.end()
            follows = buffer[position : position + 2]
            if follows != b"\r\n":
                if follows in (b"", b"\r") or buffer[self._position :] == b"-":
                    return None
                raise HTTPInputError("Invalid multipart/form-data: data behind a boundary")
        self._parts += 1
        limit = self._config.max_parts
        if self._parts > limit:
            raise HTTPInputError(
                f"Invalid multipart/form-data: too many parts: more than {limit}", 413
            )
        # Not behind the line break: with an empty head the two breaks are one and the same.
        self._position = position
        self._searched = 0
        self._state = HEAD
        return self._read_head()

    def _read_head(self) -> Event:
        buffer = self._buffer
        start = self._position
        end = buffer.find(b"\r\n\r\n", start + self._searched)
        # The last three bytes may belong to the line breaks that end the head.
        size = (len(buffer) - 3 if end < 0 else end) - start
        limit = self._config.max_part_header_size
        if size > limit:
            raise HTTPInputError(
                f"multipart/form-data: part header too large: more than {limit} bytes", 431
            )
        if end < 0:
            self._searched = max(size, 0)
            return None
        # What is behind the first line break of the two.
        self._position = end + 2
        self._state = EMPTY
        return self._parse_head(buffer[start:end])

    def _parse_head(self, head: bytes) -> PartHead:
        if self._delimiter in head:
            raise HTTPInputError("Invalid multipart/form-data: a part without content")
        lines = head.count(b"\r\n")
        if lines != head.count(b"\n") or lines != head.count(b"\r"):
            raise HTTPInputError("Invalid multipart/form-data: half a line break in a part header")
        limit = self._config.max_part_header_count
        if lines > limit:
            raise HTTPInputError(
                f"multipart/form-data: too many headers of a part: more than {limit}", 431
            )
        try:
            headers = HTTPHeaders.parse(head[2:].decode("utf-8"), _chars_are_bytes=False)
        except UnicodeDecodeError as error:
            raise HTTPInputError("multipart/form-data: headers are not UTF-8") from error
        except HTTPInputError as error:
            raise HTTPInputError(f"multipart/form-data: {error} in the head of a part") from error
        fields = headers._fields  # quicker than a mapping's get()
        disposition = fields.get("Content-Disposition")
        name = filename = None
        if type(disposition) is str:  # not twice
            plain = _PLAIN_DISPOSITION.fullmatch(disposition)
            if plain is not None:
                name, filename = plain.groups()
            else:
                kind, parameters = parse_parameters(disposition)
                if kind.lower() == "form-data":
                    name, filename = parameters.get("name"), parameters.get("filename")
        if not name:
            raise HTTPInputError("Invalid multipart/form-data: a part without a name")
        content_type = headers["Content-Type"] if "Content-Type" in fields else None
        return PartHead(name, filename, content_type, headers)

    def _read_empty(self) -> Event:
        """A delimiter at once (RFC 2046 section 5.1.1: the line break before it belongs to it)?"""
        buffer = self._buffer
        position = self._position
        delimiter = self._delimiter
        if not buffer.startswith(delimiter, position):
            if delimiter.startswith(buffer[position : position + len(delimiter)]):
                return None
            self._position += 2
        self._state = CONTENT
        return self._read_content()

    def _read_content(self) -> Event:
        buffer = self._buffer
        position = self._position
        end = buffer.find(self._delimiter, position)
        if end == position:
            self._position += len(self._delimiter)
            self._state = BOUNDARY
            return End.PART
        if end < 0:
            end = self._may_begin_delimiter()
        self._position = end
        return buffer[position:end] or None

    def _refuse(self) -> Event:
        raise HTTPInputError("Nothing can be read behind a malformed form")


_STEPS: Final = {
    PREAMBLE: MultipartReader._read_outside,
    BOUNDARY: MultipartReader._read_boundary,
    HEAD: MultipartReader._read_head,
    EMPTY: MultipartReader._read_empty,
    CONTENT: MultipartReader._read_content,
    EPILOGUE: MultipartReader._read_outside,
    SPENT: MultipartReader._refuse,
}
