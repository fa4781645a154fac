"""A connection that can be asked for messages, beside telling its delegate of them.

From the first time that somebody asks (:meth:`WebSocketConnection.receive`) messages wait until they are asked for, up
to the bound of what is taken in ahead. Pings, pongs and the end are told as ever. When the callback in which that
began has finished and nobody is asking, callbacks go on; if it was ``open``, the conversation is over.

Those who ask stand in a line, and only the first of them looks at what has arrived. So none is overtaken, neither while
he waits nor while what he has met on the way to his message (a ping, say) is being told.
"""

import asyncio
from collections import deque
from contextvars import Context

from ..closing import NORMAL
from ..events import Event
from ..protocol import WebSocketCore
from .delegate import Delegate
from .delivering import DeliveringConnection, Stall


class WebSocketConnection(DeliveringConnection):
    """One end of an open WebSocket, as the protocol of a transport.

    :arg delegate: who is told what arrives.
    :arg core: the protocol's state.
    :arg context: where the callbacks run.
    :arg ping_interval: seconds between two pings, 0 for none.
    :arg ping_timeout: seconds within which a sign of life must follow a ping, 0 for ever.
    """

    __slots__ = ("_arrived", "_asked", "_line", "_pulled")

    def __init__(
        self,
        delegate: Delegate,
        core: WebSocketCore,
        context: Context,
        *,
        ping_interval: float = 0.0,
        ping_timeout: float = 0.0,
    ) -> None:
        super().__init__(
            delegate, core, context, ping_interval=ping_interval, ping_timeout=ping_timeout
        )
        self._pulled = False  # whether messages wait until they are asked for
        self._asked = False  # whether somebody is asking: the first of the line
        self._arrived: asyncio.Future[None] | None = None  # what he waits for
        self._line: deque[asyncio.Future[None]] | None = None  # the others, who wait to be first

    def start_pulled(self) -> None:
        """Begin without a callback: messages wait until they are asked for."""
        self._start_pinging()
        self._opening = False
        self._pulled = True
        self._stall = Stall.PULLED
        self._context.run(self._look_ahead)

    async def receive(self) -> str | bytes | None:
        """The next message, or None at the end. Several may wait: who came first is served first.

        It may be cancelled: nothing is lost.
        """
        self._pulled = True
        if self._stall is None:
            self._stall = Stall.PULLED
        if self._asked:
            await self._stand_in_line()
        self._asked = True
        try:
            while True:
                event = self._next_event()
                if event is None:
                    self._resume_reading()
                    if self._muted:
                        return None
                    if not self._corked:
                        self._flush()
                    self._arrived = self._loop.create_future()
                    try:
                        await self._arrived
                    finally:
                        self._arrived = None
                elif isinstance(event, str | bytes):
                    self._cork_while_there_is_more()
                    return event
                else:
                    result = self._handle(event)
                    if result is not None and result is not self:
                        await result
        finally:
            if self._line:
                self._let_the_next_ask()
            else:
                self._asked = False

    async def _stand_in_line(self) -> None:
        if self._line is None:
            self._line = deque()
        place = self._loop.create_future()
        self._line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._let_the_next_ask()  # we were the first already
            elif place in self._line:
                self._line.remove(place)
            raise

    def _let_the_next_ask(self) -> None:
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)  # nobody comes between: somebody is asking still
                return
        self._asked = False

    def _tell_arrival(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    # What is different while messages are asked for

    def _go_on(self) -> None:
        """A callback has finished: on with the next, or wait until somebody asks."""
        if self._pulled:
            if self._asked:
                self._opening = False
                self._stall = Stall.PULLED
                self._look_ahead()
                return
            self._pulled = False
            if self._opening:
                self._muted = True  # what comes now was not asked for
                self.close(NORMAL)
        super()._go_on()

    def _look_ahead(self) -> None:
        super()._look_ahead()
        if self._ahead or self._core.close_held:
            self._tell_arrival()

    def _take_in(self, event: Event) -> None:
        if self._stall is Stall.CALLBACK or isinstance(event, str | bytes):
            super()._take_in(event)
        else:
            self._handle_beside(event)

    def _handle_beside(self, event: Event) -> None:
        """What is not a message, while messages are pulled: nobody waits for who is told."""
        result = self._handle(event)
        if result is None or result is self:
            return
        try:
            future = self._as_future(result, None)
        except TypeError as error:
            self._callback_failed(error)
            return
        future.add_done_callback(self._check_outcome)

    def _tell_end(self, code: int | None, reason: str | None) -> None:
        super()._tell_end(code, reason)
        self._tell_arrival()

    def _cork_while_there_is_more(self) -> None:
        """What is said in answer to several messages that came together leaves together."""
        if not self._corked and (self._ahead or self._core.pending):
            self._corked = True
            self._loop.call_soon(self._uncork)

    def _uncork(self) -> None:
        self._corked = False
        self._flush()
