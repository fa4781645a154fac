"""Reading the Cookie header as browsers write it (RFC 6265)."""

import re

from .headers import HTTP_WHITESPACE


def parse_cookie(cookie: str) -> dict[str, str]:
    """The names and values of a Cookie header; of a name that comes twice the last.

    Like browsers and unlike :class:`http.cookies.SimpleCookie`, what looks odd costs only itself, never
    its neighbours. Only blanks and tabs are white space: with more of it a name that browsers let any subdomain set
    would become one that begins with ``__Host-``.
    """
    found = {}
    for piece in cookie.split(";"):
        name, equals, value = piece.partition("=")
        if not equals:
            name, value = "", name
        name, value = name.strip(HTTP_WHITESPACE), value.strip(HTTP_WHITESPACE)
        if name or value:
            found[name] = unquote_cookie(value)
    return found


def unquote_cookie(value: str) -> str:
    """A cookie's value without its quotes and the escapes that :mod:`http.cookies` makes inside them."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    value = value[1:-1]
    if "\\" not in value:
        return value
    return re.sub(
        r"\\(?:([0-3][0-7][0-7])|(.))",
        lambda match: chr(int(match[1], 8)) if match[1] else match[2],
        value,
    )
