"""The first bytes of a connection, which are not HTTP yet: a proxy's word, and TLS.

Each opening waits for what should come, and gives the transport to whom the rest is meant for: at last to a
:class:`ServerConnection`. A peer that says nothing costs no more than such an object, and is cut in time.
"""

import asyncio
import ssl
from typing import Any, Final

from ..ioloop import Deadlines
from ..ioloop.tracing import trace_time_out
from ..ioloop.transports import SocketTransport
from ..ioloop.transports.tls import TLSProtocol
from ..ioloop.transports.tls.failures import logging_waiter
from ..log import gen_log
from ..netutil.proxy_protocol import ProxyHeader, ProxyProtocolError, parse_proxy_header
from ..tcpserver.conversations import who
from .connection import ServerConnection
from .context import context_of
from .serving import Serving

LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""What a request of plain HTTP begins with, as a rule, and TLS never does."""


def opening_for(
    serving: Serving, address: Any, ssl_context: ssl.SSLContext | None
) -> asyncio.Protocol:
    """Whom the bytes of a new connection are meant for.

    :arg address: the peer's.
    :arg ssl_context: None for a server that does not speak TLS.
    """
    proxies = serving.parameters.proxy_protocol
    if proxies is not None and proxies.has_peer(address):
        return ProxyOpening(serving, address, ssl_context)
    if ssl_context is not None:
        return TLSOpening(serving, address, ssl_context)
    return ServerConnection(serving, address)


class Opening(asyncio.Protocol):
    """Waits for what comes first, for a while."""

    __slots__ = ("_address", "_serving", "_transport", "bucket", "deadline")

    _transport: SocketTransport

    def __init__(self, serving: Serving, address: Any) -> None:
        self._serving = serving
        self._address = address
        self.bucket = Deadlines.NOWHERE
        self.deadline = 0.0

    def _timeout(self) -> float:
        """How long, in seconds."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, SocketTransport)
        self._transport = transport
        serving = self._serving
        serving.handshakes.add(transport)
        self.deadline = serving.loop.time() + self._timeout()
        serving.deadlines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._serving.one_has_ended()

    def _leave(self) -> None:
        self._serving.handshakes.discard(self._transport)
        self._serving.deadlines.discard(self)

    def deadline_passed(self) -> None:
        """It has not come."""
        trace_time_out(self._transport)
        self._transport.abort()


class ProxyOpening(Opening):
    """Waits for the header of the PROXY protocol, which a trusted proxy has to send before all else."""

    __slots__ = ("_received", "_ssl_context")

    def __init__(self, serving: Serving, address: Any, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(serving, address)
        self._ssl_context = ssl_context
        self._received = b""

    def _timeout(self) -> float:
        return self._serving.parameters.proxy_header_timeout

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            parsed = parse_proxy_header(
                self._received, self._serving.parameters.max_proxy_header_size
            )
        except ProxyProtocolError as error:
            self._refuse(error)
            return
        if parsed is not None:
            header, size = parsed
            self._go_on(header, self._received[size:])

    def _go_on(self, header: ProxyHeader, rest: bytes) -> None:
        transport = self._transport
        self._leave()
        following: TLSOpening | ServerConnection
        if self._ssl_context is None:
            following = ServerConnection(self._serving, self._address, header)
        else:
            following = TLSOpening(self._serving, self._address, self._ssl_context, header)
        transport.set_protocol(following)
        following.connection_made(transport)
        if rest:
            following.data_received(rest)

    def eof_received(self) -> None:
        if self._received:  # else it has only looked whether we are there
            self._refuse("the connection ended within it")

    def deadline_passed(self) -> None:
        self._refuse(f"none within {self._timeout():g} seconds")
        trace_time_out(self._transport)

    def _refuse(self, why: object) -> None:
        gen_log.info("No connection %s without a PROXY header: %s", who(self._address), why)
        self._transport.abort()


class TLSOpening(Opening):
    """Waits for the beginning of a TLS handshake, or for a request of plain HTTP, which it has refused.

    That is done by a connection, in words which the client understands.
    """

    __slots__ = ("_proxy", "_ssl_context")

    def __init__(
        self,
        serving: Serving,
        address: Any,
        ssl_context: ssl.SSLContext,
        proxy: ProxyHeader | None = None,
    ) -> None:
        super().__init__(serving, address)
        self._ssl_context = ssl_context
        self._proxy = proxy

    def _timeout(self) -> float:
        return self._serving.parameters.ssl_handshake_timeout

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        connection = ServerConnection(self._serving, self._address, self._proxy)
        self._leave()
        if data[0] in LETTERS:
            transport.set_protocol(connection)
            connection.connection_made(transport)
            connection.refuse_plain_http()
        else:
            tls = self._begin_tls(connection)
            transport.set_protocol(tls)
            tls.connection_made(transport)
            tls.data_received(data)

    def _begin_tls(self, connection: ServerConnection) -> TLSProtocol:
        serving = self._serving
        parameters = serving.parameters
        client = context_of(parameters, self._address, True, self._proxy)
        tls = TLSProtocol(
            serving.loop,
            connection,
            self._ssl_context,
            logging_waiter(serving.loop, client.address),
            server_side=True,
            # What is left of the time. (The deadline may be up to one tick ago.)
            ssl_handshake_timeout=max(self.deadline - serving.loop.time(), 0.001),
            # The HTTP connection has time-outs of its own for when it closes: they come first.
            ssl_shutdown_timeout=max(
                parameters.max_linger_time, parameters.write_stall_timeout or 0.0, 1.0
            ),
        )
        serving.handshakes.add(tls.transport)
        tls.transport.when_lost = serving.handshake_lost
        return tls
