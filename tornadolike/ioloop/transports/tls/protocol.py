""":class:`TLSProtocol`: what the transport below speaks to."""

import asyncio
import ssl
from typing import cast

from ...core import Core
from .buffers import receiving_buffer
from .machine import TLSMachine
from .transport import HANDSHAKE_TIMEOUT, SHUTDOWN_TIMEOUT, SSLTransport


class TLSProtocol(asyncio.BufferedProtocol):
    """Give this to any transport, and :attr:`transport` to the application.

    :arg loop: the loop of both.
    :arg protocol: the application's; its ``connection_made`` is called after the handshake.
    :arg sslcontext: with its certificates, its trust and its callbacks.
    :arg waiter: gets its result when the handshake is done and the application knows, or the exception.
    :arg server_side: whether this is the end that answers.
    :arg server_hostname: whom a client wants to speak to, for SNI and the check of the certificate;
        ``""`` to have nothing checked.
    :arg session: of an earlier connection of a client to the same server, by the same context; the
        handshake is shorter if the server remembers it too. (``ssl_object.session_reused`` tells.)
    :arg ssl_handshake_timeout: seconds that the handshake may take; the default is 60.
    :arg ssl_shutdown_timeout: seconds that a closing connection may stand still; the default is 30.
    :arg call_connection_made: False for an application that has its connection already.

    Raises :exc:`ValueError` for time-outs that aren't positive, for a ``server_hostname`` of
    None where the context checks host names, and for a ``session`` of another context or of a server.
    """

    def __init__(
        self,
        loop: Core,
        protocol: asyncio.BaseProtocol,
        sslcontext: ssl.SSLContext,
        waiter: asyncio.Future[None] | None,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        session: ssl.SSLSession | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        call_connection_made: bool = True,
    ) -> None:
        self._buffer = receiving_buffer(loop)
        machine = TLSMachine(
            sslcontext, server_side=server_side, server_hostname=server_hostname, session=session
        )
        self.transport = SSLTransport(
            loop,
            protocol,
            machine,
            sslcontext,
            waiter,
            _seconds("ssl_handshake_timeout", ssl_handshake_timeout, HANDSHAKE_TIMEOUT),
            _seconds("ssl_shutdown_timeout", ssl_shutdown_timeout, SHUTDOWN_TIMEOUT),
            not call_connection_made,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport._start(cast(asyncio.Transport, transport))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.transport._received(self._buffer[:nbytes])

    def data_received(self, data: bytes) -> None:
        """For transports that know nothing of buffered protocols."""
        self.transport._received(data)

    def eof_received(self) -> bool:
        return self.transport._received_end()

    def pause_writing(self) -> None:
        self.transport._lower_paused()

    def resume_writing(self) -> None:
        self.transport._lower_resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport._lost(exc)


def _seconds(name: str, value: float | None, default: float) -> float:
    if value is None:
        return default
    if value <= 0:
        raise ValueError(f"{name} should be a positive number, got {value}")
    return value
