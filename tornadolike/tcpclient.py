""":class:`TCPClient`: connections to host names, as streams.

.. code-block:: python

    from tornadolike.tcpclient import TCPClient

    async def greet():
        stream = await TCPClient().connect("localhost", 8888, timeout=5)
        try:
            await stream.write(b"hello\\n")
            print(await stream.read_until(b"\\n", max_bytes=1000))
        finally:
            stream.close()

Names are resolved by :mod:`.netutil`, sockets connected by :mod:`.ioloop.dialing` and TLS is the stream's.
"""

import asyncio
import contextlib
import datetime
import numbers
import os
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any, Final

from .ioloop import IOLoop
from .ioloop.dialing import connect_to_one, connect_unix
from .ioloop.resolving import AddressInfo, interleave, literal_address, resolve
from .iostream import IOStream, StreamClosedError
from .netutil import Resolver, ssl_options_to_context

HAPPY_EYEBALLS_DELAY: Final = 0.25
"""Seconds until the next address is tried while one has not answered, as :rfc:`8305` recommends."""

Seconds = float | datetime.timedelta | None


class TCPClient:
    """Connects to host names.

    :arg resolver: who says which addresses a name has; by default ``Resolver()``, which :meth:`close`
        closes. One that is given stays the caller's.
    :arg happy_eyeballs_delay: seconds after which the next address of a name is tried as well if the one
        before has not answered (:rfc:`8305`), by default 0.25. None: one after another.
    """

    def __init__(
        self,
        resolver: Resolver | None = None,
        *,
        happy_eyeballs_delay: float | None = HAPPY_EYEBALLS_DELAY,
    ) -> None:
        self.resolver = Resolver() if resolver is None else resolver
        self._own_resolver = resolver is None
        self.happy_eyeballs_delay = happy_eyeballs_delay

    def close(self) -> None:
        """Close the resolver, if it is this client's. Streams that were connected stay open."""
        if self._own_resolver:
            self.resolver.close()

    async def connect(
        self,
        host: str,
        port: int,
        af: socket.AddressFamily = socket.AF_UNSPEC,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        max_buffer_size: int | None = None,
        source_ip: str | None = None,
        source_port: int | None = None,
        timeout: Seconds = None,
        *,
        server_hostname: str | None = None,
    ) -> IOStream:
        """Connect to ``port`` of ``host`` and return the stream.

        The addresses of a name are tried in turns of IPv6 and IPv4, each a moment after the one before; the
        first to answer wins, and the others are given up.

        :arg host: a name or an IP address.
        :arg af: :data:`socket.AF_INET` or :data:`socket.AF_INET6` to connect to that kind only.
        :arg ssl_options: for TLS: a context, or what :func:`.ssl_options_to_context` takes (``{}`` will
            do). The result is an :class:`.SSLIOStream` whose handshake is done, and the server's
            certificate is verified unless the options say otherwise.
        :arg max_buffer_size: the stream's; by default 100 MB.
        :arg source_ip: the address to connect from. Addresses of the other family cannot be reached then.
        :arg source_port: the port to connect from. The addresses are tried one after another then, as
            only one socket can have it.
        :arg timeout: seconds, or a :class:`~datetime.timedelta`, for all of it; by default there is no
            limit but the system's.
        :arg server_hostname: for TLS: whose certificate is expected, by default ``host``.

        Raises :exc:`OSError`: what the resolver raises; :exc:`.StreamClosedError` if no address could be
        connected to, with the text of each failure, and :attr:`!real_error` is the failure;
        :exc:`ssl.SSLError` for a handshake that failed; and :exc:`TimeoutError`, which says what was
        waited for. :exc:`ValueError` and :exc:`TypeError` are for arguments that make no sense.
        """
        if isinstance(port, int) and not 0 <= port < 1 << 16:
            raise ValueError(f"there is no port {port}; ports are numbers up to 65535")
        context = client_context(ssl_options)
        async with limited(timeout) as progress:
            progress.begin("while resolving", host)
            found = await self.resolver.resolve(host, port, af)
            if not found:
                raise OSError(f"no address was found for host {host!r} and port {port!r}")
            local = await local_addresses(source_ip, source_port)
            progress.begin("while connecting to")
            infos = [(family, socket.SOCK_STREAM, 0, "", address) for family, address in found]
            try:
                sock = await connect_to_one(
                    IOLoop.current(),
                    interleave(infos, 1),
                    local,
                    None if source_port else self.happy_eyeballs_delay,
                    unanswered=progress.addresses,
                )
            except OSError as error:
                raise closed_by(error) from error
            # (None is refused by contexts that check names. "" would be anybody's.)
            name = server_hostname or certified_name(host) or None
            return await open_stream(sock, context, name, max_buffer_size, progress)

    async def connect_unix(
        self,
        path: str | bytes | os.PathLike[Any],
        *,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        max_buffer_size: int | None = None,
        timeout: Seconds = None,
    ) -> IOStream:
        """Connect to the Unix socket at ``path`` and return the stream.

        The arguments and exceptions are :meth:`connect`'s. TLS needs a ``server_hostname``, unless the
        context checks none.
        """
        path = os.fspath(path)
        context = client_context(ssl_options)
        if context is not None and context.check_hostname and not server_hostname:
            raise ValueError(
                "a path is no host name: say server_hostname for TLS over a Unix socket"
            )
        async with limited(timeout) as progress:
            progress.begin("while connecting to", os.fsdecode(path))
            try:
                sock = await connect_unix(IOLoop.current(), path)
            except OSError as error:
                raise closed_by(error) from error
            return await open_stream(sock, context, server_hostname, max_buffer_size, progress)


