"""The engines that every behaviour is asked of, and what a fetch came to, in words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.running import LOOPS, run_on, turns
from tornadolike.httpclient import (
    AsyncHTTPClient,
    HTTPError,
    HTTPRequest,
    HTTPResponse,
    ProxyError,
    failures,
)
from tornadolike.simple_httpclient import SimpleAsyncHTTPClient

LIMIT = 50.0
"""Seconds after which a behaviour is taken as hung: within pytest's own, which would end everything."""

ENGINES = ["simple", "curl"]

TREE = {
    HTTPError,
    failures.HTTPTimeoutError,
    failures.HTTPConnectError,
    failures.HTTPNameError,
    failures.HTTPRefusedError,
    failures.HTTPTLSError,
    failures.HTTPCertificateError,
    failures.HTTPStreamClosedError,
    failures.HTTPProtocolError,
    failures.TooManyRedirectsError,
    ProxyError,
}
"""What a fetch may raise, as :mod:`tornadolike.httpclient.failures` draws it."""


@dataclass(frozen=True)
class Engine:
    """An engine, and the kind of loop that it runs on."""

    name: str
    loop: str = "IOLoop"

    def client(self, **options: Any) -> AsyncHTTPClient:
        """A new client; no fetch of it gives up before ``LIMIT`` unless it is told to."""
        patience = {"connect_timeout": LIMIT, "request_timeout": LIMIT}
        options["defaults"] = patience | options.get("defaults", {})
        return self._kind()(force_instance=True, **options)

    def _kind(self) -> type[AsyncHTTPClient]:
        if self.name == "simple":
            return SimpleAsyncHTTPClient
        pytest.importorskip("pycurl", exc_type=ImportError)
        from tornadolike.curl_httpclient import CurlAsyncHTTPClient

        return CurlAsyncHTTPClient

    def run(self, main: Callable[[AsyncHTTPClient], Awaitable[Any]], **options: Any) -> Any:
        """Run ``main(client)`` on a new loop; behind it no task and no connection may be left."""

        async def limited() -> Any:
            async with asyncio.timeout(LIMIT), self.opened(**options) as client:
                return await main(client)

        return run_on(LOOPS[self.loop], limited())

    @contextlib.asynccontextmanager
    async def opened(self, **options: Any) -> AsyncIterator[AsyncHTTPClient]:
        client = self.client(**options)
        try:
            yield client
        finally:
            client.close()
            await turns()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def outcome(self, request: str | HTTPRequest, client: Any = None, **options: Any) -> str:
        """What one fetch comes to: see :func:`outcome`."""
        return self.run(lambda made: outcome(made, request, **options), **(client or {}))


def said(response: HTTPResponse) -> str:
    """The status, and what of the body is short enough to read."""
    body = response.body
    if len(body) > 80:
        return f"{response.code} with {len(body)} bytes"
    return f"{response.code} {body.decode('latin1')}".rstrip(" ")


def name_of(error: HTTPError) -> str:
    """The class of the documented tree; one that the tree does not show counts as the one above it."""
    kind = next(kind for kind in type(error).__mro__ if kind in TREE)
    return f"HTTPError {error.code}" if kind is HTTPError else kind.__name__


async def outcome(client: AsyncHTTPClient, request: str | HTTPRequest, **options: Any) -> str:
    """What a fetch comes to: ``200 hello``, ``HTTPError 404``, or the name of a class of the documented tree.

    Whatever is no exception of that tree is raised.
    """
    try:
        return said(await client.fetch(request, **options))
    except HTTPError as error:
        return name_of(error)
