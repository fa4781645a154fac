""":class:`Streaming`: ``async with client.stream(...) as response``, where that is a :class:`StreamedResponse`.

The reader pulls. What nobody has asked for yet is not read from the network, beyond a bound; so a server is made to
wait, and a body of any size passes through little memory.
"""

import asyncio
import codecs
import contextlib
import json
import warnings
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Final, Self

from ..httputil import HTTPHeaders
from .charsets import charset_of, decode_text
from .conversation import Conversation
from .decoding import decoded
from .engine import Answer, Engine
from .failures import HTTPProtocolError, HTTPStreamClosedError
from .limiting import timed_out
from .plan import Plan
from .receiving import receive, say_body_comes
from .requests import HTTPRequest
from .responses import HTTPClientError, HTTPResponse

MAX_LINE_SIZE: Final = 1024 * 1024
"""Characters of a line that :meth:`StreamedResponse.lines` gives, at the most."""


class StreamedResponse:
    """A response whose body comes as it is asked for, once: by ``async for``, :meth:`read`, :meth:`lines` and so on."""

    def __init__(
        self, plan: Plan, conversation: Conversation, answer: Answer, max_buffer_size: int
    ) -> None:
        hop = conversation.hop
        self._conversation = conversation
        self._answer = (
            decoded(answer, hop.method, plan.max_body_size) if plan.decompress else answer
        )
        self._timeout = plan.request_timeout or None
        self._max_buffer_size = max_buffer_size
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self._response = HTTPResponse(
            plan.request,
            answer.status,
            self._answer.headers,
            effective_url=conversation.effective_url,
            reason=answer.reason,
            version=answer.version,
        )

    @property
    def request(self) -> HTTPRequest:
        """What it answers."""
        return self._response.request

    @property
    def code(self) -> int:
        """The status."""
        return self._response.code

    @property
    def reason(self) -> str:
        """The text behind the status."""
        return self._response.reason

    @property
    def headers(self) -> HTTPHeaders:
        """Those of the response."""
        return self._response.headers

    @property
    def version(self) -> str | None:
        """Of HTTP: ``"HTTP/1.1"``, say."""
        return self._response.version

    @property
    def effective_url(self) -> str:
        """Where it came from at last."""
        return self._response.effective_url

    @property
    def history(self) -> Sequence[HTTPResponse]:
        """The responses that have led here, the first one first."""
        return self._conversation.history

    @property
    def trailers(self) -> HTTPHeaders | None:
        """The fields behind the body, once it has ended."""
        return self._answer.trailers

    @property
    def time_info(self) -> dict[str, float]:
        """How long it took, once it has ended: as :attr:`.HTTPResponse.time_info`."""
        return self._response.time_info

    # The body in pieces

    def __aiter__(self) -> Self:
        """The body, decoded, in pieces as they come.

        Raises what :mod:`.failures` has: :exc:`.HTTPTimeoutError` if a piece does not come within
        ``request_timeout``, :exc:`.HTTPStreamClosedError` if the body breaks off.
        """
        return self

    async def __anext__(self) -> bytes:
        piece = await self.read_piece()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def read_piece(self) -> bytes:
        """The next piece of the body; empty at its end. Raises as ``async for`` does."""
        if self._ended:
            return b""
        try:
            piece = self._answer.read_nowait()
            if piece is None:
                piece = await self._wait_for_piece()
        except HTTPClientError as error:  # not one of who should not have asked now
            self.fail(error)
            raise
        if not piece:
            self.close()
        return piece

    async def _wait_for_piece(self) -> bytes:
        try:
            async with asyncio.timeout(self._timeout) as limit:
                return await self._answer.read()
        except TimeoutError as error:
            if limit.expired():
                raise timed_out(self._conversation.hop) from error
            raise

    def fail(self, error: BaseException) -> None:
        """As :meth:`close`, because of an exception."""
        if not self._ended:
            self._ended = True
            self._answer.close()
            self._conversation.failed(error)

    async def lines(self, max_size: int = MAX_LINE_SIZE) -> AsyncIterator[str]:
        """The body as text, line by line, without their ends: a line feed, with a carriage return or without.

        What is not in the charset that the response names, or UTF-8, becomes U+FFFD.

        :arg max_size: the most characters of a line; behind them :exc:`.HTTPProtocolError` is raised.
        """
        charset = charset_of(self.headers.get("Content-Type", ""))
        decode = codecs.getincrementaldecoder(charset)("replace").decode
        line: list[str] = []
        size = 0
        while True:
            piece = await self.read_piece()
            begun, *following = decode(piece, not piece).split("\n")
            line.append(begun)
            size += len(begun)
            for text in following:
                self._check_line(size, max_size)
                yield "".join(line).removesuffix("\r")
                line, size = [text], len(text)
            self._check_line(size, max_size)
            if not piece:
                break
        if size:
            yield "".join(line)

    def _check_line(self, size: int, max_size: int) -> None:
        if size > max_size:
            raise self._too_large(f"a line of the response is longer than {max_size} characters")

    def _too_large(self, what: str) -> HTTPProtocolError:
        error = HTTPProtocolError(what)
        self.fail(error)
        return error

    # The rest of the body as a whole

    async def read(self) -> bytes:
        """The rest of the body.

        Raises :exc:`.HTTPProtocolError` if it is larger than the client's ``max_buffer_size``.
        """
        pieces, size = [], 0
        while piece := await self.read_piece():
            size += len(piece)
            if size > self._max_buffer_size:
                raise self._too_large(
                    f"the body of the response is larger than {self._max_buffer_size} bytes: take it in pieces"
                )
            pieces.append(piece)
        return b"".join(pieces)

    async def text(self) -> str:
        """The rest of the body as text, as :attr:`.HTTPResponse.text`."""
        return decode_text(await self.read(), self.headers.get("Content-Type", ""))

    async def json(self) -> Any:
        """What the rest of the body says as JSON. Raises :exc:`ValueError` for what is none."""
        return json.loads(await self.read())

    def raise_for_status(self) -> Self:
        """Raise :exc:`.HTTPError` for a status of 400 or more; else return the response itself."""
        self._response.raise_for_status()
        return self

    def close(self) -> None:
        """No more is wanted. The end of the block does this."""
        if not self._ended:
            self._ended = True
            self._answer.close()
            self._conversation.complete(self._response)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code} {self.effective_url}>"

    def __del__(self) -> None:
        if getattr(self, "_ended", True):
            return
        warnings.warn(
            f"unclosed {self!r}: use async with client.stream(...)",
            ResourceWarning,
            stacklevel=2,
            source=self,
        )
        with contextlib.suppress(RuntimeError):  # the loop is closed: there is nothing to give back
            # (We may be in any thread, and in the middle of anything.)
            self._loop.call_soon_threadsafe(_forgotten, self._answer, self._conversation)


