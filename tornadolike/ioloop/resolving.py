"""Addresses of host names, without asking anybody where the name is an address already."""

import socket
from collections.abc import Sequence
from typing import Any, Final, Protocol

AddressInfo = tuple[int, int, int, str, Any]
"""Family, type, protocol, canonical name, address: as :func:`socket.getaddrinfo` has it."""

_PROTOCOL_OF: Final = {
    socket.SOCK_STREAM: socket.IPPROTO_TCP,
    socket.SOCK_DGRAM: socket.IPPROTO_UDP,
}


class Resolver(Protocol):
    """A loop, as far as host names are concerned."""

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]: ...


async def resolve(
    loop: Resolver,
    address: Sequence[Any],
    *,
    family: int = 0,
    type: int = socket.SOCK_STREAM,
    proto: int = 0,
    flags: int = 0,
) -> list[AddressInfo]:
    """The addresses of ``address``, a host and a port (and for IPv6 flow and scope).

    The arguments are :func:`socket.getaddrinfo`'s. Raises :exc:`OSError` if there is none.
    """
    host, port, *rest = address
    literal = literal_address(host, port, family, type, proto, *rest[:2])
    if literal is not None:
        return [literal]
    found: list[AddressInfo] = await loop.getaddrinfo(
        host, port, family=family, type=type, proto=proto, flags=flags
    )
    if not found:
        raise OSError(f"no address was found for host {host!r} and port {port!r}")
    return found


def literal_address(
    host: Any, port: Any, family: int, type: int, proto: int, flow: int = 0, scope: int = 0
) -> AddressInfo | None:
    """What :func:`socket.getaddrinfo` would say, if ``host`` is an IP address and ``port`` a number.

    None if it has to be asked: for names, for addresses with a zone (``fe80::1%eth0``), and where the
    type of the socket leaves a choice.
    """
    natural = _PROTOCOL_OF.get(type)  # type: ignore[call-overload]
    if natural is None or proto not in (0, natural) or not isinstance(host, (str, bytes)):
        return None
    number = _port_number(port)
    if number is None:
        return None
    if isinstance(host, bytes):
        try:
            host = host.decode("ascii")
        except UnicodeDecodeError:
            return None
    if "%" in host:
        return None
    for each in (socket.AF_INET, socket.AF_INET6) if family == socket.AF_UNSPEC else (family,):
        try:
            socket.inet_pton(each, host)
        except (OSError, ValueError):  # (a zero byte is a ValueError)
            continue
        if each == socket.AF_INET6:
            return each, type, natural, "", (host, number, flow, scope)
        return each, type, natural, "", (host, number)
    return None


def _port_number(port: Any) -> int | None:
    if port is None or port in ("", b""):
        return 0
    try:
        return int(port)
    except (TypeError, ValueError):
        return None  # the name of a service


def interleave(infos: Sequence[AddressInfo], first_family_count: int) -> list[AddressInfo]:
    """Take turns between the address families, as :rfc:`8305` wants it.

    The family that comes first in ``infos`` has the first ``first_family_count`` places; within a family
    the order stays.
    """
    by_family: dict[int, list[AddressInfo]] = {}
    for info in infos:
        by_family.setdefault(info[0], []).append(info)
    queues = list(by_family.values())
    ordered = [queues[0].pop(0) for _ in range(min(first_family_count - 1, len(queues[0])))]
    while any(queues):
        ordered += [queue.pop(0) for queue in queues if queue]
    return ordered
