"""Which requests may be answered from the cache, and which responses may be kept (RFC 9111 section 3)."""

import time
from typing import Any, Final

from ..httputil import HTTPHeaders, HTTPServerRequest, parse_date

CREDENTIALS: Final = frozenset(
    {
        "Authorization",
        "Proxy-Authorization",
        "Cf-Access-Jwt-Assertion",
        "Remote-User",
        "X-Access-Token",
        "X-Api-Key",
        "X-Auth-Token",
        "X-Forwarded-User",
        "X-Remote-User",
    }
)
"""Headers that tell who asks, beside cookies."""

_NOT_SHARED: Final = frozenset({"Range", "If-Range", "If-Match", "If-Unmodified-Since", "Upgrade"})
"""Headers of requests that are the handler's own affair."""

CONDITIONS: Final = ("If-None-Match", "If-Modified-Since")
"""What a client has already. That is told here, also for what a handler has just said."""

_NOT_KEPT: Final = frozenset({"no-store", "no-cache", "private"})
_NOT_STALE: Final = frozenset({"must-revalidate", "proxy-revalidate", "s-maxage"})

LOOKED_AT_BEFORE: Final = frozenset({"_sent_cookies", "cookies"})
"""Attributes of a request whose cookies somebody has looked at."""

PERSONAL: Final = frozenset(
    {"_current_user", "_xsrf_token", "_raw_xsrf_token", "tornadolike.csp_nonce"}
)
"""Attributes of a handler that has looked at who asks, or that has put into a page what is for this one response. (Its
session is not among them: authors have attributes of that name.)"""

NO_VARIANTS: Final = frozenset({"Host", "Cache-Control", "Pragma", "Connection", *CONDITIONS})
"""Headers that a handler may look at without its response being another one for each of their values."""


def can_be_shared(request: HTTPServerRequest) -> bool:
    """Whether its answer may be that to somebody else's request: a plain GET or HEAD."""
    fields = request._fields
    return (
        (request.method == "GET" or request.method == "HEAD")
        and "Transfer-Encoding"
        not in fields  # handlers find arguments in a body, of which no key knows
        and fields.get("Content-Length", "0") == "0"
        and _NOT_SHARED.isdisjoint(fields)
    )


def tells_who_asks(handler: Any) -> bool:
    """Whether the request has credentials, or what stands around the cache has looked for some."""
    request = handler.request
    return (
        not CREDENTIALS.isdisjoint(request._fields)
        or has_looked(handler)
        or (request.protocol == "https" and request.get_ssl_certificate(True) is not None)
    )


def has_looked(handler: Any) -> bool:
    """Whether somebody has looked at cookies, user, XSRF token or session of the request."""
    known = vars(handler)
    return (
        not LOOKED_AT_BEFORE.isdisjoint(vars(handler.request))
        or not PERSONAL.isdisjoint(known)
        or ("session" in known and handler._open_session is not None)
    )


def wants_new(request: HTTPServerRequest) -> bool:
    """Whether the client wants no answer of before (RFC 9111 sections 5.2.1 and 5.4)."""
    told = directives(request.headers.get("Cache-Control") or request.headers.get("Pragma") or "")
    return "no-cache" in told or "no-store" in told or told.get("max-age") == "0"


def directives(value: str) -> dict[str, str]:
    """``public, max-age=60`` -> ``{"public": "", "max-age": "60"}``; the first of a name counts."""
    found: dict[str, str] = {}
    for part in value.split(","):
        name, _, argument = part.partition("=")
        found.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return found


def fresh_seconds(headers: HTTPHeaders, longest: float) -> tuple[float, bool]:
    """How long a response with these headers is good, at most ``longest``, and whether it may be stale behind that.

    Nothing that must not be kept is good for a second.
    """
    told = directives(headers.get("Cache-Control", ""))
    if not _NOT_KEPT.isdisjoint(told) or "Set-Cookie" in headers:
        return 0.0, False
    seconds = longest
    age = told.get("s-maxage", told.get("max-age"))
    if age is not None:
        seconds = float(age) if age.isascii() and age.isdigit() else 0.0
    elif "Expires" in headers:
        expires = parse_date(headers["Expires"])
        seconds = 0.0 if expires is None else expires.timestamp() - time.time()
    return min(seconds, longest), _NOT_STALE.isdisjoint(told)


def varies_by(headers: HTTPHeaders) -> list[str]:
    """The names in the header Vary, in the form of canonical ones."""
    return [
        "-".join([word.capitalize() for word in name.strip().split("-")])
        for name in headers.get("Vary", "").split(",")
        if name.strip()
    ]