def _forgotten(answer: Answer, conversation: Conversation) -> None:
    answer.close()
    conversation.failed(HTTPStreamClosedError("the response was forgotten before its end"))


class Streaming:
    """A response to come: ``async with`` waits for its head. Used twice it raises :exc:`RuntimeError`.

    :arg plan: what is to be done.
    :arg engine: what does it.
    :arg max_buffer_size: bytes of a body that are collected at the most, where that is asked for.
    :arg raise_error: whether a status other than 2xx is raised.
    """

    def __init__(self, plan: Plan, engine: Engine, max_buffer_size: int, raise_error: bool) -> None:
        self._plan = plan
        self._conversation = Conversation(engine, plan)
        self._max_buffer_size = max_buffer_size
        self._raise_error = raise_error
        self._begun = False
        self._response: StreamedResponse | None = None

    async def __aenter__(self) -> StreamedResponse:
        if self._begun:
            raise RuntimeError("this stream was used already: call stream() again")
        self._begun = True
        conversation = self._conversation
        try:
            answer, refused = await self._open()
        except BaseException as error:
            conversation.failed(error)
            raise
        if refused is not None:
            conversation.complete(refused)
            refused.rethrow()
        self._response = StreamedResponse(self._plan, conversation, answer, self._max_buffer_size)
        return self._response

    async def _open(self) -> tuple[Answer, HTTPResponse | None]:
        """The answer; and the whole response, if it is one that is raised."""
        plan, conversation = self._plan, self._conversation
        try:
            async with asyncio.timeout(plan.request_timeout or None) as limit:
                answer = await conversation.open()
                if self._raise_error and not 200 <= answer.status < 300:
                    return answer, await receive(plan, conversation, answer)
                say_body_comes(conversation)
                return answer, None
        except TimeoutError as error:
            if limit.expired():
                raise timed_out(conversation.hop) from error
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._response is not None
        if error is None:
            self._response.close()
        else:
            self._response.fail(error)
