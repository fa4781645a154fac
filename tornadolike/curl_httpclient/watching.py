"""Time-outs that libcurl does not have: of TLS, until the first byte, and between bytes."""

import enum
from collections.abc import Callable

from ..httpclient.engine import Timeouts
from ..ioloop import IOLoop


class Stage(enum.Enum):
    """How far a transfer has come. The value is what a time-out says."""

    CONNECTING = "while connecting"
    SENDING = "while sending the request"
    WAITING = "while waiting for the response to begin"
    RECEIVING = "while receiving the body of the response"


class Watch:
    """Looks whether a transfer moves, by one timer that is set anew only when it goes off.

    :arg timeouts: of which ``tls``, ``first_byte`` and ``between_bytes`` are kept here.
    :arg connected: tells for how many seconds TCP has stood, None before.
    :arg waits_for_us: whether it is us who have stopped it.
    :arg late: called with what was waited for.
    """

    def __init__(
        self,
        io_loop: IOLoop,
        timeouts: Timeouts,
        connected: Callable[[], float | None],
        waits_for_us: Callable[[], bool],
        late: Callable[[str], None],
    ) -> None:
        self._io_loop = io_loop
        self._limits = {
            Stage.CONNECTING: timeouts.tls,
            Stage.SENDING: timeouts.between_bytes,
            Stage.WAITING: timeouts.first_byte,
            Stage.RECEIVING: timeouts.between_bytes,
        }
        # (When TCP stands nobody tells; a quarter is how exactly it is known.)
        limits = (timeouts.tls / 4, timeouts.between_bytes, timeouts.first_byte)
        self._interval = min(limit for limit in limits if limit)
        self._connected = connected
        self._waits_for_us = waits_for_us
        self._late = late
        self._stage = Stage.CONNECTING
        self._moved = io_loop.time()
        self._timer: object = io_loop.call_later(self._interval, self._look)

    @staticmethod
    def needed(timeouts: Timeouts) -> bool:
        """Whether there is anything to watch for."""
        return bool(timeouts.tls or timeouts.first_byte or timeouts.between_bytes)

    def move(self, stage: Stage) -> None:
        """Something has happened, in this stage."""
        self._stage = stage
        self._moved = self._io_loop.time()

    def end(self) -> None:
        """Nothing is to be watched any more."""
        self._io_loop.remove_timeout(self._timer)

    def _look(self) -> None:
        left = self._left()
        if left is not None and left <= 0:
            connecting = self._stage is Stage.CONNECTING
            self._late("during TLS handshake" if connecting else self._stage.value)
            return
        self._timer = self._io_loop.call_later(self._interval if left is None else left, self._look)

    def _left(self) -> float | None:
        """Seconds until it is late; None if nothing that has a limit goes on."""
        limit = self._limits[self._stage]
        if not limit:
            return None
        if self._stage is Stage.CONNECTING:
            stood = self._connected()
            return None if stood is None else limit - stood
        now = self._io_loop.time()
        if self._waits_for_us():
            self._moved = now
        return self._moved + limit - now
