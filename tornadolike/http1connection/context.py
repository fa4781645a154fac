""":class:`ConnectionContext`: who is at the other end of a connection."""

from typing import Any

from ..httputil import HTTPHeaders
from ..httputil.networks import ip_of
from ..httputil.trust import Origin, Trust
from ..netutil.proxy_protocol import ProxyHeader
from .serving import ServingParameters


class ConnectionContext:
    """What a connection tells of its client; it is the same for all of its requests.

    What the headers of a request tell besides is in the request's own ``remote_ip``, ``protocol`` and ``host``.
    """

    __slots__ = ("_trust", "address", "protocol", "proxy", "remote_ip")

    def __init__(
        self,
        address: Any,
        protocol: str,
        trust: Trust | None = None,
        proxy: ProxyHeader | None = None,
    ) -> None:
        self.address = address
        """The client's, as :meth:`socket.socket.accept` gives it, or as a proxy tells by the PROXY protocol."""
        self.protocol = protocol
        """``"http"`` or ``"https"``."""
        self.remote_ip = ip_of(address)
        """The address alone; ``"0.0.0.0"`` for a Unix socket."""
        self.proxy = proxy
        """The header of the PROXY protocol; None if there was none."""
        self._trust = trust

    def origin_of(self, headers: HTTPHeaders) -> Origin:
        """Where a request with these headers comes from."""
        if self._trust is None:
            return Origin(self.remote_ip, self.protocol)
        return self._trust.resolve(self.address, self.protocol, headers)

    def __str__(self) -> str:
        if isinstance(self.address, tuple):
            return self.remote_ip
        return repr(self.address) if self.address else "a Unix socket"


def context_of(
    parameters: ServingParameters, address: Any, tls: bool, proxy: ProxyHeader | None
) -> ConnectionContext:
    """The context of a connection.

    :arg address: the peer's.
    :arg tls: whether the connection speaks TLS.
    :arg proxy: what the peer, being a proxy, has told of the client.
    """
    trust = parameters.trust
    if proxy is not None:
        tls = tls or (proxy.tls is not None and proxy.tls.encrypted)
        if proxy.source is not None:
            address = proxy.source
            if not isinstance(address, tuple):
                # It came by a Unix socket, but not by one of ours.
                trust = None
        elif not proxy.local:
            # The proxy passes on somebody whom it does not know: its own good name is not his.
            trust = None
    protocol = parameters.protocol or ("https" if tls else "http")
    return ConnectionContext(address, protocol, trust, proxy)
