"""The streams of a server and who handles them: what becomes of a stream when its handler has ended.

A conversation begins with a connection, and is over when its handler has ended *and* its stream is closed *and*
what was written has left. While the handler runs, the stream and the task are held here: nobody else need do
it. Afterwards the stream belongs to whoever has kept it (a list of listeners, say); it is only watched from
here, by a weak reference, so that the server can wait for it and can close it. One that nobody has kept is
forgotten: no event would ever close it while the peer waits, so it is closed. Whether somebody has it is seen
by its references, and not while something waits: what waits may itself be what keeps it (a file that is being
sent, a callback that will write more). So it is asked whenever the stream has come to rest.
"""

import asyncio
import ssl
import sys
import weakref
from collections.abc import Callable
from typing import Any, Final

from ..gen import convert_yielded
from ..ioloop import IOLoop
from ..iostream import IOStream, StreamClosedError
from ..log import app_log, gen_log
from .connections import Connections

Handler = Callable[[IOStream, Any], Any]
"""What is called with a stream and the peer's address, as :meth:`~.TCPServer.handle_stream`."""

_REFERENCES_OF_OURS: Final = 3
"""References to a stream that nobody has kept: its conversation's, its transport's protocol's, and the
argument of :func:`sys.getrefcount`. If there are more, one is somebody's, or will be gone with the garbage.

The argument counts in every version of CPython because it comes from an attribute: what comes from a variable may
be borrowed, from 3.14 on. Objects, and the variables of frames that wait, never borrow: who has it is counted."""


class Conversation:
    """A stream and its handler. It is the stream's keeper, and so learns of its end."""

    __slots__ = ("_ended", "_handled", "_held", "_over", "_stream", "address", "task")

    def __init__(
        self, stream: IOStream, address: Any, over: Callable[["Conversation"], None]
    ) -> None:
        self.address = address
        self.task: asyncio.Future[Any] | None = None
        self._over = over
        self._handled = False  # the handler has ended
        self._ended = False  # the connection has
        self._held: IOStream | None = stream  # while it is being handled
        self._watch(stream)

    def handle(self, handler: Handler) -> None:
        """Call the handler; what it wants to be waited for becomes a task."""
        stream = self._held
        assert stream is not None
        try:
            result = handler(stream, self.address)
            if result is None:
                # Later: here the caller's frames still have the stream.
                stream.io_loop.add_callback(self._let_go)
                return
            self.task = as_future(result, stream.io_loop)
        except Exception as error:
            self._failed(error, "Error in connection callback")
        else:
            self.task.add_done_callback(self._task_done)

    def abort(self) -> None:
        """End the connection and cancel the handler."""
        stream = self._stream()
        if stream is not None and not self._ended:
            stream.abort()
        if isinstance(self.task, asyncio.Task):
            self.task.cancel()
        elif self.task is not None:
            # That does not stop a generator; the end of its stream has, if that is what it waits for.
            self.task.get_loop().call_soon(self.task.cancel)

    # What the stream tells its keeper

    def stream_closed(self, stream: IOStream) -> None:
        """The stream has ended, by whomever, and the connection with it."""
        self._ended = True
        self._end_if_over()

    def stream_rests(self, stream: IOStream) -> None:
        """Nothing waits any more, and who waited is told in this turn of the loop, and may go on or leave it."""
        if self._handled:
            stream.io_loop.add_callback(self._look)

    def stream_replaced(self, stream: IOStream) -> None:
        """The connection goes on with another stream (by ``start_tls``)."""
        if self._held is not None:
            self._held = stream
        self._watch(stream)

    def _watch(self, stream: IOStream) -> None:
        stream.keeper = self
        self._stream = weakref.ref(stream, self._stream_collected)

    def _stream_collected(self, reference: object) -> None:
        if reference is self._stream:
            self._ended = True
            self._end_if_over()

    # The handler's end

    def _task_done(self, task: "asyncio.Future[Any]") -> None:
        if task.cancelled():
            self._close()
        elif (error := task.exception()) is None:
            self._let_go()
        else:
            self._failed(error, "Exception in callback")

    def _failed(self, error: BaseException, what: str) -> None:
        stream = self._stream()
        ended_by = None if stream is None else stream.error
        if not self._is_closed() or not (isinstance(error, StreamClosedError) or error is ended_by):
            app_log.error("%s: %s", what, who(self.address), exc_info=error)
        elif not isinstance(ended_by, ssl.SSLError):  # which was logged where it happened
            # The peer has gone, which a handler need not expect.
            gen_log.info("Connection ended while it was handled: %s", who(self.address))
        self._close()

    def _close(self) -> None:
        stream = self._stream()
        if stream is not None:
            stream.close()
        self._let_go()

    def _let_go(self) -> None:
        """The stream is from now on held by those who have kept it."""
        self._handled = True
        self._look()
        self._end_if_over()

    def _look(self) -> None:
        """Close the stream if nobody has it. (Not to be called while variables of a caller's have it.)"""
        self._held = self._stream()
        if self._held is not None and self._is_forgotten():
            self._held.close()
        self._held = None

    def _is_forgotten(self) -> bool:
        stream = self._stream()
        if stream is None or stream.awaited() or stream.writing():
            return False
        # Who waits for the end of a handshake has a reference too.
        ours = _REFERENCES_OF_OURS + stream.opening()
        del stream
        return sys.getrefcount(self._held) <= ours

    def _is_closed(self) -> bool:
        stream = self._stream()
        return stream is None or stream.closed()

    def _end_if_over(self) -> None:
        if self._handled and self._ended:
            self._over(self)
            # It has its exception, that the stream, whose reference calls back here: a circle.
            self.task = None


class Conversations(Connections):
    """All that are going on."""

    def __init__(self) -> None:
        super().__init__()
        self._open: set[Conversation] = set()

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, stream: IOStream, address: Any, handler: Handler) -> None:
        """Have ``handler`` talk over a new stream."""
        conversation = Conversation(stream, address, self._one_is_over)
        self._open.add(conversation)
        conversation.handle(handler)

    def count(self) -> int:
        return len(self._open)

    def going_on(self) -> set[Conversation]:
        caller = asyncio.current_task()
        return {one for one in self._open if one.task is None or one.task is not caller}

    def _one_is_over(self, conversation: Conversation) -> None:
        self._open.discard(conversation)
        self.one_has_ended()


def as_future(result: Any, io_loop: IOLoop) -> asyncio.Future[Any]:
    """What a handler wants to be waited for, as a future of its loop."""
    future: Any = convert_yielded(result)
    if isinstance(future, asyncio.Future):
        return future
    return asyncio.wrap_future(future, loop=io_loop.asyncio_loop)


def who(address: Any) -> str:
    """A peer, for the log: those of Unix sockets have no address, or any that they like."""
    return f"from {address!r}" if address else "from a Unix socket"
