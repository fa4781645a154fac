"""Bodies of forms: urlencoded (WHATWG URL) and multipart/form-data (RFC 7578)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from ..escape import parse_qs_bytes
from ..util import ObjectDict
from .errors import HTTPInputError
from .headers import HTTPHeaders


@dataclass
class ParseMultipartConfig:
    """What a multipart body may be."""

    enabled: bool = True
    """Whether such bodies are read at all. If not: 415."""
    max_parts: int = 1000
    """Fields and files together. Over it: 413."""
    max_part_header_size: int = 10 * 1024
    """Bytes of headers of one part. Over it: 431."""


@dataclass
class ParseUrlEncodedConfig:
    """What an urlencoded body, and a query, may be."""

    max_arguments: int = 1000
    """Fields. Over it: 413, for a query 400."""


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

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


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
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (URLENCODED, MULTIPART):
        return
    if headers and headers.get("Content-Encoding"):
        raise HTTPInputError(
            f"Unsupported Content-Encoding of a form: {headers['Content-Encoding']}", 415
        )
    config = config or default_parse_body_config()
    if kind == URLENCODED:
        limit = config.urlencoded.max_arguments
        try:
            parsed = parse_qs_bytes(body, keep_blank_values=True, max_num_fields=limit)
        except ValueError as error:
            raise HTTPInputError(f"Invalid x-www-form-urlencoded body: {error}", 413) from error
        for name, values in parsed.items():
            arguments.setdefault(name, []).extend(values)
    else:
        boundary = parse_parameters(content_type)[1].get("boundary", "")
        if not _BOUNDARY.fullmatch(boundary):
            raise HTTPInputError("Invalid multipart/form-data: no valid boundary")
        parse_multipart_form_data(
            boundary.encode("latin1"), body, arguments, files, config=config.multipart
        )


def parse_multipart_form_data(
    boundary: bytes,
    data: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
    *,
    config: ParseMultipartConfig | None = None,
) -> None:
    """Add the parts of a multipart body, which is here as a whole. Raises :exc:`~.HTTPInputError`."""
    config = config or default_parse_body_config().multipart
    if not config.enabled:
        raise HTTPInputError("multipart/form-data parsing is disabled", 415)
    if len(boundary) > 1 and boundary.startswith(b'"') and boundary.endswith(b'"'):
        boundary = boundary[1:-1]
    # Each delimiter begins with the line break that ends what is before it; so does the first, once
    # the body gets one.
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + data).split(delimiter, config.max_parts + 2)
    if len(pieces) < 2:
        raise HTTPInputError("Invalid multipart/form-data: no boundary found")
    if len(pieces) > config.max_parts + 2:
        raise HTTPInputError("Invalid multipart/form-data: too many parts", 413)
    if not pieces[-1].startswith(b"--"):
        raise HTTPInputError("Invalid multipart/form-data: no final boundary")
    for piece in pieces[1:-1]:
        line_break = piece.find(b"\r\n")
        if line_break < 0 or piece[:line_break].strip(b" \t"):
            raise HTTPInputError("Invalid multipart/form-data: data behind a boundary")
        # From the line break on: with an empty head the two breaks are one and the same.
        _add_part(piece[line_break:], arguments, files, config.max_part_header_size)


def _add_part(
    part: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
    max_header_size: int,
) -> None:
    end = part.find(b"\r\n\r\n")
    if end < 0:
        # Headers alone (RFC 2046 section 5.1.1: the line break before the body belongs to the body).
        if not part.endswith(b"\r\n"):
            raise HTTPInputError("multipart/form-data missing headers")
        end = len(part) - 2
    if end > max_header_size:
        raise HTTPInputError("multipart/form-data: part header too large", 431)
    try:
        headers = HTTPHeaders.parse(part[2:end].decode("utf-8"), _chars_are_bytes=False)
    except UnicodeDecodeError as error:
        raise HTTPInputError("multipart/form-data: headers are not UTF-8") from error
    kind, parameters = parse_parameters(headers.get("Content-Disposition", ""))
    name = parameters.get("name")
    if kind.lower() != "form-data" or not name:
        raise HTTPInputError("Invalid multipart/form-data: a part without a name")
    body = part[end + 4 :]
    filename = parameters.get("filename")
    if filename:
        content_type = headers.get("Content-Type", "application/unknown")
        files.setdefault(name, []).append(
            HTTPFile(filename=filename, body=body, content_type=content_type)
        )
    else:
        arguments.setdefault(name, []).append(body)


_PARAMETER = re.compile(
    r"""\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"\s*|([^;"]*))(?=;|$)""", re.DOTALL
)


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """``form-data; name="a"`` -> ``("form-data", {"name": "a"})``.

    Understands quoted strings and the extended notation of RFC 8187 (``filename*=utf-8''...``), which
    wins over the plain one. Names come in lower case. What is no parameter is passed over.
    """
    kind, _, _ = value.partition(";")
    parameters: dict[str, str] = {}
    extended: dict[str, str] = {}
    position = len(kind)
    while position >= 0:
        match = _PARAMETER.match(value, position + 1)
        if match is None:
            position = value.find(";", position + 1)
            continue
        position = match.end() if match.end() < len(value) else -1
        name = match[1].lower()
        text = match[3].strip() if match[2] is None else _unquote(match[2])
        if name.endswith("*"):
            charset, _, encoded = text.partition("'")
            try:
                extended[name[:-1]] = unquote(
                    encoded.partition("'")[2], encoding=charset or "utf-8", errors="strict"
                )
            except (LookupError, UnicodeDecodeError):
                continue
        else:
            parameters.setdefault(name, text)
    return kind.strip(), parameters | extended


def _unquote(text: str) -> str:
    # Browsers escape a quote as %22 and send backslashes of Windows paths as they are; only \" and \\
    # are escapes.
    return re.sub(r'\\([\\"])', r"\1", text)
