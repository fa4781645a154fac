"""Handlers that work for nobody: what is kept is renewed, and whoever asked has his answer already."""

import asyncio
from collections.abc import Callable
from copy import copy
from typing import Any

from ..httputil import HTTPConnection, HTTPHeaders, HTTPServerRequest
from ..iostream import IOStream, StreamClosedError
from .policy import CONDITIONS


def for_nobody(handler: Any) -> Any:
    """A copy of a handler that has not begun, whose response goes nowhere."""
    alone = copy(handler)
    alone.request = request = copy(handler.request)
    headers = HTTPHeaders(request.headers)
    for name in CONDITIONS:
        headers.pop(name, None)
    request.headers = headers
    request._fields = headers._fields
    request.connection = NoClient(handler.request)
    alone._write_buffer = []
    alone._transforms = ()
    alone._before_head = None
    if handler._header_map is not None:
        alone._header_map = handler._header_map.copy()
    if handler._new_cookies is not None:
        alone._new_cookies = dict(handler._new_cookies)
    alone._log = _log_nothing
    return alone


def _log_nothing() -> None:
    """Nobody has asked."""


class NoClient(HTTPConnection):
    """Takes a response and drops it.

    :arg request: the one whose connection keeps the tasks.
    """

    closed = False
    responding = False
    refused: int | None = None
    transport: Any = None

    def __init__(self, request: HTTPServerRequest) -> None:
        self._real = request.connection
        self.context = getattr(request.connection, "context", None)
        self.chunk_size = getattr(request.connection, "chunk_size", 65536)
        self.keep_task: Callable[[asyncio.Task[Any]], Any] = request.connection.keep_task

    def respond(self, *response: Any) -> "asyncio.Future[None]":
        """Take a whole response."""
        return _done()

    def write_headers(self, *head: Any, **more: Any) -> "asyncio.Future[None]":
        return _done()

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        return _done()

    def write_file(self, file: Any, offset: int, count: int) -> "asyncio.Future[None]":
        return _done()

    def finish(self, trailers: HTTPHeaders | None = None) -> None:
        pass

    def close(self) -> None:
        """The response ends before it was whole."""
        self.closed = True

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Nobody goes away who is not there."""

    def set_drain_callback(self, callback: Callable[[], object] | None) -> None:
        """What has no end is not kept."""

    def set_max_body_size(self, size: int) -> None:
        """There is no body."""

    def detach(self) -> IOStream:
        """Raises :exc:`.StreamClosedError`: there is no stream."""
        raise StreamClosedError


def _done() -> "asyncio.Future[None]":
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future
