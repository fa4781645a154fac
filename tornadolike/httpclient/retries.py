""":class:`Retries`: what is tried again, and when.

.. code-block:: python

    from tornadolike.httpclient import AsyncHTTPClient, Retries

    patient = Retries(attempts=4)

    async def read(url):
        return await AsyncHTTPClient().fetch(url, retries=patient)
"""

import asyncio
import random
import socket
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from ..httputil.dates import seconds_to_wait
from .engine import Answer, Hop
from .failures import (
    HTTPConnectError,
    HTTPNameError,
    HTTPProtocolError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
)
from .proxies import ProxyError
from .responses import HTTPClientError

STATUSES: Final = frozenset({429, 502, 503, 504})
"""Those that say: not now."""


class RetryBudget:
    """Bounds the retries of many requests together, so that an outage is not made worse by them.

    It begins full. Each retry takes one from it, each request that needs none puts a part of one back. When it is
    empty nothing is retried.

    :arg reserve: retries when it is full.
    :arg ratio: what a request that went well puts back. With 0.1, retries are in the long run at most a tenth of what
        goes well.

    Raises :exc:`ValueError` for numbers below 0.
    """

    def __init__(self, reserve: float = 10.0, ratio: float = 0.1) -> None:
        if reserve < 0 or ratio < 0:
            raise ValueError("reserve and ratio of a budget are numbers from 0 on")
        self._reserve = reserve
        self._ratio = ratio
        self.left = reserve
        """Retries that are left."""

    def pay(self) -> None:
        """A request went well."""
        self.left = min(self.left + self._ratio, self._reserve)

    def take(self) -> bool:
        """Take a retry, if one is left. Returns whether it was."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Retries:
    """What is tried again, and when. By itself a client tries nothing again but what an idle connection has lost.

    Tried again is what did not reach the server (a name that cannot be resolved just now, nobody who listens: for any
    method); and for a method by which it makes no difference (:rfc:`9110` section 9.2.2), or a request with
    ``idempotent=True``, a connection that was lost, a time-out, and a status of ``statuses``. Not what stays as it is:
    a certificate that is not good, an answer that is not HTTP. A body that breaks off is not, either: pieces of it may
    have been given away.

    Between the attempts it waits, at random for 0 to ``backoff`` seconds, then 0 to twice that, and so on (full
    jitter: many clients do not come back in step). If the response says ``Retry-After`` it waits at least that long.
    The ``request_timeout`` goes on: where waiting would outlast it, what was there last is the result at once.

    :arg attempts: requests in all, the first among them.
    :arg backoff: seconds.
    :arg max_backoff: seconds beyond which it does not grow.
    :arg statuses: of responses that are tried again.
    :arg methods: those that may be tried again whatever has happened; None: as above.
    :arg max_retry_after: seconds: if a response wants longer it is the result at once.
    :arg budget: bounds the retries of all requests that have this object; None: a :class:`RetryBudget` of its own.
    :arg sleep: waits; for tests.
    :arg draw: gives a number from 0 to 1; for tests.
    :arg clock: gives the seconds since the epoch, by which a date in ``Retry-After`` is understood; for tests.

    One object may serve many requests, and should: then its budget bounds them together.

    Raises :exc:`ValueError` for numbers that make no sense.
    """

    def __init__(
        self,
        attempts: int = 3,
        *,
        backoff: float = 0.2,
        max_backoff: float = 20.0,
        statuses: Collection[int] = STATUSES,
        methods: Collection[str] | None = None,
        max_retry_after: float = 60.0,
        budget: RetryBudget | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if attempts < 1:
            raise ValueError("attempts are requests in all, the first among them: from 1 on")
        if min(backoff, max_backoff, max_retry_after) < 0:
            raise ValueError("backoff, max_backoff and max_retry_after are seconds from 0 on")
        self.attempts = attempts
        self.backoff = backoff
        self.max_backoff = max_backoff
        self.statuses = frozenset(statuses)
        self.methods = None if methods is None else frozenset(methods)
        self.max_retry_after = max_retry_after
        self.budget = RetryBudget() if budget is None else budget
        self.sleep = sleep
        self._draw = draw
        self._clock = clock

    def delay(
        self, attempt: int, hop: Hop, outcome: Answer | HTTPClientError, time_left: float
    ) -> float | None:
        """Seconds until the next attempt; None: there is none, and what has come of this one is the result.

        :arg attempt: its number, from 1 on.
        :arg outcome: the response, of which there is the head, or the failure.
        :arg time_left: seconds until nobody waits any longer.
        """
        if isinstance(outcome, HTTPClientError):
            wanted = 0.0 if self.is_transient(hop, outcome) else None
        elif outcome.status in self.statuses:
            asked = outcome.headers.get("Retry-After", "")
            wanted = seconds_to_wait(asked, self._clock()) if self.may_repeat(hop) else None
        else:
            self.budget.pay()
            return None
        if attempt >= self.attempts or wanted is None or wanted > self.max_retry_after:
            return None
        delay = max(wanted, self._pause(attempt))
        return delay if delay < time_left and self.budget.take() else None

    def may_repeat(self, hop: Hop) -> bool:
        """Whether a request that may have reached the server may be sent again."""
        return hop.repeatable if self.methods is None else hop.method in self.methods

    def is_transient(self, hop: Hop, error: HTTPClientError) -> bool:
        """Whether another attempt may go better, and does no harm. To be overridden by who knows more."""
        if isinstance(error, HTTPNameError):
            return error.errno in (None, socket.EAI_AGAIN)
        if isinstance(error, HTTPConnectError):
            return not isinstance(error, HTTPTLSError)
        if isinstance(error, ProxyError):
            return error.code in self.statuses
        lost = isinstance(error, HTTPStreamClosedError) and not isinstance(error, HTTPProtocolError)
        return (lost or isinstance(error, HTTPTimeoutError)) and self.may_repeat(hop)

    def _pause(self, attempt: int) -> float:
        longest = min(self.backoff * 2.0 ** min(attempt - 1, 64), self.max_backoff)
        return longest * self._draw()