async def open_stream(
    sock: socket.socket,
    context: ssl.SSLContext | None,
    server_hostname: str | None,
    max_buffer_size: int | None,
    progress: "Progress",
) -> IOStream:
    """A stream over the connected ``sock``; with a ``context`` over TLS, once its handshake is done."""
    try:
        stream = IOStream(sock, max_buffer_size=max_buffer_size)
    except BaseException:
        sock.close()
        raise
    if context is None:
        return stream
    progress.begin("during TLS handshake with", peer_of(sock))
    try:
        return await stream.start_tls(False, context, server_hostname)
    except BaseException:
        stream.close()
        raise


def client_context(
    ssl_options: dict[str, Any] | ssl.SSLContext | None,
) -> ssl.SSLContext | None:
    return None if ssl_options is None else ssl_options_to_context(ssl_options, server_side=False)


def certified_name(host: str) -> str:
    """What the certificate of ``host`` is for: a name without the root's dot, an address without a zone."""
    return host.partition("%")[0].removesuffix(".")


async def local_addresses(
    source_ip: str | None, source_port: int | None
) -> list[AddressInfo] | None:
    """The addresses to connect from; None if it does not matter."""
    if source_ip:
        return await resolve(IOLoop.current(), (source_ip, source_port or 0))
    if not source_port:
        return None
    return [
        info
        for anywhere in ("0.0.0.0", "::")  # noqa: S104 (nobody listens)
        if (info := literal_address(anywhere, source_port, 0, socket.SOCK_STREAM, 0))
    ]


class Progress:
    """What a connection waits for, so that a time-out can say it."""

    phase: str
    addresses: list[Any]

    def begin(self, phase: str, *addresses: Any) -> None:
        self.phase = phase
        self.addresses = list(addresses)

    def __str__(self) -> str:
        return f"{self.phase} {', '.join(sorted(map(address_text, self.addresses)))}"


@contextlib.asynccontextmanager
async def limited(timeout: Seconds) -> AsyncIterator[Progress]:
    """What is inside may take so long; a time-out says what it waited for."""
    if isinstance(timeout, datetime.timedelta):
        timeout = timeout.total_seconds()
    if not isinstance(timeout, numbers.Real | None):
        raise TypeError(f"Unsupported timeout {timeout!r}: it may be seconds or a timedelta")
    progress = Progress()
    try:
        async with asyncio.timeout(timeout) as limit:
            yield progress
    except TimeoutError as error:
        if limit.expired():
            raise TimeoutError(f"Timeout {progress}") from error
        raise


def closed_by(reason: OSError) -> StreamClosedError:
    """What to raise if no connection came: as a stream would tell, and with the text of the reason."""
    error = StreamClosedError(real_error=reason)
    error.args = reason.args
    if reason.errno is not None:
        error.errno = reason.errno
        error.strerror = reason.strerror
    return error


def peer_of(sock: socket.socket) -> Any:
    try:
        return sock.getpeername()
    except OSError:
        return "a peer that has gone"


def address_text(address: Any) -> str:
    """``1.2.3.4:80``, ``[::1]:80``; of other families what there is."""
    if not isinstance(address, tuple) or len(address) < 2:
        return str(address)
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
