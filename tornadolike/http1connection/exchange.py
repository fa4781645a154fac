""":class:`HTTP1Connection`: one exchange of messages over a stream, by either of its sides.

A client sends a request and reads the response to it:

.. code-block:: python

    connection = HTTP1Connection(stream, is_client=True)
    connection.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders({"Host": "example.com"}))
    connection.finish()
    reusable = await connection.read_response(delegate)

Both may go on at once: a response may come before the request is whole, and the body of a request that expects
``100 Continue`` is sent when the delegate is told of that. Nothing is read from the stream that nobody wants: as
long as the delegate makes us wait, the peer has to wait too; and whoever writes learns by a future when there is
room for more.

What was read behind the message goes back to the stream. So the next exchange may begin there, or another
protocol (:meth:`HTTP1Connection.detach`).

Reading is told here, writing in :mod:`.outgoing`; what the two sides have of their own is in :mod:`.sides`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn

from ..http1 import EndOfMessage, Limits, State
from ..httputil import HTTPInputError, HTTPMessageDelegate
from ..iostream import IOStream, StreamClosedError, UnsatisfiableReadError
from ..log import app_log, gen_log
from .bodies import prepared
from .outgoing import Outgoing
from .parameters import HTTP1ConnectionParameters
from .serving import call_application, log_refusal

TURN_SIZE: Final = 256 * 1024
"""How many bytes are read before the loop looks after others, if they come faster than they are read."""
STEP_SIZE: Final = 2048
"""How many bytes of a body in chunks are looked at, at once: so many may be full of tiny chunks."""
CHUNKING_COST: Final = 256
"""As how many bytes one counts that is there only for the sake of chunks. Each takes so much longer."""


class HTTP1Connection(Outgoing):
    """One exchange over a stream.

    :arg stream: an :class:`.IOStream` that nobody reads from or writes to. Its close callback is ours from now on.
    :arg is_client: whether we send the request and read the response, or the other way round.
    :arg params: by default :class:`HTTP1ConnectionParameters` as they are by default.
    :arg context: anything, for whoever looks for it here. As a server's it tells requests of their ``remote_ip``
        and ``protocol``; and the log says from whom malformed messages come.
    """

    def __init__(
        self,
        stream: IOStream,
        is_client: bool,
        params: HTTP1ConnectionParameters | None = None,
        context: object | None = None,
    ) -> None:
        params = params or HTTP1ConnectionParameters()
        self.params = params
        self.context = context
        self._max_body_size = (
            stream.max_buffer_size if params.max_body_size is None else params.max_body_size
        )
        self._body_timeout = params.body_timeout
        limits = Limits(
            max_header_size=params.max_header_size or Limits().max_header_size,
            max_body_size=self._max_body_size,
        )
        super().__init__(stream, is_client, limits, params.no_keep_alive)
        self._close_callback: Callable[[], object] | None = None
        self._told = False
        """The delegate was told the head of a message, and not yet how that ended."""
        self._closed = False
        """By ourselves."""
        self._unfed = b""
        """What was received and the reader has not got."""
        self._turn = 0
        """Bytes that were read since the loop had a turn."""
        stream.set_close_callback(None)

    # Reading

    async def read_response(self, delegate: HTTPMessageDelegate) -> bool:
        """Read one message (as a server, the request), tell ``delegate`` of it, and wait until ours is written.

        A client's delegate is told each interim response by a ``headers_received`` of its own. If the message does
        not come to its end, it is told by ``on_connection_close``.

        Return whether the stream may be used for another exchange. It is closed if not, unless it was detached. So
        it is too if the peer breaks the protocol (a client is answered with the status it deserves), if the time
        is over, and if the delegate raises; that is logged, and False returned.

        Raises :exc:`StreamClosedError` if the connection ends before the message does, and if the head of a response
        is too large (its ``real_error`` is an :exc:`UnsatisfiableReadError` then). If this is cancelled, the
        stream is closed.
        """
        self._side.begin_reading()
        params = self.params
        delegate = prepared(
            delegate, params.chunk_size, params.decompress, lambda: self._max_body_size
        )
        try:
            return await self._exchange(delegate)
        except HTTPInputError as error:
            log_refusal(self.context, error)
            # A client waits for somebody to tell it what has become of its request.
            self._told = self._told or self.is_client
            await self._refuse(error)
            return False
        except DelegateFailed:
            self.close()
            return False
        except NobodyThere:
            self._told = False
            return False
        except asyncio.CancelledError:
            self.close()  # nobody knows where the next message begins
            raise
        except StreamClosedError:
            if self.is_client or not self._write_finished:
                raise
            self._told = False  # it was answered, and does not want the rest
            return False
        finally:
            if self._told:
                self._told = False
                call_application(delegate.on_connection_close)
            self._forget_callbacks()

    async def _exchange(self, delegate: HTTPMessageDelegate) -> bool:
        await self._read_head(delegate)
        try:
            async with asyncio.timeout(self._body_timeout):
                await self._read_body(delegate)
        except TimeoutError:
            raise HTTPInputError("Timeout reading body", 408) from None
        self._read_finished = True
        if self.is_client or not self._write_finished:
            await self._tell(delegate.finish)
        self._told = False
        return await self._end()

    async def _read_head(self, delegate: HTTPMessageDelegate) -> None:
        """Read heads up to the final one, and tell of each."""
        interim = True
        while interim:
            try:
                async with asyncio.timeout(self.params.header_timeout):
                    head = await self._next_head()
            except TimeoutError:
                if not (self.is_client or self._side.reader.buffered):
                    # An idle connection ends without a word.
                    self.close()
                    raise NobodyThere from None
                raise HTTPInputError("Timeout reading head", 408) from None
            except HTTPInputError as error:
                if self.is_client and error.status == 431:
                    self._end_unsatisfied(error)
                raise
            start_line, headers = self._side.read_head(head)
            self._told = True
            await self._tell(delegate.headers_received, start_line, headers)
            interim = self._side.interim
            self._told = not interim

    def _end_unsatisfied(self, error: HTTPInputError) -> NoReturn:
        """The head is too large. Tornado's clients know that by the error of a stream that has read until its end."""
        gen_log.info("Unsatisfiable read, closing connection: %s", error)
        unsatisfied = UnsatisfiableReadError(str(error))
        self.stream.close(exc_info=unsatisfied)
        raise StreamClosedError(unsatisfied) from error

    async def _read_body(self, delegate: HTTPMessageDelegate) -> None:
        side = self._side
        side.reader.max_body_size = self._max_body_size
        invitation = b"" if self._write_finished else side.invitation()
        if invitation:
            self._send(invitation)
        await self._deliver(delegate, side.whole_body())
        end = None
        if not side.reader.complete:
            # Looked at in steps, as what will come.
            self._unfed = side.reader.unread()
        while not side.reader.complete:
            piece, end = await self._next_piece()
            await self._deliver(delegate, piece)
        if end is not None and end.trailers:
            await self._tell(delegate.trailers_received, end.trailers)

    async def _deliver(self, delegate: HTTPMessageDelegate, piece: bytes) -> None:
        if piece and (self.is_client or not self._write_finished):
            await self._tell(delegate.data_received, piece)

    async def _tell(self, method: Callable[..., Awaitable[None] | None], *args: Any) -> None:
        """Call the delegate, and wait until it is ready."""
        try:
            waiting = method(*args)
            if waiting is not None:
                await waiting
        except HTTPInputError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            if self._is_no_fault(error):
                raise
            app_log.error("Uncaught exception", exc_info=True)
            raise DelegateFailed from error
        if self.stream is None:
            raise NobodyThere

    def _is_no_fault(self, error: BaseException) -> bool:
        """Whether what the delegate has raised came to it from elsewhere."""
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            return task is not None and task.cancelling() > 0
        return isinstance(error, StreamClosedError) and self._is_gone()

    async def _next_head(self) -> Any:
        reader = self._side.reader
        while (head := reader.next_event()) is None:
            reader.feed(await self._receive())
        return head

    async def _next_piece(self) -> tuple[bytes, EndOfMessage | None]:
        """What there is of the body, at least what comes next; and its end, if that is there."""
        reader = self._side.reader
        piece, end = self._take_piece()  # the end of nothing is there at once
        pieces = [piece]
        while not any(pieces) and end is None:
            data, self._unfed = self._unfed or await self._receive(), b""
            size = STEP_SIZE if self._side.chunked else max(len(data), 1)
            for start in range(0, len(data) or 1, size):
                step = data[start : start + size]
                if step:
                    reader.feed(step)
                piece, end = self._take_piece()
                pieces.append(piece)
                if end is not None:
                    if rest := data[start + size :]:
                        reader.feed(rest)
                    break
                self._turn += CHUNKING_COST * max(len(step) - len(piece), 0)
                await self._give_turn()
        return b"".join(pieces), end

    def _take_piece(self) -> tuple[bytes, EndOfMessage | None]:
        """What the reader has of the body."""
        reader = self._side.reader
        pieces: list[bytes] = []
        while not reader.complete and (event := reader.next_event()) is not None:
            if type(event) is EndOfMessage:
                return b"".join(pieces), event
            assert type(event) is bytes
            pieces.append(event)
        return b"".join(pieces), None

    async def _receive(self) -> bytes:
        """What comes next; nothing at an end that ends the message."""
        await self._give_turn()
        try:
            data: bytes = await self.stream.read_bytes(self.params.chunk_size, partial=True)
        except StreamClosedError:
            stream = self.stream
            cut = self._closed or stream.error is not None or getattr(stream, "truncated", False)
            if cut or self._side.reader.state is not State.UNTIL_END:
                raise
            self._side.reader.feed_eof()
            return b""
        self._turn += len(data)
        return data

    async def _give_turn(self) -> None:
        """Let the loop look after others, if it could not for long."""
        if self._turn >= TURN_SIZE:
            self._turn = 0
            await asyncio.sleep(0)

    async def _end(self) -> bool:
        """The other's message is whole: wait until ours is, and see whether another exchange can follow."""
        stream = self.stream
        behind = self._side.reader.unread()
        stream.unread(behind)
        if self._side.is_left_unfinished():
            self.close()
        if not self._done.done() and not stream.closed():
            stream.set_close_callback(self._lost)
            await self._done
        if self.stream is None:
            return False
        if not self._side.keeps_stream(behind):
            self.close()
        return not stream.closed()

    async def _refuse(self, error: HTTPInputError) -> None:
        """The peer has broken the protocol."""
        if not (self._is_gone() or self._write_finished):
            answer = self._side.refusal(error)
            if answer:
                try:
                    await self.stream.write(answer)
                except StreamClosedError:
                    pass
        self.close()

    # Limits of this one message

    def set_body_timeout(self, timeout: float | None) -> None:
        """Let the body take so many seconds; None: as long as it likes. At the latest in ``headers_received``."""
        self._body_timeout = timeout

    def set_max_body_size(self, max_body_size: int) -> None:
        """Let the body have so many bytes. At the latest in ``headers_received``."""
        self._max_body_size = max_body_size

    # The end

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Call ``callback()`` if the connection ends when the other's message is whole and ours is not."""
        self._close_callback = callback

    def _lost(self) -> None:
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            call_application(callback)
        self._end_writing()

    def close(self) -> None:
        """Close the stream now."""
        self._closed = True
        if self.stream is not None:
            self.stream.close()
        self._forget_callbacks()
        self._end_writing()

    def detach(self) -> IOStream:
        """Take the stream out, for another protocol; nothing more is read or written here.

        To be called when the delegate is told something (as a rule, in ``headers_received``), or when the exchange
        is over. What came behind that is read from the stream first.
        """
        stream: IOStream | None = self.stream
        if stream is None:
            raise RuntimeError("detach() was called before: the stream is somebody else's")
        stream.unread(self._side.reader.unread())
        self._forget_callbacks()
        self.stream = None
        self._end_writing()
        return stream

    def _forget_callbacks(self) -> None:
        self._close_callback = None
        if self.stream is not None:
            self.stream.set_close_callback(None)


class DelegateFailed(Exception):
    """A method of the delegate's has raised, which was logged."""


class NobodyThere(Exception):
    """There is nothing to read, and nobody to be told: the delegate has taken the stream, or no client says a word."""
