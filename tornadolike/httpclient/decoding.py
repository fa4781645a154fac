""":func:`decoded`: the body of an answer without its content codings (:rfc:`9110` section 8.4).

A body in a coding that is not installed is given as it is, as browsers give it: its ``Content-Encoding`` says so. One
that is not what its ``Content-Encoding`` says is an error.
"""

import asyncio
import sys
from collections.abc import Iterator
from typing import Final

from ..codings import BoundedDecoder, UnknownCoding, make_decoder
from ..httputil import HTTPHeaders, HTTPInputError
from .engine import Answer
from .failures import HTTPProtocolError

AT_ONCE: Final = 1024 * 1024
"""Bytes that are decoded without a turn of the loop: a little input may be much work."""

_WITHOUT_BODY: Final = frozenset({204, 304})
_PART: Final = 206
"""A part of what is encoded cannot be decoded alone."""

_TOO_LARGE: Final = 413
"""How a decoder says so."""


def has_body(answer: Answer, method: str) -> bool:
    """Whether a body follows, or may; if not, the headers tell of one that would have been there otherwise."""
    return method != "HEAD" and answer.status not in _WITHOUT_BODY


def decoded(answer: Answer, method: str, max_size: int | None = None) -> Answer:
    """``answer`` with its body decoded; itself if there is nothing to decode.

    Its headers then have ``X-Consumed-Content-Encoding`` in place of ``Content-Encoding``; ``Content-Length`` still
    is what was on the wire.

    :arg method: that of the request: what answers HEAD has no body.
    :arg max_size: bytes that may come out; behind them :exc:`.HTTPProtocolError` is raised. None: no limit.
    """
    coding = answer.headers.get("Content-Encoding")
    if coding is None or answer.status == _PART or not has_body(answer, method):
        return answer
    try:
        decoder = make_decoder(coding, sys.maxsize if max_size is None else max_size)
    except UnknownCoding:
        return answer
    if decoder is None:
        return answer
    answer.headers["X-Consumed-Content-Encoding"] = coding
    del answer.headers["Content-Encoding"]
    return DecodedAnswer(answer, decoder)


def too_large(limit: int, how: str = "") -> HTTPProtocolError:
    """What is raised for a body of more than ``limit`` bytes."""
    return HTTPProtocolError(
        f"the body of the response is larger than max_body_size, which is {limit} bytes{how}"
    )


class DecodedAnswer(Answer):
    """An answer whose body goes through a decoder, piece by piece."""

    __slots__ = ("_answer", "_decoder", "_ended", "_failure", "_pieces", "_since_turn")

    def __init__(self, answer: Answer, decoder: BoundedDecoder) -> None:
        self.status = answer.status
        self.reason = answer.reason
        self.version = answer.version
        self.headers = answer.headers
        self._answer = answer
        self._decoder = decoder
        self._pieces: Iterator[bytes] = iter(())
        """What is still to come of the last piece that was read."""
        self._ended = False
        self._failure: HTTPProtocolError | None = None
        self._since_turn = 0

    @property
    def trailers(self) -> HTTPHeaders | None:  # type: ignore[override]  # nobody sets them here
        """As the answer has them."""
        return self._answer.trailers

    async def read(self) -> bytes:
        if self._failure is not None:
            raise self._failure
        try:
            while True:
                for piece in self._pieces:
                    if piece:
                        await self._let_others(len(piece))
                        return piece
                if self._ended:
                    return b""
                data = await self._answer.read()
                if data:
                    self._pieces = self._decoder.decode(data)
                else:
                    self._ended = True
                    self._decoder.finish()
        except HTTPInputError as error:
            self._failure = HTTPProtocolError(str(error))
            if error.status == _TOO_LARGE:
                self._failure = too_large(self._decoder.max_size, " when decoded")
            self.close()
            raise self._failure from error

    async def _let_others(self, size: int) -> None:
        self._since_turn += size
        if self._since_turn >= AT_ONCE:
            self._since_turn = 0
            await asyncio.sleep(0)

    def close(self) -> None:
        self._answer.close()
