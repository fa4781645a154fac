"""What to connect to, and how: :func:`plan_for` finds out what can be known at once."""

import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...http1 import RequestWriter
from ...httpclient import HTTPRequest
from ...httpclient.addresses import Address
from ...httpclient.authentication.basic import basic
from ...httpclient.cookies import Cookies, cookie_header
from ...httpclient.proxies import Proxy
from ...httpclient.requests import SSLOptions, tls_options, with_default
from ...httputil import HTTPHeaders, HTTPInputError
from ...netutil import Resolver
from ..compression import CompressionOptions
from ..compression.extensions import make_offer
from .addresses import parse_url
from .handshake import add_headers, check_headers, check_subprotocols, opening_headers

USER_AGENT: Final = "tornadolike"

_CREDENTIALS: Final = ("Authorization", "Cookie", "Host", "Proxy-Authorization")
"""Of a program's headers those that are for one server only."""


_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "ssl_options": ((dict, ssl.SSLContext), "a dict or an ssl.SSLContext"),
    "proxy": ((str, Proxy), "the URL of a proxy or a Proxy"),
    "unix_socket": ((str, os.PathLike), "a path"),
    "resolver": ((Resolver,), "a Resolver"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to connect to, and how."""

    request: HTTPRequest
    """What was asked for, as :class:`.HTTPResponse` shows it."""
    address: Address
    headers: HTTPHeaders
    """The program's own, without what makes the handshake."""
    timeout: float | None
    subprotocols: list[str]
    cookies: Cookies | None
    ssl_options: SSLOptions
    proxy: Proxy | None
    trust_env: bool
    follow_redirects: int
    unix_socket: str | os.PathLike[str] | None
    resolver: Resolver | None
    compression: CompressionOptions | None


def plan_for(
    request: HTTPRequest,
    *,
    connect_timeout: float | None,
    compression_options: dict[str, Any] | None,
    headers: Mapping[str, str] | None,
    subprotocols: Sequence[str] | None,
    cookies: Cookies | None,
    ssl_options: SSLOptions | None,
    origin: str | None,
    proxy: str | Proxy | None,
    trust_env: bool,
    follow_redirects: int,
    unix_socket: str | os.PathLike[str] | None,
    resolver: Resolver | None,
) -> Plan:
    """The plan for these arguments of :func:`.websocket_connect`. Raises what that does."""
    if request.method != "GET" or request.body is not None or request.body_producer is not None:
        raise ValueError("a WebSocket is opened by a GET request without a body")
    _check_kinds(ssl_options=ssl_options, proxy=proxy, unix_socket=unix_socket, resolver=resolver)
    address = parse_url(request.url)
    own = HTTPHeaders(request.headers)
    add_headers(own, {} if headers is None else headers)
    if origin is not None:
        add_headers(own, {"Origin": origin})
    own.setdefault("User-Agent", request.user_agent or USER_AGENT)
    _add_authorization(own, request, address)
    subprotocols = _offered(own, subprotocols)
    check_headers(own)
    plan = Plan(
        request,
        address,
        own,
        _time_limit(request) if connect_timeout is None else connect_timeout or None,
        subprotocols,
        cookies,
        tls_options(request) if ssl_options is None else ssl_options,
        Proxy.from_url(proxy) if isinstance(proxy, str) else proxy or Proxy.of_request(request),
        trust_env,
        follow_redirects,
        unix_socket,
        resolver,
        None if compression_options is None else CompressionOptions.read(compression_options),
    )
    opening_request(plan, address, "")  # raises for headers and cookies that cannot be sent
    return plan


def _check_kinds(**options: object) -> None:
    for name, value in options.items():
        kinds, told = _KINDS[name]
        if value is not None and not isinstance(value, kinds):
            raise TypeError(f"{name} is {told}, not {value!r}")


def _add_authorization(headers: HTTPHeaders, request: HTTPRequest, address: Address) -> None:
    if request.auth_mode not in (None, "basic"):
        raise ValueError(
            f"auth_mode may be 'basic', which is the default, not {request.auth_mode!r}"
        )
    if address.username is not None:
        headers["Authorization"] = basic(address.username, address.password)
    elif request.auth_username is not None:
        headers["Authorization"] = basic(request.auth_username, request.auth_password or "")


def _offered(headers: HTTPHeaders, subprotocols: Sequence[str] | None) -> list[str]:
    """The subprotocols to offer. Tornado's programs may have them among their headers."""
    named = headers.get("Sec-WebSocket-Protocol")
    if named is None:
        return check_subprotocols(subprotocols or ())
    if subprotocols is not None:
        raise ValueError(
            "subprotocols are given twice; leave the header Sec-WebSocket-Protocol out"
        )
    del headers["Sec-WebSocket-Protocol"]
    return check_subprotocols([name.strip() for name in named.split(",")])


def _time_limit(request: HTTPRequest) -> float | None:
    """The shorter of a request's limits; 0 is none."""
    limits = (with_default(request, "connect_timeout"), with_default(request, "request_timeout"))
    return min((limit for limit in limits if limit), default=None)


def opening_request(plan: Plan, address: Address, key: str) -> tuple[RequestWriter, bytes]:
    """The request for a WebSocket. Raises :exc:`ValueError` for what cannot be sent."""
    at_home = address.origin == plan.address.origin
    own = plan.headers.copy()
    if not at_home:
        for name in _CREDENTIALS:
            own.pop(name, None)
    headers = HTTPHeaders({"Host": own.pop("Host", address.authority)})
    extensions = None if plan.compression is None else make_offer(plan.compression)
    headers.update(opening_headers(key, plan.subprotocols, extensions))
    try:
        for name, value in own.get_all():
            headers.add(name, value)
    except HTTPInputError as error:
        raise ValueError(f"this header cannot be sent: {error}") from error
    cookies = _cookies_for(plan, address, at_home)
    if cookies:
        before = headers.get("Cookie")
        headers["Cookie"] = f"{before}; {cookies}" if before else cookies
    writer = RequestWriter()
    return writer, writer.head("GET", address.resource, headers)


def _cookies_for(plan: Plan, address: Address, at_home: bool) -> str:
    """The cookies to send. A jar knows what goes where; others are for the server that was asked first."""
    cookies = plan.cookies
    if cookies is None or (isinstance(cookies, Mapping) and not at_home):
        return ""
    return cookie_header(cookies, address.url)
