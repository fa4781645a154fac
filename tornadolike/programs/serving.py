"""What was loaded, served on sockets that listen already."""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..http1connection import Counts
from ..httpserver import HTTPServer
from ..log import ContextFilter, JSONFormatter
from ..web.application import Application
from ..web.cookies.secrets import refuse_guessable
from ..web.life.serving import Stop


def log_to_terminal(line_format: str = "text") -> None:
    """Show what is logged from INFO on, unless the program has said itself what becomes of it.

    :arg line_format: ``text``, or ``json`` for an object on each line (:class:`.JSONFormatter`).
    """
    handler = logging.StreamHandler()
    handler.addFilter(ContextFilter())
    if line_format == "json":
        handler.setFormatter(JSONFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class Site:
    """Serves an application of whatever kind, until a signal or :meth:`stop`.

    :arg options: the :class:`.HTTPServer`'s.
    :arg served: called when it has started, just before the first connection is accepted.
    :arg stopping: called when it begins to stop, whoever wants that.
    :arg speaks: whether it speaks for its process to a service manager: not if somebody else does.
    """

    def __init__(
        self,
        application: Any,
        options: Mapping[str, Any],
        served: Callable[[], object],
        stopping: Callable[[], object] = lambda: None,
        speaks: bool = True,
    ) -> None:
        self._application = application
        self._options = options
        self._served = served
        self._tell_stopping = stopping
        self._speaks = speaks
        self._drain_seconds = 0.0
        self._server: HTTPServer | None = None
        self._stop: Stop | None = None
        self._stopping: asyncio.Task[None] | None = None

    @property
    def counts(self) -> Counts:
        """How much it has done, and has to do, at this moment."""
        if isinstance(self._application, Application):
            return self._application._life.counts
        return Counts() if self._server is None else self._server.counts

    async def serve(self, sockets: Sequence[socket.socket], drain_seconds: float) -> None:
        """Serve, and close the sockets at the end. Requests may go on for ``drain_seconds`` then.

        Raises what the application's start-up does.
        """
        self._drain_seconds = drain_seconds
        if isinstance(self._application, Application):
            self._application._life.speaks = self._speaks
            refuse_guessable(self._application.settings)  # before anybody is told that it is served
            await self._application.start()
            self._application.on("application.stopping", lambda **_: self._tell_stopping())
            self._served()
            await self._application.serve(
                sockets=sockets, drain_seconds=drain_seconds, **self._options
            )
            if self._stopping is not None:
                await self._stopping
        else:
            self._server = HTTPServer(self._application, **self._options)
            with Stop() as self._stop:
                self._server.add_sockets(sockets)
                self._served()
                await self._stop.begun.wait()
                self._tell_stopping()
                await self._server.drain(self._drain_seconds)

    def stop(self, drain_seconds: float | None = None) -> None:
        """Have :meth:`serve` return. Nothing more happens the second time.

        :arg drain_seconds: how long requests may go on; None: as it was said to :meth:`serve`.
        """
        if drain_seconds is not None:
            self._drain_seconds = drain_seconds
        if self._stop is not None:
            self._stop.begin()
        elif self._stopping is None:
            self._stopping = asyncio.create_task(self._application.stop(self._drain_seconds))
