""":class:`Outgoing`: the message that an exchange over a stream writes, and when it has left."""

import asyncio
from typing import Any

from ..http1 import Limits
from ..httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPOutputError,
    RequestStartLine,
    ResponseStartLine,
)
from ..iostream import IOStream, StreamBufferFullError
from .responses import fail_future
from .sides import ClientSide, ServerSide


class Outgoing(HTTPConnection):
    """Writes one message to a stream."""

    def __init__(
        self, stream: IOStream, is_client: bool, limits: Limits, no_keep_alive: bool
    ) -> None:
        self.stream: Any = stream
        """The stream; None once it is detached."""
        self.is_client = is_client
        self.no_keep_alive = no_keep_alive
        """Whether the stream is of no use after this exchange."""
        side = ClientSide if is_client else ServerSide
        self._side: ClientSide | ServerSide = side(limits, not no_keep_alive)
        self._read_finished = False
        """The other's message is whole."""
        self._write_finished = False
        """Ours is; it may still have to leave."""
        self._done: asyncio.Future[None] = asyncio.Future(loop=stream.io_loop.asyncio_loop)
        """Done when what we had to write has left, or never will."""

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """Send the head of our message, and ``chunk`` with it; the future is done when they have left.

        A request's is followed by as many bytes as ``Content-Length`` says. Without that, POST, PUT and PATCH have
        a body in chunks, and others none. A response of a status below 200 is an interim one: another follows.

        Raises :exc:`HTTPOutputError`; then nothing is sent.
        """
        if self._is_gone():
            return self._failed()
        data = self._side.encode_head(start_line, headers)
        return self._send(data + self._framed(chunk) if chunk else data)

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send a piece of the body; the future is done when it has left.

        Raises :exc:`HTTPOutputError` for more than Content-Length; the stream is closed then.
        """
        if self._is_gone():
            return self._failed()
        return self._send(self._framed(chunk))

    def finish(self, trailers: HTTPHeaders | None = None) -> None:
        """Our message is whole; ``trailers`` go behind a body in chunks.

        Raises :exc:`HTTPOutputError` for less than Content-Length; the stream is closed then.
        """
        if self._is_gone():
            self._write_finished = True
            self._end_writing()
            return
        if self._write_finished:
            raise RuntimeError("finish() after finish(): a message has one end")
        try:
            end = self._side.encode_end(trailers)
        except HTTPOutputError:
            self.close()
            raise
        self._write_finished = True
        # A write of its own, if only of nothing: nobody else can cancel its future.
        self._send(end).add_done_callback(self._all_written)

    def _framed(self, chunk: bytes) -> bytes:
        if self._write_finished:
            raise RuntimeError("write() after finish(): the stream may be another exchange's")
        try:
            return self._side.encode_data(chunk)
        except HTTPOutputError:
            self.close()
            raise

    def _send(self, data: bytes) -> "asyncio.Future[None]":
        try:
            future: asyncio.Future[None] = self.stream.write(data)
        except StreamBufferFullError:
            self.close()  # what is missing now would be taken for written
            raise
        return future

    def _all_written(self, future: "asyncio.Future[None]") -> None:
        if not self.is_client and not self._read_finished:
            # It was answered early, and what still comes is of no interest.
            self.close()
        self._end_writing()

    def _end_writing(self) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _is_gone(self) -> bool:
        return self.stream is None or bool(self.stream.closed())

    def _failed(self) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.Future(loop=self._done.get_loop())
        fail_future(future, None if self.stream is None else self.stream.error)
        return future

    def close(self) -> None:
        """Close the stream now."""
        raise NotImplementedError
