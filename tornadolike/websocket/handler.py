""":class:`WebSocketHandler`: what a site's author subclasses to talk with a browser."""

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from inspect import iscoroutine
from typing import Any, Self

from ..escape import json_encode
from ..httputil import HTTPHeaders
from ..log import gen_log
from ..util import check_not_negative
from ..web import RequestHandler
from .compression import CompressionOptions, PerMessageDeflate
from .compression.extensions import accept_offer
from .compression.idle import release_when_idle
from .connection import WebSocketConnection
from .connection.keepalive import usable_timeout
from .connection.sending import CLOSE_TIMEOUT
from .errors import WebSocketClosedError
from .handshake import HandshakeError, check_request, header_items, response_headers
from .pieces import SendsInPieces
from .prepared import PreparedMessage
from .protocol import DEFAULT_MAX_MESSAGE_SIZE, Role, WebSocketCore


def _http_only(name: str) -> Any:
    """The method ``name`` of an HTTP handler: it works until the connection is a WebSocket."""

    def method(self: "WebSocketHandler", *args: Any, **kwargs: Any) -> Any:
        if self._upgraded:
            raise RuntimeError(f"Method not supported for Web Sockets: {name}()")
        return getattr(super(WebSocketHandler, self), name)(*args, **kwargs)

    method.__name__ = name
    method.__qualname__ = f"WebSocketHandler.{name}"
    method.__doc__ = getattr(RequestHandler, name).__doc__
    return method


