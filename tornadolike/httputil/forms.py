"""Bodies of forms: urlencoded (WHATWG URL) and multipart/form-data (RFC 7578)."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from ..escape import parse_qs_bytes
from .errors import HTTPInputError
from .headers import HTTPHeaders

MAX_FIELDS: Final = 10_000
"""How many fields an urlencoded body may have."""
MAX_PARTS: Final = 1_000
"""How many parts a multipart body may have."""
MAX_PART_HEADER_SIZE: Final = 10_240
"""How many bytes of headers one part may have."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


class HTTPFile(dict[str, object]):
    """An uploaded file: ``filename``, ``body`` (bytes) and ``content_type``, as keys and as attributes."""

    filename: str
    body: bytes
    content_type: str

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def parse_body_arguments(
    content_type: str,
    body: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
    headers: Mapping[str, str] | None = None,
) -> None:
    """Add a form's fields to ``arguments`` and its files to ``files``; other types are left alone.

    Raises :exc:`~.HTTPInputError` for a body that is not of its type.
    """
    if headers and headers.get("Content-Encoding"):
        raise HTTPInputError(
            f"Unsupported Content-Encoding of a form: {headers['Content-Encoding']}", 415
        )
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            parsed = parse_qs_bytes(body, keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError as error:
            raise HTTPInputError(f"Invalid x-www-form-urlencoded body: {error}") from error
        for name, values in parsed.items():
            arguments.setdefault(name, []).extend(values)
    elif kind == "multipart/form-data":
        boundary = parse_parameters(content_type)[1].get("boundary", "")
        if not _BOUNDARY.fullmatch(boundary):
            raise HTTPInputError("Invalid multipart/form-data: no valid boundary")
        parse_multipart_form_data(boundary.encode("latin1"), body, arguments, files)


def parse_multipart_form_data(
    boundary: bytes,
    data: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
) -> None:
    """Add the parts of a multipart body, which is here as a whole. Raises :exc:`~.HTTPInputError`."""
    if boundary.startswith(b'"') and boundary.endswith(b'"'):
        boundary = boundary[1:-1]
    # Each delimiter begins with the line break that ends what is before it; so does the first, once
    # the body gets one.
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + data).split(delimiter, MAX_PARTS + 2)
    if len(pieces) < 2:
        raise HTTPInputError("Invalid multipart/form-data: no boundary found")
    if len(pieces) > MAX_PARTS + 2:
        raise HTTPInputError("Invalid multipart/form-data: too many parts", 413)
    if not pieces[-1].startswith(b"--"):
        raise HTTPInputError("Invalid multipart/form-data: no final boundary")
    for piece in pieces[1:-1]:
        line_break = piece.find(b"\r\n")
        if line_break < 0 or piece[:line_break].strip(b" \t"):
            raise HTTPInputError("Invalid multipart/form-data: data behind a boundary")
        # From the line break on: with an empty head the two breaks are one and the same.
        _add_part(piece[line_break:], arguments, files)


def _add_part(
    part: bytes, arguments: dict[str, list[bytes]], files: dict[str, list[HTTPFile]]
) -> None:
    end = part.find(b"\r\n\r\n")
    if end < 0:
        raise HTTPInputError("multipart/form-data missing headers")
    if end > MAX_PART_HEADER_SIZE:
        raise HTTPInputError("multipart/form-data: headers of a part too large", 431)
    try:
        headers = HTTPHeaders.parse(part[2:end].decode("utf-8"))
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


_PARAMETER = re.compile(r""";\s*([^\s;=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))""", re.DOTALL)


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """``form-data; name="a"`` -> ``("form-data", {"name": "a"})``.

    Understands quoted strings and the extended notation of RFC 8187 (``filename*=utf-8''...``), which
    wins over the plain one. Names come in lower case.
    """
    kind = value.partition(";")[0].strip()
    parameters: dict[str, str] = {}
    extended: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(value):
        name = name.lower()
        text = _unquote(quoted) if quoted else plain.strip()
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
    return kind, parameters | extended


def _unquote(text: str) -> str:
    # Browsers escape a quote as %22 and send backslashes of Windows paths as they are; only \" and \\
    # are escapes.
    return re.sub(r'\\([\\"])', r"\1", text)
