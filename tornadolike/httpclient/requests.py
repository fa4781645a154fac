""":class:`HTTPRequest`: what a client asks for, and how."""

import datetime
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from ..escape import native_str, utf8
from ..httputil import HTTPHeaders, format_timestamp
from .building import Files, Form, build_body, with_params
from .checks import check_fields, text_of

SSLOptions = dict[str, Any] | ssl.SSLContext
_Headers = HTTPHeaders | Mapping[str, str]


class HTTPRequest:
    """What a client asks for, and how. Each argument is an attribute, too.

    :arg url: what is asked for, with its scheme.
    :arg method: ``"GET"``, ``"POST"``, and so on.
    :arg headers: those to be sent. :class:`~tornadolike.httputil.HTTPHeaders` are kept as they are, and what is
        changed in them before the request is made counts; of another mapping the present content is taken.
    :arg body: bytes, or text, which is sent as UTF-8.
    :arg auth_username: with ``auth_password`` and ``auth_mode`` (``"basic"``): who is asking.
    :arg connect_timeout: seconds until the connection must be there, 20 by default. 0: no limit.
    :arg request_timeout: seconds until the response must be there, 20 by default. 0: no limit.
    :arg if_modified_since: a date, as :func:`~tornadolike.httputil.format_timestamp` takes it: the body is wanted
        only if it is newer.
    :arg follow_redirects: whether to go where a redirect points to, by default yes.
    :arg max_redirects: how many of them one after another, 5 by default.
    :arg user_agent: the header of that name.
    :arg decompress_response: whether to ask for a compressed response, and decompress it; by default yes.
        ``use_gzip`` is its old name.
    :arg network_interface: the IP address to connect from.
    :arg streaming_callback: called with each piece of the body; the response has none then. If it is a coroutine
        function the next piece waits for it.
    :arg header_callback: called with the status line and each line of the header.
    :arg prepare_curl_callback: called with the :class:`!pycurl.Curl` before it is used.
    :arg proxy_host: with ``proxy_port``: the HTTP proxy to go through.
    :arg proxy_username: with ``proxy_password`` (empty by default) and ``proxy_auth_mode`` (``"basic"``): who is
        asking the proxy.
    :arg allow_nonstandard_methods: whether ``method`` may be one that HTTP does not know, by default not.
    :arg validate_cert: whether the certificate of a server is verified, by default yes.
    :arg ca_certs: path of a PEM file: whose signature on certificates is good. By default whom the system trusts.
    :arg client_cert: path of a PEM file with our own certificate, and ``client_key`` that of its key if it is
        not in there.
    :arg ssl_options: a context, or what :func:`~tornadolike.tls.ssl_options_to_context` takes, in place of the four
        before.
    :arg allow_ipv6: whether IPv6 may be used, by default yes.
    :arg body_producer: called with a function ``write(piece)``, in place of ``body``; what it returns is awaited.
    :arg expect_100_continue: whether to ask the server first if it wants the body.
    :arg params: added to the query of the URL, which stays as it is: values as in ``form``.
    :arg json: what becomes the body as JSON.
    :arg form: fields of a form, which become the body.
    :arg files: files of a form, which make the body multipart: see :mod:`.building`.
    :arg cookies: names and values to send beside those of the client.
    :arg auth: who is asking: see :mod:`.authentication`.
    :arg proxy: the proxy to go through: a :class:`.Proxy`, or its URL.
    :arg trust_env: whether the environment may name a proxy (``https_proxy``, ``no_proxy`` and so on), by default not.
    :arg unix_socket: the path of a Unix socket where the server is, whatever host the URL names.
    :arg tls_timeout: seconds for the handshake of TLS, within ``connect_timeout``; by default there is no other limit.
    :arg first_byte_timeout: seconds from the end of the request until the response begins, by default no limit.
    :arg stall_timeout: seconds that a body may stand still, by default no limit.
    :arg max_body_size: the most bytes that the body of the response may have.
    :arg retries: what is tried again, and when: a :class:`.Retries`; by default nothing is.
    :arg idempotent: whether it does no harm to send the request twice. By default that depends on the method.
    :arg trace: is told what happens: see :mod:`.tracing`.

    What is None is the client's default. Raises :exc:`TypeError` for a ``body`` that is neither text nor bytes,
    and for other values of a wrong kind; what is not seen here is when the request is sent, before anything is.
    """

    _DEFAULTS: ClassVar[dict[str, Any]] = {
        "connect_timeout": 20.0,
        "request_timeout": 20.0,
        "follow_redirects": True,
        "max_redirects": 5,
        "decompress_response": True,
        "proxy_password": "",
        "allow_nonstandard_methods": False,
        "validate_cert": True,
    }
    """What clients take for an option that is None."""

    def __init__(
        self,
        url: str,
        method: str = "GET",
        headers: _Headers | None = None,
        body: bytes | str | None = None,
        auth_username: str | None = None,
        auth_password: str | None = None,
        auth_mode: str | None = None,
        connect_timeout: float | None = None,
        request_timeout: float | None = None,
        if_modified_since: float | datetime.datetime | None = None,
        follow_redirects: bool | None = None,
        max_redirects: int | None = None,
        user_agent: str | None = None,
        use_gzip: bool | None = None,
        network_interface: str | None = None,
        streaming_callback: Callable[[bytes], Awaitable[None] | None] | None = None,
        header_callback: Callable[[str], None] | None = None,
        prepare_curl_callback: Callable[[Any], None] | None = None,
        proxy_host: str | None = None,
        proxy_port: int | None = None,
        proxy_username: str | None = None,
        proxy_password: str | None = None,
        proxy_auth_mode: str | None = None,
        allow_nonstandard_methods: bool | None = None,
        validate_cert: bool | None = None,
        ca_certs: str | None = None,
        allow_ipv6: bool | None = None,
        client_key: str | None = None,
        client_cert: str | None = None,
        body_producer: Callable[[Callable[[bytes], Any]], Awaitable[None]] | None = None,
        expect_100_continue: bool = False,
        decompress_response: bool | None = None,
        ssl_options: SSLOptions | None = None,
        *,
        params: Form | None = None,
        json: Any = None,
        form: Form | None = None,
        files: Files | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: Any = None,
        proxy: Any = None,
        trust_env: bool | None = None,
        unix_socket: str | os.PathLike[str] | None = None,
        tls_timeout: float | None = None,
        first_byte_timeout: float | None = None,
        stall_timeout: float | None = None,
        max_body_size: int | None = None,
        retries: Any = None,
        idempotent: bool | None = None,
        trace: Any = None,
    ) -> None:
        if type(url) is not str:
            url = text_of("url", url)
        if type(method) is not str:
            method = text_of("method", method)
        self.url = url if params is None else with_params(url, params)
        self.method = method
        self.headers = headers
        if if_modified_since:
            # The same headers may be those of another request, which did not say this.
            self.headers = HTTPHeaders(self.headers)
            self.headers["If-Modified-Since"] = _date("if_modified_since", if_modified_since)
        self.body = body
        self.body_producer = body_producer
        self.auth_username = auth_username
        self.auth_password = auth_password
        self.auth_mode = auth_mode
        self.connect_timeout = connect_timeout
        self.request_timeout = request_timeout
        self.follow_redirects = follow_redirects
        self.max_redirects = max_redirects
        self.user_agent = user_agent
        self.decompress_response = use_gzip if decompress_response is None else decompress_response
        self.network_interface = network_interface
        self.streaming_callback = streaming_callback
        self.header_callback = header_callback
        self.prepare_curl_callback = prepare_curl_callback
        self.proxy_host = proxy_host
        self.proxy_port = proxy_port
        self.proxy_username = proxy_username
        self.proxy_password = proxy_password
        self.proxy_auth_mode = proxy_auth_mode
        self.allow_nonstandard_methods = allow_nonstandard_methods
        self.validate_cert = validate_cert
        self.ca_certs = ca_certs
        self.allow_ipv6 = allow_ipv6
        self.client_key = client_key
        self.client_cert = client_cert
        self.ssl_options = ssl_options
        self.expect_100_continue = expect_100_continue
        if json is not None or form is not None or files is not None:
            if body is not None or body_producer is not None:
                raise ValueError("a request has one body: give body, body_producer, json or form")
            built = build_body(json, form, files)
            self.body, self.body_producer = built.data, built.producer
            if "Content-Type" not in self.headers:
                self.headers = HTTPHeaders(self.headers)
                self.headers["Content-Type"] = built.content_type
            if built.length is not None:
                self.headers["Content-Length"] = str(built.length)
        self.cookies = cookies
        self.auth = auth
        self.proxy = proxy
        self.trust_env = trust_env
        self.unix_socket = unix_socket
        self.tls_timeout = tls_timeout
        self.first_byte_timeout = first_byte_timeout
        self.stall_timeout = stall_timeout
        self.max_body_size = max_body_size
        self.retries = retries
        self.idempotent = idempotent
        self.trace = trace
        self.start_time = time.time()
        """When the request was made, in seconds since the epoch."""

    @property
    def headers(self) -> HTTPHeaders:
        """The headers to be sent."""
        return self._headers

    @headers.setter
    def headers(self, value: _Headers | None) -> None:
        # (To ask an abstract class about an instance takes long, and most requests have none.)
        if value is None:
            value = HTTPHeaders()
        elif not isinstance(value, HTTPHeaders):
            check_fields(value)
            texts = {name: native_str(text) for name, text in value.items()}
            value = HTTPHeaders(texts)
        self._headers = value

    @property
    def body(self) -> bytes | None:
        """The body to be sent, as bytes."""
        return self._body

    @body.setter
    def body(self, value: bytes | str | None) -> None:
        if value is None:
            self._body = None
            return
        if not isinstance(value, str | bytes):
            raise TypeError(f"body is bytes or text, not {type(value).__name__}")
        self._body = utf8(value)


