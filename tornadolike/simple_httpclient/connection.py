""":class:`Connection`: one connection to a server, as the protocol of a transport. One request at a time.

Its life is one :meth:`~Connection.exchange` after another, and never two at once. An exchange has begun when there is a
hop, and is over when there is none; in between

* the head goes out, with the body if that is there already; any other is an :class:`~.uploading.Upload`;
* heads come in, and the final one makes the answer, to which the body is given as it comes. What nobody fetches from
  it is not read from the network beyond a bound;
* at the end of the answer the connection goes back to its owner, if both sides have said all and mean to stay.

Whatever ends it otherwise, a failure, a time-out, somebody who does not want the rest, ends the connection too: what is
half said cannot be taken back."""

import asyncio
import sys
from collections.abc import Callable, Hashable
from typing import Any, Final, Protocol, cast

from ..http1 import (
    EndOfMessage,
    Limits,
    RequestWriter,
    ResponseHead,
    ResponseHeadCache,
    ResponseReader,
)
from ..http1.reader import EndedTooSoon
from ..http1.states import State
from ..httpclient.engine import Hop
from ..httpclient.failures import HTTPProtocolError, HTTPStreamClosedError, HTTPTimeoutError
from ..httpclient.feeding import FedAnswer
from ..httputil import HTTPInputError
from .answers import Leftover, WireAnswer
from .bounds import BOUNDS, Bounds
from .flights import Flight
from .patience import Patience
from .uploading import Upload

_ENDED: Final = "The server ended the connection before it had answered"
_ENDED_IN_BODY: Final = "The connection ended before the response was whole"
_TOGETHER: Final = 64 * 1024
"""Bytes of a body that are copied in order to leave together with the head."""
_OTHER_PROTOCOL: Final = State.OTHER_PROTOCOL


class StaleError(HTTPStreamClosedError):
    """A connection has ended, and nothing of an answer has come.

    If the hop's ``times.sent`` is 0 then nothing of the request was sent either.
    """


class Owner(Protocol):
    """Who has made connections, and keeps them."""

    def leave(self, key: Hashable) -> None:
        """A request to ``key`` has ended, one way or another."""

    def has_room(self) -> bool:
        """Whether it would keep one more that nobody uses."""

    def keep(self, connection: "Connection") -> None:
        """It may be used again."""

    def forget(self, connection: "Connection") -> None:
        """It is lost. (This may be said twice.)"""


