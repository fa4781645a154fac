""":class:`Streaming`: ``async with client.stream(...) as response``, and the :class:`StreamedResponse` that comes of it.

The reader pulls. What nobody has asked for yet is not read from the network, beyond a bound; so a server can be made to
wait, and a body of any size passes through little memory.
"""

import asyncio
import codecs
import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final, Self

from ..httputil import HTTPHeaders
from .charsets import charset_of, decode_text
from .collecting import collect
from .conversation import Conversation
from .decoding import decoded
from .engine import Answer, Engine
from .failures import HTTPProtocolError
from .limiting import timed_out
from .plan import Plan
from .requests import HTTPRequest
from .responses import HTTPResponse

MAX_LINE_SIZE: Final = 1024 * 1024
"""Characters of a line that :meth:`StreamedResponse.lines` gives, at the most."""


class StreamedResponse:
    """A response whose body comes as it is asked for, once: by ``async for``, :meth:`read`, :meth:`lines` and so on."""

    request: HTTPRequest
    """What it answers."""
    code: int
    """The status."""
    reason: str
    """The text behind the status."""
    headers: HTTPHeaders
    version: str
    """``"HTTP/1.1"``, say."""
    effective_url: str
    """Where it came from at last."""

    def __init__(
        self, plan: Plan, conversation: Conversation, answer: Answer, max_buffer_size: int
    ) -> None:
        self.request = plan.request
        self.code = answer.status
        self.reason = answer.reason
        self.headers = answer.headers
        self.version = answer.version
        self.effective_url = conversation.hop.address.url
        self._hop = conversation.hop
        self._answer = (
            decoded(answer, conversation.hop.method, plan.max_body_size)
            if plan.decompress
            else answer
        )
        self._timeout = plan.request_timeout or None
        self._max_buffer_size = max_buffer_size
        self._ended = False

    @property
    def trailers(self) -> HTTPHeaders | None:
        """The fields behind the body, once it has ended."""
        return self._answer.trailers

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
        piece = self._answer.read_nowait()
        if piece is None:
            piece = await self._wait_for_piece()
        if not piece:
            self._ended = True
        return piece

    async def _wait_for_piece(self) -> bytes:
        try:
            async with asyncio.timeout(self._timeout) as limit:
                return await self._answer.read()
        except TimeoutError as error:
            if limit.expired():
                self.close()
                raise timed_out(self._hop) from error
            raise

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
            self.close()
            raise HTTPProtocolError(f"a line of the response is longer than {max_size} characters")

    # The rest of the body as a whole

    async def read(self) -> bytes:
        """The rest of the body. Raises :exc:`.HTTPProtocolError` if it is larger than the client's ``max_buffer_size``."""
        pieces, size = [], 0
        while piece := await self.read_piece():
            size += len(piece)
            if size > self._max_buffer_size:
                self.close()
                raise HTTPProtocolError(
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
        HTTPResponse(self.request, self.code, self.headers, reason=self.reason).raise_for_status()
        return self

    def close(self) -> None:
        """No more is wanted. The end of the block does this."""
        self._ended = True
        self._answer.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code} {self.effective_url}>"


class Streaming:
    """A response to come: ``async with`` waits for its head. To be used once.

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
        self._response: StreamedResponse | None = None

    async def __aenter__(self) -> StreamedResponse:
        plan, conversation = self._plan, self._conversation
        try:
            async with asyncio.timeout(plan.request_timeout or None) as limit:
                answer = await conversation.open()
                conversation.hop.waiting_for = "while reading the body of the response"
                try:
                    if self._raise_error and not 200 <= answer.status < 300:
                        (await collect(plan, conversation, answer)).rethrow()
                except BaseException:
                    answer.close()
                    raise
        except TimeoutError as error:
            if limit.expired():
                raise timed_out(conversation.hop) from error
            raise
        self._response = StreamedResponse(plan, conversation, answer, self._max_buffer_size)
        return self._response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._response is not None
        self._response.close()
