""":class:`SimpleEngine`: our own engine."""

import sys
from collections.abc import Hashable
from typing import Final

from ..http1 import Limits
from ..httpclient.engine import Answer, Engine, Hop
from ..tcpclient import TCPClient
from .connection import Connection, StaleError
from .dialing import dial
from .pool import Pool

_LIMITS: Final = Limits(max_body_size=sys.maxsize)  # each hop says its own


class SimpleEngine(Engine):
    """Sends requests over connections that are kept.

    :arg client: what connects.
    :arg pool: whose turn it is, and what is kept.
    :arg limits: of the heads of responses.
    """

    def __init__(self, client: TCPClient, pool: Pool, limits: Limits = _LIMITS) -> None:
        self._client = client
        self._pool = pool
        self._limits = limits

    async def send(self, hop: Hop) -> Answer:
        key = key_of(hop)
        while True:
            await self._pool.enter(key)
            connection = self._pool.take_idle(key)
            hop.times.reused = connection is not None
            if connection is None:
                connection = await self._connect(key, hop)
            try:
                return await connection.exchange(hop)
            except StaleError:
                if not hop.times.reused or not hop.repeatable:
                    raise

    async def _connect(self, key: Hashable, hop: Hop) -> Connection:
        connection = Connection(key, self._limits, self._pool)
        try:
            transport = await dial(self._client, hop, hop.timeouts.connect or None)
        except BaseException:
            self._pool.leave(key)
            raise
        transport.set_protocol(connection)
        connection.connection_made(transport)
        transport.resume_reading()
        return connection

    def close_idle(self) -> None:
        self._pool.close_idle()

    def close(self) -> None:
        self._pool.close_idle()
        self._client.close()


def key_of(hop: Hop) -> Hashable:
    """For what a connection may be used again."""
    way = hop.way
    options = way.ssl_options
    tls = (
        None
        if options is None
        else tuple(sorted(options.items()))
        if isinstance(options, dict)
        else options
    )
    return hop.address.origin, way.proxy, way.unix_socket, tls, way.allow_ipv6, way.source_ip
