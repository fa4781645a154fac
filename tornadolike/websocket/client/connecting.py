""":func:`websocket_connect`: from a URL to a :class:`.WebSocketClientConnection`.

.. code-block:: python

    from tornadolike.websocket import websocket_connect

    async def talk():
        async with websocket_connect("wss://example.com/chat") as connection:
            await connection.write_message("hello")
            async for message in connection:
                print(message)
"""

import asyncio
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from types import TracebackType
from typing import Any

from ...concurrent import current_asyncio_loop
from ...httpclient import HTTPRequest
from ...httpclient.cookies import Cookies
from ...httpclient.proxies import Proxy
from ...httpclient.requests import SSLOptions
from ...ioloop import IOLoop
from ...netutil import Resolver
from ...util import check_not_negative, check_whole_numbers
from ..compression import PerMessageDeflate
from ..compression.idle import release_when_idle
from ..connection import WebSocketConnection
from ..connection.keepalive import usable_timeout
from ..connection.sending import CLOSE_TIMEOUT
from ..protocol import DEFAULT_MAX_MESSAGE_SIZE, Extension, Role, WebSocketCore
from .connection import OnMessage, Unkept, WebSocketClientConnection
from .opening import Opened, open_websocket
from .plan import Plan, plan_for


def websocket_connect(
    url: str | HTTPRequest,
    callback: "Callable[[Connecting], None] | None" = None,
    connect_timeout: float | None = None,
    on_message_callback: OnMessage | None = None,
    compression_options: dict[str, Any] | None = None,
    ping_interval: float | None = None,
    ping_timeout: float | None = None,
    max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE,
    subprotocols: Sequence[str] | None = None,
    resolver: Resolver | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    cookies: Cookies | None = None,
    origin: str | None = None,
    ssl_options: SSLOptions | None = None,
    proxy: str | Proxy | None = None,
    trust_env: bool = False,
    follow_redirects: int = 0,
    unix_socket: str | os.PathLike[str] | None = None,
    close_timeout: float = CLOSE_TIMEOUT,
) -> "Connecting":
    """Connect to a WebSocket. What is returned can be awaited, or used by ``async with``.

    Awaited it gives the :class:`WebSocketClientConnection`. With ``async with`` that is closed at the end of
    the block, and its closing waited for.

    :arg url: ``ws://`` or ``wss://``, or an :class:`.HTTPRequest` with such a URL, of which these count:
        headers, user and password, time-outs, certificates, proxy, user agent, ``allow_ipv6`` and
        ``network_interface``. A user and a password in the URL are sent by Basic authentication.
    :arg callback: called with the future when it is done; deprecated as in Tornado: await the result.
    :arg connect_timeout: seconds for all of it until the WebSocket is open, by default 20. 0: no limit.
    :arg on_message_callback: called with each message, and with None at the end. If it is a coroutine function,
        the next message waits for it. By default messages wait until they are asked for.
    :arg compression_options: as :meth:`.WebSocketHandler.get_compression_options` returns them: what to offer to
        the server. By default messages are not compressed.
    :arg ping_interval: seconds between two pings that keep the connection alive, by default none.
    :arg ping_timeout: seconds that the server has for a sign of life after a ping, by default the interval.
    :arg max_message_size: the most bytes that a message may have, by default 10 MiB. A longer one closes the
        connection with 1009.
    :arg subprotocols: what to offer, the best first.
    :arg resolver: who says which addresses a name has.
    :arg headers: to be sent beside those of the handshake.
    :arg cookies: a mapping of names to values, a :class:`http.cookies.SimpleCookie`, or a
        :class:`http.cookiejar.CookieJar`, which also gets those that the server sets.
    :arg origin: an ``Origin`` to send, by default none.
    :arg ssl_options: for ``wss``: a context, or what :func:`.ssl_options_to_context` takes. By default the
        certificate is verified as the system would.
    :arg proxy: a proxy to go through, as ``http://user:password@proxy:3128``, ``https://`` or ``socks5://``.
    :arg trust_env: whether the environment may name a proxy (``https_proxy``, ``no_proxy`` and so on).
    :arg follow_redirects: how many redirects to follow, by default none. Users, passwords and cookies do not go
        to another origin, and from ``wss`` none leads to ``ws``.
    :arg unix_socket: the path of a Unix socket where the server is, whatever host the URL names.
    :arg close_timeout: seconds that the server has to answer our Close frame, by default 5.

    Raises :exc:`TypeError` and :exc:`ValueError` at once for arguments that make no sense. The future raises
    :exc:`.HTTPError` if the server answers with another status, which has its ``response``; :exc:`.HandshakeError` (a
    :exc:`.WebSocketError`) if it answers 2xx, or 101 and not as it must; :exc:`TimeoutError`; and for the way
    there what :meth:`.TCPClient.connect` raises, all of them :exc:`OSError` (if nobody listens, a
    :exc:`ConnectionRefusedError`), and with a proxy :exc:`.ProxyError`. If it is cancelled, nothing stays open.
    """
    interval = ping_interval or 0.0
    timeout = interval if ping_timeout is None else ping_timeout
    check_not_negative(
        connect_timeout=connect_timeout or 0,
        ping_interval=interval,
        ping_timeout=timeout,
        max_message_size=max_message_size,
        close_timeout=close_timeout,
    )
    check_whole_numbers(follow_redirects=follow_redirects)
    check_not_negative(follow_redirects=follow_redirects)
    _check_functions(callback=callback, on_message_callback=on_message_callback)
    plan = plan_for(
        url if isinstance(url, HTTPRequest) else HTTPRequest(url),
        connect_timeout=connect_timeout,
        compression_options=compression_options,
        headers=headers,
        subprotocols=subprotocols,
        cookies=cookies,
        ssl_options=ssl_options,
        origin=origin,
        proxy=proxy,
        trust_env=trust_env,
        follow_redirects=follow_redirects,
        unix_socket=unix_socket,
        resolver=resolver,
    )

    def connected(opened: Opened) -> WebSocketClientConnection:
        core = WebSocketCore(
            Role.CLIENT, max_message_size=max_message_size, extension=_extension(plan, opened)
        )
        client = WebSocketClientConnection(opened, on_message_callback)
        connection = WebSocketConnection(
            client if on_message_callback is not None else Unkept(client),
            core,
            copy_context(),
            ping_interval=interval,
            ping_timeout=usable_timeout(interval, timeout),
        )
        connection.close_timeout = close_timeout
        client._begin(opened, connection)
        return client

    loop = current_asyncio_loop()  # before there is a coroutine that somebody has to await
    connecting = Connecting(_connect(plan, connected), loop=loop)
    if callback is not None:
        warnings.warn(
            "the callback of websocket_connect() is deprecated: await what it returns",
            DeprecationWarning,
            stacklevel=2,
        )
        IOLoop.current().add_future(connecting, callback)
    return connecting


def _check_functions(**options: object) -> None:
    for name, function in options.items():
        if function is not None and not callable(function):
            raise TypeError(f"{name} is a function, or None, not {function!r}")


async def _connect(
    plan: Plan, connected: "Callable[[Opened], WebSocketClientConnection]"
) -> "WebSocketClientConnection":
    return connected(await open_websocket(plan))


def _extension(plan: Plan, opened: Opened) -> Extension | None:
    if plan.compression is None or opened.compression is None:
        return None
    extension = PerMessageDeflate(Role.CLIENT, opened.compression, plan.compression)
    release_when_idle(extension)
    return extension


class Connecting(asyncio.Task["WebSocketClientConnection"]):
    """A connection that is being made: the future of a :class:`WebSocketClientConnection`.

    .. code-block:: python

        connection = await websocket_connect(url)
        async with websocket_connect(url) as connection: ...
    """

    async def __aenter__(self) -> "WebSocketClientConnection":
        return await self

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.result().__aexit__(typ, value, tb)
