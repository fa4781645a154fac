""":class:`Plan`: what a request and its client's defaults come to; made, and checked, before anything is sent."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, cast

from ..codings import CODINGS
from ..httputil import HTTPHeaders
from ..httputil.headers import NAME
from .addresses import Address, parse_url
from .building import producer_of
from .checks import check_options, seconds
from .cookies import Jar
from .engine import USUAL_WAY, Hop, Timeouts, Way
from .engine_types import Producer
from .proxies import Proxy, proxy_from_environment
from .repeating import IDEMPOTENT
from .requests import HTTPRequest, RequestWithDefaults, tls_options

METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"})
"""Those that go without ``allow_nonstandard_methods``."""

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
ACCEPT_ENCODING: Final = ", ".join(coding for coding in CODINGS)
USER_AGENT: Final = "tornadolike"

MAX_BUFFER_SIZE: Final = 104_857_600
"""Bytes of a body that are collected in memory, if nobody says otherwise: 100 MiB."""

_OF_A_WAY: Final = frozenset(
    {
        *("proxy", "proxy_host", "proxy_port", "trust_env", "unix_socket", "network_interface"),
        *("ssl_options", "ca_certs", "client_cert", "client_key", "allow_ipv6"),
    }
)
"""Options that say how to get to a server; ``validate_cert`` has a default of its own."""

_WHO_AND_HOW_OFTEN: Final = frozenset({"auth", "auth_username", "cookies", "retries", "trace"})
"""Options without which a hop is sent as it is, and once."""

_ASKED_FOR: Final = frozenset(
    {"url", "method", "headers", "body", "expect_100_continue", "start_time"}
)
"""Attributes of requests that are no part of their settings: they are looked at for each of them."""

_OPTIONS: Final = tuple(
    name
    for name in vars(HTTPRequest("http://localhost/"))
    if name not in _ASKED_FOR and name[0] != "_"
)
_what_is_said = attrgetter(*_OPTIONS)
_NOTHING: Final = (None,) * len(_OPTIONS)


_IN_ALL: Final = frozenset({"url", "method", "_headers", "_body", "start_time"})
"""What all requests have (and what :class:`.HTTPRequest` has looked at): there is nothing to check then."""


@dataclass(slots=True)
class Plan:
    """What is to be done for one fetch."""

    request: HTTPRequest
    option: Callable[[str], Any] = field(repr=False)
    """What the request says about an option (by its name), or else its client."""
    method: str
    address: Address
    headers: HTTPHeaders = field(repr=False)
    """Those of the first hop."""
    body: bytes | None = field(repr=False)
    producer: Producer | None
    expects_continue: bool
    way: Way
    timeouts: Timeouts
    request_timeout: float
    """Seconds for all of it; 0: no limit."""
    follow_redirects: bool
    max_redirects: int
    decompress: bool
    repeatable: bool
    max_body_size: int | None
    """Bytes of the response's body, on the wire and decoded; None for no limit."""
    jar: Jar | None
    """Where the client keeps cookies, if it does."""
    is_plain: bool = False
    """Whether nothing is said of who is asking, of cookies, attempts and tracing."""

    def first_hop(self) -> Hop:
        """What is sent first."""
        return Hop(
            self.method,
            self.address,
            self.headers,
            self.body,
            self.producer,
            expects_continue=self.expects_continue,
            repeatable=self.repeatable,
            way=self.way,
            timeouts=self.timeouts,
            max_body_size=self.max_body_size,
            prepare_curl=self.option("prepare_curl_callback"),
        )


