"""Time-outs that libcurl does not have: of TLS, until the first byte, and between bytes."""

from collections.abc import Callable
from typing import Final

from ..httpclient.engine import Timeouts
from ..ioloop import IOLoop

# How far a transfer has come, as a time-out says it.
CONNECTING: Final = "while connecting"
HANDSHAKE: Final = "during TLS handshake"
SENDING: Final = "while sending the request"
WAITING: Final = "while waiting for the response"
RECEIVING: Final = "while reading the response"


class Watch:
    """Looks whether a transfer moves, by one timer that is set anew only when it goes off.

    :arg timeouts: of which ``tls``, ``first_byte`` and ``between_bytes`` are kept here.
    :arg waits_for_us: whether it is us who have stopped it.
    :arg late: called with what was waited for.
    """

    def __init__(
        self,
        io_loop: IOLoop,
        timeouts: Timeouts,
        waits_for_us: Callable[[], bool],
        late: Callable[[str], None],
    ) -> None:
        self._io_loop = io_loop
        self._limits = {
            CONNECTING: 0.0,
            HANDSHAKE: timeouts.tls,
            SENDING: timeouts.between_bytes,
            WAITING: timeouts.first_byte,
            RECEIVING: timeouts.between_bytes,
        }
        self._interval = min(limit for limit in self._limits.values() if limit)
        self._waits_for_us = waits_for_us
        self._late = late
        self.stage = CONNECTING
        """The one in which something has happened last."""
        self._moved = io_loop.time()
        self._timer: object = io_loop.call_later(self._interval, self._look)

    @staticmethod
    def needed(timeouts: Timeouts) -> bool:
        """Whether there is anything to watch for."""
        return bool(timeouts.tls or timeouts.first_byte or timeouts.between_bytes)

    def move(self, stage: str) -> None:
        """Something has happened, in this stage."""
        self.stage = stage
        self._moved = self._io_loop.time()

    def end(self) -> None:
        """Nothing is to be watched any more."""
        self._io_loop.remove_timeout(self._timer)

    def _look(self) -> None:
        left = self._left()
        if left is not None and left <= 0:
            self._late(self.stage)
            return
        self._timer = self._io_loop.call_later(self._interval if left is None else left, self._look)

    def _left(self) -> float | None:
        """Seconds until it is late; None if nothing that has a limit goes on."""
        limit = self._limits[self.stage]
        if not limit:
            return None
        now = self._io_loop.time()
        if self._waits_for_us():
            self._moved = now
        return self._moved + limit - now
