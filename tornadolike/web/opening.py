""":class:`Opening`: what is to be done before the head of a response is sent, and may take its time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from ..httputil import HTTPServerRequest
from .errors import Finish

BeforeHead = Callable[[Any], Awaitable[None] | None]
"""Called with the handler."""


@dataclass(slots=True)
class Held:
    """A response that waits for what comes before its head."""

    sent: "asyncio.Future[None]"
    """What :meth:`.RequestHandler.flush` or :meth:`~.RequestHandler.finish` has returned."""
    finishing: bool


class Opening:
    """Calls what has asked for it before the head of a response."""

    request: HTTPServerRequest
    _send_held: Callable[[bool], "asyncio.Future[None]"]
    _end_with: Callable[[BaseException], None]
    _abandon: Callable[[], None]

    _headers_written = False
    _finished = False
    _before_head: list[BeforeHead] | None = None
    _held: Held | None = None
    _is_whole = False
    """For what is called before the head: whether all of the body is there, in ``_write_buffer``."""

    def before_head(self, callback: BeforeHead) -> BeforeHead:
        """Have ``callback(handler)`` called right before the head of the response is sent, whatever response it is.

        It may still set the status, headers and cookies; it is called for error pages too, and when the response is
        streamed. Those that were added last are called first. It may be a coroutine function: then the response waits
        for it, while the handler goes on. What it raises ends the request as if the handler had raised it.

        Can be used as a decorator. It is not called where the response is not this handler's (:meth:`detach`,
        :class:`.FallbackHandler`). Raises :exc:`RuntimeError` if the head has been sent.
        """
        if self._headers_written or self._held is not None:
            raise RuntimeError(
                "before_head() comes too late: the head of the response is on its way"
            )
        if self._before_head is None:
            self._before_head = []
        self._before_head.append(callback)
        return callback

    def _call_before_head(self) -> Coroutine[Any, Any, None] | None:
        """Call what is to be called, as far as that goes without waiting; give the rest."""
        callbacks = self._before_head
        while callbacks:
            waiting = callbacks.pop()(self)
            if waiting is not None:
                return self._call_rest(waiting)
        self._before_head = None
        return None

    async def _call_rest(self, waiting: Awaitable[None]) -> None:
        await waiting
        rest = self._call_before_head()
        if rest is not None:
            await rest

    def _hold(self, finishing: bool) -> "asyncio.Future[None] | None":
        """Do what comes before the head. None if the head can be sent now; else what to return for having sent it."""
        held = self._held
        self._is_whole = finishing
        if held is None:
            rest = self._call_before_head()
            if rest is None:
                return None
            task = asyncio.ensure_future(rest)
            self.request.connection.keep_task(task)
            held = self._held = Held(task.get_loop().create_future(), False)
            task.add_done_callback(self._release)
        if finishing:
            held.finishing = self._finished = True
        return held.sent

    def _release(self, task: "asyncio.Task[None]") -> None:
        """What came before the head is done, or has failed."""
        held, self._held = self._held, None
        assert held is not None
        if held.finishing:
            self._finished = False
        if task.cancelled() and task.cancelling():
            # By the server, whose time for stopping is over; not by what a callback has waited for.
            self._abandon()
            held.sent.cancel()
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            try:
                sending = self._send_held(held.finishing)
            except BaseException as raised:
                error = raised
            else:
                sending.add_done_callback(lambda sent: _pass_on(sent, held.sent))
                return
        self._end_with(error)
        if not held.sent.done():
            if held.finishing:
                held.sent.set_result(None)
            else:  # the handler is not to go on with a response that is over
                held.sent.set_exception(Finish())
                held.sent.exception()


def _pass_on(sent: "asyncio.Future[None]", to: "asyncio.Future[None]") -> None:
    if to.done():
        if not sent.cancelled():
            sent.exception()  # looked at: nobody waits for it any more
    elif sent.cancelled():
        to.cancel()
    elif (error := sent.exception()) is not None:
        to.set_exception(error)
        to.exception()
    else:
        to.set_result(None)
