"""What becomes of the body of an answer: decoded, and in a buffer or piece by piece."""

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Final

from .conversation import Conversation
from .decoding import decoded, has_body, too_large
from .engine import Answer
from .plan import MAX_BUFFER_SIZE, Plan
from .responses import HTTPResponse

_DIGITS: Final = 20
"""A length with more of them is too large for everybody."""


async def collect(plan: Plan, conversation: Conversation, answer: Answer) -> HTTPResponse:
    """The whole response.

    Raises what :mod:`.failures` has, :exc:`.HTTPProtocolError` for a body that is larger than it may be, and what the
    request's callbacks raise.
    """
    request = plan.request
    streaming_callback = plan.option("streaming_callback")
    header_callback = plan.option("header_callback")
    limit = plan.max_body_size
    if limit is None and streaming_callback is None:
        limit = MAX_BUFFER_SIZE
    if plan.decompress:
        answer = decoded(answer, conversation.hop.method, limit)
    if header_callback is not None:
        _tell_head(answer, header_callback)
    if streaming_callback is not None:
        buffer = BytesIO()
        await _stream(answer, streaming_callback, limit)
    else:
        assert limit is not None
        if has_body(answer, conversation.hop.method):
            _check_length(answer, limit)
        buffer = await _collected(answer, limit)
    return HTTPResponse(
        request,
        answer.status,
        answer.headers,
        buffer,
        conversation.effective_url,
        reason=answer.reason,
        start_time=request.start_time,
        trailers=answer.trailers,
        version=answer.version,
    )


def _tell_head(answer: Answer, callback: Callable[[str], None]) -> None:
    """The lines of the head as in Tornado: each with its end, and an empty one at last."""
    callback(f"{answer.version} {answer.status} {answer.reason}\r\n")
    for name, value in answer.headers.get_all():
        callback(f"{name}: {value}\r\n")
    callback("\r\n")


def _check_length(answer: Answer, limit: int) -> None:
    """What is said to be too large need not be read."""
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and (len(length) > _DIGITS or int(length) > limit):
        raise too_large(limit)


async def _collected(answer: Answer, limit: int) -> BytesIO:
    filling = _Filling(limit)
    while piece := answer.read_nowait():
        filling.take(piece)
    if piece is None:
        await answer.pour(filling.take)
    pieces = filling.pieces
    # To join them once costs half of what a buffer that grows does; one piece is not copied at all.
    return BytesIO(pieces[0] if len(pieces) == 1 else b"".join(pieces))


class _Filling:
    """Takes the pieces of a body, up to a limit."""

    __slots__ = ("_limit", "_room", "pieces")

    def __init__(self, limit: int) -> None:
        self._limit = self._room = limit
        self.pieces: list[bytes] = []

    def take(self, piece: bytes) -> None:
        """The next one."""
        self._room -= len(piece)
        if self._room < 0:
            raise too_large(self._limit)
        self.pieces.append(piece)


async def _stream(
    answer: Answer, callback: Callable[[bytes], Awaitable[None] | None], limit: int | None
) -> None:
    """Each piece waits until the callback is done with the one before: meanwhile no more is read than a bound."""
    size = 0
    while piece := answer.read_nowait() or await answer.read():
        size += len(piece)
        if limit is not None and size > limit:
            raise too_large(limit)
        waiting = callback(piece)
        if waiting is not None:
            await waiting
