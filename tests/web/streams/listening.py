"""Handlers and clients of streams of events."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from tests.web.event_reader import EventReader
from tests.web.going_away import Events
from tests.web.helpers import Site
from tornadolike.web import EventStream, RequestHandler


@contextlib.contextmanager
def listening(served: Site, path: str = "/", *fields: str) -> Iterator[EventReader]:
    """``with listening(served) as reader:``, a client of a stream of events."""
    with served.connect() as connection:
        connection.send(f"GET {path}", "Accept: text/event-stream", *fields)
        reader = EventReader(connection)
        try:
            yield reader
        finally:
            reader.close()


class Silent(RequestHandler):
    """Waits as long as it may."""

    keep_alive: float | None = None
    stream: Any

    def initialize(self, happened: Events) -> None:
        self.happened = happened

    async def get(self) -> None:
        try:
            async with self.event_stream(keep_alive=self.keep_alive) as events:
                self.opened(events)
                await self.wait(events)
        except BaseException as error:
            self.happened(type(error).__name__)
            raise
        self.happened("goes on")

    def opened(self, events: EventStream) -> None:
        pass

    async def wait(self, events: EventStream) -> None:
        await asyncio.get_running_loop().create_future()

    def on_connection_close(self) -> None:
        self.happened("on_connection_close")

    def on_finish(self) -> None:
        self.happened(f"on_finish {self.get_status()}")