class Connection(asyncio.Protocol):
    """A connection that was made.

    :arg key: for what it may be used again.
    :arg limits: of responses.
    :arg owner: is told what becomes of it.
    :arg bounds: of one exchange.
    :arg heads: those that the owner's connections have read before.
    """

    __slots__ = (
        "_answer",
        "_bounds",
        "_flight",
        "_full",
        "_head",
        "_heard",
        "_hop",
        "_owner",
        "_patience",
        "_paused",
        "_reader",
        "_time",
        "_transport",
        "_upload",
        "_writer",
        "idle_since",
        "key",
    )

    def __init__(
        self,
        key: Hashable,
        limits: Limits,
        owner: Owner,
        bounds: Bounds = BOUNDS,
        heads: ResponseHeadCache | None = None,
    ) -> None:
        self.key = key
        self.idle_since = 0.0
        self._reader = ResponseReader(limits, heads=heads)
        self._owner = owner
        self._bounds = bounds
        self._transport: Any = None
        self._time: Callable[[], float]
        self._full = False
        """Whether the transport has enough to write."""
        self._paused = False
        """Whether it is not to read."""
        self._flight: Flight | None = None
        """A request of the express lane, which is told what comes."""
        self._hop: Hop | None = None
        self._writer: RequestWriter | None = None
        self._upload: Upload | None = None
        self._patience: Patience | None = None
        self._head: asyncio.Future[WireAnswer] | None = None
        self._heard = False
        self._answer: WireAnswer | Leftover | None = None

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._time = asyncio.get_running_loop().time

    def data_received(self, data: bytes) -> None:
        if self._flight is not None:
            self._flight.data_received(data)
            return
        if self._hop is None:
            self._drop()  # nobody has asked
            return
        self._heard = True
        if self._patience is not None:
            self._patience.heard()
        self._reader.feed(data)
        self._advance()

    def eof_received(self) -> None:
        if self._flight is not None:
            self._flight.eof_received()
        elif self._hop is None:
            self._owner.forget(self)
        elif getattr(self._transport, "truncated", False):
            # Without TLS's goodbye anybody may have cut off what has no length (RFC 9112 section 9.8).
            self._fail(self._too_soon())
        else:
            self._reader.feed_eof()
            self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._flight is not None:
            self._owner.forget(self)
            self._flight.connection_lost(exc)  # it is said again when that was taken over
            return
        self._transport = None
        if self._hop is not None:
            self._fail(self._too_soon(), exc)
        self._owner.forget(self)

    def pause_writing(self) -> None:
        self._full = True
        if self._upload is not None:
            self._upload.pause()
        self._mind_time()

    def resume_writing(self) -> None:
        self._full = False
        if self._upload is not None:
            self._upload.resume()
        self._mind_time()

    # The request

    async def exchange(self, hop: Hop) -> WireAnswer:
        """Send a request, and return when the head of the response is there.

        The owner's ``leave`` is called when the response is whole or given up, also if this raises.

        Raises :exc:`StaleError` if the connection has ended before anything of an answer had come, unless a producer
        was asked for the body, which it may not be able to give again; and what else the tree of failures has. What
        cannot be sent at all raises :exc:`~tornadolike.httputil.HTTPOutputError`, and the connection is kept.
        """
        if self._hop is not None:
            raise RuntimeError("This connection is at work: it takes one request at a time")
        transport, times = self._transport, hop.times
        self._hop = hop
        times.sent = times.first_byte = times.ended = 0.0
        flight, self._flight = self._flight, None
        if flight is None and (transport is None or transport.is_closing()):
            self._over()
            raise StaleError(_ENDED)
        self._writer = writer = RequestWriter()
        try:
            pieces = begin(hop, writer)
        except BaseException:
            self._over()
            if flight is None:
                self._owner.keep(self)  # nothing was sent
            else:
                self._drop()
            raise
        self._reader.expect(hop.method, writer)
        self._heard = False
        self._head = head = asyncio.get_running_loop().create_future()
        timeouts = hop.timeouts
        if timeouts.first_byte or timeouts.between_bytes:
            self._patience = Patience(timeouts, self, transport)
        if flight is not None:
            times.sent = flight.sent
        elif len(pieces) == 1:
            transport.write(pieces[0])
        else:
            transport.writelines(pieces)
        times.sent = times.sent or self._time()
        if flight is not None:
            self._take_over(flight)
        elif writer.complete:
            self.upload_ended()
        else:
            hop.waiting_for = "while sending the request"
            self._upload = Upload(hop, writer, transport, self)
            self._upload.start(self._bounds.continue_timeout)
        try:
            answer: WireAnswer = await head
            return answer
        except BaseException:
            if self._hop is hop:  # else it was over, and may be on its way with another
                self._give_up()
            del head  # which has the exception, which has this frame
            raise

    def _take_over(self, flight: Flight) -> None:
        """Go on with a request that the express lane has sent: what has come for it comes again."""
        hop = self._hop
        self.upload_ended()
        if received := flight.received:
            self.data_received(received)
        if flight.ended and self._hop is hop:
            self.eof_received()
        if flight.lost:
            self.connection_lost(flight.reason)

    def upload_ended(self) -> None:
        """All of the request was given to the transport."""
        assert self._hop is not None
        if self._answer is None:
            self._hop.waiting_for = "while waiting for the response"
        if self._patience is not None:
            self._mind_time()

    def upload_failed(self, failure: Exception) -> None:
        """The request will not be whole."""
        self._fail(failure)

    # The response

    def _advance(self) -> None:
        reader = self._reader
        try:
            while (event := reader.next_event()) is not None:
                if type(event) is bytes:
                    self._take_piece(event)
                elif type(event) is EndOfMessage:
                    self._end(event)
                    return
                else:
                    self._take_head(cast(ResponseHead, event))
                if self._hop is None:
                    return
        except EndedTooSoon as error:
            self._fail(self._too_soon(), error)
        except HTTPInputError as error:
            self._fail(HTTPProtocolError(str(error)), error)
        else:
            self._deliver()

    def _take_head(self, head: ResponseHead) -> None:
        hop = self._hop
        assert hop is not None
        if head.interim:
            self._take_interim(hop, head)
            return
        if self._reader.state is _OTHER_PROTOCOL:
            self._fail(
                HTTPProtocolError(
                    f"The server goes on in another protocol ({head.status} {head.start_line.reason}),"
                    " which a fetch does not speak"
                )
            )
            return
        if head.status == 408 and self._was_idle(hop):
            self._fail(StaleError("The server had ended the kept connection: 408"))
            return
        self._reader.max_body_size = sys.maxsize if hop.max_body_size is None else hop.max_body_size
        self._answer = WireAnswer(self, head, self._bounds.read_ahead)
        hop.times.first_byte = self._time()
        hop.waiting_for = "while reading the response"
        upload = self._upload
        if upload is not None and (upload.waiting or head.status >= 300):
            # It does not want the body. With 2xx it may be answering as it reads.
            upload.stop()
        if self._patience is not None:
            self._mind_time()

    def _was_idle(self, hop: Hop) -> bool:
        """Whether a 408 is no answer, but the word with which the server ends a connection that was idle for too long.

        It went out before the request came, or as it came; RFC 9110 section 15.5.9 lets a client send that again.
        """
        if not (hop.times.reused and hop.repeatable) or self._reader.stays_open:
            return False
        return self._upload is None or not self._upload.consumed

    def _take_interim(self, hop: Hop, head: ResponseHead) -> None:
        if head.status == 100 and self._upload is not None:
            self._upload.go()
        if hop.on_interim is not None:
            try:
                hop.on_interim(head.status, head.headers)
            except Exception as error:
                if self._hop is hop:
                    self._fail(error)

    def _take_piece(self, piece: bytes) -> None:
        answer = self._answer
        assert answer is not None
        if not answer.add(piece):
            return
        if type(answer) is Leftover:
            self._give_up()
        elif not self._paused:
            self._paused = True
            self._transport.pause_reading()
            self._mind_time()

    def _deliver(self) -> None:
        """Give the answer, once, to who waits for it."""
        head, answer = self._head, self._answer
        if head is not None and type(answer) is WireAnswer:
            self._head = None
            if not head.done():
                head.set_result(answer)

    # The end of an exchange

    def _end(self, event: EndOfMessage) -> None:
        answer, hop, writer, transport = self._answer, self._hop, self._writer, self._transport
        assert answer is not None
        assert hop is not None
        assert writer is not None
        hop.times.ended = self._time()
        # (What still waits to be sent need not interest a server that has said all it wants to.)
        unsent = not writer.complete or transport.get_write_buffer_size()
        keep = not unsent and self._reader.keep_alive and not transport.is_closing()
        answer.end(event.trailers)
        self._deliver()
        self._over()
        if keep:
            if self._paused:
                self.resume()
            self._owner.keep(self)
        elif unsent:
            self._drop()
        else:
            self.close()

    def _fail(self, failure: Exception, cause: BaseException | None = None) -> None:
        """There will be no answer, or no more of it. The connection is ended."""
        if cause is not None:
            failure.__cause__ = cause
        head, answer = self._head, self._answer
        if answer is not None:
            answer.fail(failure)
            self._deliver()
        elif head is not None and not head.done():
            head.set_exception(failure)
        self._give_up()

    def _give_up(self) -> None:
        """Nobody wants what it may still say."""
        self._over()
        self._drop()

    def _over(self) -> None:
        """The exchange is over."""
        upload, patience, answer = self._upload, self._patience, self._answer
        self._hop = self._writer = self._upload = self._patience = self._head = self._answer = None
        if upload is not None:
            upload.stop()
        if patience is not None:
            patience.rest()
        if type(answer) is Leftover:
            answer.stop()  # its turn was given back before
        else:
            self._owner.leave(self.key)

    def _drop(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()
        self._owner.forget(self)

    def _too_soon(self) -> HTTPStreamClosedError:
        if self._heard:
            return HTTPStreamClosedError(_ENDED if self._answer is None else _ENDED_IN_BODY)
        if self._upload is not None and self._upload.consumed:
            return HTTPStreamClosedError(_ENDED)
        return StaleError(_ENDED)

    # Time, and flow

    def is_late(self, message: str) -> None:
        """The server does nothing, for longer than the request allows."""
        self._fail(HTTPTimeoutError(message))

    def _mind_time(self) -> None:
        """Have the patience look at what is due now."""
        patience = self._patience
        if patience is None:
            return
        if self._answer is not None:
            patience.rest() if self._paused else patience.for_body()
        elif self._full:
            patience.for_request()
        elif self._writer is not None and self._writer.complete:
            patience.for_head()
        else:
            patience.rest()  # it is the producer who takes its time

    def resume(self) -> None:
        """The answer has room again."""
        if self._paused:
            self._paused = False
            if self._transport is not None:
                self._transport.resume_reading()
            self._mind_time()

    def abandon(self, answer: FedAnswer) -> None:
        """Nobody wants the rest of ``answer``: it is read nevertheless if that is soon done, to keep the connection."""
        if self._answer is not answer:
            return
        bounds = self._bounds
        if not self._may_drain(answer):
            self._give_up()
            return
        timer = asyncio.get_running_loop().call_later(bounds.drain_time, self._give_up)
        self._answer = Leftover(bounds.drain_size, timer)
        if self._patience is not None:
            self._patience.rest()
            self._patience = None
        self._owner.leave(self.key)  # to drain is no request
        self.resume()

    def _may_drain(self, answer: FedAnswer) -> bool:
        if self._writer is None or not self._writer.complete or not self._reader.stays_open:
            return False
        if not self._owner.has_room():
            return False
        length = answer.headers.get("Content-Length")
        return length is None or int(length) - answer.received <= self._bounds.drain_size

    def close(self) -> None:
        """End it; in good order if nothing is going on. Who waits for an answer is told."""
        if self._flight is not None:
            self._flight.fail(HTTPStreamClosedError("The client was closed"))
        elif self._hop is not None:
            self._fail(HTTPStreamClosedError("The client was closed"))
        elif self._transport is not None:
            self._transport.close()
            if self._transport is not None:
                # TLS has said goodbye now; the server's is not waited for: the loop may be about to end.
                self._transport.abort()


def begin(hop: Hop, writer: RequestWriter) -> list[bytes]:
    """What goes out first: the head, and the body if it is there and not asked for."""
    with_body = hop.producer is not None
    head = writer.head(hop.method, _target(hop), hop.headers, with_body)
    if with_body or writer.expects_continue:
        return [head]
    if not hop.body:
        return [head + writer.end()]
    body, end = writer.data(hop.body), writer.end()
    if len(body) <= _TOGETHER:
        return [head + body + end]
    return [head, body, end]


def _target(hop: Hop) -> str:
    proxy = hop.way.proxy
    if proxy is not None and not proxy.socks and not hop.address.secure:
        return hop.address.url
    return hop.address.resource
