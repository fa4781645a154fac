"""Text on its way in and out: UTF-8, HTML, JSON and URLs.

Everything here is a pure function.
"""

import html
import json
import re
from collections.abc import Callable, Collection
from typing import Any, Final, overload
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ._native import install, references, twin

__all__ = [
    "json_decode",
    "json_encode",
    "linkify",
    "native_str",
    "parse_qs_bytes",
    "recursive_unicode",
    "squeeze",
    "to_basestring",
    "to_unicode",
    "url_escape",
    "url_unescape",
    "utf8",
    "xhtml_escape",
    "xhtml_unescape",
]


@overload
def utf8(value: bytes) -> bytes: ...
@overload
def utf8(value: str) -> bytes: ...
@overload
def utf8(value: None) -> None: ...
def utf8(value: str | bytes | None) -> bytes | None:
    """Encode text as UTF-8; bytes and None pass unchanged. Raises :exc:`TypeError` for anything else."""
    if value is None or isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"Expected bytes, str, or None; got {type(value)!r}")
    return value.encode("utf-8")


@overload
def to_unicode(value: str) -> str: ...
@overload
def to_unicode(value: bytes) -> str: ...
@overload
def to_unicode(value: None) -> None: ...
def to_unicode(value: str | bytes | None) -> str | None:
    """Decode UTF-8; text and None pass unchanged. Raises :exc:`TypeError` and :exc:`UnicodeDecodeError`."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        raise TypeError(f"Expected bytes, str, or None; got {type(value)!r}")
    return value.decode("utf-8")


native_str = to_unicode
to_basestring = to_unicode


def recursive_unicode(obj: Any) -> Any:
    """Decode every byte string in a structure of dicts, lists and tuples."""
    if isinstance(obj, dict):
        return {recursive_unicode(key): recursive_unicode(value) for key, value in obj.items()}
    if isinstance(obj, list):
        return [recursive_unicode(item) for item in obj]
    if isinstance(obj, tuple):
        return tuple(recursive_unicode(item) for item in obj)
    if isinstance(obj, bytes):
        return obj.decode("utf-8")
    return obj


@twin("escaping")
def xhtml_escape(value: str | bytes) -> str:
    """Make text safe inside HTML and XML elements and quoted attributes."""
    return html.escape(to_unicode(value))


def xhtml_unescape(value: str | bytes) -> str:
    """Undo :func:`xhtml_escape`; also understands every other named and numeric entity of HTML."""
    return html.unescape(to_unicode(value))


@twin("jsontext")
def json_encode(value: Any) -> str:
    """JSON that may stand inside a ``<script>`` element: ``</`` is written as ``<\\/``.

    Raises :exc:`TypeError` for what JSON cannot hold.
    """
    return json.dumps(value).replace("</", "<\\/")


install("jsontext", references["jsontext.json_encode"], vars(json))


def json_decode(value: str | bytes) -> Any:
    """Parse JSON. Raises :exc:`json.JSONDecodeError`."""
    return json.loads(value)


def squeeze(value: str) -> str:
    """Replace every run of white space and control characters by one space."""
    return re.sub(r"[\x00-\x20]+", " ", value).strip()


def url_escape(value: str | bytes, plus: bool = True) -> str:
    """Percent-encode for a query (``plus=True``: a space becomes ``+``) or a path segment."""
    return quote_plus(value) if plus else quote(value)


@overload
def url_unescape(value: str | bytes, encoding: None, plus: bool = True) -> bytes: ...
@overload
def url_unescape(value: str | bytes, encoding: str = "utf-8", plus: bool = True) -> str: ...
def url_unescape(
    value: str | bytes, encoding: str | None = "utf-8", plus: bool = True
) -> str | bytes:
    """Undo :func:`url_escape`. ``encoding=None`` gives the bytes.

    Bytes that are not of that encoding become U+FFFD, the replacement character.
    """
    if encoding is not None:
        return (unquote_plus if plus else unquote)(to_unicode(value), encoding=encoding)
    raw = utf8(value)
    if plus:
        raw = raw.replace(b"+", b" ")
    return unquote_bytes(raw) if b"%" in raw else raw


def unquote_bytes(data: bytes) -> bytes:
    """Undo percent-encoding. An escape that is none stays as it is."""
    if len(data) <= _UNQUOTE_AT_ONCE:
        return _ESCAPE.sub(_unescaped, data)
    # It makes an object for each escape: a large form would take many times its own memory.
    pieces = []
    start = 0
    while start < len(data):
        end = start + _UNQUOTE_AT_ONCE
        cut = data.rfind(b"%", end - 2, end)  # an escape that the end would cut in two
        if cut >= 0 and end < len(data):
            end = cut
        pieces.append(_ESCAPE.sub(_unescaped, data[start:end]))
        start = end
    return b"".join(pieces)


_UNQUOTE_AT_ONCE: Final = 4096

# Not urllib's, to which an escape that is none is an exception: many of them would take seconds.
_ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]{2}")


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape[0][1:], 16),))


def parse_qs_bytes(
    qs: str | bytes,
    keep_blank_values: bool = False,
    strict_parsing: bool = False,
    max_num_fields: int | None = None,
) -> dict[str, list[bytes]]:
    """Parse a query string into names (as Latin-1) and lists of byte values.

    Raises :exc:`ValueError` with ``strict_parsing`` for a field without ``=``, and for more than
    ``max_num_fields`` fields.
    """
    # Latin-1 both ways carries every byte unchanged; what encoding it is in, the caller knows.
    text = qs.decode("latin1") if isinstance(qs, bytes) else qs
    if max_num_fields is not None and text.count("&") >= max_num_fields:
        raise ValueError(f"Max number of fields exceeded: more than {max_num_fields}")
    fields: dict[str, list[bytes]] = {}
    for field in text.split("&"):
        name, equals, value = field.partition("=")
        if strict_parsing and not equals:
            raise ValueError(f"bad query field: {field!r}")
        if not value and not (keep_blank_values and field):
            continue
        if "+" in field:
            name, value = name.replace("+", " "), value.replace("+", " ")
        raw = value.encode("latin1")
        if "%" in field:
            name = unquote_bytes(name.encode("latin1")).decode("latin1")
            raw = unquote_bytes(raw)
        fields.setdefault(name, []).append(raw)
    return fields


def linkify(
    text: str | bytes,
    shorten: bool = False,
    extra_params: str | Callable[[str], str] = "",
    require_protocol: bool = False,
    permitted_protocols: Collection[str] = ("http", "https"),
) -> str:
    """Plain text as HTML in which addresses are links: what it gives is escaped already.

    ``shorten`` shows a long address by its host and the beginning of its path; the whole of it is in the ``title``.
    ``extra_params`` are further attributes of each ``<a>``, as text or as a function of the address (which is escaped
    for HTML). Beside addresses with a protocol those that begin with ``www.`` are linked, unless ``require_protocol``
    is true. Other protocols than those of ``permitted_protocols`` stay text; to permit ``javascript`` is a hole.
    """

    def link(match: re.Match[str]) -> str:
        shown = match["url"]
        protocol = match["protocol"]
        if protocol not in permitted_protocols and (protocol or require_protocol):
            return match[0]
        href = shown if protocol else f"http://{shown}"
        params = extra_params(href) if callable(extra_params) else extra_params
        if params or callable(extra_params):
            params = f" {params.strip()}"
        if shorten and len(shown) > _SHOWN:
            short = _shortened(shown, match.end("slashes") - match.start("url") if protocol else 0)
            if short != shown:
                shown = short
                params = f'{params} title="{href}"'
        return f'{match["dashes"] or ""}<a href="{href}"{params}>{shown}</a>'

    return _LINK.sub(link, xhtml_escape(text))


# How many characters of an address are shown at least; it may be half as many more.
_SHOWN: Final = 30

# An address in text that is escaped already: of its entities only these two are part of it. Parentheses belong to it
# in pairs, and punctuation at its end does not.
_ADDRESS: Final = (
    r"(?:(?:[^\s&()]|&amp;|&quot;)*[^\s!-,.:-@\[\]^`{-~]|\((?:[^\s&()]|&amp;|&quot;)*\))+"
)
# A word is looked at from its first letter only, never from the middle: "a-a-a-a" would take quadratic time.
_LINK: Final = re.compile(
    r"(?:(?<![\w-])(?P<dashes>-*+)(?=\w[\w-]*+:/)|\b(?=www[.]))"
    r"(?P<url>(?:(?P<protocol>\w[\w-]*+):(?P<slashes>/{1,3})|www[.])" + _ADDRESS + ")"
)


def _shortened(url: str, start: int) -> str:
    """An address cut for the eye, or whole if that is no longer; its host begins at ``start``."""
    host, slash, path = url[start:].partition("/")
    short = url
    if slash:
        piece = path.partition("/")[0][:8]
        short = f"{url[:start]}{host}/{piece.partition('?')[0].partition('.')[0]}"
    if len(short) > _SHOWN * 1.5:
        short = short[:_SHOWN]
    if short == url:
        return url
    entity = short.rfind("&")
    if entity > _SHOWN - 5:  # it may be cut in two
        short = short[:entity]
    short += "..."
    return short if len(short) < len(url) else url
