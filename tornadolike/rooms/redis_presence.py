""":class:`RedisPresence`: who is where, on a Redis or Valkey server.

.. code-block:: text

   <prefix>alive           sorted set: processes, and when they will not be alive any more (the server's clock, ms)
   <prefix>numbers         hash: the number of each process by its name
   <prefix>in:<process>    set: its connections, "<token>/<room>"
   <prefix>room:<room>     hash: attendances by "<process>/<token>"

A hash for each room is what one asks for; the set of each process is what one needs to take out a dead one. That it is
alive is one number, and not the expiry of all it has: a beat costs the same with ten connections and with a hundred
thousand. Each operation is a script, and so atomic. With the clock of the server those of the machines do not matter.
"""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from ..log import gen_log
from ..redis_connections import DEFAULT_TIMEOUT, RedisConnections
from ..util import checked_text
from .errors import PresenceError
from .members import Attendance
from .presence import Move, Presence, name_and_number

if TYPE_CHECKING:
    from redis.asyncio import Redis

MAX_CONNECTIONS: Final = 10

_COMMON: Final = """
local prefix = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function forget(process)
    local inside = prefix .. 'in:' .. process
    for _, connection in ipairs(redis.call('SMEMBERS', inside)) do
        local token, room = string.match(connection, '^([^/]*)/(.*)$')
        if room then redis.call('HDEL', prefix .. 'room:' .. room, process .. '/' .. token) end
    end
    redis.call('DEL', inside)
    redis.call('ZREM', prefix .. 'alive', process)
    local name, number = string.match(process, '^(.*)%.(%d+)$')
    if name and redis.call('HGET', prefix .. 'numbers', name) == number then
        redis.call('HDEL', prefix .. 'numbers', name)
    end
end
local function alive()
    return redis.call('ZRANGEBYSCORE', prefix .. 'alive', '(' .. now, '+inf')
end
"""

_NOTE: Final = f"""{_COMMON}
local name, number, milliseconds, begin = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local process = name .. '.' .. number
if begin == '1' then
    local before = redis.call('HGET', prefix .. 'numbers', name)
    if before and tonumber(before) > tonumber(number) then return 0 end
    if before then forget(name .. '.' .. before) end
    redis.call('HSET', prefix .. 'numbers', name, number)
elseif not redis.call('ZSCORE', prefix .. 'alive', process) then
    return 0
end
redis.call('ZADD', prefix .. 'alive', now + milliseconds, process)
for i = 5, #ARGV, 3 do
    local room, token, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    if value == '' then
        redis.call('HDEL', prefix .. 'room:' .. room, process .. '/' .. token)
        redis.call('SREM', prefix .. 'in:' .. process, token .. '/' .. room)
    else
        redis.call('HSET', prefix .. 'room:' .. room, process .. '/' .. token, value)
        redis.call('SADD', prefix .. 'in:' .. process, token .. '/' .. room)
    end
end
return 1
"""

_BEAT: Final = f"""{_COMMON}
local process, milliseconds, sweep = ARGV[1], ARGV[2], ARGV[3]
redis.call('ZADD', prefix .. 'alive', 'XX', now + milliseconds, process)
if sweep == '1' then
    for _, other in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'alive', '-inf', now)) do
        forget(other)
    end
end
return alive()
"""

_FORGET: Final = f"""{_COMMON}
forget(ARGV[1])
"""

_ATTENDING: Final = f"""{_COMMON}
return {{redis.call('HGETALL', prefix .. 'room:' .. ARGV[1]), alive()}}
"""


class RedisPresence(Presence):
    """Keeps who is where on a Redis or Valkey server, which the processes of several machines share.

    It needs the library ``redis`` (``pip install tornadolike[redis]``), and a server that knows scripts and its own
    time in them: Redis from 5 on.

    :arg server: as for :class:`.RedisStore`.
    :arg prefix: what all keys begin with, so that several sites can share a server. On a cluster it has to have a part
        in braces (``"{chat}:"``), which keeps all on one node.
    :arg timeout: seconds that an operation may take at the most, with connecting.

    What is left there of processes that were killed goes with the next beat of another one, or when the first one
    begins again.

    Raises :exc:`ImportError` without the library, and :exc:`ValueError` for an address that is none.
    """

    def __init__(
        self,
        server: "str | Redis",
        *,
        prefix: str = "tornadolike:presence:",
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self.prefix = checked_text("a prefix", prefix)
        self._redis = RedisConnections(
            server,
            user="RedisPresence",
            error=PresenceError,
            timeout=timeout,
            max_connections=MAX_CONNECTIONS,
        )

    async def note(
        self, process: str, seconds: float, moves: Sequence[Move], *, begin: bool = False
    ) -> bool:
        name, number = name_and_number(process)
        told: list[Any] = [name, number, _milliseconds(seconds), int(begin)]
        for room, token, entry in moves:
            told += (room, token, b"" if entry is None else entry.encode())
        return bool(await self._run(_NOTE, *told))

    async def beat(self, process: str, seconds: float, *, sweep: bool) -> frozenset[str]:
        alive = await self._run(_BEAT, process, _milliseconds(seconds), int(sweep))
        return frozenset(other.decode(errors="replace") for other in alive)

    async def forget(self, process: str) -> None:
        await self._run(_FORGET, process)

    async def attending(self, room: str) -> list[Attendance]:
        values, names = await self._run(_ATTENDING, room)
        alive = frozenset(names)
        found = []
        for field, value in zip(values[::2], values[1::2], strict=True):
            if field.partition(b"/")[0] in alive:
                try:
                    found.append(Attendance.decode(value))
                except ValueError as error:
                    gen_log.warning("not understood, in the room %r: %s", room, error)
        return found

    async def close(self) -> None:
        """Close the connections of the running loop, unless they are the author's."""
        await self._redis.close()

    async def _run(self, script: str, *arguments: Any) -> Any:
        client = self._redis.client()
        return await self._redis.within(client.eval(script, 1, self.prefix, *arguments))


def _milliseconds(seconds: float) -> int:
    return ceil(seconds * 1000)
