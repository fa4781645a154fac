""":class:`SimpleEngine`: our own engine."""

import asyncio
import logging
import re
import sys
from collections.abc import Coroutine, Hashable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

from ..http1 import Limits, ResponseHeadCache
from ..httpclient.engine import USUAL_WAY, Answer, Engine, Hop
from ..httpclient.failures import HTTPStreamClosedError, HTTPTimeoutError
from ..httpclient.proxies import Proxy
from ..httpclient.requests import HTTPRequest
from ..httpclient.responses import HTTPResponse
from ..httputil import HTTPHeaders
from ..log import gen_log
from .bounds import BOUNDS, Bounds
from .connection import Connection, StaleError, begin
from .contexts import options_key
from .dialing import Dialer, Dialled, is_tunnel
from .flights import TOOLS, Flights
from .pool import Pool
from .turns import Turns

IN_QUEUE: Final = "in request queue"
CLOSED: Final = "The client was closed"

_LIMITS: Final = Limits(max_body_size=sys.maxsize)  # each hop says its own
_PATIENCE: Final = re.compile(r"(?:^|,)\s*timeout\s*=\s*(\d{1,9})\s*(?:,|$)", re.IGNORECASE)
"""In the header Keep-Alive, which is older than HTTP/1.1 and widely sent."""

_PROXY_AUTHORIZATION: Final = "Proxy-Authorization"
_USUALLY: Final = (None, None, None, True, None)
"""What :data:`USUAL_WAY` comes to in a key."""