def _date(name: str, moment: Any) -> str:
    try:
        return format_timestamp(moment)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} is no date: {moment!r}") from None


class RequestWithDefaults:
    """A request as its client takes it: what is None there is the client's default.

    It is what engines of others get (:meth:`.AsyncHTTPClient.fetch_impl`).

    :arg request: the :class:`HTTPRequest`.
    :arg defaults: options by their names, or None.
    """

    def __init__(self, request: HTTPRequest, defaults: Mapping[str, Any] | None) -> None:
        self.request = request
        self.defaults = defaults

    def __getattr__(self, option: str) -> Any:
        said = getattr(self.request, option)
        return said if said is not None or self.defaults is None else self.defaults.get(option)


def with_default(request: HTTPRequest, option: str) -> Any:
    """What ``request`` says about an option, or the default if it says nothing."""
    said = getattr(request, option)
    return HTTPRequest._DEFAULTS.get(option) if said is None else said


def tls_options(request: HTTPRequest) -> SSLOptions:
    """What ``request`` says about TLS, as :meth:`.TCPClient.connect` takes it."""
    if request.ssl_options is not None:
        return request.ssl_options
    options: dict[str, Any] = {
        "ca_certs": request.ca_certs,
        "certfile": request.client_cert,
        "keyfile": request.client_key,
        "cert_reqs": None if with_default(request, "validate_cert") else ssl.CERT_NONE,
    }
    return {name: value for name, value in options.items() if value is not None}
