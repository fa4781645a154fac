""":class:`Spokesman`: what a process that serves tells those who run it, and hears from them."""

import asyncio
import signal
import threading
from typing import ClassVar, Final, Self

from ...log import gen_log, has_log_files, reopen_log_files
from ...netutil import notify_service_manager, watchdog_seconds
from ...process import task_id

TELLS: Final = 3
"""How often the service manager is told that all is well, within the time that it waits for that."""


class Spokesman:
    """Speaks for the process while an application is served, if that is what the process is for.

    The service manager (:mod:`tornadolike.netutil.notify`) is told that it serves; that it is well, by the loop and as
    long as that turns; and when the last of its applications begins to stop. At SIGUSR1 log files are opened anew, if
    there are any, and if nobody has said already what the signal means.

    :arg wanted: whether it is to speak at all. In a thread, and in one of several workers, it does not.
    """

    _all: ClassVar[set["Spokesman"]] = set()
    """Those whose applications serve: they are one process to who is told."""

    def __init__(self, *, wanted: bool) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        self._speaks = wanted and is_main and task_id() is None
        self._timer: asyncio.TimerHandle | None = None
        self._listens = False

    def __enter__(self) -> Self:
        if self._speaks and has_log_files() and signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, _reopen)
            self._listens = True
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stopping()
        if (
            self._timer is not None
        ):  # until now it was well: draining may take longer than the watchdog waits
            self._timer.cancel()
        if self._listens:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
            self._listens = False

    def ready(self) -> None:
        """Requests are accepted from here on."""
        if not self._speaks:
            return
        self._all.add(self)
        if notify_service_manager(READY="1"):
            interval = watchdog_seconds()
            if interval is not None:
                self._be_well(interval / TELLS)

    def stopping(self) -> None:
        """They are no more. Nothing happens the second time."""
        if self in self._all:
            self._all.remove(self)
            if not self._all:
                notify_service_manager(STOPPING="1")

    def _be_well(self, seconds: float) -> None:
        notify_service_manager(WATCHDOG="1")
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._be_well, seconds)


def _reopen() -> None:
    gen_log.info("%d log files were opened anew, because of SIGUSR1", reopen_log_files())
