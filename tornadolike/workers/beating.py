""":class:`Heart`: a worker tells once a second that its loop runs, and what it has done."""

import asyncio
import faulthandler
import resource
import sys
from collections.abc import Callable
from typing import Final

from ..http1connection import Counts
from ..programs.channel import Channel
from ..slowness import LoopLag

INTERVAL: Final = 1.0
"""Seconds from one beat to the next."""

LATER_THAN_THE_SUPERVISOR: Final = 3.0
"""Seconds that a worker whose loop is blocked gives the supervisor to end it, before it does so itself."""


def resident_memory() -> int:
    """Bytes of this process that are in memory. Where the system does not tell: the most there ever were."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


class Heart:
    """Beats from :meth:`start` to :meth:`stop`.

    :arg counts: what is told.
    :arg silent_seconds: if it does not beat for that long, and some more, the process writes where its threads are to
        the standard error output, and ends: the supervisor, which sees to that before, may be gone. 0: never.
    """

    def __init__(
        self, channel: Channel, counts: Callable[[], Counts], silent_seconds: float
    ) -> None:
        self._channel = channel
        self._counts = counts
        self._silent_seconds = silent_seconds
        self._lag: LoopLag | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, on the running loop."""
        self._lag = LoopLag()
        self._beat()

    def stop(self) -> None:
        """Beat no more. Idempotent."""
        if self._timer is not None and self._lag is not None:
            self._timer.cancel()
            self._lag.close()

    def _beat(self) -> None:
        assert self._lag is not None
        requests, connections, upgraded = self._counts()
        self._channel.offer(
            tells="beat",
            requests=requests,
            connections=connections,
            websockets=upgraded,
            lag=self._lag.worst(),
            memory=resident_memory(),
        )
        end_if_stuck(self._silent_seconds)
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._beat)


def end_if_stuck(seconds: float) -> None:
    """Have this process end in that time, and a little more, unless this is called again. 0: it need not.

    A thread that needs nothing of Python does it, so it works whatever holds the interpreter.
    """
    if seconds and sys.stderr is not None:
        faulthandler.dump_traceback_later(seconds + LATER_THAN_THE_SUPERVISOR, exit=True)
