""":class:`LoopWatch`: says where the loop is, when something keeps it from everything else."""

import asyncio
import threading
import time
from types import TracebackType
from typing import Final, Self

from ..log import gen_log
from ..util import check_numbers
from .stacks import stack_of_thread

LOOKS: Final = 4
"""How often the watch looks within the time from which on it reports."""


class LoopWatch:
    """Reports that the running loop is blocked while it is, with the stack of its thread, and afterwards for how long.

    .. code-block:: python

        app.lifetime(LoopWatch(0.1))

    It is a context, synchronous and asynchronous, to be entered where the loop runs. A thread of its own looks, so that
    it is there when the loop is not. Lines are warnings of ``tornadolike.general``: one when it is noticed, and one
    when it is over.

    What is noticed lasts for a quarter of ``seconds`` longer at the most. A call that lets no other thread run (a
    function in C that keeps the interpreter: a regular expression, say) stops the watch as well: then it says so
    afterwards, without a stack; and so it does if the whole process stood still.

    :arg seconds: from which on it is reported.

    Raises :exc:`ValueError` for what is no such time.
    """

    def __init__(self, seconds: float = 0.25) -> None:
        check_numbers(seconds=seconds)
        if not 0.01 <= seconds <= 3600:
            raise ValueError(f"seconds is 0.01 to 3600, not {seconds!r}")
        self._seconds = seconds
        self._interval = seconds / LOOKS
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._due = 0.0
        """When the loop will say again that it turns."""

    def __call__(self) -> Self:
        """Itself, so that it can be the lifetime of an application."""
        return self

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise RuntimeError("this LoopWatch watches a loop already: make one for each")
        self._loop = asyncio.get_running_loop()
        self._ended.clear()
        self._turned()
        self._thread = threading.Thread(
            target=self._watch, args=(threading.get_ident(),), name="loop watch", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._thread is not None
        assert self._beat is not None
        self._beat.cancel()
        self._ended.set()
        self._thread.join()
        self._thread = None

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(typ, value, traceback)

    # The loop

    def _turned(self) -> None:
        self._due = time.monotonic() + self._interval
        self._beat = self._loop.call_later(self._interval, self._turned)

    # The thread

    def _watch(self, ident: int) -> None:
        blocked_at = 0.0
        looked = time.monotonic()
        while not self._ended.wait(self._interval):
            due, now = self._due, time.monotonic()
            stood_still, looked = now - looked - self._interval, now
            if blocked_at and due != blocked_at:
                gen_log.warning(
                    "The loop was blocked for %.2f s", due - self._interval - blocked_at
                )
                blocked_at = 0.0
            if stood_still >= self._seconds:
                gen_log.warning(
                    "No thread has run for %.2f s: something in C keeps the interpreter, or the machine is busy",
                    stood_still,
                )
            elif not blocked_at and now - due >= self._seconds:
                blocked_at = due
                stack = stack_of_thread(ident)
                gen_log.warning("The loop has been blocked for %.2f s:\n%s", now - due, stack)
