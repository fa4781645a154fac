""":class:`CurlEngine`: libcurl as an engine; whose turn it is, and which connections are kept."""

import asyncio
from collections import deque
from typing import Any, Final

import pycurl

from ..http1 import Limits
from ..httpclient.engine import Answer, Engine, Hop
from ..httpclient.failures import HTTPTimeoutError
from ..ioloop import IOLoop
from .options import VERSIONS
from .reactor import Reactor
from .transfer import Transfer, closed_failure

IDLE_TIMEOUT: Final = 30.0
"""Seconds for which a connection that nobody uses is kept."""
MAX_IDLE: Final = 100
"""Connections that are kept at the most."""


class CurlEngine(Engine):
    """Sends requests by libcurl.

    :arg max_clients: requests at once. Others wait, first come, first served.
    :arg http_version: one of :data:`.options.VERSIONS`.
    :arg limits: of the heads of responses.
    :arg max_idle: connections that are kept at the most (though never fewer than ``max_clients``).
    :arg keep_alive_timeout: seconds for which a connection that nobody uses is kept.

    Raises :exc:`ValueError` for another version.
    """

    def __init__(
        self,
        io_loop: IOLoop,
        max_clients: int,
        http_version: str = "2",
        limits: Limits | None = None,
        max_idle: int = MAX_IDLE,
        keep_alive_timeout: float = IDLE_TIMEOUT,
    ) -> None:
        if max_clients < 1:
            raise ValueError(f"max_clients should be 1 or more, not {max_clients}")
        if http_version not in VERSIONS:
            raise ValueError(
                f"http_version should be one of {', '.join(VERSIONS)}, not {http_version!r}"
            )
        self._io_loop = io_loop
        self._room = max_clients
        self._http_version = VERSIONS[http_version]
        self._limits = limits or Limits()
        self._settings = {pycurl.M_MAXCONNECTS: max(max_idle, max_clients)}
        self._keep_alive_timeout = keep_alive_timeout
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._transfers: set[Transfer] = set()
        self._curls: list[Any] = []
        self._reactor: Reactor | None = None
        self._idle_since = 0.0
        self._idle_timer: object | None = None
        self._closed = False

    async def send(self, hop: Hop) -> Answer:
        hop.times.started = self._io_loop.time()
        if self._closed:
            raise closed_failure()
        if not self._room:
            hop.waiting_for = "in request queue"
            await self._turn(hop.timeouts.connect)
        else:
            self._room -= 1
        hop.times.dequeued = self._io_loop.time()
        transfer = self._begin(hop)
        try:
            answer = await transfer.head
        except BaseException:
            transfer.abandon()
            del transfer  # which has the exception, which has this frame
            raise
        transfer.note_times()
        return answer

    def _begin(self, hop: Hop) -> Transfer:
        """Begin with it; its turn ends with it."""
        curl = self._curls.pop() if self._curls else pycurl.Curl()
        try:
            if self._reactor is None:
                self._reactor = Reactor(self._io_loop, self._settings)
            transfer = Transfer(curl, hop, self._reactor, self._io_loop, self._limits, self._ended)
            transfer.set_up(self._http_version, max(1, round(self._keep_alive_timeout)))
            transfer.start()
        except BaseException:
            curl.close()
            self._leave()
            raise
        self._transfers.add(transfer)
        return transfer

    def _ended(self, transfer: Transfer) -> None:
        self._transfers.discard(transfer)
        self._curls.append(transfer.curl)
        reactor = transfer.reactor
        if reactor is not self._reactor and not reactor.busy:
            reactor.close()
        self._leave()

    # Turns

    async def _turn(self, timeout: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(timeout or None):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._leave()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise HTTPTimeoutError("Timeout in request queue") from None
            raise
        if self._closed:  # since it was told that it has its turn
            self._leave()
            raise closed_failure()

    def _leave(self) -> None:
        """A turn has ended: it is another's."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._room += 1
        if not self._transfers:
            self._rest()

    # Ends

    def _rest(self) -> None:
        """Nothing goes on. If that remains so the connections are closed."""
        self._idle_since = self._io_loop.time()
        if self._idle_timer is None and not self._closed:
            self._idle_timer = self._io_loop.call_later(self._keep_alive_timeout, self._look)

    def _look(self) -> None:
        self._idle_timer = None
        if self._transfers:
            return  # whose end brings the next look
        left = self._idle_since + self._keep_alive_timeout - self._io_loop.time()
        if left > 0:
            self._idle_timer = self._io_loop.call_later(left, self._look)
        else:
            self.close_idle()

    def close_idle(self) -> None:
        reactor, self._reactor = self._reactor, None
        if reactor is not None and not reactor.busy:
            reactor.close()  # else when its last transfer ends

    def close(self) -> None:
        self._closed = True
        if self._idle_timer is not None:
            self._io_loop.remove_timeout(self._idle_timer)
            self._idle_timer = None
        waiting, self._waiting = self._waiting, deque()
        for turn in waiting:
            if not turn.done():
                turn.set_exception(closed_failure())
        for transfer in list(self._transfers):
            transfer.fail(closed_failure())
        self.close_idle()
        curls, self._curls = self._curls, []
        for curl in curls:
            curl.close()
