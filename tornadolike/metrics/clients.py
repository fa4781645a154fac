""":class:`Fetches`: what our HTTP client has sent, and how long the answers took to come."""

import asyncio
from typing import Final

from ..httpclient import HTTPClientError, Trace
from ..httpclient.engine import Answer, Hop
from .store import Store
from .tables import FETCHES, OTHER

MAX_HOSTS: Final = 50
"""Hosts that have figures of their own, by default."""

METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
)


class Fetches(Trace):
    """Counts each request up to the head of its response; that of a failure has the status ``error``."""

    def __init__(self, store: Store, max_hosts: int) -> None:
        self._store = store
        self._max_hosts = max_hosts
        self._hosts: set[str] = set()

    def on_response(self, hop: Hop, answer: Answer) -> None:
        self._count(hop, str(answer.status))

    def on_retry(self, hop: Hop, reason: Answer | HTTPClientError, delay: float) -> None:
        if isinstance(reason, HTTPClientError):
            self._count(hop, "error")

    def on_failure(self, hop: Hop, error: BaseException) -> None:
        # Behind the head it is counted already; and what was never sent is no request.
        if hop.times.started and not hop.times.first_byte:
            self._count(hop, "error")

    def _count(self, hop: Hop, status: str) -> None:
        method = hop.method if hop.method in METHODS else OTHER
        seconds = asyncio.get_running_loop().time() - hop.times.started
        self._store.took(FETCHES, (method, self._host(hop), status), max(0.0, seconds))

    def _host(self, hop: Hop) -> str:
        host = hop.address.authority
        if host not in self._hosts:
            if len(self._hosts) >= self._max_hosts:
                return OTHER
            self._hosts.add(host)
        return host
