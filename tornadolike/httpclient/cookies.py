"""Cookies that a client sends, and keeps by choice (RFC 6265)."""

import re
from collections.abc import Mapping
from email.message import Message
from http.cookies import Morsel
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from ..httputil import HTTPHeaders
from ..httputil.headers import NAME
from ..util import import_object


class Jar(Protocol):
    """What keeps cookies and knows what goes where: a :class:`http.cookiejar.CookieJar`, say."""

    def add_cookie_header(self, request: Any, /) -> None:
        """Add to a request what is to be sent with it."""

    def extract_cookies(self, response: Any, request: Any, /) -> None:
        """Keep what the response to a request sets."""


Cookies = Mapping[str, str] | Mapping[str, Morsel[Any]] | Jar

_VALUE: Final = re.compile(
    r"[\x21-\x3a\x3c-\x7e]?|[\x21-\x3a\x3c-\x7e][\x20-\x3a\x3c-\x7e]*[\x21-\x3a\x3c-\x7e]"
)
"""More than RFC 6265 has for servers: what browsers would send back. But nothing that ends the cookie."""

_MAX_AGE: Final = re.compile(r";[ \t]*max-age[ \t]*(?:=[ \t]*([^;]*))?(?=;|$)", re.IGNORECASE)
_SECONDS: Final = re.compile(r"(-?)([0-9]+)")
_FOR_EVER: Final = "9999999999"


def _understood(max_age: re.Match[str]) -> str:
    """What is no number says nothing (RFC 6265 section 5.2.2): Python's jar would lose all the cookies, and warn."""
    said = _SECONDS.fullmatch((max_age[1] or "").strip())
    if said is None:
        return ""
    return f"; max-age={said[1]}{said[2] if len(said[2]) <= len(_FOR_EVER) else _FOR_EVER}"


def jar_for(cookies: Jar | bool | None) -> Jar | None:
    """The jar of a client that was given ``cookies``: True is for a new one, None and False for none.

    Raises :exc:`TypeError` for what is no jar.
    """
    if cookies is None or cookies is False:
        return None
    if cookies is True:
        # By its name: to import what Python has of it takes longer than all else here together.
        return cast(Jar, import_object("tornadolike.httpclient.jars.BoundedJar")())
    if not _is_jar(cookies):
        raise TypeError(
            "cookies of a client are a CookieJar, or True for a new one, "
            f"not {type(cookies).__name__}; names and values are for a request"
        )
    return cookies


def _is_jar(cookies: object) -> bool:
    return hasattr(cookies, "add_cookie_header") and hasattr(cookies, "extract_cookies")


def cookie_header(cookies: Cookies, url: str) -> str:
    """The ``Cookie`` header for a request to ``url``; empty if there is none for it.

    :arg cookies: names and values, a :class:`http.cookies.SimpleCookie`, or a jar, which knows itself what
        goes where.

    Raises :exc:`TypeError` and :exc:`ValueError` for a name or a value that cannot be a cookie's.
    """
    if isinstance(cookies, Mapping):
        return "; ".join(_pair(name, value) for name, value in cookies.items())
    if not _is_jar(cookies):
        raise TypeError(
            f"cookies are a dict of names and values, or a CookieJar, not {type(cookies).__name__}"
        )
    request = _Request(url)
    cookies.add_cookie_header(request)
    return request.headers.get("Cookie", "")


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


def joined(*headers: str) -> str:
    """Several ``Cookie`` headers in one: of a name that is in two of them the first one counts."""
    pairs: dict[str, str] = {}
    for header in headers:
        found: dict[str, str] = {}
        for pair in filter(None, header.split("; ")):
            # (One header may have a name twice: a jar, for two paths.)
            name = pair.partition("=")[0]
            found[name] = f"{found[name]}; {pair}" if name in found else pair
        pairs = {**pairs, **{name: pair for name, pair in found.items() if name not in pairs}}
    return "; ".join(pairs.values())


def keep_cookies(cookies: Cookies | None, url: str, headers: HTTPHeaders) -> None:
    """Put what the response from ``url`` sets into the jar, if it is one."""
    if cookies is None or isinstance(cookies, Mapping) or "Set-Cookie" not in headers:
        return
    cookies.extract_cookies(_Response(headers), _Request(url))


class _Request:
    """What a jar wants of a request; Python's own for it takes long to import."""

    unverifiable = False  # a third party's, that is

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url = url
        self.type = parts.scheme
        self.host = parts.netloc
        self.origin_req_host = parts.hostname or ""
        self.headers: dict[str, str] = {}

    def get_full_url(self) -> str:
        return self._url

    def has_header(self, name: str) -> bool:
        return name in self.headers

    def get_header(self, name: str, default: str | None = None) -> str | None:
        return self.headers.get(name, default)

    def header_items(self) -> list[tuple[str, str]]:
        return list(self.headers.items())

    def add_unredirected_header(self, name: str, value: str) -> None:
        self.headers[name] = value


class _Response:
    """What a jar wants of a response."""

    def __init__(self, headers: HTTPHeaders) -> None:
        self._message = Message()
        for value in headers.get_list("Set-Cookie"):
            self._message["Set-Cookie"] = _MAX_AGE.sub(_understood, value)

    def info(self) -> Message:
        return self._message
