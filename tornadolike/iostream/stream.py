""":class:`IOStream` and :class:`SSLIOStream`: reads that say what they want, over a connection.

How their bytes come and go is :mod:`.transported`'s, how they are connected :mod:`.connecting`'s. The two
classes are in one file because they lead to each other: a stream may turn to TLS.
"""

import asyncio
import socket
import ssl
from typing import Any, Self, cast

from ..ioloop.transports import SocketTransport
from ..ioloop.transports.tls import SSLTransport, TLSProtocol, make_client_context
from ..ioloop.transports.tls.failures import log_failed_handshake
from ..log import gen_log
from ..tls import ssl_options_to_context
from .base import BaseIOStream
from .connecting import Connecting
from .errors import StreamClosedError
from .tls_socket import TLSSocket, unwrapped
from .transported import StreamProtocol

SSLOptions = dict[str, Any] | ssl.SSLContext | None


class IOStream(Connecting):
    """A stream over a connected stream socket, or over one that :meth:`connect` connects.

    .. code-block:: python

        stream = IOStream(socket.socket())
        await stream.connect(("127.0.0.1", 8888))
        await stream.write(b"hello\\n")
        print(await stream.read_until(b"\\n"))
        stream.close()

    The stream owns and closes the socket, and switches it to non-blocking mode. Small writes are sent at
    once (:meth:`set_nodelay`). The arguments behind the socket are those of :class:`BaseIOStream`.
    """

    _turned_into: "SSLIOStream | None" = None
    """By start_tls, until who waits for that knows it."""

    def __init__(self, socket: socket.socket, *args: Any, **kwargs: Any) -> None:
        socket.setblocking(False)
        self.socket = socket
        super().__init__(*args, **kwargs)
        SocketTransport(self.io_loop, socket, StreamProtocol(self))

    @classmethod
    def over(cls, transport: Any, unread: bytes = b"", **options: Any) -> "IOStream":
        """A stream over a connection that exists, instead of the protocol that it had.

        .. code-block:: python

            transport, _ = await IOLoop.current().create_connection(asyncio.Protocol, host, port)
            stream = IOStream.over(transport)

        :meth:`detach` is the way back. Over TLS it is an :class:`SSLIOStream`.

        :arg transport: one of tornadolike's, as its loop, its HTTP server and :func:`.memory_stream_pair`
            make them: it can be pulled.
        :arg unread: what the protocol has received and not used; it is read first.
        :arg options: those of :class:`BaseIOStream`.

        Raises :exc:`TypeError` for a transport of another kind and :exc:`StreamClosedError` for one that is
        closing.
        """
        if not hasattr(transport, "receive_into"):
            raise TypeError(
                f"{transport!r} cannot be pulled; give a transport that tornadolike has made, or make "
                "an IOStream of the socket itself"
            )
        if transport.is_closing():
            raise StreamClosedError
        kind = SSLIOStream if isinstance(transport, SSLTransport) else IOStream
        stream = object.__new__(cls if issubclass(cls, kind) else kind)
        stream.socket = transport.get_extra_info("socket")
        BaseIOStream.__init__(stream, **options)
        stream._take(transport)
        if unread:
            transport.unread(unread)
        return stream

    def start_tls(
        self,
        server_side: bool,
        ssl_options: SSLOptions = None,
        server_hostname: str | None = None,
        **options: Any,
    ) -> "asyncio.Future[SSLIOStream]":
        """Speak TLS from now on: the future's result is the stream that does.

        This one is of no use any more: its close callback goes over to the other. If the handshake fails,
        or the future is cancelled or this stream closed before it is done, the connection is closed. What
        the peer has sent already, in plain text, must have been read: nobody can smuggle a word into the
        encrypted conversation by sending it early.

        :arg server_side: whether this is the end that answers. It needs ``ssl_options``.
        :arg ssl_options: a context, or what :func:`.ssl_options_to_context` takes. By default a client
            trusts whom the system trusts.
        :arg server_hostname: for a client: whose certificate is expected.
        :arg options: of :class:`SSLIOStream`: ``session`` and the time-outs.

        Raises :exc:`ValueError` if a read, a write or bytes that have arrived wait, and for options that
        make no sense. The future raises what ended the handshake, as :exc:`ssl.SSLError`.
        """
        if len(self._read_buffer):
            raise ValueError(
                "cannot start TLS: bytes have arrived that were not read; read them first"
            )
        stream = SSLIOStream.__new__(SSLIOStream)
        BaseIOStream.__init__(
            stream, self.max_buffer_size, self.read_chunk_size, self.max_write_buffer_size
        )
        stream._prepare_tls(self.socket, ssl_options, server_side, server_hostname, **options)
        tls = stream._make_tls()
        callback = self._close_callback
        stream._transport = self._give_up_transport()
        stream._close_callback = callback
        keeper, self.keeper = self.keeper, None
        if keeper is not None:
            keeper.stream_replaced(stream)
        if callback is not None:
            stream._listen_for_the_end()
        stream._shake_hands(tls)
        self._turned_into = stream
        future = stream.wait_for_handshake()
        future.add_done_callback(self._tls_started)
        return future

    def _tls_started(self, future: "asyncio.Future[SSLIOStream]") -> None:
        if future.cancelled():
            self.close()
        # Whoever waits is told in this turn. If that is cancelled in the same turn, he does not get the
        # other stream and has only this one to close.
        self._future_loop.call_soon(self._forget_successor)

    def _forget_successor(self) -> None:
        self._turned_into = None

    def close(self, exc_info: Any = False) -> None:
        if self._turned_into is None:
            super().close(exc_info)
        else:
            self._turned_into.close(exc_info)

    def abort(self) -> None:
        if self._turned_into is None:
            super().abort()
        else:
            self._turned_into.abort()


