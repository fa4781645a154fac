"""Applications that are served on free ports, and their clients."""

import asyncio
import contextlib
import socket
from typing import Any, Final

from .. import autoreload
from ..httpclient import AsyncHTTPClient
from ..httpserver import HTTPServer
from ..testing import bind_unused_port, local_certificate
from ..web import Application
from ..web.life.life import State
from ..websocket import websocket_connect
from ..websocket.client.connecting import Connecting

HOST: Final = "127.0.0.1"


class Clients:
    """What talks to the server at ``url``.

    :arg verified: whether the certificate of an ``https`` server is the one that was made for the tests.
    """

    def __init__(self, url: str, verified: bool) -> None:
        self.url = url
        secure = verified and url.startswith("https:")
        self._tls = {"ca_certs": local_certificate().ca_certs} if secure else {}
        self._clients: list[AsyncHTTPClient] = []
        self._connecting: list[Connecting] = []

    def client(
        self, *, cookies: Any = None, defaults: dict[str, Any] | None = None, **options: Any
    ) -> AsyncHTTPClient:
        """A client whose ``fetch("/path")`` asks this server; it is closed at the end of the test.

        :arg cookies: True for one that keeps cookies, as a browser does.
        :arg defaults: and other options: as :class:`.AsyncHTTPClient` takes them.
        """
        client = AsyncHTTPClient(
            force_instance=True,
            base_url=self.url,
            cookies=cookies,
            defaults={**self._tls, **(defaults or {})},
            **options,
        )
        self._clients.append(client)
        return client

    def ws_connect(self, path: str = "/", **options: Any) -> Connecting:
        """Connect to a WebSocket of this server: to be awaited, or used by ``async with``.

        :arg options: as :func:`.websocket_connect` takes them; ``cookies=client.cookies`` to be the same visitor.
        """
        if self._tls:
            options.setdefault("ssl_options", self._tls)
        connecting = websocket_connect(f"ws{self.url.removeprefix('http')}{path}", **options)
        self._connecting.append(connecting)
        return connecting

    async def close(self) -> None:
        """Close them all."""
        for connecting in self._connecting:
            connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):  # it was told in the test
                (await connecting).close()
        for client in self._clients:
            client.close()


class Site(Clients):
    """An application that is served while a test runs.

    .. code-block:: python

        async def test_two(serve):
            front, back = await serve(make_front()), await serve(make_back(), tls=True)
            response = await front.client().fetch("/")
    """

    app: Any
    """What is served."""
    server: HTTPServer
    """What serves it."""
    port: int
    """Where it listens, on 127.0.0.1."""
    url: str
    """``http://127.0.0.1:port`` or ``https://...``, without a slash at the end."""

    def __init__(self, app: Any, sock: socket.socket, tls: Any, options: dict[str, Any]) -> None:
        self.app = app
        self.port = sock.getsockname()[1]
        ours = tls is True
        scheme = "https" if tls else "http"
        super().__init__(f"{scheme}://{HOST}:{self.port}", verified=ours)
        if tls:
            options = {"ssl_options": local_certificate().ssl_options if ours else tls, **options}
        self.server = HTTPServer(app, **options)

    def signed_cookies(self, **values: str | bytes) -> dict[str, str]:
        """Cookies as the application itself would have signed them.

        ``await client.fetch("/", cookies=site.signed_cookies(user="ann"))`` comes as a visitor who has logged in.

        Raises :exc:`RuntimeError` for an application without ``cookie_secret``.
        """
        return signed_cookies(self.app, values)


def signed_cookies(app: Any, values: dict[str, str | bytes]) -> dict[str, str]:
    """What :meth:`Site.signed_cookies` says."""
    from ..web import create_signed_value

    settings = app.settings
    secret = settings.get("cookie_secret")
    if secret is None:
        raise RuntimeError("the application has no setting cookie_secret to sign cookies with")
    version = settings.get("key_version")
    return {
        name: create_signed_value(secret, name, value, key_version=version).decode()
        for name, value in values.items()
    }


class Sites:
    """The applications of a test."""

    def __init__(self) -> None:
        autoreload.disable()  # an application with debug=True would start pytest anew when a file changes
        self._sites: list[Site] = []
        self._started: list[Application] = []

    async def serve(
        self, app: Any, *, tls: Any = False, sock: socket.socket | None = None, **options: Any
    ) -> Site:
        """Serve an application on a free port until the test ends. Its hooks of start-up are called before.

        :arg app: an :class:`~tornadolike.web.Application`, or what else an :class:`.HTTPServer` takes.
        :arg tls: True for HTTPS with a certificate that was made for the tests, which the clients of the site know;
            or a server's ``ssl_options``.
        :arg sock: where to listen, instead of a free port.
        :arg options: of the server.
        """
        if sock is None:
            sock = bind_unused_port()[0]
        try:
            if isinstance(app, Application) and app._life.state is State.STOPPED:
                await app.start()
                self._started.append(app)
            site = Site(app, sock, tls, options)
        except BaseException:
            sock.close()
            raise
        site.server.add_sockets([sock])
        self._sites.append(site)
        return site

    async def end(self) -> None:
        """Close the clients, then the servers, then end the lives that were begun here."""
        for site in self._sites:
            await site.close()
        for site in self._sites:
            site.server.stop()
            await site.server.close_all_connections()
        for app in reversed(self._started):
            await app.stop(drain_seconds=0)
