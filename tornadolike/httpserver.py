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

import io
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

from .http1connection import (
    BodyPreparer,
    Counts,
    ExpressConnection,
    HTTP1ConnectionParameters,
    ServerConnection,
    Serving,
    ServingParameters,
    adopt,
    may_be_express,
    opening_for,
    serving_parameters,
)
from .httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from .httputil.trust import XHeaders
from .ioloop import IOLoop
from .ioloop.transports import SocketTransport
from .iostream import IOStream
from .tcpserver import TCPServer
from .tcpserver.connections import Connections
from .util import Configurable

RequestCallback = Callable[[HTTPServerRequest], object]

HTTPRequest = HTTPServerRequest
"""Tornado's older name of it."""


class HTTPServer(TCPServer, Configurable, HTTPServerConnectionDelegate):
    """A server of HTTP/1.1 and 1.0.

    :arg request_callback: an :class:`~tornadolike.web.Application` or another
        :class:`HTTPServerConnectionDelegate`, or a function that is called with each complete
        :class:`HTTPServerRequest` and answers it through ``request.connection``.

    :arg no_keep_alive: close each connection after one response.

    :arg xheaders: believe what ``X-Real-Ip``, ``X-Forwarded-For``, ``X-Scheme`` and ``X-Forwarded-Proto`` tell
        about the client. Only behind a proxy that sets them, as anybody can send them.

    :arg ssl_options: serve HTTPS, with this :class:`ssl.SSLContext`, or with the one that
        :func:`~tornadolike.netutil.ssl_options_to_context` makes of these options (``certfile``,
        ``keyfile``; ``ca_certs`` and ``cert_reqs`` to ask clients for certificates, which handlers get
        from :meth:`HTTPServerRequest.get_ssl_certificate`). A client that comes with plain HTTP is
        answered by 400.

    :arg protocol: ``"http"`` or ``"https"``, whatever the connections speak: behind a proxy that ends TLS and
        does not say so.

    :arg decompress_request: take off the content codings of requests; ``max_body_size`` is then for the body
        without them, too.

    :arg chunk_size: bytes of a body that a delegate gets at once at the most. By default it gets what has come.

    :arg idle_connection_timeout: seconds between a response and the next request; None, the default, and 0 for an
        hour, as with Tornado, :data:`math.inf` for no time-out.

    :arg max_buffer_size: Tornado's older name for ``max_body_size``.

    :arg trusted_downstream: addresses and networks of proxies that ``X-Forwarded-For`` may end with.

    :arg trust: :class:`~tornadolike.httputil.TrustedProxies`, to believe some headers from some networks, which is
        better than ``xheaders``.

    :arg proxy_protocol: networks and addresses (and ``"unix"``) of peers that have to begin each connection with a
        header of the PROXY protocol.

    :arg refusal_log: called for each request that is refused before a handler is at work on it, with what a
        ``log_function`` gets of a handler (:class:`~tornadolike.http1connection.Refusal`).

    The other arguments are limits in bytes (``max_header_size``, ``max_body_size``: None for the default) and
    time-outs in seconds (``body_timeout``: None for no time-out, where one can do without); what they mean, which
    others there are, and what they are by default is told by :class:`~tornadolike.http1.Limits` and
    :class:`~tornadolike.http1connection.ServingParameters`.

    Subclasses do in :meth:`initialize` what others do in ``__init__``. They may override
    :meth:`start_request` and :meth:`on_close`, to come between the connections and what answers them, and
    :meth:`~.TCPServer.handle_stream`, to have each connection's stream first. It is :class:`.Configurable`:
    ``HTTPServer.configure(MyServer, no_keep_alive=True)`` decides what ``HTTPServer(...)`` makes.

    :meth:`~.TCPServer.drain` closes connections that have been idle for ``draining_idle_time``, and others when they
    have been, answers what comes on them until then, lets requests that are being answered finish (their connections
    close afterwards), and asks WebSockets to go away.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """All is done by :meth:`initialize`, which has been called already."""

    def initialize(
        self,
        request_callback: HTTPServerConnectionDelegate | RequestCallback,
        no_keep_alive: bool = False,
        xheaders: bool = False,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        protocol: str | None = None,
        decompress_request: bool = False,
        chunk_size: int | None = None,
        max_header_size: int | None = None,
        idle_connection_timeout: float | None = None,
        body_timeout: float | None = None,
        max_body_size: int | None = None,
        max_buffer_size: int | None = None,
        trusted_downstream: list[str] | None = None,
        **parameters: Any,
    ) -> None:
        """The constructor's work; the arguments are the class's."""
        if not (
            isinstance(request_callback, HTTPServerConnectionDelegate) or callable(request_callback)
        ):
            raise TypeError(
                "an HTTPServer is for an Application, another HTTPServerConnectionDelegate or a function, "
                f"not {request_callback!r}"
            )
        TCPServer.__init__(self, ssl_options, max_buffer_size, chunk_size)
        self.request_callback = request_callback
        self.xheaders = xheaders
        self.protocol = protocol
        self.trusted_downstream = trusted_downstream
        self.conn_params = HTTP1ConnectionParameters(
            no_keep_alive=no_keep_alive,
            chunk_size=chunk_size,
            max_header_size=max_header_size,
            header_timeout=idle_connection_timeout or 3600.0,
            max_body_size=max_buffer_size if max_body_size is None else max_body_size,
            body_timeout=body_timeout,
            decompress=decompress_request,
        )
        """Tornado's part of the parameters. All but ``chunk_size`` may be changed until the first connection comes."""
        self._chunk_size = chunk_size
        self._own_parameters = parameters
        self._serving: Serving | None = None
        self._parameters()  # says what is wrong with them, now

    def _parameters(self) -> ServingParameters:
        own = {"protocol": self.protocol, "chunk_size": self._chunk_size, **self._own_parameters}
        if self.xheaders:
            if own.get("trust") is not None:
                raise ValueError("xheaders=True believes everybody: leave it out beside trust=")
            own["trust"] = XHeaders(self.trusted_downstream or ())
        return serving_parameters(self.conn_params, **own)

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        return HTTPServer

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        return HTTPServer

    def _make_ssl_context(self, ssl_options: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
        context = super()._make_ssl_context(ssl_options)
        if context is not ssl_options:
            # It is our own: say to clients that ask which HTTP is spoken here.
            context.set_alpn_protocols(["http/1.1"])
        return context

    def _before_listening(self) -> None:
        if isinstance(self.request_callback, HTTPServerConnectionDelegate):
            self.request_callback._before_listening()

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        super().add_sockets(sockets)
        if isinstance(self.request_callback, HTTPServerConnectionDelegate):
            self.request_callback._accepting()

    def handle_socket(self, connection: socket.socket, address: Any) -> None:
        if self._overrides("handle_stream"):
            super().handle_socket(connection, address)
            return
        serving = self._serving or self._start_serving()
        if self.ssl_context is None and may_be_express(serving, address, connection):
            ExpressConnection(serving, address, connection)
            return
        protocol = opening_for(serving, address, self.ssl_context)
        # Openings look at the address. What is known need not be asked for; and of a peer that is gone it
        # could not.
        extra = None if isinstance(protocol, ServerConnection) else {"peername": address}
        SocketTransport(serving.loop, connection, protocol, extra=extra)

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Serve requests over a stream, as :class:`~.http1connection.HTTP1ServerConnection` does.

        The server's own connections have no streams, unless a subclass overrides this method: then each has one,
        which the subclass may read from, and write to, before it calls this.
        """
        serving = self._serving or self._start_serving()
        proxies = serving.parameters.proxy_protocol
        if proxies is not None and proxies.has_peer(address):
            raise ValueError("proxy_protocol is for the server's own connections, not for streams")
        adopt(stream, ServerConnection(serving, address), serving)

    def _overrides(self, method: str) -> bool:
        """Whether a subclass, or this object itself, has another method of this name."""
        found = getattr(getattr(self, method), "__func__", None)
        return found is not getattr(HTTPServer, method)

    def _start_serving(self) -> Serving:
        loop = IOLoop.current()
        callback = self.request_callback
        delegate: HTTPServerConnectionDelegate = self
        serve_whole: RequestCallback | None
        if not isinstance(callback, HTTPServerConnectionDelegate):
            serve_whole = callback
        else:
            # The method, not the object: calling an object finds its method anew each time.
            serve_whole = callback.__call__ if callable(callback) else None
            if not self._overrides("on_close"):
                delegate = callback
        if self._overrides("start_request"):
            delegate, serve_whole = self, None
        if self._chunk_size is not None or self.conn_params.decompress:
            preparer = BodyPreparer(
                delegate, serve_whole, self._chunk_size, self.conn_params.decompress
            )
            delegate, serve_whole = preparer, preparer.serve_whole
        self._serving = serving = Serving(loop, delegate, serve_whole, self._parameters())
        called = getattr(serve_whole, "__func__", None)
        if called is not None and called is getattr(type(callback), "__call__", None):  # noqa: B004 - not whether it can be called
            make_dispatcher = getattr(callback, "_native_dispatcher", None)
            serving.dispatcher = None if make_dispatcher is None else make_dispatcher(loop)
        return self._serving

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Ask the application; for a plain function, collect the request until it is whole and call it then."""
        callback = self.request_callback
        if isinstance(callback, HTTPServerConnectionDelegate):
            return callback.start_request(server_conn, request_conn)
        return CollectingDelegate(callback, request_conn)

    @property
    def counts(self) -> Counts:
        """How much it has done, and has to do, at this moment. All are 0 before the first connection."""
        return Counts() if self._serving is None else self._serving.counts()

    def on_close(self, server_conn: object) -> None:
        """A connection has ended: tell the application."""
        if isinstance(self.request_callback, HTTPServerConnectionDelegate):
            self.request_callback.on_close(server_conn)

    def _connections(self) -> Connections:
        serving = self._serving
        if serving is None:
            return super()._connections()
        if self._overrides("handle_stream"):
            return StreamsToo(super()._connections(), serving)
        return serving


class StreamsToo(Connections):
    """The streams of a server that talks to some clients by streams, and its connections."""

    def __init__(self, streams: Connections, connections: Connections) -> None:
        super().__init__()
        self._parts = streams, connections

    def count(self) -> int:
        return sum(part.count() for part in self._parts)

    def going_on(self) -> set[Any]:
        return set().union(*(part.going_on() for part in self._parts))

    def start_draining(self, seconds: float) -> None:
        for part in self._parts:
            part.start_draining(seconds)

    async def wait_for_ends(self) -> None:
        for part in self._parts:  # streams become connections, not the other way round
            await part.wait_for_ends()

    async def abort(self) -> None:
        for part in self._parts:
            await part.abort()


class CollectingDelegate(HTTPMessageDelegate):
    """Puts a request together and calls a function with it."""

    def __init__(self, callback: RequestCallback, connection: HTTPConnection) -> None:
        self._callback = callback
        self._connection = connection
        # Not the pieces themselves: each object is larger than the bytes that a malicious client puts into it.
        self._collected = io.BytesIO()
        self._request: HTTPServerRequest | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._begin(start_line, headers)
        return None

    def _begin(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> HTTPServerRequest:
        self._request = request = HTTPServerRequest(
            connection=self._connection,
            start_line=cast(RequestStartLine, start_line),
            headers=headers,
        )
        return request

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._collected.write(chunk)
        return None

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        assert self._request is not None
        self._request.trailers = trailers

    def finish(self) -> None:
        assert self._request is not None
        self._request.body = self._collected.getvalue()
        self._collected.close()
        self._callback(self._request)
