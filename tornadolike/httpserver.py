""":class:`HTTPServer`: serves an application on listening sockets.

.. code-block:: python

    server = HTTPServer(application)
    server.listen(8888)

With ``ssl_options`` it serves HTTPS:

.. code-block:: python

    server = HTTPServer(application, ssl_options={"certfile": "chain.pem", "keyfile": "key.pem"})
    server.listen(443)

What comes to each connection, and what a slow, broken or hostile peer meets, is told in
:mod:`tornadolike.http1connection`.
"""

import dataclasses
import socket
import ssl
from collections.abc import Callable
from typing import Any, cast

from .http1 import Limits
from .http1connection import ServerConnection, Serving, ServingParameters, TLSOpening
from .httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from .ioloop import IOLoop
from .ioloop.transports import SocketTransport
from .tcpserver import TCPServer
from .tcpserver.connections import Connections

RequestCallback = Callable[[HTTPServerRequest], object]


class HTTPServer(TCPServer, HTTPServerConnectionDelegate):
    """A server of HTTP/1.1 and 1.0.

    :arg request_callback: an :class:`~tornadolike.web.Application` or another
        :class:`HTTPServerConnectionDelegate`, or a function that is called with each complete
        :class:`HTTPServerRequest` and answers it through ``request.connection``.

    :arg ssl_options: serve HTTPS, with this :class:`ssl.SSLContext`, or with the one that
        :func:`~tornadolike.netutil.ssl_options_to_context` makes of these options (``certfile``,
        ``keyfile``; ``ca_certs`` and ``cert_reqs`` to ask clients for certificates, which handlers get
        from :meth:`HTTPServerRequest.get_ssl_certificate`). A client that comes with plain HTTP is
        answered by 400.

    The other arguments are limits in bytes and time-outs in seconds (None for no time-out); what they
    mean and what they are by default is told by :class:`~tornadolike.http1.Limits` and
    :class:`~tornadolike.http1connection.ServingParameters`. ``max_buffer_size`` is Tornado's older name
    for ``max_body_size``.

    :meth:`~.TCPServer.drain` closes connections that are idle or in the TLS handshake, lets requests that are
    being answered finish (their connections close afterwards), and asks WebSockets to go away.
    """

    def __init__(
        self,
        request_callback: HTTPServerConnectionDelegate | RequestCallback,
        no_keep_alive: bool = False,
        *,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        max_buffer_size: int | None = None,
        max_body_size: int | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(ssl_options)
        self.request_callback = request_callback
        if max_body_size is None:
            max_body_size = max_buffer_size
        if max_body_size is not None:
            parameters["max_body_size"] = max_body_size
        self._parameters = make_parameters(no_keep_alive=no_keep_alive, **parameters)
        self._serving: Serving | None = None

    def _make_ssl_context(self, ssl_options: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
        context = super()._make_ssl_context(ssl_options)
        if context is not ssl_options:
            # It is our own: say to clients that ask which HTTP is spoken here.
            context.set_alpn_protocols(["http/1.1"])
        return context

    def handle_socket(self, connection: socket.socket, address: Any) -> None:
        serving = self._serving or self._start_serving()
        context = self.ssl_context
        if context is None:
            SocketTransport(serving.loop, connection, ServerConnection(serving, address))
        else:
            opening = TLSOpening(serving, address, context)
            # What is known need not be asked for; and of a peer that is gone it could not.
            SocketTransport(serving.loop, connection, opening, extra={"peername": address})

    def _start_serving(self) -> Serving:
        loop = IOLoop.current()
        callback = self.request_callback
        serve_whole: RequestCallback | None
        if isinstance(callback, HTTPServerConnectionDelegate):
            delegate = callback
            # The method, not the object: calling an object finds its method anew each time.
            serve_whole = callback.__call__ if callable(callback) else None
        else:
            delegate, serve_whole = self, callback
        self._serving = Serving(loop, delegate, serve_whole, self._parameters)
        return self._serving

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """For a plain function: collects a request whose body comes in pieces, then calls it."""
        return CollectingDelegate(cast(RequestCallback, self.request_callback), request_conn)

    def _connections(self) -> Connections:
        return self._serving or super()._connections()


class CollectingDelegate(HTTPMessageDelegate):
    """Puts a request together and calls a function with it."""

    def __init__(self, callback: RequestCallback, connection: HTTPConnection) -> None:
        self._callback = callback
        self._connection = connection
        self._pieces: list[bytes] = []
        self._request: HTTPServerRequest | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        self._request = HTTPServerRequest(
            connection=self._connection,
            start_line=cast(RequestStartLine, start_line),
            headers=headers,
        )

    def data_received(self, chunk: bytes) -> None:
        self._pieces.append(chunk)

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        assert self._request is not None
        self._request.trailers = trailers

    def finish(self) -> None:
        assert self._request is not None
        self._request.body = b"".join(self._pieces)
        self._callback(self._request)


def make_parameters(**parameters: Any) -> ServingParameters:
    """Sort keyword arguments into limits and the rest. Raises :exc:`TypeError` for unknown ones."""
    names = {field.name for field in dataclasses.fields(Limits)}
    limits = {name: parameters.pop(name) for name in names & parameters.keys()}
    return ServingParameters(limits=Limits(**limits), **parameters)
