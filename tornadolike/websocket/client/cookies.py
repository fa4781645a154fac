"""The cookies that a client sends with its handshake, and keeps of the answer."""

import re
from collections.abc import Mapping
from email.message import Message
from http.cookiejar import CookieJar
from http.cookies import Morsel
from typing import Any, Final
from urllib.request import Request

from ...httputil import HTTPHeaders
from ...httputil.headers import NAME

Cookies = Mapping[str, str] | Mapping[str, Morsel[Any]] | CookieJar

_VALUE: Final = re.compile(
    r"[\x21-\x3a\x3c-\x7e]?|[\x21-\x3a\x3c-\x7e][\x20-\x3a\x3c-\x7e]*[\x21-\x3a\x3c-\x7e]"
)
"""More than RFC 6265 has for servers: what browsers would send back. But nothing that ends the cookie."""


def cookie_header(cookies: Cookies, url: str) -> str:
    """The ``Cookie`` header for a request to ``url``; empty if there is none for it.

    :arg cookies: names and values, a :class:`http.cookies.SimpleCookie`, or a jar, which knows itself what
        goes where.

    Raises :exc:`TypeError` and :exc:`ValueError` for a name or a value that cannot be a cookie's.
    """
    if isinstance(cookies, CookieJar):
        request = Request(url)  # noqa: S310 (nothing is opened)
        cookies.add_cookie_header(request)
        return request.get_header("Cookie") or ""
    if not isinstance(cookies, Mapping):
        raise TypeError(
            f"cookies are a dict of names and values, or a CookieJar, not {type(cookies).__name__}"
        )
    return "; ".join(_pair(name, value) for name, value in cookies.items())


def _pair(name: str, value: str | Morsel[Any]) -> str:
    text = value.coded_value if isinstance(value, Morsel) else value
    if not isinstance(name, str) or not isinstance(text, str):
        raise TypeError(
            f"the name and the value of a cookie are strs, not {type(text).__name__}: {name!r}"
        )
    if not NAME.fullmatch(name):
        raise ValueError(f"not the name of a cookie: {name!r}")
    if not _VALUE.fullmatch(text):
        raise ValueError(
            f"the cookie {name!r} has a value that no cookie can have; quote it first, as with urllib.parse.quote()"
        )
    return f"{name}={text}"


def keep_cookies(cookies: Cookies | None, url: str, headers: HTTPHeaders) -> None:
    """Put what the response from ``url`` sets into the jar, if it is one."""
    if isinstance(cookies, CookieJar):
        cookies.extract_cookies(_Response(headers), Request(url))  # type: ignore[arg-type]  # noqa: S310


class _Response:
    """What a jar wants of a response."""

    def __init__(self, headers: HTTPHeaders) -> None:
        self._message = Message()
        for value in headers.get_list("Set-Cookie"):
            self._message["Set-Cookie"] = value

    def info(self) -> Message:
        return self._message