def plan_for(
    request: HTTPRequest,
    defaults: Mapping[str, Any],
    *,
    jar: Jar | None = None,
    max_buffer_size: int = MAX_BUFFER_SIZE,
    streamed: bool = False,
    usual: "Usual | None" = None,
) -> Plan:
    """What is to be done for ``request``.

    :arg defaults: its client's, checked by :func:`.check_defaults`.
    :arg jar: its client's cookies.
    :arg max_buffer_size: bytes of a body that its client collects in memory.
    :arg streamed: whether the body is taken in pieces: then only ``max_body_size`` bounds it.
    :arg usual: of its client, whose arguments here are always the same but for the requests.

    Raises :exc:`KeyError` for a method that is not known, :exc:`ValueError` and :exc:`TypeError` for what makes no
    sense: a method that is no token, say, or CONNECT.
    """
    if (
        usual is not None
        and request.expect_100_continue is False
        and _what_is_said(request) == _NOTHING
    ):
        settings = usual.settings(defaults, max_buffer_size)
    else:
        own = {name: value for name, value in vars(request).items() if value is not None}
        if unusual := own.keys() - _IN_ALL:
            check_options(own, unusual)
        settings = _Settings(
            {**defaults, **own},
            max_buffer_size,
            own_limit=request.max_body_size is not None,
        )
    address = parse_url(request.url)
    method = request.method
    if method not in METHODS:
        _check_method(method, settings.nonstandard)
    with_body = _has_body(request, settings.nonstandard)
    expects_continue = with_body and bool(
        request.expect_100_continue or defaults.get("expect_100_continue")
    )
    producer = producer_of(request.body_producer)
    headers = _headers(request, address, defaults, expects_continue, settings.decompress)
    length = getattr(producer, "length", None)
    if length is not None and "Content-Length" not in headers:
        headers["Content-Length"] = str(length)
    return Plan(
        request,
        settings.option,
        method,
        address,
        headers,
        request.body,
        producer,
        expects_continue,
        settings.way or _way(request, defaults),
        settings.timeouts,
        settings.request_timeout,
        settings.follow_redirects,
        settings.max_redirects,
        settings.decompress,
        method in IDEMPOTENT if settings.idempotent is None else bool(settings.idempotent),
        settings.max_streamed if streamed else settings.max_body_size,
        jar,
        settings.is_plain and address.username is None and jar is None,
    )


class _Settings:
    """What the options of a request come to, whatever is asked for.

    :arg options: those that are said: by the request, or else by its client.
    :arg own_limit: whether it is the request that says ``max_body_size``.
    """

    def __init__(
        self, options: dict[str, Any], max_buffer_size: int, own_limit: bool = False
    ) -> None:
        # (One dictionary for all the questions: to ask both each time would be most of the work.)
        self.option = said = options.get
        self.nonstandard = bool(said("allow_nonstandard_methods"))
        self.decompress = bool(said("decompress_response"))
        self.idempotent = said("idempotent")
        self.max_redirects = cast(int, said("max_redirects"))
        self.way = (
            USUAL_WAY if said("validate_cert") and options.keys().isdisjoint(_OF_A_WAY) else None
        )
        """None if it has to be found out for each request."""
        self.timeouts = Timeouts(
            seconds("connect_timeout", said("connect_timeout")),
            seconds("tls_timeout", said("tls_timeout")),
            seconds("first_byte_timeout", said("first_byte_timeout")),
            seconds("stall_timeout", said("stall_timeout")),
        )
        self.request_timeout = seconds("request_timeout", said("request_timeout"))
        self.follow_redirects = bool(said("follow_redirects"))
        in_memory = None if said("streaming_callback") is not None else max_buffer_size
        self.max_body_size = _max_body_size(said("max_body_size"), own_limit, in_memory)
        self.max_streamed = _max_body_size(said("max_body_size"), own_limit, None)
        self.is_plain = options.keys().isdisjoint(_WHO_AND_HOW_OFTEN)


class Usual:
    """The settings of a client's requests that say nothing of their own, which are most: found out once."""

    __slots__ = ("_defaults", "_max_buffer_size", "_settings")

    def __init__(self) -> None:
        self._defaults: dict[str, Any] | None = None
        """A copy of those that the settings are of: they may be changed."""
        self._max_buffer_size = 0
        self._settings: _Settings | None = None

    def settings(self, defaults: Mapping[str, Any], max_buffer_size: int) -> _Settings:
        """Those of a request that says nothing, by these defaults."""
        settings = self._settings
        if (
            settings is None
            or self._max_buffer_size != max_buffer_size
            or self._defaults != defaults
        ):
            check_options(defaults, defaults)
            settings = _Settings(dict(defaults), max_buffer_size)
            self._defaults, self._max_buffer_size = dict(defaults), max_buffer_size
            self._settings = settings
        return settings


