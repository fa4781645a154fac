""":class:`HTTPClient`: fetches, and blocks meanwhile."""

import asyncio
import weakref
from asyncio import _get_running_loop
from functools import partial
from typing import Any, Self

from ..ioloop import IOLoop
from .client import AsyncHTTPClient
from .requests import HTTPRequest
from .responses import HTTPResponse
from .verbs import Verbs


class HTTPClient(Verbs[HTTPResponse]):
    """Fetches, and blocks meanwhile: for scripts, and for threads that have no loop.

    .. code-block:: python

        with HTTPClient() as client:
            print(client.fetch("https://example.com/").body)

    It is an :class:`.AsyncHTTPClient` on a loop of its own, and keeps connections as that does. It is for one thread at
    a time.

    :arg async_client_class: the class of the client inside, by default what :meth:`.AsyncHTTPClient.configure` says.
    :arg kwargs: for its constructor.

    Raises :exc:`RuntimeError` where a loop is running: to block it would stop all that it does.
    """

    def __init__(
        self, async_client_class: type[AsyncHTTPClient] | None = None, **kwargs: Any
    ) -> None:
        if _get_running_loop() is not None:
            raise RuntimeError(
                "a loop is running in this thread, and HTTPClient would stop it: await AsyncHTTPClient().fetch()"
            )
        self._runner = asyncio.Runner(loop_factory=partial(IOLoop, make_current=False))

        async def make() -> AsyncHTTPClient:
            return (async_client_class or AsyncHTTPClient)(**kwargs)

        try:
            self._client = self._runner.run(make())
        except BaseException:
            self._runner.close()
            raise
        # And not __del__: at the end of the interpreter half of what it needs is gone.
        self._end = weakref.finalize(self, _end, self._runner, self._client)

    def fetch(
        self, request: str | HTTPRequest, raise_error: bool | None = None, **kwargs: Any
    ) -> HTTPResponse:
        """Send a request and return its response. Arguments, and what is raised, as :meth:`.AsyncHTTPClient.fetch`.

        Raises :exc:`RuntimeError` for a client that is closed.
        """
        if not self._end.alive:
            raise RuntimeError("fetch() called on closed HTTPClient")

        async def main() -> HTTPResponse:
            return await self._client.fetch(request, raise_error, **kwargs)

        return self._runner.run(main())

    def close(self) -> None:
        """Close all connections. Closing again does nothing."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _end(runner: asyncio.Runner, client: AsyncHTTPClient) -> None:
    client.close()
    if _get_running_loop() is None:
        runner.close()  # which lets the connections end
    else:  # collected where a loop is running
        runner.get_loop().close()
