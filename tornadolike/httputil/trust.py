"""Who really sent a request, by what a proxy says of it: whom one believes, and what of it.

Whatever a proxy writes into a request, anybody can write. :class:`TrustedProxies` believes only peers in
networks that the author names, and only headers that he says his proxies set; :class:`XHeaders` is Tornado's
``xheaders``, which believes everybody.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from ..log import gen_log
from .authority import is_authority
from .errors import HTTPInputError
from .forwarded import ForwardedElement, ForwardedNode, elements_from_right, parse_loose_node
from .headers import HTTPHeaders, canonical_names
from .networks import Entry, Networks, ip_of, parse_ip
from .urls import split_host_and_port

_SHOWN = 100
"""How much of a wrong value stands in the log."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PROTOCOLS: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""What is meant by a scheme; some proxies tell that of a WebSocket."""


@dataclass(slots=True)
class Origin:
    """Where a request was sent from, as far as one knows."""

    remote_ip: str | None
    """The client's address."""
    protocol: str
    """``"http"`` or ``"https"``: what the client speaks."""
    host: str | None = None
    """The Host that the client sent; None for the one that the request has."""


class Trust(ABC):
    """Tells from the headers of a request who sent it."""

    @abstractmethod
    def resolve(self, address: Any, protocol: str, headers: HTTPHeaders) -> Origin:
        """Where a request comes from.

        :arg address: the peer's, as :meth:`socket.socket.accept` gives it.
        :arg protocol: what the connection speaks: ``"http"`` or ``"https"``.
        """


class TrustedProxies(Trust):
    """Believes some headers of requests that come from some networks, and nothing else.

    .. code-block:: python

        trust = TrustedProxies("10.0.0.0/8", headers=["X-Forwarded-For", "X-Forwarded-Proto"])
        application.listen(8888, trust=trust)

    :arg networks: where the proxies are: networks and addresses (``"10.0.0.0/8"``, ``"::1"``), and ``"unix"``
        for whoever comes by a Unix socket. A request from elsewhere is taken for what it is. Where proxies
        stand in a row, one that is among them is believed about the one before it.

    :arg headers: which headers the proxies set, *each of them in every request*: what a proxy passes on as it
        came is the client's word. ``"Forwarded"`` (RFC 7239) alone, or some of ``"X-Forwarded-For"`` or
        ``"X-Real-Ip"``, ``"X-Forwarded-Proto"`` or ``"X-Scheme"``, ``"X-Forwarded-Host"`` and
        ``"X-Forwarded-Port"``.

    :arg max_hops: how many proxies may stand in a row.

    Raises :exc:`ValueError` for what is no network, and for headers that are unknown or say the same thing.

    Of lists (``Forwarded``, ``X-Forwarded-For``) the end counts: from the last entry, which the nearest proxy
    has written, to the first that names nobody in the networks, the client. In the others it is the last
    value. What is malformed is ignored, and so is what stands before it; a line in the log at INFO tells.
    """

    def __init__(
        self,
        networks: Networks | Entry | Iterable[Entry],
        *,
        headers: str | Iterable[str],
        max_hops: int = 32,
    ) -> None:
        if max_hops < 1:
            raise ValueError(f"max_hops should be at least 1, got {max_hops!r}")
        self._networks = Networks(networks)
        self._readers = _readers_of(headers)
        self._max_hops = max_hops

    def resolve(self, address: Any, protocol: str, headers: HTTPHeaders) -> Origin:
        origin = Origin(ip_of(address), protocol)
        if self._networks.has_peer(address):
            for name, read in self._readers:
                values = headers.get_list(name)
                if values:
                    try:
                        read(self, origin, values, headers)
                    except HTTPInputError as error:
                        gen_log.info("Ignored in %s from %s: %s", name, ip_of(address), error)
        return origin

    def follow(self, origin: Origin, elements: Iterable[ForwardedElement]) -> None:
        """Go from proxy to proxy to the client. Raises :exc:`HTTPInputError` at what is malformed."""
        for hop, element in enumerate(elements):
            if hop == self._max_hops:
                raise HTTPInputError(f"More than {hop} proxies")
            origin.protocol = _PROTOCOLS.get(element.proto or "", origin.protocol)
            origin.host = element.host or origin.host
            ip = None if element.for_ is None else element.for_.ip
            if ip is None:
                return
            origin.remote_ip = str(ip)
            if ip not in self._networks:
                return


# What each header says


def _read_forwarded(
    trust: TrustedProxies, origin: Origin, values: list[str], _: HTTPHeaders
) -> None:
    trust.follow(origin, (one for value in reversed(values) for one in elements_from_right(value)))


def _read_forwarded_for(
    trust: TrustedProxies, origin: Origin, values: list[str], _: HTTPHeaders
) -> None:
    trust.follow(origin, (ForwardedElement(node) for node in _nodes_from_right(values)))


def _nodes_from_right(values: list[str]) -> Iterator[ForwardedNode]:
    for value in reversed(values):
        end = len(value)
        while end >= 0:
            comma = value.rfind(",", 0, end)
            yield parse_loose_node(value[comma + 1 : end])
            end = comma


