""":class:`SimpleAsyncHTTPClient`: the client that uses our own engine."""

import sys
from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, Final

from ..http1 import Limits
from ..httpclient.checks import check_kind, check_limits
from ..httpclient.client import AsyncHTTPClient
from ..httpclient.plan import MAX_BUFFER_SIZE
from ..netutil import CachedResolver, OverrideResolver, Resolver
from ..tcpclient import TCPClient
from ..util import check_not_negative
from .bounds import BOUNDS, Bounds
from .dialing import Dialer
from .engine import SimpleEngine
from .pool import IDLE_TIMEOUT, MAX_IDLE, Pool
from .turns import Turns

MAX_CLIENTS: Final = 10
"""Requests at once."""

DNS_CACHE: Final = 30.0
"""Seconds for which the address of a name is remembered."""


class SimpleAsyncHTTPClient(AsyncHTTPClient):
    """Fetches by HTTP/1.1, over connections that are kept for the next request to the same server.

    What it can do beyond Tornado's: connections are kept, requests go through proxies (HTTP, CONNECT, SOCKS5) and
    to Unix sockets, and may choose their network interface.

    :arg max_clients: requests at once, by default 10. Others wait, first come, first served, and the time counts:
        see ``connect_timeout`` and ``request_timeout`` of :class:`.HTTPRequest`.
    :arg hostname_mapping: host names and the addresses that are to be used for them, as an
        :class:`.OverrideResolver` takes them. Certificates are still those of the name.
    :arg max_buffer_size: bytes of a body that are collected in memory, by default 100 MB.
    :arg resolver: who says which addresses a name has; it stays the caller's. By default ``Resolver()``, whose
        answers are remembered for ``dns_cache`` seconds.
    :arg defaults: what requests have that do not say otherwise, by the names of :class:`.HTTPRequest`'s arguments.
    :arg max_header_size: bytes that the head of a response may have, by default 64 KiB.
    :arg max_body_size: bytes that the body of a response may have, also one that is not collected, if the request
        does not say otherwise. By default only ``max_buffer_size`` counts.
    :arg max_clients_per_host: requests at once to one origin by one way, by default as many as in all. Who waits
        for a host does not keep those behind him who want to go elsewhere.
    :arg keep_alive_timeout: seconds for which a connection is kept that nobody uses, by default 30. 0: none is kept.
    :arg max_idle: how many of these there are at the most, by default 100; then the oldest is closed.
    :arg dns_cache: seconds for which the addresses of a name are remembered, by default 30. 0: they are not.
    :arg bounds: of a single exchange: see :class:`.Bounds`.
    :arg options: :class:`.AsyncHTTPClient`'s.

    Raises :exc:`ValueError` and :exc:`TypeError` for arguments that make no sense.
    """

    def initialize(  # type: ignore[override]  # as in Tornado: positional
        self,
        max_clients: int = MAX_CLIENTS,
        hostname_mapping: Mapping[Any, Any] | None = None,
        max_buffer_size: int = MAX_BUFFER_SIZE,
        resolver: Resolver | None = None,
        defaults: dict[str, Any] | None = None,
        max_header_size: int | None = None,
        max_body_size: int | None = None,
        *,
        max_clients_per_host: int | None = None,
        keep_alive_timeout: float = IDLE_TIMEOUT,
        max_idle: int = MAX_IDLE,
        dns_cache: float = DNS_CACHE,
        bounds: Bounds = BOUNDS,
        **options: Any,
    ) -> None:
        check_limits(1, max_clients=max_clients)
        if max_clients_per_host is not None:
            check_limits(1, max_clients_per_host=max_clients_per_host)
        if max_header_size is not None:
            check_limits(1, max_header_size=max_header_size)
        check_limits(0, max_buffer_size=max_buffer_size, max_idle=max_idle)
        check_not_negative(keep_alive_timeout=keep_alive_timeout, dns_cache=dns_cache)
        check_kind(Bounds, bounds=bounds)
        check_kind(Resolver, resolver=resolver)
        check_kind(Mapping, hostname_mapping=hostname_mapping)
        if max_body_size is not None:
            defaults = {"max_body_size": max_body_size, **(defaults or {})}
        super().initialize(defaults=defaults, **options)
        self.max_buffer_size = max_buffer_size
        self.max_header_size = max_header_size
        self.max_body_size = max_body_size
        turns = Turns(max_clients, max_clients_per_host)
        pool = Pool(turns, keep_alive_timeout, max_idle)
        self._turns, self._pool = turns, pool
        self.own_resolver = resolver is None
        self.resolver = _resolver(dns_cache) if resolver is None else resolver
        if hostname_mapping is not None:
            self.resolver = OverrideResolver(self.resolver, hostname_mapping)
        self.tcp_client = TCPClient(self.resolver)
        self.engine = SimpleEngine(
            Dialer(self.tcp_client), turns, pool, _limits(max_header_size), bounds
        )

    @property
    def max_clients(self) -> int:
        """Requests at once. It may be changed at any time; requests that go on are not ended by that."""
        return self._turns.most

    @max_clients.setter
    def max_clients(self, most: int) -> None:
        self._turns.most = most

    @property
    def queue(self) -> deque[Hashable]:
        """An entry for each request that waits for its turn: whom it is for, the first first."""
        return deque(self._turns.waiting)

    @property
    def waiting(self) -> dict[int, Hashable]:
        """The same, numbered."""
        return dict(enumerate(self._turns.waiting))

    @property
    def active(self) -> dict[int, Hashable]:
        """An entry for each request that has its turn: whom it is for."""
        return dict(
            enumerate(key for key, count in self._turns.taken.items() for _ in range(count))
        )

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections there are, and how many of these nobody uses now."""
        return len(self._pool), self._pool.idle

    def close(self) -> None:
        """Close all connections, the resolver too if it is this client's. Fetches that go on fail."""
        super().close()
        if self.own_resolver:
            self.resolver.close()


def _resolver(dns_cache: float) -> Resolver:
    resolver: Resolver = Resolver()
    if not dns_cache or isinstance(resolver, CachedResolver):
        return resolver
    remembering: Resolver = CachedResolver(resolver, ttl=dns_cache)
    return remembering


def _limits(max_header_size: int | None) -> Limits:
    limits = Limits(max_body_size=sys.maxsize)  # each request says its own
    return limits if max_header_size is None else replace(limits, max_header_size=max_header_size)
