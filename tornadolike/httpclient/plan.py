""":class:`Plan`: what a request and its client's defaults come to; made, and checked, before anything is sent."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..codings import CODINGS
from ..httputil import HTTPHeaders
from .addresses import Address, parse_url
from .building import producer_of
from .engine import Hop, Timeouts, Way
from .engine_types import Producer
from .proxies import Proxy, proxy_from_environment
from .requests import HTTPRequest, tls_options

METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})
"""Those that go without ``allow_nonstandard_methods``."""

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110 section 9.2.2."""

ACCEPT_ENCODING: Final = ", ".join(coding for coding in CODINGS)
USER_AGENT: Final = "tornadolike"


@dataclass(slots=True)
class Plan:
    """What is to be done for one fetch."""

    request: HTTPRequest
    method: str
    address: Address
    headers: HTTPHeaders
    """Those of the first hop."""
    body: bytes | None
    producer: Producer | None
    way: Way
    timeouts: Timeouts
    request_timeout: float
    """Seconds for all of it; 0: no limit."""
    follow_redirects: bool
    max_redirects: int
    decompress: bool
    repeatable: bool
    max_body_size: int | None

    def first_hop(self) -> Hop:
        """What is sent first."""
        return Hop(
            self.method,
            self.address,
            self.headers,
            self.body,
            self.producer,
            expects_continue=self.request.expect_100_continue,
            repeatable=self.repeatable,
            way=self.way,
            timeouts=self.timeouts,
            max_body_size=self.max_body_size,
            prepare_curl=self.request.prepare_curl_callback,
        )


def plan_for(request: HTTPRequest, defaults: Mapping[str, Any]) -> Plan:
    """What is to be done for ``request``. Raises :exc:`ValueError` for what makes no sense."""
    said: Callable[[str], Any] = _Said(request, defaults)
    address = parse_url(request.url)
    method = request.method
    if method not in METHODS and not said("allow_nonstandard_methods"):
        raise KeyError(f"unknown method {method}")
    headers = request.headers.copy()
    decompress = bool(said("decompress_response"))
    producer = producer_of(request.body_producer)
    length = getattr(producer, "length", None)
    if length is not None and "Content-Length" not in headers:
        headers["Content-Length"] = str(length)
    _complete(headers, address, method, request, decompress, said("user_agent"))
    return Plan(
        request,
        method,
        address,
        headers,
        request.body,
        producer,
        _way(request, said),
        Timeouts(
            said("connect_timeout") or 0.0,
            said("tls_timeout") or 0.0,
            said("first_byte_timeout") or 0.0,
            said("stall_timeout") or 0.0,
        ),
        said("request_timeout") or 0.0,
        bool(said("follow_redirects")),
        said("max_redirects"),
        decompress,
        method in IDEMPOTENT if request.idempotent is None else request.idempotent,
        said("max_body_size"),
    )


class _Said:
    """An option of a request, or the client's default."""

    __slots__ = ("_defaults", "_request")

    def __init__(self, request: HTTPRequest, defaults: Mapping[str, Any]) -> None:
        self._request = request
        self._defaults = defaults

    def __call__(self, option: str) -> Any:
        said = getattr(self._request, option)
        return self._defaults.get(option) if said is None else said


def _way(request: HTTPRequest, said: Callable[[str], Any]) -> Way:
    options = tls_options(request)
    unix_socket = said("unix_socket")
    proxy = Proxy.of_request(request) or said("proxy")
    if proxy is None and said("trust_env"):
        proxy = proxy_from_environment(request.url)
    return Way(
        Proxy.from_url(proxy) if isinstance(proxy, str) else proxy,
        None if unix_socket is None else os.fspath(unix_socket),
        options or None,
        request.allow_ipv6 is not False,
        request.network_interface,
    )


def _complete(
    headers: HTTPHeaders,
    address: Address,
    method: str,
    request: HTTPRequest,
    decompress: bool,
    user_agent: str | None,
) -> None:
    """Add what is sent in any case, unless the author has said it."""
    if "Host" not in headers:
        headers["Host"] = address.authority
    if "User-Agent" not in headers:
        headers["User-Agent"] = user_agent or USER_AGENT
    if decompress and "Accept-Encoding" not in headers:
        headers["Accept-Encoding"] = ACCEPT_ENCODING
    if request.body is not None:
        headers["Content-Length"] = str(len(request.body))
        if method == "POST" and "Content-Type" not in headers:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
