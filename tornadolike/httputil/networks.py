"""IP addresses in text, and sets of them: whom a server has reason to believe."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

Entry = str | IPAddress | IPNetwork
"""One of what :class:`Networks` are made of."""

UNIX: Final = "unix"

NO_IP: Final = "0.0.0.0"  # noqa: S104 - nobody listens there
"""What stands for the address of a peer that has none, as in Tornado."""

_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_LONGEST = 45
"""Characters of the longest address: an IPv6 one that ends as an IPv4 one."""


class Networks:
    """A set of peers: the addresses of some networks, and perhaps whoever comes by a Unix socket.

    :arg entries: each is a network in CIDR notation (``"10.0.0.0/8"``, ``"2001:db8::/32"``), an address, an
        object of :mod:`ipaddress`, or ``"unix"``. One alone need not stand in a list. Or other networks, to
        have the same.

    Raises :exc:`ValueError` for anything else, such as a name, or a network with host bits set.

    An IPv4 address is the same whether it comes as ``10.0.0.1`` or, on a socket that serves both families,
    as ``::ffff:10.0.0.1``.
    """

    __slots__ = ("_networks", "unix")

    _networks: tuple[IPNetwork, ...]

    def __init__(self, entries: "Networks | Entry | Iterable[Entry]") -> None:
        self.unix = False
        """Whether peers on a Unix socket belong to it."""
        if isinstance(entries, Networks):
            self.unix, self._networks = entries.unix, entries._networks
            return
        networks: list[IPNetwork] = []
        for entry in _each(entries):
            if entry == UNIX:
                self.unix = True
            else:
                networks.append(_network(entry))
        self._networks = tuple(networks)

    def __contains__(self, address: IPAddress) -> bool:
        return any(address in network for network in self._networks)

    def has_peer(self, address: Any) -> bool:
        """Whether a peer belongs to it whose address is as :meth:`socket.socket.accept` gives it."""
        if not isinstance(address, tuple):
            return self.unix and isinstance(address, (str, bytes))
        # The address of a neighbour has the name of the interface behind it.
        ip = parse_ip(address[0].partition("%")[0])
        return ip is not None and ip in self

    def __repr__(self) -> str:
        entries = [*map(str, self._networks), *([UNIX] if self.unix else [])]
        return f"{type(self).__name__}({entries!r})"


def _each(entries: Entry | Iterable[Entry]) -> Iterable[object]:
    # A network can be iterated over, too, and so can a text.
    if isinstance(entries, (str, IPNetwork)) or not isinstance(entries, Iterable):
        return [entries]
    return entries


def _network(entry: object) -> IPNetwork:
    try:
        # It takes numbers, too, and bytes; neither is how anybody writes a network.
        if isinstance(entry, (int, bytes)):
            raise ValueError("neither a network nor an address")
        network = ipaddress.ip_network(entry)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(
            f"{entry!r} is no network: give it like '10.0.0.0/8', '::1' or 'unix' ({error})"
        ) from error
    if network.version == 6 and network.subnet_of(_MAPPED):
        first = int(network.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((first, network.prefixlen - 96))
    return network


def ip_of(address: Any) -> str:
    """The IP address in a socket's address; ``"0.0.0.0"`` for a Unix socket."""
    return address[0] if isinstance(address, tuple) else NO_IP


def parse_ip(text: str) -> IPAddress | None:
    """The address that ``text`` is, or None. IPv4 in IPv6's clothes (``::ffff:192.0.2.1``) becomes IPv4."""
    return _parse_known_ip(text) if len(text) <= _LONGEST else None


def network_of(text: str, ipv6_prefix: int = 64) -> str:
    """What a client at this address is counted by: an IPv4 address itself, the network of an IPv6 one, any other text.

    :arg ipv6_prefix: bits of the network.
    """
    address = parse_ip(text.partition("%")[0])  # of a neighbour, with the name of the interface
    if address is None or address.version == 4:
        return text if address is None else str(address)
    return str(ipaddress.IPv6Network((address, ipv6_prefix), strict=False))


@lru_cache(1024)  # the same few ask all the time
def _parse_known_ip(text: str) -> IPAddress | None:
    if "%" in text:  # an interface of another machine
        return None
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return ip if ip.version == 4 else ip.ipv4_mapped or ip
