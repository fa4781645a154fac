"""Forms with files: ``multipart/form-data`` (:rfc:`7578`), as browsers write it (HTML, "multipart form data").

Names of fields and files are UTF-8; a quote, a line break and any other control character in one is percent-encoded, so
nothing in a name can be taken for a header or for the end of one.
"""

import os
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from ..httputil.file_types import UNKNOWN, content_type_of
from ..httputil.headers import FORBIDDEN_IN_VALUE
from .checks import pairs_of
from .sources import BytesSource, Content, Source, source_of

FileOf = Content | tuple[str | None, Content] | tuple[str | None, Content, str]
"""A file of a form: what is in it, or a tuple ``(name, content)`` or ``(name, content, content_type)``."""

Files = Mapping[str, FileOf | list[FileOf]] | Sequence[tuple[str, FileOf]]
"""Files of a form by the names of their fields, or pairs of a field's name and a file."""

_TO_ENCODE: Final = re.compile(r'["\x00-\x1f\x7f]')


def file_parts(files: Files) -> "list[Part]":
    """The parts for ``files``. Raises what :func:`.source_of` does, and :exc:`ValueError` for what cannot be said."""
    return [
        _file_part(name, each)
        for name, given in pairs_of("files", files)
        for each in (given if isinstance(given, list) else [given])
    ]


def _file_part(field: str, given: Any) -> "Part":
    name, content, content_type = None, given, None
    if isinstance(given, tuple):
        if not 2 <= len(given) <= 3:
            raise ValueError(
                "a file is its content, (name, content) or (name, content, content_type),"
                f" not a tuple of {len(given)}"
            )
        name, content = given[:2]
        content_type = given[2] if len(given) == 3 else None
    source = source_of(content)
    if name is None:
        name = source.name or field
    _check_name(field)
    _check_name(name)
    if content_type is None:
        content_type = content_type_of(name) if name else UNKNOWN
    if FORBIDDEN_IN_VALUE.search(content_type) or not content_type.isascii():
        raise ValueError(f"not a media type: {content_type[:100]!r}")
    return Part(field, source, name, content_type)


class Part:
    """One of the parts.

    :arg name: the name of its field.
    :arg source: what gives its content.
    :arg filename: the name of the file, which makes it one.
    """

    __slots__ = ("head", "source")

    def __init__(
        self,
        name: str,
        source: Source,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> None:
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        if filename is not None:
            head += f'; filename="{_quoted(filename)}"'
        if content_type is not None:
            head += f"\r\nContent-Type: {content_type}"
        # Of a name that the system could not decode, the bytes that it has.
        self.head = f"{head}\r\n\r\n".encode("utf-8", "surrogateescape")
        self.source = source


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"names in a form are text, not {type(name).__name__}")


def _quoted(name: str) -> str:
    return _TO_ENCODE.sub(lambda found: f"%{ord(found[0]):02X}", name)


class Multipart(Source):
    """The body that parts make."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.boundary = f"----tornadolike{os.urandom(16).hex()}"
        self._parts = parts
        self._ending = f"--{self.boundary}--\r\n".encode()
        self.size = self._size()
        self.repeatable = all(part.source.repeatable for part in parts)

    @property
    def content_type(self) -> str:
        """What its ``Content-Type`` has to be."""
        return f"multipart/form-data; boundary={self.boundary}"

    def _opening(self, part: Part) -> bytes:
        return f"--{self.boundary}\r\n".encode() + part.head

    def _size(self) -> int | None:
        size = len(self._ending)
        for part in self._parts:
            if part.source.size is None:
                return None
            size += len(self._opening(part)) + part.source.size + 2
        return size

    def whole(self) -> bytes | None:
        """All of it, if nothing has to be waited for."""
        pieces = []
        for part in self._parts:
            if not isinstance(part.source, BytesSource):
                return None
            pieces += [self._opening(part), part.source.data, b"\r\n"]
        return b"".join([*pieces, self._ending])

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        for part in self._parts:
            yield self._opening(part)
            async with aclosing(part.source.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
            yield b"\r\n"
        yield self._ending
