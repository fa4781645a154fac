""":func:`reconnecting`: a WebSocket that is opened again when it has ended.

.. code-block:: python

    from tornadolike.websocket import reconnecting

    async def listen():
        async for connection in reconnecting("wss://example.com/news"):
            async for message in connection:
                print(message)
"""

import asyncio
import math
import random
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Final

from ...httpclient import HTTPClientError, HTTPRequest
from ...httputil.dates import seconds_to_wait
from ...ioloop import IOLoop
from ...log import gen_log
from ...util import check_numbers, check_whole_numbers
from .addresses import parse_url, websocket_url
from .connecting import websocket_connect
from .connection import WebSocketClientConnection

Where = str | HTTPRequest

PING_INTERVAL: Final = 20.0
"""Seconds. Without pings a connection whose other end was switched off lasts for ever."""

_TRY_AGAIN: Final = frozenset({408, 425, 429})
"""Statuses below 500 that say that another time may do."""

_CUT_OFF: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""Of TLS's errors those that only say that the connection has ended."""

_OWN_FILES: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
"""From certificates that cannot be read. (If a connection ends so, it is a StreamClosedError that says it.)"""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next try: longer from try to try, and by chance.

    Without chance all clients of a server that was away would come back in the same moment.

    :arg first: seconds before the first try, by default 1.
    :arg factor: how many times as long each further wait is, by default 2.
    :arg maximum: seconds that no wait is longer than, by default 60.
    :arg jitter: the part of each wait that is left to chance, from 0 to 1, by default 1: of 8 seconds it is
        anything from 0 to 8, and with 0.25 anything from 6 to 8.
    :arg lasting: seconds that a connection has to last, by default 10, so that after it the waits begin
        with ``first`` again.
    :arg max_asked: seconds that a server may ask for by ``Retry-After``, by default 600; what it asks for is added
        to the wait.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is none of these.
    """

    first: float = 1.0
    factor: float = 2.0
    maximum: float = 60.0
    jitter: float = 1.0
    lasting: float = 10.0
    max_asked: float = 600.0

    def __post_init__(self) -> None:
        check_numbers(**asdict(self))
        if not (0 <= self.first <= self.maximum < math.inf and 1 <= self.factor < math.inf):
            raise ValueError(
                "waits do not get shorter: 0 <= first <= maximum and factor >= 1 are needed, and no infinity, not "
                f"first={self.first!r}, maximum={self.maximum!r}, factor={self.factor!r}"
            )
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter is a part of the wait, from 0 to 1, not {self.jitter!r}")
        if not (self.lasting >= 0 and self.max_asked >= 0):
            raise ValueError(
                "lasting and max_asked are seconds, from 0 on, not "
                f"{self.lasting!r} and {self.max_asked!r}"
            )

    def waits(self) -> Iterator[float]:
        """The seconds to wait before each try, without end."""
        longest = self.first
        while True:
            yield random.uniform(longest * (1 - self.jitter), longest)  # noqa: S311 (no secret)
            longest = min(longest * self.factor, self.maximum)


def is_permanent(error: Exception) -> bool:
    """Whether to connect would fail by ``error`` another time, too.

    Of another kind are failures of the network, time-outs, statuses from 500 on and 408, 425 and 429. All else is
    permanent: other statuses, a certificate that cannot be verified, a server that does not speak WebSocket,
    and programming errors.
    """
    if isinstance(error, HTTPClientError):
        return error.code < 500 and error.code not in _TRY_AGAIN
    if isinstance(error, ssl.SSLError):
        return not isinstance(error, _CUT_OFF)
    return not isinstance(error, OSError) or isinstance(error, _OWN_FILES)


async def reconnecting(
    url: Where | Callable[[], Where | Awaitable[Where]],
    *,
    backoff: Backoff = Backoff(),
    give_up: Callable[[Exception], bool] = is_permanent,
    max_tries: int | None = None,
    ping_interval: float | None = PING_INTERVAL,
    **options: Any,
) -> AsyncGenerator[WebSocketClientConnection, None]:
    """Iterate over connections: when the loop's body is done with one, there is another.

    .. code-block:: python

        async for connection in reconnecting(url):
            async for message in connection:  # ends when the connection does
                ...

    The body is also over, and all of the loop, if it raises: :exc:`.WebSocketClosedError` comes of
    writing to a connection that has just ended. A connection that is open when its turn of the body ends
    is closed then, and so it is by ``break`` and by an exception.
    (For these ``async with contextlib.aclosing(reconnecting(url)) as connections`` waits until it is closed.)

    The log has a warning when connecting has failed, and no more than information about each further try.

    :arg url: as :func:`.websocket_connect` takes it; or a function, or coroutine function, that returns it
        anew for each try: with another token, perhaps.
    :arg backoff: how long to wait between two tries.
    :arg give_up: called with what connecting has raised; says whether to raise it rather than to try again.
    :arg max_tries: after how many failed tries in a row the last is raised, by default never.
    :arg ping_interval: seconds between two pings, by default 20. A server that gives no sign of life for as long again
        (``ping_timeout``) is gone, and there is another connection. None: no pings.
    :arg options: further ones of :func:`.websocket_connect`.

    Raises what :func:`.websocket_connect` does, if it is to be given up.
    """
    _check(backoff, give_up, max_tries)
    options["ping_interval"] = ping_interval
    place = _named(url)
    waits = backoff.waits()
    failures = 0
    while True:
        try:
            connection = await websocket_connect(await _found(url), **options)
        except Exception as error:
            failures += 1
            if give_up(error) or (max_tries is not None and failures >= max_tries):
                raise
            wait = next(waits) + _asked_for(error, backoff.max_asked)
            log = gen_log.warning if failures == 1 else gen_log.info
            what = type(error).__name__  # some texts say little
            log("no WebSocket to %s: %s: %s; next try in %.1f s", place, what, error, wait)
        else:
            if failures:
                gen_log.info("a WebSocket to %s is there again", place)
            failures = 0
            began = IOLoop.current().time()
            try:
                yield connection
            finally:
                await connection.__aexit__(None, None, None)
            if IOLoop.current().time() - began >= backoff.lasting:
                waits = backoff.waits()
            wait = next(waits)
            how = f"{connection.close_code or 'without a code'} {connection.close_reason or ''}".rstrip()
            gen_log.info("the WebSocket to %s has ended (%s); next in %.1f s", place, how, wait)
        await asyncio.sleep(wait)


def _check(backoff: object, give_up: object, max_tries: int | None) -> None:
    if not isinstance(backoff, Backoff):
        raise TypeError(f"backoff is a Backoff, not {backoff!r}")
    if not callable(give_up) or iscoroutinefunction(give_up):  # whose answer would always be true
        raise TypeError(f"give_up is a plain function of an exception, not {give_up!r}")
    if max_tries is not None:
        check_whole_numbers(max_tries=max_tries)
        if max_tries < 1:
            raise ValueError(f"max_tries is at least 1, or None, not {max_tries!r}")


async def _found(url: Where | Callable[[], Where | Awaitable[Where]]) -> Where:
    if not callable(url):
        return url
    found = url()
    return await found if isawaitable(found) else found


def _asked_for(error: Exception, most: float) -> float:
    """The seconds that a server has asked for by ``Retry-After``; 0 for none."""
    response = error.response if isinstance(error, HTTPClientError) else None
    said = response.headers.get("Retry-After", "") if response is not None else ""
    return min(seconds_to_wait(said, time.time()), most)


def _named(url: Where | Callable[[], Where | Awaitable[Where]]) -> str:
    """What the log calls it: a URL without what may be secret in it, or a function."""
    if callable(url):
        return getattr(url, "__qualname__", type(url).__qualname__)
    address = parse_url(url.url if isinstance(url, HTTPRequest) else url)
    return websocket_url(address).partition("?")[0]