def _read_address(_: TrustedProxies, origin: Origin, values: list[str], __: HTTPHeaders) -> None:
    ip = parse_loose_node(",".join(values)).ip
    if ip is not None:
        origin.remote_ip = str(ip)


def _read_scheme(_: TrustedProxies, origin: Origin, values: list[str], __: HTTPHeaders) -> None:
    scheme = _last(values).lower()
    if scheme not in _PROTOCOLS:
        raise HTTPInputError(f"Unknown scheme {scheme[:_SHOWN]!r}")
    origin.protocol = _PROTOCOLS[scheme]


def _read_host(_: TrustedProxies, origin: Origin, values: list[str], __: HTTPHeaders) -> None:
    host = _last(values)
    if not is_authority(host):
        raise HTTPInputError(f"Invalid host {host[:_SHOWN]!r}")
    origin.host = host


def _read_port(_: TrustedProxies, origin: Origin, values: list[str], headers: HTTPHeaders) -> None:
    """Behind the host, and behind the protocol, which tells whether a port goes without saying."""
    text = _last(values)
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not 0 < port < 65536:
        raise HTTPInputError(f"Invalid port {text[:_SHOWN]!r}")
    host, known = split_host_and_port(origin.host or headers.get("Host", ""))
    if host and (origin.host is None or known is None):
        default = _DEFAULT_PORTS.get(origin.protocol)
        origin.host = host if port == default else f"{host.removesuffix(':')}:{port}"


def _last(values: list[str]) -> str:
    return values[-1].rpartition(",")[2].strip(" \t")


class _Reader(Protocol):
    def __call__(
        self, trust: TrustedProxies, origin: Origin, values: list[str], headers: HTTPHeaders, /
    ) -> None: ...


class _Header(NamedTuple):
    tells: frozenset[str]
    read: _Reader


_HEADERS: Final = {
    "Forwarded": _Header(frozenset(("address", "protocol", "host", "port")), _read_forwarded),
    "X-Forwarded-For": _Header(frozenset(("address",)), _read_forwarded_for),
    "X-Real-Ip": _Header(frozenset(("address",)), _read_address),
    "X-Forwarded-Proto": _Header(frozenset(("protocol",)), _read_scheme),
    "X-Scheme": _Header(frozenset(("protocol",)), _read_scheme),
    "X-Forwarded-Host": _Header(frozenset(("host",)), _read_host),
    "X-Forwarded-Port": _Header(frozenset(("port",)), _read_port),
}
"""In the order in which they are read."""


def _readers_of(headers: str | Iterable[str]) -> list[tuple[str, _Reader]]:
    names = {canonical_names[name] for name in ([headers] if isinstance(headers, str) else headers)}
    unknown = names - _HEADERS.keys()
    if unknown or not names:
        raise ValueError(
            f"headers= should name what your proxies set, some of {', '.join(_HEADERS)};"
            f" got {', '.join(unknown) or 'none'}"
        )
    told: dict[str, str] = {}
    for name in sorted(names):
        for what in _HEADERS[name].tells:
            if what in told:
                raise ValueError(
                    f"{told[what]} and {name} both tell the {what}: name the one that your proxies set"
                )
            told[what] = name
    return [(name, header.read) for name, header in _HEADERS.items() if name in names]


class XHeaders(Trust):
    """Believes whoever connects, as Tornado's ``xheaders=True`` does.

    The address is taken from ``X-Real-Ip``, or else from ``X-Forwarded-For``: its last entry, but for those
    that are in ``trusted_downstream``. The protocol is taken from ``X-Scheme``, or else from the last entry
    of ``X-Forwarded-Proto``. What is malformed is ignored.

    This is safe only where nobody but the proxy can connect: elsewhere use :class:`TrustedProxies`.

    :arg trusted_downstream: addresses and networks of proxies that stand before the last one.
    """

    def __init__(self, trusted_downstream: Networks | Entry | Iterable[Entry] = ()) -> None:
        self._downstream = Networks(trusted_downstream)

    def resolve(self, address: Any, protocol: str, headers: HTTPHeaders) -> Origin:
        origin = Origin(ip_of(address), protocol)
        said = headers.get("X-Real-Ip")
        if said is None:
            said = self._nearest(headers.get("X-Forwarded-For", ""))
        if parse_ip(said):
            origin.remote_ip = said
        scheme = headers.get("X-Scheme", headers.get("X-Forwarded-Proto", ""))
        scheme = scheme.rpartition(",")[2].strip()
        if scheme in _DEFAULT_PORTS:
            origin.protocol = scheme
        return origin

    def _nearest(self, value: str) -> str:
        """The last entry of ``X-Forwarded-For`` that is none of the proxies; the first if all are."""
        entry = ""
        for entry in map(str.strip, reversed(value.split(","))):
            ip = parse_ip(entry)
            if ip is None or ip not in self._downstream:
                break
        return entry
