""":class:`WebSocketClientConnection`: a WebSocket from the client's side."""

import asyncio
import warnings
import weakref
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from types import TracebackType
from typing import Any, Self

from ...escape import json_encode
from ...httputil import HTTPHeaders
from ...ioloop import IOLoop
from ...ioloop.transports.flow import HIGH_WATER
from ...log import app_log
from ..closing import GOING_AWAY, INTERNAL_ERROR, NORMAL
from ..connection import WebSocketConnection
from ..pieces import SendsInPieces
from ..prepared import PreparedMessage
from .opening import Opened

OnMessage = Callable[[str | bytes | None], Any]


class WebSocketClientConnection(SendsInPieces):
    """A WebSocket, from the client's side. :func:`websocket_connect` makes it.

    Messages are asked for, by :meth:`read_message` or ``async for``; what is not asked for waits, and beyond 64 KiB
    the server has to wait, too. Pings are answered meanwhile. With an ``on_message_callback`` they are told.

    Close it, or use ``async with``. One that is forgotten while it is open is closed with a
    :exc:`ResourceWarning`, unless it has an ``on_message_callback``: that keeps it.
    """

    close_code: int | None = None
    """The code of the server's Close frame; None while there was none."""
    close_reason: str | None = None
    """The reason that the server gave."""

    def __init__(self, opened: Opened, on_message_callback: OnMessage | None) -> None:
        self.headers: HTTPHeaders = opened.headers
        """The headers of the server's answer to the handshake."""
        self.selected_subprotocol: str | None = opened.subprotocol
        """The subprotocol that the server has chosen; None if it chose none."""
        self._on_message_callback = on_message_callback
        self._pulled = on_message_callback is None
        self._connection: WebSocketConnection | None = None
        self._loop = IOLoop.current()

    def _begin(self, opened: Opened, connection: WebSocketConnection) -> None:
        """Speak over the stream from now on."""
        transport = opened.stream.detach()
        transport.set_write_buffer_limits(HIGH_WATER)
        self._connection = connection
        transport.set_protocol(connection)
        connection.connection_made(transport)
        if self._pulled:
            connection.start_pulled()
        else:
            connection.start(lambda: None)
        transport.resume_reading()

    @property
    def response_headers(self) -> HTTPHeaders:
        """The same as :attr:`headers`."""
        return self.headers

    @property
    def ws_connection(self) -> WebSocketConnection | None:
        """The connection while it is open: None once it is closed or closing."""
        connection = self._connection
        return None if connection is None or connection.is_closing() else connection

    @property
    def protocol(self) -> WebSocketConnection | None:
        """The same as :attr:`ws_connection`, under Tornado's name."""
        return self.ws_connection

    # To be called

    def write_message(
        self, message: str | bytes | dict[str, Any] | PreparedMessage, binary: bool = False
    ) -> Awaitable[None]:
        """Send a message: text, a dict as JSON, with ``binary`` any bytes, or a :class:`.PreparedMessage`.

        Nobody has to await the result. Whoever sends much does: awaiting it waits while the server is
        behind with reading, so that what is sent does not pile up in memory.

        Raises :exc:`.WebSocketClosedError` if the connection is closed or closing, now or while it is
        awaited, and :exc:`ValueError` for bytes that are to be text and are not UTF-8.
        """
        if isinstance(message, dict):
            message = json_encode(message)
        return self._open_connection.write_message(message, binary)

    def read_message(
        self, callback: "Callable[[asyncio.Future[str | bytes | None]], None] | None" = None
    ) -> Awaitable[str | bytes | None]:
        """The next message, to be awaited; None at the end.

        Several may wait: who came first is served first. May be cancelled, which loses nothing.

        :arg callback: called with a future of the message, too.
        """
        if callback is None:
            return self._read()
        future = self._loop.asyncio_loop.create_task(self._read())
        self._loop.add_future(future, callback)
        return future

    async def _read(self) -> str | bytes | None:
        # Who waits holds us, so that we are not taken for forgotten.
        return await self._open_connection.receive()

    def __aiter__(self) -> Self:
        """The messages until the end, as :meth:`read_message` gives them."""
        return self

    async def __anext__(self) -> str | bytes:
        message = await self._open_connection.receive()
        if message is None:
            raise StopAsyncIteration
        return message

    def ping(self, data: str | bytes = b"") -> None:
        """Send a ping with up to 125 bytes. Raises as :meth:`write_message` does."""
        self._open_connection.write_ping(data.encode() if isinstance(data, str) else data)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the connection: a ``code`` (from 1000 or from 3000 on) and a ``reason`` for the server.

        What has arrived before can still be read. Raises :exc:`ValueError` for a code that may not be sent
        and for a reason of more than 123 bytes. Nothing happens if it is closed or closing.
        """
        self._open_connection.close(code, reason)

    async def wait_closed(self) -> None:
        """Wait until the connection is gone, by whomever. Not to be awaited in a callback of it."""
        await self._open_connection.wait_closed()

    @property
    def _open_connection(self) -> WebSocketConnection:
        assert self._connection is not None
        return self._connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Close the connection, and wait until it is gone. What was not read is thrown away."""
        self.close(_code_for(value))
        while self._pulled and await self._read() is not None:
            pass  # or there would be no room for the server's Close frame
        await self.wait_closed()

    # To be overridden, or set

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Called with each message, if there is an ``on_message_callback``: calls it."""
        assert self._on_message_callback is not None
        result: Awaitable[None] | None = self._on_message_callback(message)
        return result

    def on_ping(self, data: bytes) -> Awaitable[None] | None:
        """Called with each ping of the server; the pong is on its way."""
        return None

    def on_pong(self, data: bytes) -> Awaitable[None] | None:
        """Called with each pong of the server."""
        return None

    def on_connection_close(self) -> None:
        """Called once at the end: tells the ``on_message_callback``."""
        callback, self._on_message_callback = self._on_message_callback, None
        if callback is not None:
            result = callback(None)
            if isawaitable(result):
                self._loop.add_callback(lambda: result)

    # What the connection calls

    def on_ws_connection_close(
        self, close_code: int | None = None, close_reason: str | None = None
    ) -> None:
        """Called by the connection at its end."""
        self.close_code = close_code
        self.close_reason = close_reason
        self.on_connection_close()

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Called with what a callback has raised: logs it."""
        app_log.error("Uncaught exception %s", value, exc_info=(typ, value, tb))  # type: ignore[arg-type]

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None and not connection.is_closing():
            self._loop.add_callback(connection.close, GOING_AWAY)  # we may be in any thread
            warnings.warn(
                f"unclosed {self!r}: close() it, or use async with",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )


class Unkept:
    """The delegate of a connection that nobody keeps if the program forgets it."""

    __slots__ = ("_client",)

    def __init__(self, client: WebSocketClientConnection) -> None:
        self._client = weakref.ref(client)

    def on_message(self, message: str | bytes) -> None:
        raise AssertionError("messages are asked for")

    def on_ping(self, data: bytes) -> Awaitable[None] | None:
        client = self._client()
        return None if client is None else client.on_ping(data)

    def on_pong(self, data: bytes) -> Awaitable[None] | None:
        client = self._client()
        return None if client is None else client.on_pong(data)

    def on_ws_connection_close(
        self, close_code: int | None = None, close_reason: str | None = None
    ) -> None:
        client = self._client()
        if client is not None:
            client.on_ws_connection_close(close_code, close_reason)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        client = self._client()
        if client is not None:
            client.log_exception(typ, value, tb)


def _code_for(error: BaseException | None) -> int:
    """What to tell the server when a block has ended so."""
    if error is None:
        return NORMAL
    return INTERNAL_ERROR if isinstance(error, Exception) else GOING_AWAY
