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
import functools
import numbers
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from .ioloop import IOLoop
from .ioloop.dialing import connect_to_one, connect_unix
from .ioloop.resolving import AddressInfo, interleave, literal_address, resolve
from .iostream import IOStream, SSLIOStream, StreamClosedError
from .netutil import Resolver
from .tls import ClientSessions, ssl_options_to_context

HAPPY_EYEBALLS_DELAY: Final = 0.25
"""Seconds until the next address is tried while one has not answered, as :rfc:`8305` recommends."""

CONNECTING: Final = "while connecting to"
HANDSHAKE: Final = "during TLS handshake"
"""How what is waited for begins, as a :class:`Progress` is told it."""

Seconds = float | datetime.timedelta | None


class TCPClient:
    """Connects to host names.

    :arg resolver: who says which addresses a name has; by default ``Resolver()``, which :meth:`close`
        closes. One that is given stays the caller's.
    :arg happy_eyeballs_delay: seconds after which the next address of a name is tried as well if the one
        before has not answered (:rfc:`8305`), by default 0.25. None: one after another.
    :arg sessions: where TLS sessions are kept, so that the next connection to the same server is there
        sooner; by default a :class:`.ClientSessions` of this client's own.

    To be used in one thread.
    """

    def __init__(
        self,
        resolver: Resolver | None = None,
        *,
        happy_eyeballs_delay: float | None = HAPPY_EYEBALLS_DELAY,
        sessions: ClientSessions | None = None,
    ) -> None:
        self.resolver = Resolver() if resolver is None else resolver
        self._own_resolver = resolver is None
        self.happy_eyeballs_delay = happy_eyeballs_delay
        self.sessions = ClientSessions() if sessions is None else sessions

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
        progress: "Progress | None" = None,
    ) -> IOStream:
        """Connect to ``port`` of ``host`` and return the stream.

        The addresses of a name are tried in turns of IPv6 and IPv4, each a moment after the one before; the
        first to answer wins, and the others are given up.

        :arg host: a name or an IP address.
        :arg af: :data:`socket.AF_INET` or :data:`socket.AF_INET6` to connect to that kind only.
        :arg ssl_options: for TLS: a context, or what :func:`.ssl_options_to_context` takes (``{}`` will
            do). The result is an :class:`.SSLIOStream` whose handshake is done, and the server's
            certificate is verified unless the options say otherwise. Sessions are resumed only with the
            same context.
        :arg max_buffer_size: the stream's; by default 100 MB.
        :arg source_ip: the address to connect from. Addresses of the other family cannot be reached then.
        :arg source_port: the port to connect from. The addresses are tried one after another then, as
            only one socket can have it.
        :arg timeout: seconds, or a :class:`~datetime.timedelta`, for all of it; by default there is no
            limit but the system's.
        :arg server_hostname: for TLS: whose certificate is expected, by default ``host``.
        :arg progress: is told what is waited for, as it goes on.

        Raises :exc:`OSError`: what the resolver raises; :exc:`.StreamClosedError` if no address could be
        connected to, with the text of each failure, and :attr:`!real_error` is the failure;
        :exc:`ssl.SSLError` for a handshake that failed; and :exc:`TimeoutError`, which says what was
        waited for. :exc:`ValueError` and :exc:`TypeError` are for arguments that make no sense.
        """
        if isinstance(port, int) and not 0 <= port < 1 << 16:
            raise ValueError(f"there is no port {port}; ports are numbers up to 65535")
        context = client_context(ssl_options)
        async with limited(timeout, progress) as progress:
            progress.begin("while resolving", host)
            found = await self.resolver.resolve(host, port, af)
            if not found:
                raise OSError(f"no address was found for host {host!r} and port {port!r}")
            local = await local_addresses(source_ip, source_port)
            delay = None if source_port else self.happy_eyeballs_delay
            sock = await dial(found, local, delay, progress)
            stream = plain_stream(sock, max_buffer_size)
            if context is None:
                return stream
            progress.begin(f"{HANDSHAKE} with", peer_of(sock))
            # (None is refused by contexts that check names. "" would be anybody's.)
            name = server_hostname or certified_name(host) or None
            if name is None or context is not ssl_options:
                return await secured(stream, context, name)
            return await self.resumed(stream, context, name, port)

    async def resumed(
        self, stream: IOStream, context: ssl.SSLContext, server_hostname: str, port: int
    ) -> SSLIOStream:
        """The stream that speaks TLS over ``stream``, once the handshake is done.

        If there is the session of an earlier connection to the same server then it is resumed; and this one's is kept.
        """
        session = self.sessions.take(context, server_hostname, port)
        checks = checks_of(context)
        secure = await secured(stream, context, server_hostname, session=session)
        if not secure.closed():
            keep = functools.partial(self.sessions.keep, context, server_hostname, port)
            secure.keeper = SessionKeeper(keep, secure.socket.ssl_object, checks)
        return secure

    async def connect_unix(
        self,
        path: str | bytes | os.PathLike[Any],
        *,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        max_buffer_size: int | None = None,
        timeout: Seconds = None,
        progress: "Progress | None" = None,
    ) -> IOStream:
        """Connect to the Unix socket at ``path`` and return the stream.

        The arguments and exceptions are :meth:`connect`'s. TLS needs a ``server_hostname``, unless the
        context checks none.
        """
        path = os.fsdecode(path)
        context = client_context(ssl_options)
        if context is not None and context.check_hostname and not server_hostname:
            raise ValueError(
                "a path is no host name: say server_hostname for TLS over a Unix socket"
            )
        async with limited(timeout, progress) as progress:
            progress.begin(CONNECTING, path)
            try:
                sock = await connect_unix(IOLoop.current(), path)
            except OSError as error:
                raise closed_by(error) from error
            stream = plain_stream(sock, max_buffer_size)
            if context is None:
                return stream
            progress.begin(f"{HANDSHAKE} with", path)
            return await secured(stream, context, server_hostname)


