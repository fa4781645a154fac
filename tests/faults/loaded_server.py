"""A server that tells how it is; run by test_load.py.

Usage: python loaded_server.py OPTIONS [SERVER.pem]

OPTIONS are those of HTTPServer, as JSON, and "settings" of the application. Prints its port, and ends when its standard
input does; then it prints "fine" if nothing is left.
"""

import asyncio
import dataclasses
import gc
import json
import os
import resource
import sys
from typing import Any, ClassVar

import tornadolike
from tornadolike.httpserver import HTTPServer
from tornadolike.iostream import StreamClosedError
from tornadolike.netutil import bind_sockets
from tornadolike.web import Application, RequestHandler
from tornadolike.websocket import SlowReaders, WebSocketHandler, broadcast

PIECE = b"x" * 65536


class Hello(RequestHandler):
    def get(self) -> None:
        self.write("hello")

    def post(self) -> None:
        self.write(str(len(self.request.body)))


class Stream(RequestHandler):
    """So many bytes, as fast as they are taken."""

    async def get(self, size: str) -> None:
        try:
            for _ in range(int(size) // len(PIECE)):
                self.write(PIECE)
                await self.flush()
        except StreamClosedError:
            pass


class Slow(RequestHandler):
    async def get(self) -> None:
        await asyncio.sleep(0.05)
        self.write("slow")


class Broken(RequestHandler):
    def get(self) -> None:
        raise ZeroDivisionError


class Room(WebSocketHandler):
    """Answers what it is told, and hears what is said to all."""

    members: ClassVar[set["Room"]] = set()

    def open(self) -> None:
        self.members.add(self)

    def on_message(self, message: str | bytes) -> Any:
        return self.write_message(message, isinstance(message, bytes))

    def on_close(self) -> None:
        self.members.discard(self)


class Say(RequestHandler):
    """So many bytes to all who are there: how many got them."""

    def get(self, slow: str, size: str) -> None:
        self.write(
            dataclasses.asdict(broadcast(Room.members, "x" * int(size), slow=SlowReaders(slow)))
        )


class Stats(RequestHandler):
    def get(self) -> None:
        gc.collect()
        serving = self.request.connection._serving
        with open("/proc/self/statm") as memory:
            pages = int(memory.read().split()[1])
        self.write(
            {
                "memory": pages * resource.getpagesize(),
                "descriptors": len(os.listdir("/proc/self/fd")),
                "connections": len(serving.going_on()),
                "tasks": len(asyncio.all_tasks()),
                "members": len(Room.members),
            }
        )


async def main(options: str, *certificate: str) -> None:
    given: dict[str, Any] = json.loads(options)
    application = Application(
        [
            ("/", Hello),
            (r"/stream/(\d+)", Stream),
            ("/slow", Slow),
            ("/broken", Broken),
            ("/stats", Stats),
            ("/room", Room),
            (r"/say/(\w+)/(\d+)", Say),
        ],
        **given.pop("settings", {}),
    )
    tls = {"certfile": certificate[0]} if certificate else None
    server = HTTPServer(application, ssl_options=tls, **given)
    sockets = bind_sockets(0, "127.0.0.1", backlog=1024)
    server.add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    loop: Any = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(0, lambda: ended.done() or ended.set_result(None))
    await ended
    loop.remove_reader(0)
    server.stop()
    await server.drain(5)
    await server.close_all_connections()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    print(left or "fine")


tornadolike.run(main(*sys.argv[1:]))
