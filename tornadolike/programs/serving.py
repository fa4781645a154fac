"""What was loaded, served on sockets that listen already."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

from ..httpserver import HTTPServer
from ..web.application import Application
from ..web.life.serving import Stop


def log_to_terminal() -> None:
    """Show what is logged from INFO on, unless the program has said itself what becomes of it."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


class Site:
    """Serves an application of whatever kind, until a signal or :meth:`stop`.

    :arg served: called when it has started, just before the first connection is accepted.
    """

    def __init__(
        self, application: Any, tls: dict[str, str] | None, served: Callable[[], object]
    ) -> None:
        self._application = application
        self._tls = tls
        self._served = served
        self._stop: Stop | None = None
        self._stopping: asyncio.Task[None] | None = None

    async def serve(self, sockets: Sequence[socket.socket], drain_seconds: float) -> None:
        """Serve, and close the sockets at the end. Requests may go on for ``drain_seconds`` then.

        Raises what the application's start-up does.
        """
        if isinstance(self._application, Application):
            await self._application.start()
            self._served()
            await self._application.serve(
                sockets=sockets, drain_seconds=drain_seconds, ssl_options=self._tls
            )
            if self._stopping is not None:
                await self._stopping
        else:
            server = HTTPServer(self._application, ssl_options=self._tls)
            with Stop() as self._stop:
                server.add_sockets(sockets)
                self._served()
                await self._stop.begun.wait()
                await server.drain(drain_seconds)

    def stop(self) -> None:
        """Have :meth:`serve` return. Nothing more happens the second time."""
        if self._stop is not None:
            self._stop.begin()
        elif self._stopping is None:
            self._stopping = asyncio.create_task(self._application.stop())
