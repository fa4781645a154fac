""":class:`TLSOpening`: a connection to a server that speaks TLS, until the handshake is under way."""

import asyncio
import ssl
from typing import Any, Final

from ..ioloop import Deadlines
from ..ioloop.tracing import trace_time_out
from ..ioloop.transports import SocketTransport
from ..ioloop.transports.tls import TLSProtocol
from ..ioloop.transports.tls.failures import logging_waiter
from .connection import ServerConnection
from .serving import Serving

LETTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""What a request of plain HTTP begins with, as a rule, and TLS never does."""


class TLSOpening(asyncio.Protocol):
    """Waits for a new peer's first bytes, and gives the transport to whom they are meant for.

    That is TLS, or, for a request of plain HTTP, a connection that refuses it in words which its client
    understands. A peer that says nothing costs no more than this object, and is cut in time.
    """

    __slots__ = ("_address", "_serving", "_ssl_context", "_transport", "bucket", "deadline")

    _transport: SocketTransport

    def __init__(self, serving: Serving, address: Any, ssl_context: ssl.SSLContext) -> None:
        self._serving = serving
        self._address = address
        self._ssl_context = ssl_context
        self.bucket = Deadlines.NOWHERE
        self.deadline = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, SocketTransport)
        self._transport = transport
        serving = self._serving
        serving.handshakes.add(transport)
        self.deadline = serving.loop.time() + serving.parameters.ssl_handshake_timeout
        serving.deadlines.add(self)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        connection = ServerConnection(self._serving, self._address)
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
        tls = TLSProtocol(
            serving.loop,
            connection,
            self._ssl_context,
            logging_waiter(serving.loop, self._address),
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

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._serving.one_has_ended()

    def _leave(self) -> None:
        self._serving.handshakes.discard(self._transport)
        self._serving.deadlines.discard(self)

    def deadline_passed(self) -> None:
        """The peer has said nothing."""
        trace_time_out(self._transport)
        self._transport.abort()
