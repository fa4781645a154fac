"""Content codings are taken off on the way to a delegate."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from ..codings import BoundedDecoder, UnknownCoding, make_decoder
from ..httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine

PIECES_IN_A_ROW: Final = 16
"""After so many pieces it is the others' turn: little input may become much output."""


class DecompressingDelegate(HTTPMessageDelegate):
    """Stands before a delegate, which sees a message without its content codings.

    ``Content-Encoding`` is renamed to ``X-Consumed-Content-Encoding``; a ``Content-Length`` still tells the
    size that the body had on the wire.

    What cannot be decoded raises :exc:`~.HTTPInputError`: 400 for what is malformed or cut short, 413 for
    more than ``max_body_size``, 415 for a coding that is not installed. But a *response* in such a coding
    goes through as it is, with its ``Content-Encoding``, for whoever asked may know what to do with it.

    :arg max_body_size: says how many bytes the decoded body may have. Called when a piece of the body has come.
    """

    def __init__(self, delegate: HTTPMessageDelegate, max_body_size: Callable[[], int]) -> None:
        self._delegate = delegate
        self._max_body_size = max_body_size
        self._decoder: BoundedDecoder | None = None
        self._closed = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        # A client cannot make believe that something was decoded.
        headers.pop("X-Consumed-Content-Encoding", None)
        coding = headers.get("Content-Encoding")
        if coding is not None:
            self._begin(coding, headers, is_request=isinstance(start_line, RequestStartLine))
        return self._delegate.headers_received(start_line, headers)

    def _begin(self, coding: str, headers: HTTPHeaders, is_request: bool) -> None:
        try:
            self._decoder = make_decoder(coding, max_size=0)
        except UnknownCoding:
            if is_request:
                raise
            return
        if self._decoder is None:
            return
        headers["X-Consumed-Content-Encoding"] = coding
        del headers["Content-Encoding"]

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        if self._decoder is None:
            return self._delegate.data_received(chunk)
        # Whoever has seen the head may have changed it since.
        self._decoder.max_size = self._max_body_size()
        pieces = self._decoder.decode(chunk)
        for number, piece in enumerate(pieces, 1):
            waiting = self._delegate.data_received(piece)
            if waiting is not None or number == PIECES_IN_A_ROW:
                return self._pass_on_rest(waiting, pieces)
        return None

    async def _pass_on_rest(self, waiting: Awaitable[None] | None, pieces: Iterator[bytes]) -> None:
        """Go on where the delegate has to be waited for, or where there is much."""
        if waiting is not None:
            await waiting
        for number, piece in enumerate(pieces, 1):
            if number % PIECES_IN_A_ROW == 0:
                await asyncio.sleep(0)
            if self._closed:
                return
            waiting = self._delegate.data_received(piece)
            if waiting is not None:
                await waiting

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        self._delegate.trailers_received(trailers)

    def finish(self) -> None:
        if self._decoder is not None:
            self._decoder.finish()
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._closed = True
        self._delegate.on_connection_close()
