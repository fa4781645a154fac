"""What stands for a client, where no user is known."""

from collections.abc import Callable

from ..httputil.networks import network_of
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
        return network_of(handler.request.remote_ip or "", ipv6_prefix)

    return key
