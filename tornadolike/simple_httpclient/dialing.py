""":class:`Dialer`: the way to a server, a connection on which HTTP is spoken, through TLS and proxies if need be."""

import asyncio
import socket
from dataclasses import replace
from typing import Any

from ..httpclient.engine import Hop, Way
from ..httpclient.failures import (
    HTTPConnectError,
    HTTPNameError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
    connect_error,
)
from ..httpclient.proxies import Proxy
from ..httpclient.requests import SSLOptions
from ..httpclient.responses import HTTPClientError
from ..httpclient.tunnels import open_tunnel
from ..iostream import IOStream
from ..netutil import is_valid_ip
from ..tcpclient import CONNECTING, HANDSHAKE, Progress, TCPClient
from .contexts import Contexts


class Dialled:
    """A way that is open.

    :arg stream: what was connected.
    """

    __slots__ = ("_keeper", "_stream", "transport")

    def __init__(self, stream: IOStream) -> None:
        # It would keep a session of TLS as the stream hands on its transport: with TLS 1.3 none has come yet.
        self._keeper, stream.keeper = stream.keeper, None
        self._stream = stream
        self.transport: Any = stream.detach()

    def keep_session(self) -> None:
        """Keep what the server has given for the next connection, now that something has come of it."""
        if self._keeper is not None:
            self._keeper.stream_closed(self._stream)
            self._keeper = None


class Dialer:
    """Opens ways.

    :arg client: what connects.
    """

    def __init__(self, client: TCPClient) -> None:
        self.client = client
        self._contexts = Contexts()
        self._limits: set[asyncio.Timeout] = set()

    async def dial(self, hop: Hop, deadline: float | None) -> Dialled:
        """Open the way to where ``hop`` goes, until ``deadline`` by the loop's clock.

        Raises the tree of failures. If it is cancelled ``hop.waiting_for`` is what was waited for.
        """
        limit = asyncio.timeout_at(deadline)
        progress = _HopProgress(hop, limit)
        self._limits.add(limit)
        try:
            async with limit:
                stream = await self._connect(hop, progress)
        except BaseException as error:
            hop.waiting_for = str(progress)
            if limit.expired() and isinstance(error, TimeoutError):
                raise HTTPTimeoutError(f"Timeout {progress}") from error
            if isinstance(error, OSError):
                raise _failure(error, progress) from error
            raise
        finally:
            self._limits.discard(limit)
            progress.unlimited()
            del limit  # which has the task, which has the exception, which has this frame
        if stream.closed():
            raise HTTPStreamClosedError("the server ended the connection as soon as it was there")
        progress.end()
        return Dialled(stream)

    def give_up(self) -> None:
        """Let all ways that are being opened time out now."""
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(0.0)

    async def _connect(self, hop: Hop, progress: Progress) -> IOStream:
        way, address, client = hop.way, hop.address, self.client
        context = self._context(way.ssl_options) if address.secure else None
        if way.unix_socket is not None:
            return await client.connect_unix(
                way.unix_socket,
                ssl_options=context,
                server_hostname=address.host,
                progress=progress,
            )
        options = {**_options(way), "progress": progress}
        if way.proxy is None:
            return await client.connect(address.host, address.port, ssl_options=context, **options)
        proxy = self._secured(way.proxy)
        if is_tunnel(hop):
            return await open_tunnel(
                client, proxy, address.host, address.port, ssl_options=context, **options
            )
        try:
            return await client.connect(
                proxy.host, proxy.port, ssl_options=proxy.ssl_options, **options
            )
        except OSError as error:
            error.add_note(f"(that was the way to {proxy})")
            raise

    def _secured(self, proxy: Proxy) -> Proxy:
        if proxy.ssl_options is None:
            return proxy
        return replace(proxy, ssl_options=self._context(proxy.ssl_options))

    def _context(self, options: SSLOptions | None) -> Any:
        try:
            return self._contexts.context(options)
        except OSError as error:
            raise HTTPTLSError(f"TLS cannot be spoken as {options} say: {error}") from error


def is_tunnel(hop: Hop) -> bool:
    """Whether a proxy does not see what is said to the server."""
    proxy = hop.way.proxy
    return proxy is not None and (hop.address.secure or proxy.socks)


def _options(way: Way) -> dict[str, Any]:
    if way.source_ip is not None and not is_valid_ip(way.source_ip):
        raise HTTPConnectError(
            f"network_interface is the IP address to connect from, not {way.source_ip!r}"
        )
    return {
        "af": socket.AF_UNSPEC if way.allow_ipv6 else socket.AF_INET,
        "source_ip": way.source_ip,
    }


def _failure(error: OSError, progress: Progress) -> HTTPClientError:
    if isinstance(error, HTTPClientError):
        return error
    if isinstance(getattr(error, "real_error", error), TimeoutError):
        return HTTPTimeoutError(str(error))  # the system's own patience has ended
    failure = connect_error(error)
    if type(failure) is HTTPConnectError and progress.phase.startswith(HANDSHAKE):
        failure = HTTPTLSError(f"the connection ended {progress}: {error}")
    if isinstance(failure, HTTPNameError):
        failure.message += f" {progress}"  # the system does not say which name it was
    # Through a proxy it is a note that says which of the two could not be reached.
    failure.message = " ".join([failure.message, *getattr(error, "__notes__", ())])
    return failure


class _HopProgress(Progress):
    """Writes down when a way is how far, and gives TLS its time."""

    def __init__(self, hop: Hop, limit: asyncio.Timeout) -> None:
        self._hop = hop
        self._limit: asyncio.Timeout | None = limit
        super().begin(CONNECTING, (hop.address.host, hop.address.port))

    def begin(self, phase: str, *addresses: Any) -> None:
        super().begin(phase, *addresses)
        now = asyncio.get_running_loop().time()
        if phase.startswith(CONNECTING):
            self._hop.times.resolved = now
        elif phase.startswith(HANDSHAKE):
            self._hop.times.connected = now
            if self._hop.timeouts.tls:
                self._end_at(now + self._hop.timeouts.tls)

    def _end_at(self, moment: float) -> None:
        assert self._limit is not None
        until = self._limit.when()
        if (until is None or moment < until) and not self._limit.expired():
            self._limit.reschedule(moment)

    def unlimited(self) -> None:
        """Nothing is waited for any more."""
        self._limit = None

    def end(self) -> None:
        """The way is open."""
        times, now = self._hop.times, asyncio.get_running_loop().time()
        if self._hop.address.secure:
            times.secured = now
        else:
            times.connected = now
