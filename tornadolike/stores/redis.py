""":class:`RedisStore`: values on a Redis or Valkey server."""

from math import ceil
from typing import TYPE_CHECKING, Final

from ..redis_connections import DEFAULT_MAX_CONNECTIONS, DEFAULT_TIMEOUT, RedisConnections
from .base import Store, StoreError, checked_key, checked_seconds, checked_value

if TYPE_CHECKING:
    from redis.asyncio import Redis

_REPLACE: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


class RedisStore(Store):
    """Keeps values on a Redis or Valkey server, which the processes of several machines share.

    It needs the library ``redis`` (``pip install tornadolike[redis]``). Connections are made as they are needed, and
    anew when the server comes back; until then each operation raises :exc:`.StoreError`.

    :arg server: the address (``redis://user:password@host:6379/0``, ``rediss://...`` over TLS,
        ``unix:///run/redis.sock``); or a ``redis.asyncio.Redis`` of one's own, which is not closed, has its own limits,
        and must not be made with ``decode_responses=True``.
    :arg prefix: what all keys begin with, so that several sites can share a server.
    :arg timeout: seconds that an operation may take at the most, with connecting.
    :arg max_connections: the most connections of a process; who needs one more waits.

    Raises :exc:`ImportError` without the library, and :exc:`ValueError` for an address that is none.
    """

    def __init__(
        self,
        server: "str | Redis",
        *,
        prefix: str = "tornadolike:",
        timeout: float = DEFAULT_TIMEOUT,
        max_connections: int = DEFAULT_MAX_CONNECTIONS,
    ) -> None:
        self._connections = RedisConnections(
            server,
            user="RedisStore",
            error=StoreError,
            timeout=timeout,
            max_connections=max_connections,
        )
        self.prefix = checked_key(prefix)
        self.timeout = timeout

    async def get(self, key: str) -> bytes | None:
        client, name = self._connections.client(), self._named(key)
        value: bytes | None = await self._connections.within(client.get(name))
        return value

    async def set(
        self, key: str, value: bytes, seconds: float, *, instead_of: bytes | None = None
    ) -> bool:
        milliseconds = _milliseconds(seconds)
        client, name = self._connections.client(), self._named(key)
        if instead_of is None:
            done = client.set(name, checked_value(value), px=milliseconds)
        else:
            done = client.eval(_REPLACE, 1, name, instead_of, checked_value(value), milliseconds)
        return bool(await self._connections.within(done))

    async def touch(self, key: str, seconds: float) -> bool:
        milliseconds = _milliseconds(seconds)
        client, name = self._connections.client(), self._named(key)
        return bool(await self._connections.within(client.pexpire(name, milliseconds)))

    async def delete(self, key: str) -> bool:
        client, name = self._connections.client(), self._named(key)
        return bool(await self._connections.within(client.delete(name)))

    async def count(self, key: str, seconds: float, by: int = 1) -> tuple[int, float]:
        from redis import ResponseError

        milliseconds = _milliseconds(seconds)
        client, name = self._connections.client(), self._named(key)

        async def count() -> tuple[int, int]:
            async with client.pipeline(transaction=True) as pipeline:
                pipeline.set(name, 0, px=milliseconds, nx=True)
                pipeline.incrby(name, by)
                pipeline.pttl(name)
                try:
                    _, total, left = await pipeline.execute()
                except ResponseError as error:
                    if "not an integer" not in str(error):
                        raise
                    raise StoreError(f"{key!r} is no counter: choose another key for one") from None
                return total, left

        total, left = await self._connections.within(count())
        return total, max(0, left) / 1000

    async def close(self) -> None:
        """Close the connections of the running loop, unless they are the author's."""
        await self._connections.close()

    def _named(self, key: str) -> bytes:
        return f"{self.prefix}{checked_key(key)}".encode()


def _milliseconds(seconds: float) -> int:
    return ceil(checked_seconds(seconds) * 1000)