async def dial(
    found: list[tuple[int, Any]],
    local: list[AddressInfo] | None,
    delay: float | None,
    progress: "Progress",
) -> socket.socket:
    """A socket connected to one of the addresses that a resolver found."""
    progress.begin(CONNECTING)
    infos = [(family, socket.SOCK_STREAM, 0, "", address) for family, address in found]
    try:
        return await connect_to_one(
            IOLoop.current(), interleave(infos, 1), local, delay, unanswered=progress.addresses
        )
    except OSError as error:
        raise closed_by(error) from error


def plain_stream(sock: socket.socket, max_buffer_size: int | None) -> IOStream:
    """A stream over the connected ``sock``."""
    try:
        return IOStream(sock, max_buffer_size=max_buffer_size)
    except BaseException:
        sock.close()
        raise


async def secured(
    stream: IOStream, context: ssl.SSLContext, server_hostname: str | None, **options: Any
) -> SSLIOStream:
    """The stream that speaks TLS over ``stream``, once the handshake is done."""
    try:
        return await stream.start_tls(False, context, server_hostname, **options)
    except BaseException:
        stream.close()
        raise


class SessionKeeper:
    """Keeps the TLS session of a stream when it ends: with TLS 1.3 the server gives it after the handshake."""

    def __init__(
        self,
        keep: Callable[[ssl.SSLObject], None],
        ssl_object: ssl.SSLObject,
        checks: tuple[object, ...],
    ) -> None:
        self._keep = keep
        self._ssl_object = ssl_object
        self._checks = checks

    def stream_closed(self, stream: SSLIOStream) -> None:
        # It is kept as one that was checked as the context checks now: that has to be true.
        if stream.error is None and self._checks == checks_of(self._ssl_object.context):
            self._keep(self._ssl_object)

    def stream_rests(self, stream: SSLIOStream) -> None:
        """Of no interest: it is somebody's."""

    def stream_replaced(self, stream: IOStream) -> None:
        """TLS over TLS: the one below ends unseen."""


def client_context(
    ssl_options: dict[str, Any] | ssl.SSLContext | None,
) -> ssl.SSLContext | None:
    return None if ssl_options is None else ssl_options_to_context(ssl_options, server_side=False)


def checks_of(context: ssl.SSLContext) -> tuple[object, ...]:
    """What a program may tell a context to check of a server; it may do so while there are connections."""
    return context.verify_mode, context.check_hostname, context.verify_flags


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
async def limited(timeout: Seconds, progress: Progress | None = None) -> AsyncIterator[Progress]:
    """What is inside may take so long; a time-out says what it waited for.

    :arg progress: what is told so, by default a new one.
    """
    if isinstance(timeout, datetime.timedelta):
        timeout = timeout.total_seconds()
    if not isinstance(timeout, numbers.Real | None):
        raise TypeError(f"Unsupported timeout {timeout!r}: it may be seconds or a timedelta")
    progress = Progress() if progress is None else progress
    limit: asyncio.Timeout | None = None
    try:
        async with asyncio.timeout(timeout) as limit:
            yield progress
    except TimeoutError as error:
        if limit is not None and limit.expired():
            raise TimeoutError(f"Timeout {progress}") from error
        raise
    finally:
        limit = None  # which has the task, which has the exception, which has this frame


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
