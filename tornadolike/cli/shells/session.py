""":class:`Session`: a loop in a thread of its own, in which an application is served.

The main thread waits for what is typed, and gets Ctrl-C; what is typed runs in the loop, which runs all the time: so
an application answers, and tasks go on, while somebody thinks.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from types import TracebackType
from typing import Any, Final, Self

from tornadolike import __version__

from ... import ioloop
from ...httpclient import AsyncHTTPClient
from ...httpserver import HTTPServer
from ...netutil import bind_sockets
from ...programs.failing import Failure
from ...programs.loading import load_in_loop
from ...web import Application

INTERRUPTED: Final = 130


class Session:
    """Runs code on its loop, for the time of a ``with``.

    :arg name: of the application; None: there is none.
    """

    def __init__(self, name: str | None) -> None:
        self._name = name
        self.names: dict[str, Any] = {"__name__": "__console__", "__doc__": None}
        """What the code sees, and what it has made."""
        self.banner = ""
        """What there is, for people."""
        self._context: Context = copy_context()
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._live, name="shell", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop = self._ready.result()
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(value, Failure):
            return  # something does not stop: nobody waits for it
        assert self._end is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the loop, in the one context of all that is typed, and return what it does.

        Ctrl-C cancels it. If it goes on nevertheless, another Ctrl-C raises :exc:`.Failure`.
        """
        result: Future[Any] = Future()
        tasks: list[asyncio.Task[None]] = []

        def begin() -> None:
            tasks.append(self._loop.create_task(_settle(main, result), context=self._context))

        self._loop.call_soon_threadsafe(begin)
        try:
            return result.result()
        except KeyboardInterrupt:
            if result.done():
                raise
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
        try:
            return result.result()
        except KeyboardInterrupt:
            raise Failure(
                "what runs here does not stop: the shell ends", status=INTERRUPTED
            ) from None
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    # In the thread

    def _live(self) -> None:
        try:
            ioloop.run(self._main())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        async with _application(self._name) as (app, url):
            client = AsyncHTTPClient(force_instance=True, base_url=url, cookies=True)
            try:
                self._give(app, url, client, loop)
                self._ready.set_result(loop)
                await self._end.wait()
            finally:
                client.close()

    def _give(
        self, app: Any, url: str | None, client: AsyncHTTPClient, loop: asyncio.AbstractEventLoop
    ) -> None:
        lines = [f"tornadolike {__version__}"]
        if url is not None:
            self.names |= {"app": app, "url": url}
            lines += [f"  app       {self._name}", f"  url       {url}, where it is served"]
        about = "await fetch('/')" if url else "await fetch('https://example.com/')"
        self.names |= {"client": client, "fetch": client.fetch, "loop": loop, "asyncio": asyncio}
        lines += [
            f"  fetch     the client's: {about}",
            "  client    which keeps cookies",
            "  loop, asyncio",
        ]
        self.banner = "\n".join(lines)


async def _settle(main: Coroutine[Any, Any, Any], result: "Future[Any]") -> None:
    """Tell another thread what becomes of ``main``; also of what would end a loop."""
    try:
        result.set_result(await main)
    except BaseException as error:
        result.set_exception(error)


@asynccontextmanager
async def _application(name: str | None) -> AsyncIterator[tuple[Any, str | None]]:
    """The application, and the URL at which it is served inside of this context."""
    if name is None:
        yield None, None
        return
    app = await load_in_loop(name)
    if isinstance(app, Application):
        await app.start()
    server = HTTPServer(app)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield app, f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        await server.close_all_connections()
        if isinstance(app, Application):
            await app.stop(0)
