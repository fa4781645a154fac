"""The way to a server: a transport on which HTTP is spoken, through TLS and proxies if need be."""

import socket
from typing import Any

from ..httpclient.engine import Hop
from ..httpclient.failures import HTTPTimeoutError, connect_error
from ..httpclient.proxies import ProxyError
from ..httpclient.tunnels import open_tunnel
from ..ioloop.transports.tls import make_client_context
from ..iostream import IOStream
from ..tcpclient import TCPClient


async def dial(client: TCPClient, hop: Hop, timeout: float | None) -> Any:
    """A transport to where ``hop`` goes; its protocol is still to be set. Raises the tree of failures."""
    try:
        stream = await _connect(client, hop, timeout)
    except ProxyError:
        raise
    except TimeoutError as error:
        raise HTTPTimeoutError(str(error)) from error
    except OSError as error:
        raise connect_error(error) from error
    return stream.detach()


async def _connect(client: TCPClient, hop: Hop, timeout: float | None) -> IOStream:
    way, address = hop.way, hop.address
    ssl_options = None
    if address.secure:
        ssl_options = make_client_context(True) if way.ssl_options is None else way.ssl_options
    if way.unix_socket is not None:
        return await client.connect_unix(
            way.unix_socket, ssl_options=ssl_options, server_hostname=address.host, timeout=timeout
        )
    options: dict[str, Any] = {
        "af": socket.AF_UNSPEC if way.allow_ipv6 else socket.AF_INET,
        "source_ip": way.source_ip,
        "timeout": timeout,
    }
    proxy = way.proxy
    if proxy is None:
        return await client.connect(address.host, address.port, ssl_options=ssl_options, **options)
    if address.secure or proxy.socks:
        return await open_tunnel(
            client, proxy, address.host, address.port, ssl_options=ssl_options, **options
        )
    return await client.connect(proxy.host, proxy.port, ssl_options=proxy.ssl_options, **options)
