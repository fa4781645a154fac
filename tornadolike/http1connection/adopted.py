""":class:`HTTP1ServerConnection`: the server's connection on a stream that somebody has.

A stream pulls and a connection is pushed to, so the connection gets what is below the stream: its transport.
There is one server, whoever has accepted the connection.
"""

import asyncio
import dataclasses
from functools import partial
from typing import Any, Final, cast
from weakref import WeakValueDictionary

from ..httputil import HTTPConnection, HTTPMessageDelegate, HTTPServerConnectionDelegate
from ..ioloop import IOLoop
from ..iostream import IOStream, SSLIOStream
from .bodies import BodyPreparer
from .connection import ServerConnection
from .parameters import HTTP1ConnectionParameters, serving_parameters
from .serving import Serving, call_application


def adopt(stream: IOStream, connection: ServerConnection, serving: Serving) -> None:
    """Have ``connection`` serve over the stream's transport. The stream is closed then.

    What has arrived and was not read is served first. A TLS handshake that goes on is waited for; until then the
    stream is one of the ``serving.handshakes``. If it fails, that is the connection's end.

    Raises :exc:`ValueError` if the stream is closed, or if a read or a write waits.
    """
    if not (isinstance(stream, SSLIOStream) and stream.opening()):
        transport = stream.detach()
        transport.set_protocol(connection)
        connection.connection_made(transport)
        transport.resume_reading()
        if serving.draining:
            connection.drain()
        return
    handshakes: set[Any] = serving.handshakes

    def shaken(future: "asyncio.Future[SSLIOStream]") -> None:
        handshakes.discard(stream)
        if future.cancelled() or future.exception() is not None or stream.closed():
            call_application(partial(serving.delegate.on_close, connection))
            serving.one_has_ended()
        else:
            adopt(stream, connection, serving)

    handshakes.add(stream)
    stream.wait_for_handshake().add_done_callback(shaken)


class HTTP1ServerConnection:
    """Serves requests that come over a stream.

    .. code-block:: python

        class Server(TCPServer):
            def handle_stream(self, stream, address):
                HTTP1ServerConnection(stream).start_serving(application)

    :arg stream: an :class:`.IOStream`; with an :class:`.SSLIOStream` the handshake may still go on.
    :arg params: by default :class:`HTTP1ConnectionParameters` as they are by default.
    :arg context: what is ``context`` of the :class:`.HTTPConnection` that answers the requests. Those have their
        ``remote_ip`` and ``protocol`` from it. By default it tells about the stream.
    """

    def __init__(
        self,
        stream: IOStream,
        params: HTTP1ConnectionParameters | None = None,
        context: object | None = None,
    ) -> None:
        self.stream = stream
        """What was given. It is closed once the connection is served: that goes on without it."""
        self.params = params or HTTP1ConnectionParameters()
        self.context = context
        self._connection: AdoptedConnection | None = None
        self._ended: asyncio.Future[None] | None = None

    def start_serving(self, delegate: HTTPServerConnectionDelegate) -> None:
        """Ask ``delegate`` for somebody to answer each request, until the connection ends.

        Its ``start_request`` and ``on_close`` get this object as their ``server_conn``. Raises
        :exc:`ValueError` if the stream is closed, or if somebody still reads from it or writes to it.
        """
        stream = self.stream
        params = self.params
        if params.max_body_size is None:
            params = dataclasses.replace(params, max_body_size=stream.max_buffer_size)
        serving = serving_for(stream.io_loop, delegate, params)
        connection = AdoptedConnection(serving, self, address_of(stream))
        adopt(stream, connection, serving)
        self._connection = connection
        self._ended = serving.loop.create_future()

    async def close(self) -> None:
        """Cut the connection, and wait until the delegate knows it."""
        self.stream.close()
        if self._connection is not None:
            self._connection.cut()
        if self._ended is not None:
            await asyncio.shield(self._ended)

    def connection_ended(self) -> None:
        """There will be no more requests."""
        self._connection = None
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)


class AdoptedConnection(ServerConnection):
    """What serves in the name of a :class:`HTTP1ServerConnection`."""

    __slots__ = ("owner",)

    def __init__(self, serving: Serving, owner: HTTP1ServerConnection, address: Any) -> None:
        super().__init__(serving, address)
        self.owner = owner

    @property
    def context(self) -> Any:
        """What the owner was given, if anything."""
        return super().context if self.owner.context is None else self.owner.context

    def cut(self) -> None:
        """Close now, unless that has not begun which could be closed."""
        if hasattr(self, "transport"):
            self.abort()


class OwnersDelegate(HTTPServerConnectionDelegate):
    """Tells a delegate of the connections by the objects that it knows."""

    def __init__(self, delegate: HTTPServerConnectionDelegate) -> None:
        self.delegate = delegate

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        owner = cast(AdoptedConnection, server_conn).owner
        return self.delegate.start_request(owner, request_conn)

    def on_close(self, server_conn: object) -> None:
        owner = cast(AdoptedConnection, server_conn).owner
        owner.connection_ended()
        self.delegate.on_close(owner)


_servings: Final[WeakValueDictionary[tuple[Any, ...], Serving]] = WeakValueDictionary()
"""What has been made by :func:`serving_for`, as long as a connection has it."""


def serving_for(
    loop: IOLoop, delegate: HTTPServerConnectionDelegate, params: HTTP1ConnectionParameters
) -> Serving:
    """What connections of the same delegate and with equal parameters share: the ticks of time, and caches."""
    # It has the loop and the delegate: no others get their numbers as long as it is there.
    key = id(loop), id(delegate), *dataclasses.astuple(params)
    serving = _servings.get(key)
    if serving is None:
        preparer = BodyPreparer(
            OwnersDelegate(delegate), None, params.chunk_size, params.decompress
        )
        serving = Serving(
            loop, preparer, None, serving_parameters(params, chunk_size=params.chunk_size)
        )
        _servings[key] = serving
    return serving


def address_of(stream: IOStream) -> Any:
    """Who is at the other end, as far as the stream knows."""
    try:
        return None if stream.socket is None else stream.socket.getpeername()
    except OSError:  # he has gone
        return None