class SimpleEngine(Engine):
    """Sends requests over connections that are kept. For one loop.

    :arg dialer: what opens ways to servers.
    :arg turns: whose turn it is.
    :arg pool: what is kept; it gives back turns to ``turns``.
    :arg limits: of the heads of responses.
    :arg bounds: of single exchanges.
    """

    def __init__(
        self,
        dialer: Dialer,
        turns: Turns,
        pool: Pool,
        limits: Limits = _LIMITS,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._dialer = dialer
        self._turns = turns
        self._pool = pool
        self._limits = limits
        self._bounds = bounds
        self._heads = ResponseHeadCache(limits.max_header_count)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._flights = Flights(turns, pool, self._heads, limits, _TOOLS)

    def fetch(
        self, client: Any, request: HTTPRequest, raise_error: bool
    ) -> "asyncio.Future[HTTPResponse] | None":
        flown: asyncio.Future[HTTPResponse] | None
        flown = self._flights.fetch(self, client, request, raise_error)
        return flown

    async def send(self, hop: Hop) -> Answer:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._begin_on(loop)
        if hop.way.proxy is not None and hop.way.unix_socket is not None:
            hop.way = replace(hop.way, proxy=None)  # the socket is where the server is
        key = key_of(hop)
        flight = hop.flight
        connection: Connection | None
        if flight is None:
            now = hop.times.started = hop.times.dequeued = loop.time()
            deadline = _connect_deadline(hop, now)
            if not self._turns.take(key):
                await self._wait_for_turn(key, hop, deadline)
                now = hop.times.dequeued = loop.time()
            connection = self._pool.take(key, now)
            if connection is None:
                return await self._send_first(key, hop, deadline)
        else:  # it is on its way by a connection already, and has its turn
            hop.flight = None
            hop.times.started = hop.times.dequeued = flight.started
            connection = flight.connection
            assert connection is not None
        hop.times.reused = True
        try:
            return await self._exchange(connection, hop)
        except StaleError:
            if hop.times.sent and not hop.repeatable:
                raise
        # The others may have ended, too; now it is to be one that is there. It has all the time to connect: the server
        # may have thought about the first try for long. (The whole time goes on, with who has asked.)
        hop.times.reused = False
        deadline = _connect_deadline(hop, loop.time())
        if not self._turns.take(key):
            await self._wait_for_turn(key, hop, deadline)
        return await self._send_first(key, hop, deadline)

    def _begin_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to this loop, or say that it is the wrong one."""
        if self._closed:
            raise HTTPStreamClosedError(CLOSED)
        if self._loop is not None:
            raise RuntimeError(
                "an HTTP client belongs to the loop, and so to the thread and the process, where it was used first: "
                "make another AsyncHTTPClient here"
            )
        self._loop = loop

    async def _wait_for_turn(self, key: Hashable, hop: Hop, deadline: float | None) -> None:
        if gen_log.isEnabledFor(logging.DEBUG):  # to count takes time
            waiting, active = len(self._turns.waiting), sum(self._turns.taken.values())
            gen_log.debug(
                "max_clients limit reached, request queued. %d active, %d queued requests.",
                active,
                waiting + 1,
            )
        hop.waiting_for = IN_QUEUE
        try:
            async with asyncio.timeout_at(deadline):
                await self._turns.wait(key)
        except TimeoutError as error:
            raise HTTPTimeoutError(f"Timeout {IN_QUEUE}") from error

    async def _send_first(self, key: Hashable, hop: Hop, deadline: float | None) -> Answer:
        """Send over a new connection."""
        try:
            way = await self._dial(hop, deadline)
        except BaseException:
            self._turns.give_back(key)
            raise
        connection = Connection(key, self._limits, self._pool, self._bounds, self._heads)
        self._pool.add(connection, way.transport)
        way.transport.set_protocol(connection)
        connection.connection_made(way.transport)
        way.transport.resume_reading()
        answer = await self._exchange(connection, hop)
        way.keep_session()
        patience = patience_of(answer.headers)
        if patience is not None:
            self._pool.limit(connection, patience)
        return answer

    async def _dial(self, hop: Hop, deadline: float | None) -> Dialled:
        try:
            way = await self._dialer.dial(hop, deadline)
        except HTTPTimeoutError as error:
            if self._closed:
                raise HTTPStreamClosedError(CLOSED) from error
            raise
        if self._closed:
            way.transport.abort()
            raise HTTPStreamClosedError(CLOSED)
        return way

    def _exchange(self, connection: Connection, hop: Hop) -> Coroutine[Any, Any, Answer]:
        proxy = hop.way.proxy
        return connection.exchange(hop) if proxy is None else _exchange_by(proxy, connection, hop)

    def close_idle(self) -> None:
        self._pool.close_idle()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop = None
        self._flights.close()
        self._turns.refuse_all(lambda: HTTPStreamClosedError(CLOSED))
        self._dialer.give_up()
        self._pool.close()
        self._dialer.client.close()


_TOOLS: Final = SimpleNamespace(
    **vars(TOOLS), begin=begin, key_of=lambda hop: key_of(hop), send=SimpleEngine.send
)


def _connect_deadline(hop: Hop, now: float) -> float | None:
    return now + hop.timeouts.connect if hop.timeouts.connect else None


async def _exchange_by(proxy: Proxy, connection: Connection, hop: Hop) -> Answer:
    # What is for the proxy goes to it alone, and is not there any more when somebody looks where to go next.
    said, hop.headers = hop.headers, headers_by(proxy, hop)
    try:
        return await connection.exchange(hop)
    finally:
        hop.headers = said


def key_of(hop: Hop) -> Hashable:
    """For what a connection may be used again."""
    way, address = hop.way, hop.address
    origin = address.scheme, address.host, address.port
    if way is USUAL_WAY:
        return origin
    proxy = way.proxy
    going = (
        None if proxy is None else proxy_key(proxy),
        way.unix_socket,
        options_key(way.ssl_options) if address.secure else None,
        way.allow_ipv6,
        way.source_ip,
    )
    if going == _USUALLY:
        return origin
    # (A proxy takes requests to anywhere, unless it is a tunnel that it makes.)
    return None if proxy is not None and not is_tunnel(hop) else origin, *going


def proxy_key(proxy: Proxy) -> Hashable:
    """The same for proxies that are the same, with who asks there."""
    who = proxy.username, proxy.password
    return proxy.host, proxy.port, proxy.socks, who, options_key(proxy.ssl_options)


def headers_by(proxy: Proxy, hop: Hop) -> HTTPHeaders:
    """What ``hop`` says through this proxy: whoever is asking it tells that to the proxy alone."""
    headers = hop.headers
    if is_tunnel(hop):
        if _PROXY_AUTHORIZATION in headers:
            headers = headers.copy()
            del headers[_PROXY_AUTHORIZATION]
        return headers
    authorization = proxy.authorization
    if authorization is not None:
        headers = headers.copy()
        headers[_PROXY_AUTHORIZATION] = authorization
    return headers


def patience_of(headers: HTTPHeaders) -> float | None:
    """The seconds for which the server keeps a connection that nobody uses, if it says so."""
    said = headers.get("Keep-Alive")
    found = None if said is None else _PATIENCE.search(said)
    return None if found is None else float(found[1])
