"""Handlers that tell of their end, and clients that leave."""

import asyncio
import queue
import socket

from tests.peers import reset
from tests.web.helpers import Connection
from tornadolike.web import RequestHandler

PATIENCE = 10.0


class Events:
    """What happened to handlers, told to the test's thread."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __call__(self, event: str) -> None:
        self._queue.put(event)

    def next(self) -> str:
        return self._queue.get(timeout=PATIENCE)

    def rest(self) -> list[str]:
        events = []
        while not self._queue.empty():
            events.append(self._queue.get())
        return events


class Waits(RequestHandler):
    """Waits for what never comes, or for as long as a subclass says."""

    def initialize(self, happened: Events) -> None:
        self.happened = happened

    async def get(self) -> None:
        self.happened("begins")
        try:
            await self.wait()
        except asyncio.CancelledError:
            self.happened("is cancelled")
            raise
        except BaseException as error:
            self.happened(f"gets {type(error).__name__}")
            raise
        self.happened("has waited")

    async def wait(self) -> None:
        await asyncio.get_running_loop().create_future()

    def on_connection_close(self) -> None:
        self.happened("on_connection_close")

    def on_finish(self) -> None:
        self.happened(f"on_finish {self.get_status()}")


class Cancelled(Waits):
    cancel_on_disconnect = True


CANCELLED = ["on_connection_close", "is cancelled", "on_finish 499"]


def leave(connection: Connection) -> None:
    connection.sock.close()


def crash(connection: Connection) -> None:
    reset(connection.sock)


def end(connection: Connection) -> None:
    connection.sock.shutdown(socket.SHUT_WR)