class WebSocketHandler(SendsInPieces, RequestHandler):
    """Talks with one client over a WebSocket. A subclass overrides :meth:`on_message`, at the least.

    .. code-block:: python

        class Echo(WebSocketHandler):
            def open(self):
                self.write_message("hello")

            def on_message(self, message):
                self.write_message(message)

            def on_close(self):
                print("gone:", self.close_code, self.close_reason)

    It begins as any handler: ``initialize`` and ``prepare`` see the request and may refuse it. Then the
    handshake takes place, ``open`` is called with the path's arguments, ``on_message`` for each message,
    and at the end ``on_close``, once. They are called one after another, never two at a time: a message
    waits until the coroutine that handles the one before has ended, and meanwhile the client is not read
    from. An exception in one of them is logged, and closes the connection with 1011.

    From ``open`` on, the methods that make an HTTP response raise :exc:`RuntimeError`.

    Settings of the application, in seconds and bytes: ``websocket_ping_interval`` (0: no pings),
    ``websocket_ping_timeout`` (by default the interval), ``websocket_max_message_size`` (10 MiB),
    ``websocket_close_timeout`` (5), ``trusted_origins`` (a list for :meth:`check_origin`),
    ``websocket_compression_options`` (see :meth:`get_compression_options`).
    """

    ws_connection: WebSocketConnection | None = None
    """The connection while it is open: None before, and from :meth:`close` on."""
    close_code: int | None = None
    """The code of the client's Close frame, in :meth:`on_close`; None if it sent none."""
    close_reason: str | None = None
    """The reason that the client gave."""

    _conversation: WebSocketConnection | None = None  # from open() on, and behind the end, too
    _upgraded = False
    _client_gone = False
    _on_close_called = False
    _selected_subprotocol: str | None = None

    # To be overridden

    def _open(self, *args: str, **kwargs: str) -> Awaitable[None] | None:
        """Called when the connection is open, with the groups of the rule's path.

        May be a coroutine; messages wait until it has ended.
        """
        return None

    open: Callable[..., Awaitable[None] | None] = _open

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Called with each message: a str if it is text, bytes if it is binary. Must be overridden.

        May be a coroutine; the next message waits until it has ended.
        """
        raise NotImplementedError(f"{type(self).__name__} must override on_message")

    def on_close(self) -> None:
        """Called once at the end, whoever ended it and however."""

    def on_ping(self, data: bytes) -> Awaitable[None] | None:
        """Called with each ping of the client; the pong is on its way."""
        return None

    def on_pong(self, data: bytes) -> Awaitable[None] | None:
        """Called with each pong of the client."""
        return None

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose one of the subprotocols that the client offers (an empty list if it offers none).

        None chooses none, and leaves it to the client whether it goes on.
        """
        return None

    def check_origin(self, origin: str) -> bool:
        """Whether pages of another ``origin`` (``https://example.com``) may connect. Else they get a 403.

        Browsers let every page of the web connect to us, with our cookies. So this is asked about each
        request that does not come from our own origin: that has no ``Sec-Fetch-Site: same-origin``, or,
        from browsers that do not send that header, whose ``Origin`` is not our ``Host``. It is not asked
        about requests without an ``Origin``, which come from no browser. By default
        :meth:`~.RequestHandler.check_trusted_origin` decides, which accepts the origins in the setting
        ``trusted_origins`` and no others.

        It is called after ``prepare``. ``return True`` accepts all pages of the web: then nothing may
        depend on cookies alone.
        """
        return self.check_trusted_origin(origin)

    def get_compression_options(self) -> dict[str, Any] | None:
        """Whether messages are compressed (RFC 7692), if the client can, and how: None for not, ``{}`` for as usual.

        By default what the setting ``websocket_compression_options`` says. In the dictionary may be
        ``compression_level``, ``mem_level``, ``max_window_bits`` (or ``server_max_window_bits`` and
        ``client_max_window_bits``), ``server_no_context_takeover``, ``client_no_context_takeover`` and
        ``threshold``: see :class:`~.deflate.CompressionOptions`. :exc:`ValueError` for others.
        """
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    @property
    def ping_interval(self) -> float | None:
        """Seconds between two pings that keep the connection alive; None or 0 for none."""
        interval: float | None = self.settings.get("websocket_ping_interval")
        return interval

    @property
    def ping_timeout(self) -> float | None:
        """Seconds that a client has for a sign of life after a ping (0: for ever).

        None, the default, is the interval, and that is the most it can be.
        """
        timeout: float | None = self.settings.get("websocket_ping_timeout")
        return timeout

    @property
    def max_message_size(self) -> int:
        """The most bytes that a message may have. A longer one closes the connection with 1009."""
        size: int | None = self.settings.get("websocket_max_message_size")
        return DEFAULT_MAX_MESSAGE_SIZE if size is None else size

    @property
    def close_timeout(self) -> float:
        """Seconds that the client has to answer a Close frame, and to take what was sent before it."""
        seconds: float | None = self.settings.get("websocket_close_timeout")
        return CLOSE_TIMEOUT if seconds is None else seconds

    # To be called

    @property
    def selected_subprotocol(self) -> str | None:
        """What :meth:`select_subprotocol` has chosen."""
        return self._selected_subprotocol

    def write_message(
        self, message: str | bytes | dict[str, Any] | PreparedMessage, binary: bool = False
    ) -> Awaitable[None]:
        """Send a message: text, a dict as JSON, with ``binary`` any bytes, or a :class:`.PreparedMessage`.

        Nobody has to await the result. Whoever sends much does: awaiting it waits while the client is
        behind with reading, so that what is sent does not pile up in memory.

        Raises :exc:`.WebSocketClosedError` if the connection is closed or closing, now or while it is
        awaited, and :exc:`ValueError` for bytes that are to be text and are not UTF-8.
        """
        connection = self.ws_connection
        if connection is None:
            raise WebSocketClosedError("the WebSocket is not open")
        if isinstance(message, dict):
            message = json_encode(message)
        return connection.write_message(message, binary)

    def read_message(self) -> Awaitable[str | bytes | None]:
        """The next message, to be awaited; None at the end. For those who would rather ask than be told.

        From the first call on, messages are not given to :meth:`on_message`, until the callback in which it was called
        has finished. If that was :meth:`open`, the connection is then closed: ``open`` is the whole conversation.

        .. code-block:: python

            class Greeter(WebSocketHandler):
                async def open(self):
                    await self.write_message("Who are you?")
                    name = await self.read_message()
                    await self.write_message(f"Hello, {name}!")
                    async for message in self:
                        await self.write_message(message)

        May be cancelled, which loses nothing. Raises :exc:`RuntimeError` before the connection is open.
        """
        if not self._upgraded:
            raise RuntimeError("there are messages from open() on")
        assert self._conversation is not None
        return self._conversation.receive()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone, and :meth:`on_close` was called. Not to be awaited in a callback of it."""
        if self._conversation is not None:
            await self._conversation.wait_closed()

    def __aiter__(self) -> Self:
        """The messages until the end, as :meth:`read_message` gives them."""
        return self

    async def __anext__(self) -> str | bytes:
        message = await self.read_message()
        if message is None:
            raise StopAsyncIteration
        return message

    def ping(self, data: str | bytes = b"") -> None:
        """Send a ping with up to 125 bytes. Raises as :meth:`write_message` does."""
        connection = self.ws_connection
        if connection is None:
            raise WebSocketClosedError("the WebSocket is not open")
        connection.write_ping(data.encode() if isinstance(data, str) else data)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the connection: a ``code`` (from 1000 or from 3000 on) and a ``reason`` for the client.

        :meth:`on_close` is called when the client has answered, or after some seconds. What it has sent
        before is delivered still. Raises :exc:`ValueError` for a code that may not be sent and for a
        reason of more than 123 bytes.
        """
        connection = self.ws_connection
        if connection is not None:
            connection.close(code, reason)
            self.ws_connection = None

    def set_nodelay(self, value: bool) -> None:
        """Whether small messages are sent at once (as they are by default), or collected for a moment."""
        if self.ws_connection is None:
            raise WebSocketClosedError("the WebSocket is not open")
        self.ws_connection.set_nodelay(value)

    # The handshake

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Make a WebSocket of the connection. Returns when that is done, not when it is closed."""
        request = self.request
        try:
            if self._client_gone:
                raise HandshakeError(400, "The client has gone.")
            if request.version == "HTTP/1.0":
                raise HandshakeError(400, "HTTP/1.0 has no WebSockets.")
            key = check_request(request.headers)
            if self._check_cross_origin(self._may_come_from) is not None:
                raise HandshakeError(403, "Cross origin websockets not allowed")
            extension, compression = self._agree_on_compression()
        except HandshakeError as error:
            gen_log.debug("no WebSocket for %s: %s", request.remote_ip, error.message)
            self._refuse(error)
            return
        offered = header_items(request.headers.get("Sec-WebSocket-Protocol", ""))
        subprotocol = self.select_subprotocol(offered)
        if subprotocol is not None and subprotocol not in offered:
            raise ValueError(f"select_subprotocol chose {subprotocol!r}, which is not in {offered}")
        self._selected_subprotocol = subprotocol
        waiting = self._call_before_head()
        if waiting is not None:
            await waiting
        handshake = response_headers(key, subprotocol)
        if compression:
            handshake["Sec-WebSocket-Extensions"] = compression
        self._upgrade(handshake, extension, args, kwargs)

    def _may_come_from(self, origin: str) -> bool:
        answer: Any = self.check_origin(origin)
        if iscoroutine(answer):  # which would be true
            answer.close()
            raise TypeError(
                "check_origin() is no coroutine function; what it needs can be awaited in prepare()"
            )
        return bool(answer)

    def _agree_on_compression(self) -> tuple[PerMessageDeflate | None, str]:
        """The compression, if there is one, and the header that says so."""
        options = self.get_compression_options()
        if options is None:
            return None, ""
        wanted = CompressionOptions.read(options)
        offer = self.request.headers.get("Sec-WebSocket-Extensions")
        if not offer:
            return None, ""
        try:
            parameters, answer = accept_offer(offer, wanted)
        except ValueError as error:
            raise HandshakeError(400, f'"Sec-WebSocket-Extensions" is {error}.') from None
        if parameters is None:
            return None, ""
        extension = PerMessageDeflate(Role.SERVER, parameters, wanted)
        release_when_idle(extension)
        return extension, answer

    def _refuse(self, error: HandshakeError) -> None:
        self.set_status(error.status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        for name, value in error.headers.items():
            self.set_header(name, value)
        self.finish(error.message)

    def _upgrade(
        self,
        handshake: dict[str, str],
        extension: PerMessageDeflate | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        interval, timeout = self.ping_interval or 0.0, self.ping_timeout
        size, close_timeout = self.max_message_size, self.close_timeout
        check_not_negative(
            ping_interval=interval,
            ping_timeout=timeout or 0.0,
            max_message_size=size,
            close_timeout=close_timeout,
        )
        core = WebSocketCore(Role.SERVER, max_message_size=size, extension=extension)
        connection = WebSocketConnection(
            self,
            core,
            copy_context(),
            ping_interval=interval,
            ping_timeout=usable_timeout(interval, timeout),
        )
        connection.close_timeout = close_timeout
        self.set_status(101)
        headers: HTTPHeaders = self._headers
        headers.pop("Content-Type", None)
        headers.update(handshake)
        self._add_cookies(headers)
        self._auto_finish = False
        self._headers_written = self._finished = self._upgraded = True
        self.ws_connection = self._conversation = connection
        self.request.connection.hand_over(101, "Switching Protocols", headers, connection)

        def begin() -> Awaitable[None] | None:
            # To HTTP the request ends here.
            self._log()
            self.on_finish()
            return self.open(*args, **kwargs)

        connection.start(begin)

    # The end

    def on_ws_connection_close(
        self, close_code: int | None = None, close_reason: str | None = None
    ) -> None:
        """Called by the connection at its end."""
        self.close_code = close_code
        self.close_reason = close_reason
        self.on_connection_close()

    def on_connection_close(self) -> None:
        """Calls :meth:`on_close`, if there was a WebSocket."""
        if not self._upgraded:
            self._client_gone = True
            return
        self.ws_connection = None
        if not self._on_close_called:
            self._on_close_called = True
            result: object = self.on_close()  # type: ignore[func-returns-value]
            if iscoroutine(result):
                result.close()
                raise TypeError(
                    "on_close() is no coroutine function; what takes longer is for a task of its own"
                )

    write = _http_only("write")
    flush = _http_only("flush")
    finish = _http_only("finish")
    redirect = _http_only("redirect")
    send_error = _http_only("send_error")
    set_status = _http_only("set_status")
    set_header = _http_only("set_header")
    add_header = _http_only("add_header")
    clear_header = _http_only("clear_header")
    set_cookie = _http_only("set_cookie")
