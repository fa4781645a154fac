""":func:`decode_text`: bytes with a ``Content-Type`` as text."""

import codecs
from typing import Final

from ..httputil.parameters import parse_parameters

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""They say more than any header does, as in browsers."""

_NO_CHARSETS: Final = frozenset(
    {
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "utf-7",
        "oem",
        "mbcs",
    }
)
"""What Python has codecs for, and no page is written in; by the names that Python gives them."""


def charset_of(content_type: str) -> str:
    """The charset that a ``Content-Type`` names, by Python's name for it; UTF-8 if it names none that there is.

    >>> charset_of("text/html; charset=ISO-8859-1")
    'iso8859-1'
    """
    _, parameters = parse_parameters(content_type)
    try:
        codec = codecs.lookup(parameters.get("charset", "utf-8"))
    except (LookupError, ValueError):  # ValueError: a null character
        return "utf-8"
    is_text: bool = codec._is_text_encoding  # there are codecs from bytes to bytes, too
    if not is_text or codec.name.replace("-", "_") in {n.replace("-", "_") for n in _NO_CHARSETS}:
        return "utf-8"
    return codec.name


def decode_text(body: bytes, content_type: str) -> str:
    """``body`` as text: by the mark that it begins with, else by the charset of its ``Content-Type``, else as UTF-8.

    Never raises: what is wrong in it becomes U+FFFD.
    """
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace")
    return body.decode(charset_of(content_type), "replace")
