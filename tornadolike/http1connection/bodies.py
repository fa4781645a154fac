"""What is done to bodies on their way to a delegate, where somebody wants it: codings come off, pieces stay small."""

from collections.abc import Awaitable, Callable
from typing import Any

from ..httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from .decompressing import DecompressingDelegate

CODED = frozenset({"Content-Encoding", "X-Consumed-Content-Encoding"})
"""Requests with these :class:`DecompressingDelegate` has to see."""


class PiecewiseDelegate(HTTPMessageDelegate):
    """Stands before a delegate that gets no more than ``size`` bytes of a body at once."""

    def __init__(self, delegate: HTTPMessageDelegate, size: int) -> None:
        self._delegate = delegate
        self._size = size

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        size = self._size
        for end in range(size, len(chunk), size):
            waiting = self._delegate.data_received(chunk[end - size : end])
            if waiting is not None:
                return self._wait_and_go_on(waiting, chunk[end:])
        return self._delegate.data_received(chunk[(len(chunk) - 1) // size * size :])

    async def _wait_and_go_on(self, waiting: Awaitable[None], rest: bytes) -> None:
        await waiting
        for start in range(0, len(rest), self._size):
            waited_for = self._delegate.data_received(rest[start : start + self._size])
            if waited_for is not None:
                await waited_for

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        self._delegate.trailers_received(trailers)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()


class BodyPreparer(HTTPServerConnectionDelegate):
    """Stands before what answers a server's requests.

    :arg serve_whole: what answers requests that have come whole, if that is possible.
    :arg chunk_size: bytes of a body that a delegate gets at once at the most; None for no limit.
    :arg decompress: take off content codings.
    """

    def __init__(
        self,
        delegate: HTTPServerConnectionDelegate,
        serve_whole: Callable[[HTTPServerRequest], object] | None,
        chunk_size: int | None,
        decompress: bool,
    ) -> None:
        self._delegate = delegate
        self._serve_whole = serve_whole
        self._chunk_size = chunk_size
        self._decompress = decompress

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        delegate = self._delegate.start_request(server_conn, request_conn)
        connection: Any = request_conn
        return prepared(
            delegate, self._chunk_size, self._decompress, lambda: connection.max_body_size
        )

    def on_close(self, server_conn: object) -> None:
        self._delegate.on_close(server_conn)

    def serve_whole(self, request: HTTPServerRequest) -> None:
        """Answer a request that has come whole; if there is something to do to its body, by a conversation."""
        coded = self._decompress and not CODED.isdisjoint(request._fields)
        large = self._chunk_size is not None and len(request.body) > self._chunk_size
        if coded or large or self._serve_whole is None:
            request.connection.converse(request)
        else:
            self._serve_whole(request)


def prepared(
    delegate: HTTPMessageDelegate,
    chunk_size: int | None,
    decompress: bool,
    max_body_size: Callable[[], int],
) -> HTTPMessageDelegate:
    """What stands before ``delegate`` so that its pieces are small and its bodies without content codings."""
    if chunk_size is not None:
        delegate = PiecewiseDelegate(delegate, chunk_size)
    if decompress:
        delegate = DecompressingDelegate(delegate, max_body_size)
    return delegate
