"""Connections to a Redis or Valkey server, for all that keeps something there or speaks through it.

They are made as they are needed: for each event loop its own, for connections are of one, and for each process its own,
also when it was forked from one that had some. What goes wrong is raised as the error of who uses them, and says what
to do; a password is never in it.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from .util import check_numbers, check_whole_numbers

if TYPE_CHECKING:
    from redis.asyncio import Redis

R = TypeVar("R")
T = TypeVar("T")

DEFAULT_TIMEOUT: Final = 2.0
DEFAULT_MAX_CONNECTIONS: Final = 50


class PerLoop(Generic[T]):
    """What each event loop of each process has for itself.

    :arg make: makes one.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()
        self._process = os.getpid()
        self._inherited: list[object] = []
        """Those of the processes that this one was forked from: here nobody may even close them."""

    def __len__(self) -> int:
        """How many of this process there are."""
        return len(self._of_loops) if self._process == os.getpid() else 0

    def get(self) -> T:
        """That of the running loop; it is made when there is none."""
        if self._process != os.getpid():
            self._inherited.append(self._of_loops)
            self._of_loops = WeakKeyDictionary()
            self._process = os.getpid()
        loop = asyncio.get_running_loop()
        found = self._of_loops.get(loop)
        if found is None:
            found = self._of_loops[loop] = self._make()
        return found

    def pop(self) -> T | None:
        """That of the running loop, if there is one, which is forgotten."""
        if self._process != os.getpid():
            return None
        return self._of_loops.pop(asyncio.get_running_loop(), None)


class RedisConnections:
    """The client of the library ``redis`` for each event loop, or the one that the author has made.

    :arg server: the address (``redis://user:password@host:6379/0``, ``rediss://...`` over TLS,
        ``unix:///run/redis.sock``); or a ``redis.asyncio.Redis`` of one's own, which is not closed, has its own limits,
        and must not be made with ``decode_responses=True``.
    :arg user: the name of the class that has them, for errors: ``"RedisStore"``.
    :arg error: the class of the errors that operations raise.
    :arg timeout: seconds that an operation may take at the most, with connecting.
    :arg max_connections: the most connections of a loop; who needs one more waits.
    :arg retries: how often the library tries an operation again whose connection was lost. Not all may be done twice.

    Raises :exc:`ImportError` without the library, and :exc:`ValueError` for an address that is none.
    """

    def __init__(
        self,
        server: "str | Redis",
        *,
        user: str,
        error: type[Exception],
        timeout: float = DEFAULT_TIMEOUT,
        max_connections: int = DEFAULT_MAX_CONNECTIONS,
        retries: int = 1,
    ) -> None:
        try:
            import redis.asyncio
        except ImportError as missing:
            raise ImportError(
                f"{user} needs the library redis: pip install tornadolike[redis]"
            ) from missing
        check_numbers(timeout=timeout)
        check_whole_numbers(max_connections=max_connections)
        if not timeout > 0 or max_connections < 1:
            raise ValueError("timeout and max_connections are more than 0")
        self.timeout = timeout
        self.timeouts = (TimeoutError, redis.TimeoutError)
        """What is raised when an operation takes longer than it may: our own, and the library's."""
        self._failures = (redis.RedisError, OSError, EOFError)
        self._user = user
        self._error = error
        self._own: Redis | None = None
        """The author's own."""
        if isinstance(server, str):
            self.name = _without_password(server)
            make = _maker(server, timeout, max_connections, retries)
            options = make().connection_pool.connection_kwargs  # raises for an address that is none
            self._clients = PerLoop(make)
        elif not isinstance(server, redis.asyncio.Redis):
            raise TypeError(
                f"{user}() takes an address, as redis://host:6379/0, or a redis.asyncio.Redis, not {server!r}"
            )
        else:
            options = server.connection_pool.connection_kwargs
            if options.get("decode_responses"):
                raise ValueError(f"{user} keeps bytes: make the client without decode_responses")
            self.name = "the Redis server"
            self._own = server
        self.database: int = options.get("db") or 0
        """Its number. It parts keys, and no channels: those are of the server."""

    def client(self) -> Any:  # the library's types say str | bytes everywhere
        """The client for the running loop."""
        return self._clients.get() if self._own is None else self._own

    async def within(self, operation: Awaitable[R]) -> R:
        """The result of an operation. Raises the error of who uses this when it fails or takes longer than it may."""
        try:
            async with asyncio.timeout(self.timeout):
                return await operation
        except self.timeouts as error:
            raise self._error(
                f"{self.name} has not answered within {self.timeout:g} s: look whether it is overloaded, or give "
                f"{self._user}(timeout=...) more"
            ) from error
        except self._failures as error:
            raise self.failed(error) from error

    def failed(self, error: BaseException) -> Exception:
        """What to raise for a failure of the library's."""
        return self._error(
            f"{self.name}: {error}; look whether the server is running and lets us in"
        )

    async def close(self) -> None:
        """Close the connections of the running loop, unless they are the author's."""
        client = None if self._own is not None else self._clients.pop()
        if client is not None:
            await client.aclose()


def _maker(
    address: str, timeout: float, max_connections: int, retries: int
) -> "Callable[[], Redis]":
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    def make() -> "Redis":
        pool: Any = BlockingConnectionPool.from_url(
            address,
            max_connections=max_connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # A connection may have been closed by a server that was restarted: once more with a new one.
            retry=Retry(NoBackoff(), retries),
            decode_responses=False,
        )
        return Redis.from_pool(pool)

    return make


def _without_password(address: str) -> str:
    scheme, separator, rest = address.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}".partition("?")[0]
