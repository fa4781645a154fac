"""What stands for a client, where no user is known."""

import ipaddress
from collections.abc import Callable

from ..httputil.networks import parse_ip
from ..web import RequestHandler


def by_address(ipv6_prefix: int = 64) -> Callable[[RequestHandler], str]:
    """A function that tells clients apart by their addresses: ``request.remote_ip``.

    That is the address that has connected; what headers tell is believed only of proxies that are trusted
    (:class:`~tornadolike.httputil.TrustedProxies`).

    :arg ipv6_prefix: how many bits of an IPv6 address count. Who has one has all of a network, of 64 bits as a rule;
        some providers give 56 or 48. Raises :exc:`ValueError` for a number that is not from 1 to 128.
    """
    if not (isinstance(ipv6_prefix, int) and 1 <= ipv6_prefix <= 128):
        raise ValueError(f"ipv6_prefix is a number of bits from 1 to 128, not {ipv6_prefix!r}")

    def key(handler: RequestHandler) -> str:
        text = handler.request.remote_ip or ""
        address = parse_ip(text.partition("%")[0])  # of a neighbour, with the name of the interface
        if address is None or address.version == 4:
            return text if address is None else str(address)
        return str(ipaddress.IPv6Network((address, ipv6_prefix), strict=False))

    return key
