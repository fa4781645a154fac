"""Bodies of forms: urlencoded (WHATWG URL) and multipart/form-data (RFC 7578)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..escape import parse_qs_bytes
from ..util import ObjectDict
from .errors import HTTPInputError
from .multipart import End, MultipartReader, ParseMultipartConfig, PartHead
from .parameters import parse_parameters


@dataclass
class ParseUrlEncodedConfig:
    """What an urlencoded body, and a query, may be."""

    max_arguments: int = 1000
    """Fields. Over it: 413, for a query 400."""
    max_size: int = 10 * 1024 * 1024
    """Bytes of a body: all others wait while it is parsed. Over it: 413."""


@dataclass
class ParseBodyConfig:
    """What the bodies of forms may be."""

    multipart: ParseMultipartConfig = field(default_factory=ParseMultipartConfig)
    urlencoded: ParseUrlEncodedConfig = field(default_factory=ParseUrlEncodedConfig)


class _Default:
    config = ParseBodyConfig()


def set_parse_body_config(config: ParseBodyConfig) -> None:
    """Set what forms may be, for the whole process."""
    _Default.config = config


def default_parse_body_config() -> ParseBodyConfig:
    """What forms may be unless a call says otherwise."""
    return _Default.config


URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
UNKNOWN_TYPE: Final = "application/unknown"
"""The type of a file whose part does not tell it."""


class HTTPFile(ObjectDict):
    """An uploaded file: ``filename``, ``body`` (bytes) and ``content_type``, as keys and as attributes."""

    filename: str
    body: bytes
    content_type: str


def parse_body_arguments(
    content_type: str,
    body: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
    headers: Mapping[str, str] | None = None,
    *,
    config: ParseBodyConfig | None = None,
) -> None:
    """Add a form's fields to ``arguments`` and its files to ``files``; other types are left alone.

    Raises :exc:`~.HTTPInputError` for a body that is not of its type.
    """
    kind = media_type(content_type)
    if kind not in (URLENCODED, MULTIPART):
        return
    if headers:
        refuse_coded_form(headers)
    config = config or default_parse_body_config()
    if kind == URLENCODED:
        limit = config.urlencoded.max_size
        if len(body) > limit:
            raise HTTPInputError(f"x-www-form-urlencoded body larger than {limit} bytes", 413)
        limit = config.urlencoded.max_arguments
        try:
            parsed = parse_qs_bytes(body, keep_blank_values=True, max_num_fields=limit)
        except ValueError as error:
            raise HTTPInputError(f"Invalid x-www-form-urlencoded body: {error}", 413) from error
        for name, values in parsed.items():
            arguments.setdefault(name, []).extend(values)
    else:
        boundary = boundary_of(content_type)
        parse_multipart_form_data(boundary, body, arguments, files, config=config.multipart)


def media_type(content_type: str) -> str:
    """The type that a Content-Type names, in lower case and without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_multipart(headers: Mapping[str, str]) -> bool:
    """Whether ``headers`` are those of a form with files."""
    return media_type(headers.get("Content-Type", "")) == MULTIPART


def refuse_coded_form(headers: Mapping[str, str]) -> None:
    """Raise :exc:`~.HTTPInputError` (415) for a form in a content coding."""
    coding = headers.get("Content-Encoding")
    if coding:
        raise HTTPInputError(f"Unsupported Content-Encoding of a form: {coding[:100]!r}", 415)


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names; empty if it names none."""
    return parse_parameters(content_type)[1].get("boundary", "").encode("utf-8")


def parse_multipart_form_data(
    boundary: bytes,
    data: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
    *,
    config: ParseMultipartConfig | None = None,
) -> None:
    """Add the parts of a multipart body, which is here as a whole. Raises :exc:`~.HTTPInputError`."""
    if len(boundary) > 1 and boundary.startswith(b'"') and boundary.endswith(b'"'):
        boundary = boundary[1:-1]
    reader = MultipartReader(boundary, config or default_parse_body_config().multipart)
    next_event = reader.next_event
    reader.feed(data)
    content = b""
    head: PartHead | None = None
    while (event := next_event()) is not None:
        if type(event) is bytes:
            content = event  # all of it: the form is here as a whole
        elif type(event) is PartHead:
            head = event
            content = b""
        elif event is End.PART:
            assert head is not None
            add_part(head, content, arguments, files)
    reader.feed_eof()


def add_part(
    head: PartHead,
    content: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
) -> None:
    """Add a part to the ``files`` of a form if it is one, else to its ``arguments``."""
    if head.filename:
        content_type = head.content_type or UNKNOWN_TYPE
        files.setdefault(head.name, []).append(
            HTTPFile(filename=head.filename, body=content, content_type=content_type)
        )
    else:
        arguments.setdefault(head.name, []).append(content)
