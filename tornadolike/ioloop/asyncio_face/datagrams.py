"""create_datagram_endpoint."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from ..core import Core
from ..dialing import connect
from ..resolving import resolve
from ..transports.datagram import DatagramTransport
from ..unix_files import remove_stale_socket

P = TypeVar("P", bound=asyncio.BaseProtocol)

Candidate = tuple[int, int, Any, Any]
"""How a socket may be made: family, protocol number, local address, remote address."""


class Datagrams(Core):
    """create_datagram_endpoint."""

    async def create_datagram_endpoint(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], P],
        local_addr: tuple[str, int] | str | None = None,
        remote_addr: tuple[str, int] | str | None = None,
        *,
        family: int = 0,
        proto: int = 0,
        flags: int = 0,
        reuse_port: bool | None = None,
        allow_broadcast: bool | None = None,
        sock: socket.socket | None = None,
    ) -> tuple[DatagramTransport, P]:
        """Make a datagram socket and its transport; return that and the protocol.

        :arg protocol_factory: makes the :class:`asyncio.DatagramProtocol`.
        :arg local_addr: ``(host, port)`` to bind to, for ``AF_UNIX`` a path (a socket that was left
            there is removed).
        :arg remote_addr: ``(host, port)`` or path of the only peer.
        :arg family: the address family, which is needed where no address tells it.
        :arg proto: the protocol number.
        :arg flags: for :func:`socket.getaddrinfo`, as ``family`` and ``proto`` are.
        :arg reuse_port: let other sockets be bound to the same port, which share what comes.
        :arg allow_broadcast: let datagrams go to broadcast addresses.
        :arg sock: a datagram socket that exists; it is the transport's from then on. Not together
            with any of the others.

        Host names are resolved, and the results are tried in their order. Raises :exc:`OSError` if
        none works, :exc:`ValueError` and :exc:`TypeError` for arguments that do not fit together.
        """
        if sock is not None:
            check_socket_alone(
                sock,
                local_addr=local_addr,
                remote_addr=remote_addr,
                family=family,
                proto=proto,
                flags=flags,
                reuse_port=reuse_port,
                allow_broadcast=allow_broadcast,
            )
            sock.setblocking(False)
            return self._open_datagrams(protocol_factory, sock, None)
        if not local_addr and not remote_addr:
            if not family:
                raise ValueError(
                    "unexpected address family; give family=, local_addr= or remote_addr="
                )
            candidates: list[Candidate] = [(family, proto, None, None)]
        elif family == socket.AF_UNIX:
            check_paths(local_addr, remote_addr)
            if local_addr:
                remove_stale_socket(local_addr)  # type: ignore[arg-type]
            candidates = [(family, proto, local_addr, remote_addr)]
        else:
            candidates = await find_candidates(self, local_addr, remote_addr, family, proto, flags)
        made, peer = await self._first_that_works(candidates, reuse_port, allow_broadcast)
        try:
            return self._open_datagrams(protocol_factory, made, peer)
        except BaseException:
            made.close()
            raise

    def _open_datagrams(
        self, protocol_factory: Callable[[], P], sock: socket.socket, peer: Any
    ) -> tuple[DatagramTransport, P]:
        protocol = protocol_factory()
        return DatagramTransport(self, sock, protocol, peer), protocol

    async def _first_that_works(
        self, candidates: list[Candidate], reuse_port: bool | None, allow_broadcast: bool | None
    ) -> tuple[socket.socket, Any]:
        first_problem: OSError | None = None
        for family, proto, local, remote in candidates:
            try:
                sock = socket.socket(family, socket.SOCK_DGRAM, proto)
            except OSError as error:
                first_problem = first_problem or error
                continue
            try:
                await self._prepare(sock, local, remote, reuse_port, allow_broadcast)
            except OSError as error:
                sock.close()
                first_problem = first_problem or error
            except BaseException:
                sock.close()
                raise
            else:
                return sock, remote
        assert first_problem is not None
        try:
            raise first_problem
        finally:
            first_problem = None  # it holds this frame

    async def _prepare(
        self,
        sock: socket.socket,
        local: Any,
        remote: Any,
        reuse_port: bool | None,
        allow_broadcast: bool | None,
    ) -> None:
        sock.setblocking(False)
        if reuse_port:
            share_port(sock)
        if allow_broadcast:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if local:
            sock.bind(local)
        # A socket that is connected to a broadcast address would not hear the answers.
        if remote and not allow_broadcast:
            await connect(self, sock, remote)


def check_socket_alone(sock: socket.socket, **others: Any) -> None:
    """Refuse a socket that is no datagram socket, or that comes with arguments to make one by."""
    if sock.type == socket.SOCK_STREAM:
        raise ValueError(f"A datagram socket was expected, got {sock!r}")
    problems = ", ".join(f"{name}={value}" for name, value in others.items() if value)
    if problems:
        raise ValueError(
            "socket modifier keyword arguments can not be used when sock is specified. "
            f"({problems})"
        )


def check_paths(*addresses: Any) -> None:
    """Refuse what is no path of a Unix socket."""
    for address in addresses:
        if address is not None and not isinstance(address, str):
            raise TypeError(f"string is expected as the address of a Unix socket, not {address!r}")


async def find_candidates(
    loop: Core, local_addr: Any, remote_addr: Any, family: int, proto: int, flags: int
) -> list[Candidate]:
    """Resolve both addresses; keep the pairs of family and protocol that each given one has."""
    found: dict[tuple[int, int], list[Any]] = {}
    given = (local_addr, remote_addr)
    for side, addr in enumerate(given):
        if addr is None:
            continue
        if not (isinstance(addr, tuple) and len(addr) == 2):
            raise TypeError(f"2-tuple is expected: (host, port), not {addr!r}")
        infos = await resolve(
            loop, addr, family=family, type=socket.SOCK_DGRAM, proto=proto, flags=flags
        )
        for found_family, _, found_proto, _, address in infos:
            found.setdefault((found_family, found_proto), [None, None])[side] = address
    candidates = [
        (pair_family, pair_proto, *pair)
        for (pair_family, pair_proto), pair in found.items()
        if not any(addr and resolved is None for addr, resolved in zip(given, pair, strict=True))
    ]
    if not candidates:
        raise ValueError(
            "can not get address information: local_addr and remote_addr differ in family"
        )
    return candidates


def share_port(sock: socket.socket) -> None:
    """Set SO_REUSEPORT; :exc:`ValueError` where the system has none."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except (AttributeError, OSError) as error:
        raise ValueError("reuse_port is not supported by this system") from error
