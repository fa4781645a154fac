""":class:`Lasting`: what a handler does that has no end of its own, and ends with its client or its server."""

import asyncio
from types import TracebackType
from typing import Any

from ...http1connection.responses import fail_future
from ...iostream import StreamClosedError


class Lasting:
    """``with Lasting(handler):``, in which what the handler waits for is broken off when its client leaves.

    As :func:`asyncio.timeout` does it when the time is over: the task is cancelled where it waits. Outside there is a
    :exc:`StreamClosedError` then, as if the handler had been writing to its client, and no cancellation.

    :arg endless: whether it ends also when the server begins to stop (:meth:`.TCPServer.drain`). That is no error.
    """

    __slots__ = ("_cancelled", "_endless", "_handler", "_outer", "_task", "client_left", "stopped")

    def __init__(self, handler: Any, endless: bool) -> None:
        self._handler = handler
        self._endless = endless
        self._task: asyncio.Task[Any] | None = None
        self._outer = 0
        """How often the task had been cancelled before, by others."""
        self._cancelled = False
        self.client_left = False
        self.stopped = False
        """Whether it has come to its end otherwise than by itself, the client being there still."""

    @property
    def is_ended(self) -> bool:
        """Whether something has ended it, or is about to."""
        return self.client_left or self.stopped

    @property
    def is_over(self) -> bool:
        """Whether it is ended, has come to its end, or has not begun."""
        return self.is_ended or self._task is None

    def __enter__(self) -> "Lasting":
        handler = self._handler
        if handler._lasting is not None:
            raise RuntimeError(
                "one response is being streamed already: a handler can send only one"
            )
        if handler._client_has_left or handler.request.connection.closed:
            raise self._gone()
        self._task = asyncio.current_task()
        assert self._task is not None
        self._outer = self._task.cancelling()
        handler._lasting = self
        handler._stay_told()
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        task, self._task = self._task, None
        assert task is not None
        handler = self._handler
        handler._lasting = None
        broken_off = (
            self._cancelled
            and task.uncancel() <= self._outer
            and isinstance(error, asyncio.CancelledError)
        )
        if error is not None and _says_closed(error):
            if handler.request.connection.closed:
                self.client_left = True
            elif not self.is_ended:
                return False  # some other stream
        elif error is not None and not broken_off:
            return False
        if self.client_left:
            raise self._gone() from None
        return True

    def _gone(self) -> StreamClosedError:
        """What is raised because the client is gone, as it would be by what is sent to it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        fail_future(future, None)
        self._handler._sending = future
        gone = future.exception()
        assert isinstance(gone, StreamClosedError)
        return gone

    # What ends it

    def lose_client(self) -> None:
        """The client has left."""
        if not self.is_over:
            self.client_left = True
            self._break_off()

    def go_away(self) -> None:
        """The server begins to stop."""
        if self._endless:
            self.stop()

    def stop(self) -> None:
        """Let it be over."""
        if not self.is_over:
            self.stopped = True
            self._break_off()

    def _break_off(self) -> None:
        task = self._task
        assert task is not None
        answering = self._handler._answering
        if answering is not None and answering.aborted:
            return  # it may be cleaning up already
        # If it is the task itself that has found it out, it need not be woken, and looks at `is_over`.
        if asyncio.current_task() is not task:
            self._cancelled = True
            task.cancel()


def _says_closed(error: BaseException) -> bool:
    """Whether it is a :exc:`StreamClosedError`, or some of them that came out of a task group."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(StreamClosedError)[1] is None
    return isinstance(error, StreamClosedError)
