""":class:`HTTPServerRequest`: one request as a handler sees it."""

import time
from collections.abc import Callable
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any

from .._native import RUNNING, front
from ..escape import parse_qs_bytes
from ..log import on_one_line
from ..util import lazy
from .cookies import parse_cookie
from .delegates import HTTPConnection, RequestStartLine
from .errors import HTTPInputError
from .forms import HTTPFile, default_parse_body_config, parse_body_arguments
from .headers import HTTPHeaders, copy_fields
from .trust import Origin
from .urls import split_host_and_port


class AnyRequest:
    """All of :class:`HTTPServerRequest`: what of it runs natively does the same."""

    method: str | None
    """The method, in the case that the client used: ``"GET"``."""
    uri: str | None
    """The target as it was sent, without scheme and host: ``"/path?query"``."""
    path: str
    """The path of :attr:`uri`, still percent-encoded."""
    query: str
    """The query of :attr:`uri` without the question mark."""
    version: str = "HTTP/1.1"
    """``"HTTP/1.1"`` or ``"HTTP/1.0"``."""
    body: bytes = b""
    """The body; empty until the message is whole."""
    connection: Any = None
    """The :class:`HTTPConnection` that takes the response."""
    server_connection: Any = None
    mounted_at: str = ""
    """What of the path of :attr:`uri` stands before :attr:`path`, where what answers is mounted there."""

    _passed_over: Any = None
    """What routers have found that is for this path, but for another request."""
    _incoming: Any = None
    """The body that is still coming, of a request that is answered meanwhile."""
    _fields: dict[str, str | list[str]]
    _start_time: float

    def __init__(
        self,
        method: str | None = None,
        uri: str | None = None,
        version: str = "HTTP/1.0",
        headers: HTTPHeaders | None = None,
        body: bytes | None = None,
        host: str | None = None,
        files: dict[str, list[HTTPFile]] | None = None,
        connection: HTTPConnection | None = None,
        start_line: RequestStartLine | None = None,
        server_connection: object | None = None,
    ) -> None:
        if start_line is not None:
            method, uri, version = start_line
        self.method = method
        self.uri = uri
        self.version = version
        self.headers = HTTPHeaders() if headers is None else headers
        self._fields = self.headers._fields
        self.path, _, self.query = (uri or "").partition("?")
        self.body = body or b""
        self.connection = connection
        self.server_connection = server_connection
        self._start_time = time.monotonic()
        if host is not None:
            self.host = host
        if files is not None:
            self.files = files
        self.query_arguments  # noqa: B018 - a query with too many arguments is refused early

    @lazy
    def headers(self) -> HTTPHeaders:
        """The header fields."""
        # The parsed fields may serve many requests: this request gets its own before anybody can
        # change them.
        self._fields = copy_fields(self._fields)
        return HTTPHeaders.from_fields(self._fields)

    @lazy
    def trailers(self) -> HTTPHeaders:
        """The fields behind a body in chunks (RFC 9110 section 6.5); hardly any client sends such."""
        return HTTPHeaders()

    @lazy
    def host(self) -> str:
        """The Host header (``127.0.0.1`` if there is none), with its port.

        Behind a trusted proxy that tells it, what the client sent as its Host.
        """
        return self._origin.host or self.headers.get("Host") or "127.0.0.1"

    @lazy
    def host_name(self) -> str:
        """:attr:`host` in lower case without the port, and without the dot that a whole name may end with.

        The same host in all ways in which it can be written, for rules that are for some hosts only.
        """
        name = split_host_and_port(self.host.lower().removesuffix(":"))[0]
        return name.removesuffix(".") or name

    @lazy
    def remote_ip(self) -> str | None:
        """The client's address (for a Unix socket ``"0.0.0.0"``); behind a trusted proxy, what that tells."""
        return self._origin.remote_ip

    @lazy
    def protocol(self) -> str:
        """``"http"`` or ``"https"``; behind a trusted proxy, what that tells of the client."""
        return self._origin.protocol

    @lazy
    def _origin(self) -> Origin:
        context = getattr(self.connection, "context", None)
        # It may be another's, who does not know of proxies.
        origin_of: Callable[[HTTPHeaders], Origin] | None = getattr(context, "origin_of", None)
        if origin_of is not None:
            return origin_of(self.headers)
        return Origin(getattr(context, "remote_ip", None), getattr(context, "protocol", "http"))

    @lazy
    def query_arguments(self) -> dict[str, list[bytes]]:
        """The query's arguments as byte values. Raises :exc:`HTTPInputError` for too many."""
        if not self.query:
            return {}
        limit = default_parse_body_config().urlencoded.max_arguments
        try:
            return parse_qs_bytes(self.query, keep_blank_values=True, max_num_fields=limit)
        except ValueError as error:
            raise HTTPInputError(f"Invalid query string: {error}", in_request=True) from error

    @lazy
    def body_arguments(self) -> dict[str, list[bytes]]:
        """The fields of a form in the body. Raises :exc:`HTTPInputError` for a malformed form."""
        return self._form[0]

    @lazy
    def files(self) -> dict[str, list[HTTPFile]]:
        """The files of a form in the body. Raises :exc:`HTTPInputError` for a malformed form."""
        return self._form[1]

    @lazy
    def _form(self) -> tuple[dict[str, list[bytes]], dict[str, list[HTTPFile]]]:
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[HTTPFile]] = {}
        if self.body:
            content_type = self.headers.get("Content-Type", "")
            try:
                parse_body_arguments(content_type, self.body, arguments, files, self.headers)
            except HTTPInputError as error:
                error.in_request = True
                raise
        return arguments, files

    @lazy
    def arguments(self) -> dict[str, list[bytes]]:
        """The arguments of the query and then those of a form in the body."""
        merged = {name: values.copy() for name, values in self.query_arguments.items()}
        for name, values in self.body_arguments.items():
            merged.setdefault(name, []).extend(values)
        return merged

    @lazy
    def cookies(self) -> SimpleCookie:
        """The cookies of the request."""
        cookies = SimpleCookie()
        for name, value in self._sent_cookies.items():
            try:
                cookies[name] = value
            except Exception:  # noqa: S112 - a name that http.cookies refuses costs only itself
                continue
        return cookies

    @lazy
    def _sent_cookies(self) -> dict[str, str]:
        # Several headers are as much as one (RFC 9113 section 8.2.3 makes use of it): not joined by commas.
        return parse_cookie("; ".join(self.headers.get_list("Cookie")))

    def _get_cookie(self, name: str) -> str | None:
        """The value of one of the :attr:`cookies`, without making all of them unless somebody has asked for them."""
        if "cookies" in self.__dict__:
            morsel = self.cookies.get(name)
            return None if morsel is None else morsel.value
        value = self._sent_cookies.get(name)
        if value is not None:
            checked: Morsel[str] = Morsel()
            try:
                checked.set(name, value, value)
            except CookieError:
                return None
        return value

    def _peek_cookie(self, name: str) -> str | None:
        """A cookie as the client has sent it, for what stands around handlers and reads its own.

        It leaves no trace: who wants to know whether a handler looks at cookies (a cache does) sees nothing of it.
        """
        sent = self._fields.get("Cookie", "")
        return parse_cookie(sent if isinstance(sent, str) else "; ".join(sent)).get(name)

    def _forget_form(self) -> None:
        """The body was not what it seemed: forget what was told of it."""
        for name in ("_form", "arguments", "body_arguments", "files"):
            vars(self).pop(name, None)

    def get_ssl_certificate(self, binary_form: bool = False) -> dict[str, Any] | bytes | None:
        """The client's certificate: what :meth:`ssl.SSLSocket.getpeercert` gives.

        None if it has shown none, which is so unless the server asks for one, and on a plain connection. As
        a dict it is told only if it was checked, else the dict is empty.

        :arg binary_form: the whole certificate in DER, checked or not.
        """
        transport = getattr(self.connection, "transport", None)
        ssl_object = None if transport is None else transport.get_extra_info("ssl_object")
        return None if ssl_object is None else ssl_object.getpeercert(binary_form)

    def full_url(self) -> str:
        """The URL that the client asked for."""
        return f"{self.protocol}://{self.host}{self.uri}"

    def request_time(self) -> float:
        """Seconds since the request's head arrived."""
        return time.monotonic() - self._start_time

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(protocol={self.protocol!r}, host={self.host!r}, "
            f"method={self.method!r}, uri={self.uri!r}, version={self.version!r}, "
            f"remote_ip={self.remote_ip!r})"
        )


class HTTPServerRequest(front("request", "HotRequest"), AnyRequest):  # type: ignore[misc]
    """One HTTP request.

    What a handler rarely looks at (headers, arguments, cookies, the peer's address) is worked out when
    it is first read.
    """


def summary_of(request: HTTPServerRequest, uri: str | None = None) -> str:
    """A request in a few words, for the log.

    :arg uri: what is told of its address; None for all.
    """
    shown = on_one_line(request.uri or "" if uri is None else uri)
    return f"{request.method} {shown} ({request.remote_ip})"


def request_of(request: HTTPServerRequest) -> RequestStartLine:
    """The start line that ``request`` came with."""
    return RequestStartLine(request.method or "", request.uri or "", request.version)


if RUNNING:
    from .._native import request as native

    native.install(
        HTTPServerRequest,
        default_parse_body_config,
        AnyRequest.arguments._compute,
        AnyRequest.query_arguments._compute,
    )
