"""A process with rooms: does what the lines of its standard input say, and prints what its members hear."""

import asyncio
import json
import logging
import sys
from typing import Any

import tornadolike
from tornadolike.pubsub import RedisPubSub
from tornadolike.rooms import Member, RedisPresence, Room, Rooms


class Peer:
    """One of this process."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write_message(self, message: str | bytes, binary: bool = False) -> None:
        say(self.name, "hears", message if isinstance(message, str) else repr(message))


def say(*words: str) -> None:
    print(*words, flush=True)


def told(word: str) -> Any:
    def tell(room: Room, member: Member) -> None:
        say(member.identity, word, room.name)

    return tell


async def main(address: str, name: str, seconds: str, patience: str) -> None:
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    timeout = float(patience)
    rooms = Rooms(
        RedisPubSub(address, timeout=timeout),
        RedisPresence(address, timeout=timeout),
        name=name,
        presence_seconds=float(seconds),
        on_join=told("joins"),
        on_leave=told("leaves"),
    )
    peers: dict[str, Peer] = {}
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    async with rooms.lifetime():
        while line := await commands.readline():
            verb, room, who, *rest = json.loads(line)
            peer = peers.setdefault(who, Peer(who))
            if verb == "join":
                await rooms.join(room, peer, identity=who)
            elif verb == "leave":
                await rooms.leave(room, peer)
            elif verb == "send":
                await rooms.send(room, rest[0], but=peer)
            say("done", verb)


if __name__ == "__main__":
    tornadolike.run(main(*sys.argv[1:]))
