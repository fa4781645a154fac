"""What becomes of the body of an answer: decoded, and in a buffer or piece by piece."""

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Final

from .conversation import Conversation
from .decoding import decoded, has_body
from .engine import Answer
from .failures import HTTPProtocolError
from .plan import Plan
from .responses import HTTPResponse

MAX_BODY_SIZE: Final = 100 * 1024 * 1024
"""Bytes of a body that are kept in memory, unless the request or its client says another number (``max_body_size``)."""

_DIGITS: Final = 20
"""A length with more of them is too large for everybody."""


async def collect(plan: Plan, conversation: Conversation, answer: Answer) -> HTTPResponse:
    """The whole response.

    Raises what :mod:`.failures` has, :exc:`.HTTPProtocolError` for a body that is larger than it may be, and what the
    request's callbacks raise.
    """
    request = plan.request
    limit = plan.max_body_size
    if limit is None and request.streaming_callback is None:
        limit = MAX_BODY_SIZE
    if plan.decompress:
        answer = decoded(answer, conversation.hop.method, limit)
    if request.header_callback is not None:
        _tell_head(answer, request.header_callback)
    buffer = BytesIO()
    if request.streaming_callback is not None:
        await _stream(answer, request.streaming_callback, limit)
    else:
        assert limit is not None
        if has_body(answer, conversation.hop.method):
            _check_length(answer, limit)
        await _fill(buffer, answer, limit)
    return HTTPResponse(
        request,
        answer.status,
        answer.headers,
        buffer,
        conversation.hop.address.url,
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


async def _fill(buffer: BytesIO, answer: Answer, limit: int) -> None:
    room = limit
    while piece := answer.read_nowait() or await answer.read():
        room -= len(piece)
        if room < 0:
            raise too_large(limit)
        buffer.write(piece)


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


def too_large(limit: int) -> HTTPProtocolError:
    """What is raised for a body of more than ``limit`` bytes."""
    return HTTPProtocolError(
        f"the body of the response is larger than max_body_size, which is {limit} bytes"
    )
