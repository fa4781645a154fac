"""A connection that turns to TLS: start_tls."""

import asyncio
import ssl

from ..core import Core
from ..transports.tls import SSLTransport, TLSProtocol


class TLS(Core):
    """A connection that turns to TLS: start_tls."""

    async def start_tls(
        self,
        transport: asyncio.BaseTransport,
        protocol: asyncio.BaseProtocol,
        sslcontext: ssl.SSLContext,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> SSLTransport:
        """Speak TLS on ``transport`` from now on; the transport that ``protocol`` then has to use.

        What an :class:`asyncio.StreamReader` of this connection has not read yet is taken for TLS:
        nobody can smuggle a word into the encrypted conversation by sending it early.

        If the handshake fails, or the caller is cancelled, the connection is closed.
        """
        if not isinstance(sslcontext, ssl.SSLContext):
            raise TypeError(f"sslcontext must be an ssl.SSLContext, got {sslcontext!r}")
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"transport {transport!r} is not supported by start_tls()")
        if transport.is_closing():
            raise ConnectionAbortedError(f"{transport!r} is closing: too late to start TLS on it")
        waiter = self.create_future()
        tls = TLSProtocol(
            self,
            protocol,
            sslcontext,
            waiter,
            server_side=server_side,
            server_hostname=server_hostname,
            ssl_handshake_timeout=ssl_handshake_timeout,
            ssl_shutdown_timeout=ssl_shutdown_timeout,
            call_connection_made=False,
        )
        transport.set_protocol(tls)
        try:
            tls.connection_made(transport)
            # Ours can be told also to repeat an end of the stream that came already.
            hand_over = getattr(transport, "unread", tls.data_received)
            hand_over(_take_early(protocol))
            if not transport.is_reading():
                transport.resume_reading()
            await waiter
        except BaseException:
            tls.transport.abort()
            waiter.cancel()  # nobody waits for what will become of it
            raise
        return tls.transport


def _take_early(protocol: asyncio.BaseProtocol) -> bytes:
    """Take what the protocol of asyncio's streams has received and not given out."""
    reader = getattr(protocol, "_stream_reader", None)
    if not isinstance(reader, asyncio.StreamReader):
        return b""
    buffer: bytearray = reader._buffer  # type: ignore[attr-defined]
    early = bytes(buffer)
    buffer.clear()
    return early
