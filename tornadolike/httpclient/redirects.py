"""Redirects: what is asked next (RFC 9110 section 15.4, and what browsers do).

What is for one origin stays there: credentials among the headers, and our certificate, do not go to another one, and
they do not come back if a later redirect leads to the first. ``http`` and ``https`` are two origins, as two ports are.
"""

from dataclasses import replace
from typing import Final

from ..httputil import HTTPHeaders
from .engine import Hop, Way
from .repeating import IDEMPOTENT, anew, has_body_again
from .uncertified import without_certificate

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

CREDENTIALS: Final = ("Authorization", "Cookie", "Proxy-Authorization")
"""Headers that are for one origin."""

_OF_A_BODY: Final = (
    *("Content-Digest", "Content-Encoding", "Content-Language", "Content-Length"),
    *("Content-Location", "Content-Md5", "Content-Range", "Content-Type", "Digest"),
    *("Expect", "Last-Modified", "Repr-Digest", "Trailer", "Transfer-Encoding"),
)
"""Headers that go with the body."""


def redirected_hop(hop: Hop, status: int, location: str, idempotent: bool | None = None) -> Hop:
    """What is asked next when ``hop`` was answered by a redirect.

    :arg idempotent: what the request says about being sent twice.

    Raises :exc:`ValueError`, with what is to be said to the programmer, for a redirect that cannot be followed.
    """
    address = hop.address.redirected(location)
    following = anew(hop)
    following.address = address
    method = redirected_method(hop.method, status)
    if method != hop.method:
        following.method = method
        following.body = following.producer = None
        following.expects_continue = False
        _remove(following.headers, _OF_A_BODY)
    elif not has_body_again(hop):
        raise ValueError("the body would have to be sent again, and cannot be")
    following.repeatable = method in IDEMPOTENT if idempotent is None else idempotent
    if address.origin != hop.address.origin:
        if hop.way.unix_socket is not None:
            raise ValueError("it leads to another server, which is not at the Unix socket")
        _remove(following.headers, CREDENTIALS)
        following.headers["Host"] = address.authority
        following.way = _stranger_way(hop.way)
    return following


def redirected_method(method: str, status: int) -> str:
    """The method of the next request. With another one it has no body."""
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        return "GET"
    return method


def _stranger_way(way: Way) -> Way:
    if way.ssl_options is None:
        return way
    return replace(way, ssl_options=without_certificate(way.ssl_options))


def _remove(headers: HTTPHeaders, names: tuple[str, ...]) -> None:
    for name in names:
        headers.pop(name, None)
