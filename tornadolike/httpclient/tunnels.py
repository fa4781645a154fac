"""Connections through proxies: CONNECT (:rfc:`9110` section 9.3.6), SOCKS5, and what may come of it.

.. code-block:: python

    from tornadolike.httpclient import Proxy
    from tornadolike.httpclient.tunnels import open_tunnel
    from tornadolike.tcpclient import TCPClient

    async def dial():
        proxy = Proxy.from_url("http://proxy.example.com:3128")
        return await open_tunnel(TCPClient(), proxy, "example.com", 443, ssl_options={}, timeout=20)
"""

import socket
import ssl
from typing import Any

from ..iostream import IOStream, StreamClosedError
from ..tcpclient import (
    CONNECTING,
    HANDSHAKE,
    Progress,
    Seconds,
    TCPClient,
    certified_name,
    client_context,
    limited,
    secured,
)
from .by_connect import connect_conversation
from .by_socks import socks_conversation
from .proxies import Conversation, Proxy, ProxyError
from .responses import NO_RESPONSE


async def open_tunnel(
    client: TCPClient,
    proxy: Proxy,
    host: str,
    port: int,
    *,
    ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
    server_hostname: str | None = None,
    af: socket.AddressFamily = socket.AF_UNSPEC,
    source_ip: str | None = None,
    max_buffer_size: int | None = None,
    timeout: Seconds = None,
    progress: Progress | None = None,
) -> IOStream:
    """Connect to ``port`` of ``host`` through ``proxy`` and return the stream.

    The name is resolved by the proxy. Of what is said to the host, before all who is asking, the proxy
    gets nothing to read but its name and port if TLS is spoken with it.

    :arg client: what connects to the proxy.
    :arg ssl_options: for TLS with the host, through the tunnel: a context, or what
        :func:`~tornadolike.tls.ssl_options_to_context` takes (``{}`` will do). Its certificate is verified.
    :arg server_hostname: for TLS: whose certificate is expected, by default ``host``.
    :arg af: the kind of address by which to reach the proxy.
    :arg source_ip: the address from which to connect to the proxy.
    :arg max_buffer_size: the stream's; by default 100 MB.
    :arg timeout: seconds, or a :class:`~datetime.timedelta`, for all of it; by default there is no limit but
        the system's.
    :arg progress: is told what is waited for, as it goes on.

    Raises :exc:`ProxyError` if the proxy does not open the way; what :meth:`.TCPClient.connect` raises, for
    the connection to the proxy (then a note says so) and for TLS through it; and :exc:`ValueError` for a
    host or port that cannot be asked for.
    """
    context = client_context(ssl_options)
    conversation, opening = _begun(proxy, host, port)
    async with limited(timeout, progress) as progress:
        progress.begin(f"{CONNECTING} the proxy", (proxy.host, proxy.port))
        stream = await _connect(client, proxy, af, source_ip, max_buffer_size)
        progress.begin("while waiting for the answer of the proxy", (proxy.host, proxy.port))
        try:
            early = await _converse(stream, proxy, conversation, opening)
            if early and context is not None:
                # Whoever said it could be taken for the host, who has yet to show a certificate.
                raise ProxyError(NO_RESPONSE, f"{proxy} spoke before TLS had begun")
            stream.unread(early)
        except BaseException:
            stream.close()
            raise
        if context is None:
            return stream
        progress.begin(f"{HANDSHAKE} through the proxy with", (host, port))
        return await secured(stream, context, server_hostname or certified_name(host) or None)


def _begun(proxy: Proxy, host: str, port: int) -> tuple[Conversation, bytes]:
    """What is to be said to the proxy, and its beginning. Raises :exc:`ValueError` for what cannot be said."""
    if not 0 < port < 1 << 16:
        raise ValueError(f"there is no port {port}; ports are numbers up to 65535")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    ask = socks_conversation if proxy.socks else connect_conversation
    conversation = ask(proxy, host, port)
    return conversation, next(conversation)


async def _connect(
    client: TCPClient,
    proxy: Proxy,
    af: socket.AddressFamily,
    source_ip: str | None,
    max_buffer_size: int | None,
) -> IOStream:
    try:
        return await client.connect(
            proxy.host,
            proxy.port,
            af,
            ssl_options=proxy.ssl_options,
            source_ip=source_ip,
            max_buffer_size=max_buffer_size,
        )
    except OSError as error:
        error.add_note(f"(that was the way to {proxy})")
        raise


async def _converse(
    stream: IOStream, proxy: Proxy, conversation: Conversation, said: bytes
) -> bytes:
    """Say and hear what is due, ``said`` first; return what has come behind it."""
    try:
        while True:
            if said:
                await stream.write(said)
            heard = await stream.read_bytes(stream.read_chunk_size, partial=True)
            said = conversation.send(heard)
    except StopIteration as end:
        rest: bytes = end.value
        return rest
    except StreamClosedError as error:
        reason = f": {error.real_error}" if error.real_error is not None else ""
        raise ProxyError(
            NO_RESPONSE, f"{proxy} ended the connection and gave no answer{reason}"
        ) from error
