"""Writing to a transport no faster than its peer reads, on behalf of its protocol."""

import asyncio
from typing import Any


class Drain(asyncio.Protocol):
    """Stands in for a transport's protocol while somebody else writes, and hears when to pause.

    Meanwhile reading is paused; what concerns writing and the connection's end is passed on, so the
    protocol's idea of them is right when :meth:`end` puts it back.

    :arg transport: of any kind that has flow control and can pause reading.
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._protocol = transport.get_protocol()
        self._was_reading = transport.is_reading()
        self._may_write = asyncio.Event()
        if not transport._protocol_paused:
            self._may_write.set()
        self._problem: Exception | None = None
        transport.pause_reading()
        transport.set_protocol(self)

    async def drained(self) -> None:
        """Wait until writing is welcome. Raises :exc:`ConnectionError` if the connection is closing or lost."""
        await self._may_write.wait()
        if self._problem is not None:
            try:
                raise self._problem
            finally:
                self._problem = None  # it holds this frame
        if self._transport.is_closing():
            raise ConnectionError("the connection was closed before the whole file was sent")

    def end(self) -> None:
        """Put the protocol back in its place."""
        if self._transport.get_protocol() is self:  # else it was taken by another, or all is over
            self._transport.set_protocol(self._protocol)
        if self._was_reading:
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        self._may_write.clear()
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._may_write.set()
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._problem = exc
        self._may_write.set()
        self._protocol.connection_lost(exc)