class SSLIOStream(IOStream):
    """A stream that speaks TLS.

    .. code-block:: python

        stream = SSLIOStream(socket.socket())
        await stream.connect(("93.184.216.34", 443), server_hostname="example.com")

    Certificates are verified unless ``ssl_options`` say otherwise. Over a connected socket the handshake
    begins at once, over another when :meth:`connect` has connected it. Reads and writes wait for it.

    :arg socket: a plain socket; or an :class:`ssl.SSLSocket` whose handshake has not begun
        (``do_handshake_on_connect=False``), whose own words take the place of the next three.
    :arg ssl_options: a context, or what :func:`.ssl_options_to_context` takes. By default a client trusts
        whom the system trusts.
    :arg server_side: whether this is the end that answers. It needs ``ssl_options``.
    :arg server_hostname: for a client: whose certificate is expected.
    :arg session: an :class:`ssl.SSLSession`, of an earlier connection to the same server, to be resumed.
    :arg ssl_handshake_timeout: seconds that the handshake may take, 60 by default.
    :arg ssl_shutdown_timeout: seconds that a closed connection may stand still while what it has sent
        leaves, 30 by default.

    Raises :exc:`ValueError` for options that make no sense; the socket is closed then. Other arguments are
    :class:`BaseIOStream`'s.
    """

    truncated = False
    """Once the stream is closed: whether the other side's bytes ended without TLS's goodbye. Somebody may have
    cut something off; a protocol that says itself where a message ends need not care."""

    _handshake_future: "asyncio.Future[SSLIOStream] | None" = None
    _tls_to_come: TLSProtocol

    def __init__(
        self,
        socket: socket.socket,
        *args: Any,
        ssl_options: SSLOptions = None,
        server_side: bool = False,
        server_hostname: str | None = None,
        session: ssl.SSLSession | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(socket, ssl.SSLSocket):
            ssl_options, server_side = socket.context, socket.server_side
            server_hostname = socket.server_hostname
            socket = unwrapped(socket)
        self._prepare_tls(
            socket,
            ssl_options,
            server_side,
            server_hostname,
            session=session,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
        )
        tls_socket = self.socket
        super().__init__(socket, *args, **kwargs)
        self.socket = tls_socket
        self._opening = True
        if server_side or is_connected(socket):
            try:
                tls = self._make_tls()
            except BaseException:
                self.close()
                raise
            self._shake_hands(tls)

    def _prepare_tls(
        self,
        sock: Any,
        ssl_options: SSLOptions,
        server_side: bool,
        server_hostname: str | None,
        **options: Any,
    ) -> None:
        if ssl_options is None:
            if server_side:
                raise ValueError("the server's side of TLS needs ssl_options with its certificate")
            context = make_client_context(True)
        else:
            context = ssl_options_to_context(ssl_options, server_side)
        self.socket = TLSSocket(sock, context, server_side, server_hostname)
        self._opening = True
        self._tls_options = options

    def _make_tls(self) -> TLSProtocol:
        """What speaks TLS to this stream."""
        about: TLSSocket = self.socket
        waiter: asyncio.Future[None] = asyncio.Future(loop=self._future_loop)
        tls = TLSProtocol(
            self.io_loop,
            StreamProtocol(self),
            about.context,
            waiter,
            server_side=about.server_side,
            # (Of "" the one who speaks TLS would check nothing. Here it is as good as no name.)
            server_hostname=about.server_hostname or None,
            **self._tls_options,
        )
        waiter.add_done_callback(self._handshake_ended)
        return tls

    def _shake_hands(self, tls: TLSProtocol) -> None:
        lower = self._transport
        self._peer = lower.get_extra_info("peername")
        self._transport = tls.transport
        lower.set_protocol(tls)
        tls.connection_made(lower)
        lower.resume_reading()

    def _handshake_ended(self, waiter: "asyncio.Future[None]") -> None:
        error = waiter.exception()
        if self._closed:
            return
        if error is None:
            self.socket.ssl_object = self._transport.get_extra_info("ssl_object")
            self._opened()
        else:
            self._log_failure(error)
            self.close(exc_info=error)

    def _log_failure(self, error: BaseException) -> None:
        by_alert = isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")
        if self.socket.server_side and not by_alert:
            log_failed_handshake(self._peer, error)  # anybody may send us anything
        elif isinstance(error, ssl.SSLError):
            # Whom we called cannot prove who he is, or does not like our certificate.
            sentences = "; ".join([str(error), *getattr(error, "__notes__", ())])
            gen_log.warning("SSL Error on connection with %r: %s", self._peer, sentences)

    def _take(self, transport: Any) -> None:
        context, ssl_object = map(transport.get_extra_info, ("sslcontext", "ssl_object"))
        self.socket = TLSSocket(
            self.socket, context, ssl_object.server_side, ssl_object.server_hostname
        )
        self.socket.ssl_object = ssl_object
        super()._take(transport)

    # Beginning and end

    def connect(self, address: Any, server_hostname: str | None = None) -> "asyncio.Future[Self]":
        """As :meth:`IOStream.connect`; the future waits for the handshake too, and raises what ended it.

        :arg server_hostname: whose certificate is expected, if the constructor was not told.
        """
        self._check_may_connect()
        if server_hostname is not None:
            self.socket.server_hostname = server_hostname
        self._tls_to_come = self._make_tls()
        super().connect(address)
        return cast("asyncio.Future[Self]", self.wait_for_handshake())

    def _connected(self) -> None:
        self._shake_hands(self._tls_to_come)
        del self._tls_to_come

    def _opened(self) -> None:
        future, self._handshake_future = self._handshake_future, None
        if future is not None and not future.done():
            future.set_result(self)
        super()._opened()

    def awaited(self) -> bool:
        return super().awaited() or self._handshake_future is not None

    def wait_for_handshake(self) -> "asyncio.Future[SSLIOStream]":
        """Wait until the handshake is done; the future's result is the stream.

        Then :attr:`socket` tells about the other side: ``socket.getpeercert()``,
        ``socket.selected_alpn_protocol()``. If the handshake fails the future raises what ended it.
        Raises :exc:`RuntimeError` if somebody waits already.
        """
        if self._handshake_future is not None and not self._handshake_future.done():
            raise RuntimeError("Already waiting")
        future: asyncio.Future[SSLIOStream] = asyncio.Future(loop=self._future_loop)
        if self._closed:
            self._fail(future)
        elif self._opening:
            self._handshake_future = future
        else:
            future.set_result(self)
        return future

    @property
    def session(self) -> ssl.SSLSession | None:
        """What ``session=`` of a later connection takes. With TLS 1.3 there is none before the first read."""
        ssl_object = self.socket and self.socket.ssl_object
        return ssl_object.session if ssl_object else None

    def _is_connreset(self, exc: BaseException) -> bool:
        return isinstance(exc, ssl.SSLEOFError) or super()._is_connreset(exc)

    def close_fd(self) -> None:
        self.truncated = getattr(self._transport, "truncated", False)
        super().close_fd()

    def _end_writes(self) -> None:
        super()._end_writes()
        future, self._handshake_future = self._handshake_future, None
        if future is not None and not future.done():
            # Whoever waits for it wants to know what is wrong with the certificate.
            future.set_exception(self.error or StreamClosedError())
            future.exception()  # seen: it need not be logged if nobody waits


def is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
