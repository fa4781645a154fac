""":class:`Connection`: one connection to a server, as the protocol of a transport. One request at a time."""

import asyncio
import sys
from collections.abc import Hashable
from typing import Final, Protocol, cast

from ..http1 import EndOfMessage, Limits, RequestWriter, ResponseHead, ResponseReader
from ..httpclient.engine import Hop
from ..httpclient.failures import HTTPProtocolError, HTTPStreamClosedError
from ..httputil import HTTPInputError
from .answers import WireAnswer
from .silence import nothing_to_read

_ENDED: Final = "the server ended the connection before it had answered"


class StaleError(HTTPStreamClosedError):
    """A connection that was kept has ended, and nothing of an answer has come."""


class Owner(Protocol):
    """Who has made connections, and keeps them."""

    def leave(self, key: Hashable) -> None:
        """A request to ``key`` has ended, one way or another."""

    def keep(self, connection: "Connection") -> None:
        """It may be used again."""

    def forget(self, connection: "Connection") -> None:
        """It is lost."""


class Connection(asyncio.Protocol):
    """A connection that was made.

    :arg key: for what it may be used again.
    :arg limits: of responses.
    :arg owner: is told what becomes of it.
    """

    __slots__ = (
        "_answer",
        "_head",
        "_heard",
        "_hop",
        "_owner",
        "_paused",
        "_producing",
        "_reader",
        "_room",
        "_transport",
        "_writer",
        "idle_since",
        "key",
    )

    def __init__(
        self,
        key: Hashable,
        limits: Limits,
        owner: "Owner",
    ) -> None:
        self.key = key
        self.idle_since = 0.0
        self._reader = ResponseReader(limits)
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._hop: Hop | None = None
        self._writer: RequestWriter | None = None
        self._head: asyncio.Future[WireAnswer] | None = None
        self._answer: WireAnswer | None = None
        self._producing: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._heard = False
        self._paused = False

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._reader.feed(data)
        self._advance()

    def eof_received(self) -> None:
        self._reader.feed_eof()
        self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._hop is not None:
            if self._answer is None and not self._heard:
                self._fail(StaleError(_ENDED), exc)
            else:
                self._fail(HTTPStreamClosedError(str(exc) if exc is not None else _ENDED), exc)
        self.resume_writing()
        self._owner.forget(self)

    def pause_writing(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    # One exchange

    async def exchange(self, hop: Hop) -> WireAnswer:
        """Send a request, and return when the head of the response is there.

        The owner's ``leave`` is called when the response is whole or given up, also if this raises.
        """
        self._hop = hop
        transport = self._transport
        if transport is None or transport.is_closing():
            self._exchanged()
            raise StaleError(_ENDED)
        loop = asyncio.get_running_loop()
        writer = RequestWriter()
        try:
            data = writer.head(
                hop.method, self._target(hop), hop.headers, with_body=hop.producer is not None
            )
            if hop.producer is None:
                data += writer.data(hop.body) + writer.end() if hop.body else writer.end()
            self._reader.expect(hop.method, writer)
        except BaseException:
            self._exchanged()
            self.close()
            raise
        self._writer, self._heard = writer, False
        self._head = head = loop.create_future()
        hop.times.sent = loop.time()
        transport.write(data)
        if hop.producer is not None:
            self._producing = asyncio.ensure_future(self._produce(hop, writer))
        try:
            answer: WireAnswer = await head
            return answer
        except BaseException:
            self.abandon()
            raise

    def _target(self, hop: Hop) -> str:
        proxy = hop.way.proxy
        if proxy is not None and not proxy.socks and not hop.address.secure:
            return hop.address.url
        return hop.address.resource

    async def _produce(self, hop: Hop, writer: RequestWriter) -> None:
        assert hop.producer is not None

        async def write(piece: bytes) -> None:
            if self._transport is None or self._writer is not writer:
                raise HTTPStreamClosedError(_ENDED)
            self._transport.write(writer.data(piece))
            if self._room is not None:
                await asyncio.shield(self._room)

        try:
            await hop.producer(write)
            if self._transport is not None:
                self._transport.write(writer.end())
        except Exception as error:
            self._fail(error, None)
            self.abandon()

    def _advance(self) -> None:
        reader = self._reader
        try:
            while (event := reader.next_event()) is not None:
                if type(event) is bytes:
                    assert self._answer is not None
                    if self._answer.add(event):
                        self._pause()
                elif type(event) is EndOfMessage:
                    self._end(event)
                    return
                else:
                    self._take_head(cast(ResponseHead, event))
        except HTTPInputError as error:
            if self._hop is None:
                self.close()  # it said something that nobody has asked for
                return
            self._fail(HTTPProtocolError(str(error)), error)
            self.abandon()

    def _take_head(self, head: ResponseHead) -> None:
        hop = self._hop
        assert hop is not None
        if head.interim:
            if hop.on_interim is not None:
                hop.on_interim(head.status, head.headers)
            return
        self._reader.max_body_size = sys.maxsize if hop.max_body_size is None else hop.max_body_size
        self._answer = WireAnswer(self, head)
        waiting, self._head = self._head, None
        if waiting is not None and not waiting.done():
            waiting.set_result(self._answer)

    def _end(self, event: EndOfMessage) -> None:
        answer, self._answer = self._answer, None
        assert answer is not None
        keep = self._reader.keep_alive
        self._exchanged()
        answer.end(event.trailers)
        if keep and self._transport is not None and not self._transport.is_closing():
            self._resume()
            self._owner.keep(self)
        else:
            self.close()

    def _fail(self, failure: Exception, cause: BaseException | None) -> None:
        failure.__cause__ = cause
        self._exchanged()
        waiting, self._head = self._head, None
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.fail(failure)
        elif waiting is not None and not waiting.done():
            waiting.set_exception(failure)

    def _exchanged(self) -> None:
        """The exchange is over. To be called before anybody is told, and as often as one likes."""
        self._writer = None
        if self._hop is not None:
            self._hop = None
            self._owner.leave(self.key)

    # Flow

    def _pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    resume = _resume

    # Ends

    def abandon(self) -> None:
        """Nobody wants what it may still say."""
        self._exchanged()
        self._head = self._answer = None
        if self._producing is not None:
            self._producing.cancel()
            self._producing = None
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End it in good order."""
        if self._transport is not None:
            self._transport.close()

    def cut(self, failure: Exception) -> None:
        """End it now; if somebody waits for a response, he is raised this."""
        self._fail(failure, None)
        self.abandon()

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def silent(self) -> bool:
        """Whether it is usable, and nothing has come that nobody has read yet: not even its end."""
        return self.usable and nothing_to_read(cast(asyncio.Transport, self._transport))
