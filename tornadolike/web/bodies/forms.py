""":class:`FormParts`: the fields and files of a form, one after another while they are coming."""

import os
from typing import Final

from ...httputil import HTTPHeaders, HTTPInputError, MultipartReader, ParseMultipartConfig
from ...httputil.forms import (
    MULTIPART,
    boundary_of,
    default_parse_body_config,
    is_multipart,
    refuse_coded_form,
)
from ...httputil.multipart import End, Event, PartHead
from .disk import NewFile
from .incoming import RequestBody, gather


class FormParts:
    """Iterates over the parts of a ``multipart/form-data`` body.

    .. code-block:: python

        async for part in self.form_parts():
            if part.filename:
                await part.save(folder / secrets.token_hex())
            else:
                fields[part.name] = await part.text()

    What is not read of a part is passed over when the next one is asked for.
    """

    def __init__(
        self, body: RequestBody, headers: HTTPHeaders, config: ParseMultipartConfig | None = None
    ) -> None:
        self._body = body
        self.config: Final = config or default_parse_body_config().multipart
        try:
            self._reader = _reader_for(headers, self.config)
        except HTTPInputError as error:
            error.in_request = True
            raise
        self.current: FormPart | None = None
        """The part that is being read."""

    def __aiter__(self) -> "FormParts":
        return self

    async def __anext__(self) -> "FormPart":
        self.current = None
        while (event := await self.next_event()) is not None:
            if type(event) is PartHead:
                self.current = FormPart(self, event)
                return self.current
        raise StopAsyncIteration

    async def next_event(self) -> Event:
        """The reader's next event; None behind the last one."""
        reader = self._reader
        try:
            while (event := reader.next_event()) is None:
                piece = await self._body.read(READ_SIZE)
                if not piece:
                    reader.feed_eof()
                    return None
                reader.feed(piece)
        except HTTPInputError as error:
            error.in_request = True
            raise
        return event


def _reader_for(headers: HTTPHeaders, config: ParseMultipartConfig) -> MultipartReader:
    content_type = headers.get("Content-Type", "")
    if not is_multipart(headers):
        raise HTTPInputError(f"{MULTIPART} is wanted here, not {content_type[:100]!r}", 415)
    refuse_coded_form(headers)
    return MultipartReader(boundary_of(content_type), config)


READ_SIZE: Final = 256 * 1024
"""Bytes that are taken of the body at a time, at the most."""


class FormPart:
    """A field or a file of a form that is still coming.

    ``async for chunk in part`` gives its content piece by piece.
    """

    def __init__(self, parts: FormParts, head: PartHead) -> None:
        self._parts = parts
        self._whole = False
        self.name: Final = head.name
        """The name of the field."""
        self.filename: Final = head.filename
        """As the client says, who may say ``"../../etc/passwd"``. None for what is no file; empty if the user
        has chosen none."""
        self.content_type: Final = head.content_type
        """What the client takes it for, if it says so."""
        self.headers: Final = head.headers
        """All headers of the part."""

    def __aiter__(self) -> "FormPart":
        return self

    async def __anext__(self) -> bytes:
        if self._whole:
            raise StopAsyncIteration
        if self._parts.current is not self:
            raise RuntimeError(f"The part {self.name!r} is over: the next one was asked for")
        event = await self._parts.next_event()
        if type(event) is bytes:
            return event
        assert event is End.PART
        self._whole = True
        raise StopAsyncIteration

    async def read(self, max_size: int | None = None) -> bytes:
        """All of it, or what is left.

        :arg max_size: bytes that it may have (by default ``max_field_size``, 1 MiB). Over it:
            :exc:`HTTPInputError`, which answers 413.
        """
        if max_size is None:
            max_size = self._parts.config.max_field_size
        return await gather(self, max_size, f"The part {self.name!r}")

    async def text(self, max_size: int | None = None) -> str:
        """The same as text. What is not UTF-8 raises :exc:`HTTPInputError`, which answers 400."""
        content = await self.read(max_size)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"The part {self.name!r} is not UTF-8"
            raise HTTPInputError(message, in_request=True) from error

    async def save(self, path: "str | os.PathLike[str]") -> int:
        """Write it to a file, and return the number of bytes.

        The file is there when it is whole, and takes the place of another of this name; if anything comes in
        between, nothing is left. Raises :exc:`OSError` as :func:`open` does.

        The name should be one of your own: :attr:`filename` is the client's word.
        """
        async with NewFile(path) as file:
            async for chunk in self:
                await file.write(chunk)
        return file.size
