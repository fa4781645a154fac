""":class:`WebSocketHandler`: what a site's author subclasses to talk with a browser."""

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..escape import json_encode
from ..httputil import HTTPHeaders
from ..log import gen_log
from ..web import RequestHandler
from .connection import WebSocketConnection
from .errors import WebSocketClosedError
from .handshake import HandshakeError, check_request, header_items, response_headers
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


class WebSocketHandler(RequestHandler):
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
    ``trusted_origins`` (a list for :meth:`check_origin`).
    """

    ws_connection: WebSocketConnection | None = None
    """The connection while it is open: None before, and from :meth:`close` on."""
    close_code: int | None = None
    """The code of the client's Close frame, in :meth:`on_close`; None if it sent none."""
    close_reason: str | None = None
    """The reason that the client gave."""

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
        about requests without an ``Origin``, which come from no browser. By default the origins
        in the setting ``trusted_origins`` are accepted, and no others.

        It is called after ``prepare``. ``return True`` accepts all pages of the web: then nothing may
        depend on cookies alone.
        """
        return self._is_own_origin(origin) or origin in self.settings.get("trusted_origins", ())

    def get_compression_options(self) -> dict[str, Any] | None:
        """Reserved for compression, which is not built yet: what is returned has no effect."""
        return None

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
        size: int = self.settings.get("websocket_max_message_size", DEFAULT_MAX_MESSAGE_SIZE)
        return size

    # To be called

    @property
    def selected_subprotocol(self) -> str | None:
        """What :meth:`select_subprotocol` has chosen."""
        return self._selected_subprotocol

    def write_message(
        self, message: str | bytes | dict[str, Any], binary: bool = False
    ) -> Awaitable[None]:
        """Send a message: text, a dict as JSON, or with ``binary`` any bytes.

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
            if not self._is_origin_allowed():
                raise HandshakeError(403, "Cross origin websockets not allowed")
        except HandshakeError as error:
            gen_log.debug("no WebSocket for %s: %s", request.remote_ip, error.message)
            self._refuse(error)
            return
        offered = header_items(request.headers.get("Sec-WebSocket-Protocol", ""))
        subprotocol = self.select_subprotocol(offered)
        if subprotocol is not None and subprotocol not in offered:
            raise ValueError(f"select_subprotocol chose {subprotocol!r}, which is not in {offered}")
        self._selected_subprotocol = subprotocol
        self._upgrade(response_headers(key, subprotocol), args, kwargs)

    def _refuse(self, error: HandshakeError) -> None:
        self.set_status(error.status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        for name, value in error.headers.items():
            self.set_header(name, value)
        self.finish(error.message)

    def _upgrade(
        self, handshake: dict[str, str], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        interval = self.ping_interval or 0.0
        core = WebSocketCore(Role.SERVER, max_message_size=self.max_message_size)
        connection = WebSocketConnection(
            self,
            core,
            copy_context(),
            ping_interval=interval,
            ping_timeout=_usable_ping_timeout(interval, self.ping_timeout),
        )
        self.set_status(101)
        headers: HTTPHeaders = self._headers
        headers.pop("Content-Type", None)
        headers.update(handshake)
        self._add_cookies(headers)
        self._auto_finish = False
        self._headers_written = self._finished = self._upgraded = True
        self.ws_connection = connection
        self.request.connection.hand_over(101, "Switching Protocols", headers, connection)

        def begin() -> Awaitable[None] | None:
            # To HTTP the request ends here.
            self.application.log_request(self)
            self.on_finish()
            return self.open(*args, **kwargs)

        connection.start(begin)

    def _is_origin_allowed(self) -> bool:
        headers = self.request.headers
        site = headers.get("Sec-Fetch-Site")
        origin = headers.get("Origin")
        if site is not None:
            # "none": the user's own doing, no page's.
            return site in ("same-origin", "none") or (
                origin is not None and self.check_origin(origin)
            )
        return origin is None or self._is_own_origin(origin) or self.check_origin(origin)

    def _is_own_origin(self, origin: str) -> bool:
        # Not the scheme: behind a proxy that speaks TLS we do not know ours.
        try:
            netloc = urlsplit(origin).netloc
        except ValueError:
            return False
        return netloc != "" and netloc.lower() == self.request.host.lower()

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
            self.on_close()

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


def _usable_ping_timeout(interval: float, timeout: float | None) -> float:
    if timeout is None:
        return interval
    if timeout > interval > 0:
        _warn_of_ping_timeout(interval, timeout)
        return interval
    return timeout


@lru_cache
def _warn_of_ping_timeout(interval: float, timeout: float) -> None:
    """Once, not for each connection."""
    gen_log.warning(
        "websocket_ping_timeout (%s) is longer than websocket_ping_interval (%s): the interval is used",
        timeout,
        interval,
    )