def _check_method(method: str, nonstandard: bool) -> None:
    """Raises :exc:`KeyError` for one that is not known, :exc:`ValueError` for what is none."""
    if not nonstandard:
        raise KeyError(f"unknown method {method}")
    if not isinstance(method, str) or not NAME.fullmatch(method):
        # What is behind a space would be taken for the target, and behind a line for another request.
        raise ValueError(f"a method is a token like GET (RFC 9110 section 9), not {method!r:.100}")
    if method == "CONNECT":
        raise ValueError("the method CONNECT opens tunnels: give the option proxy")


def _has_body(request: HTTPRequest, nonstandard: bool) -> bool:
    """Whether the request has a body. Raises :exc:`ValueError` if it should be otherwise."""
    with_body = request.body is not None or request.body_producer is not None
    if with_body != (request.method in WITH_BODY) and not nonstandard:
        raise ValueError(
            f"Body must {'' if with_body else 'not '}be None for method {request.method} "
            "(unless allow_nonstandard_methods is true)"
        )
    if request.body is not None and request.body_producer is not None:
        raise ValueError("a request has one body: give body or body_producer")
    return with_body


def _max_body_size(most: int | None, own_limit: bool, in_memory: int | None) -> int | None:
    """What the request says, or else its client; what that says may be less than what it has memory for."""
    if most is None:
        return in_memory
    return most if in_memory is None or own_limit else min(most, in_memory)


def _way(request: HTTPRequest, defaults: Mapping[str, Any]) -> Way:
    both = cast(HTTPRequest, RequestWithDefaults(request, defaults))
    return Way(
        _proxy(both),
        None if both.unix_socket is None else _socket_path(both.unix_socket),
        tls_options(both) or None,
        both.allow_ipv6 is not False,
        both.network_interface,
    )


def _socket_path(path: str | os.PathLike[str]) -> str:
    path = os.fspath(path)
    if (
        "\0" in path[1:]
    ):  # (Before the first character it is Linux's sign for a name that is no file's.)
        raise ValueError(f"unix_socket is a path, which the system would end at the NUL: {path!r}")
    return path


def _proxy(both: HTTPRequest) -> Proxy | None:
    proxy = Proxy.of_request(both) or both.proxy
    if isinstance(proxy, str):
        return Proxy.from_url(proxy)
    if proxy is None:
        # A server on a Unix socket is behind no proxy, whatever host the URL names.
        wanted = both.trust_env and both.unix_socket is None
        return proxy_from_environment(both.url) if wanted else None
    if not isinstance(proxy, Proxy):
        raise TypeError(f"a proxy is a Proxy or the URL of one, not {type(proxy).__name__}")
    return proxy


def _headers(
    request: HTTPRequest,
    address: Address,
    defaults: Mapping[str, Any],
    expects_continue: bool,
    decompress: bool,
) -> HTTPHeaders:
    """What is sent: what the author says, the client's defaults, and what is sent in any case."""
    headers = request.headers.copy()
    said: Any  # Tornado takes bytes, too
    if headers:
        for name, said in request.headers.get_all():
            if isinstance(said, bytes):
                headers[name] = said.decode("latin1")
    for name, value in (defaults.get("headers") or {}).items():
        if name not in headers:
            headers[name] = value
    fields = headers._fields  # by the names that are canonical already
    if "Host" not in fields:
        fields["Host"] = address.authority
    if request.user_agent:
        fields["User-Agent"] = request.user_agent
    elif "User-Agent" not in fields:
        fields["User-Agent"] = defaults.get("user_agent") or USER_AGENT
    if decompress and "Accept-Encoding" not in fields:
        # A part of what is encoded could not be decoded.
        fields["Accept-Encoding"] = "identity" if "Range" in fields else ACCEPT_ENCODING
    if expects_continue:
        headers["Expect"] = "100-continue"
    if request.body is not None:
        headers["Content-Length"] = str(len(request.body))
    elif request.body_producer is None and request.method in WITH_BODY:
        headers["Content-Length"] = "0"  # or a server would wait for a body (RFC 9110 section 8.6)
    if request.method == "POST" and "Content-Type" not in headers:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return headers
