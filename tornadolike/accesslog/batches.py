""":class:`BatchedFile`: lines to a file, many in one write, by a thread of its own.

Whoever has a line to write adds it to a list, and that is all that he does. The first line of a batch wakes the
thread, which gives the others some time to come and then writes them all by one system call.

*Bounded*: what waits is counted. While it is too much, because the disk is full or slow, further lines are
dropped and counted.

*Rotation*: the file is appended to, so that it may be truncated at any time; and before each batch the thread
looks whether its name still means the file that is open. If not (it was renamed, or removed), a new one is made.

*Forks*: the thread begins with the first line, so there is none yet where a server forks its workers. Several
processes may write to one file: a batch consists of whole lines and is appended in one piece.
"""

import atexit
import os
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX, Event, Lock, Thread
from typing import Final

from .._native import front
from ..ioloop.forks import leave_behind
from ..log import gen_log, reopen_with_others

LINES: Final = "there are lines"
FULL: Final = "there are many lines"
REOPEN: Final = "the file is to be opened anew"
CLOSE: Final = "that was all"

CLOSING_TIMEOUT: Final = 5.0
"""For how many seconds :meth:`BatchedFile.close` waits for a disk that does not answer."""


class Batches:
    """Appends lines to a file.

    :arg file: the path; or the number of a descriptor (1 is the standard output), which is neither closed nor
        opened anew.
    :arg flush_interval: seconds that a line waits for others at the most.
    :arg flush_size: characters that need not wait any longer.
    :arg max_pending_size: characters that wait at the most, if the file does not take them; what comes then is lost.
    :arg mode: permissions of a file that has to be made.

    Raises :exc:`OSError` if the file cannot be opened. Later errors are logged, and what waits is tried again.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | int,
        *,
        flush_interval: float = 1.0,
        flush_size: int = 64 * 1024,
        max_pending_size: int = 4 * 1024 * 1024,
        mode: int = 0o640,
    ) -> None:
        if not 0 < flush_interval <= TIMEOUT_MAX:
            raise ValueError(
                f"flush_interval should be a positive number of seconds, got {flush_interval!r}"
            )
        self._path = None if isinstance(file, int) else os.fspath(file)
        self._flush_interval = flush_interval
        self._flush_size = flush_size
        self._max_pending_size = max_pending_size
        self._mode = mode
        self._fd = file if isinstance(file, int) else self._open()
        self._closed = False
        self._begin()
        if self._path is not None:
            reopen_with_others(self)

    def _begin(self) -> None:
        self._lock = Lock()
        self._lines: list[str] = []
        self._size = 0
        """How many characters that is."""
        self._left_size = 0
        """How many more the thread has taken and not written yet."""
        self._lost = 0
        """Lines that were dropped and not yet told of."""
        self._wake: SimpleQueue[str | Event] = SimpleQueue()
        """What the thread waits for. Unlike a lock it may be used by a signal handler that interrupts its use."""
        self._thread: Thread | None = None
        # What only the thread touches:
        self._left = b""
        """What the thread has taken and the file has not."""
        self._failing = False
        self._flushed: list[Event] = []
        """Who waits for the end of the next write."""

    def left_behind(self) -> None:
        """In a child process: what waits is the parent's to write, and the thread is not here."""
        self._begin()

    # What everybody calls

    def write_line(self, line: str) -> None:
        """Add ``line``, without its line break. After :meth:`close` it is dropped."""
        line += "\n"
        size = len(line)
        with self._lock:
            before = self._size
            after = before + size
            full = after + self._left_size > self._max_pending_size
            if full or self._closed or not (self._thread or self._start_thread()):
                self._lost += 1
                return
            self._size = after
            self._lines.append(line)
            if len(self._lines) == 1:
                self._wake.put(LINES)
            if before < self._flush_size <= after:
                self._wake.put(FULL)

    def _start_thread(self) -> bool:
        # A daemon: the end of the program does not wait for it, but for close().
        thread = Thread(target=self._run, name=f"access log {self._name}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads for this process, or the program ends
            gen_log.error("Cannot write the access log: %s", error)
            return False
        self._thread = thread
        leave_behind(self)
        atexit.register(self.close)
        return True

    def flush(self, timeout: float | None = None) -> bool:
        """Write what waits; wait until that was tried, ``timeout`` seconds at the most, and return whether it was.

        It blocks, so that it is nothing for a handler.
        """
        done = Event()
        with self._lock:
            if self._thread is None or self._closed:
                return True
            self._wake.put(done)
        return done.wait(timeout)

    def reopen(self) -> None:
        """Open the file anew, by its name, before anything else is written. A signal handler may call this.

        A rotation is noticed without it; but it makes the new file at once.
        """
        self._wake.put(REOPEN)

    def close(self) -> None:
        """Write what waits, and close the file. Idempotent. Called at the end of the program too."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            thread = self._thread
            self._wake.put(CLOSE)
        if thread is None:
            self._close_file()
            return
        atexit.unregister(self.close)
        thread.join(CLOSING_TIMEOUT)
        if thread.is_alive():
            gen_log.error("%s does not take what is left of the access log", self._name)

    # The thread

    def _run(self) -> None:
        going_on = True
        while going_on:
            going_on = self._wait()
            self._attempt(self._write_lines)
            flushed, self._flushed = self._flushed, []
            for event in flushed:
                event.set()
        if self._failing:
            gen_log.error("What was left of the access log %s is lost", self._name)
        self._close_file()

    def _wait(self) -> bool:
        """Wait until it is time to write. Return whether that goes on afterwards."""
        try:
            said = self._wake.get(timeout=self._flush_interval if self._failing else None)
            if said is LINES:
                said = self._wake.get(timeout=self._flush_interval)
        except Empty:
            return True
        if said is REOPEN:
            self._attempt(self._open_anew)
        elif isinstance(said, Event):
            self._flushed.append(said)
        return said is not CLOSE

    def _attempt(self, do: Callable[[], None]) -> None:
        """Do something with the file. That it fails is logged once, until it works again."""
        try:
            do()
        except (OSError, MemoryError) as error:
            if not self._failing:
                self._failing = True
                gen_log.error("Cannot write the access log: %s", error)

    def _write_lines(self) -> None:
        """Write all that waits. Raises :exc:`OSError`; then what is left waits on."""
        self._follow()
        self._write_left()
        lines, lost = self._take()
        self._left = "".join(lines).encode("ascii", "backslashreplace")
        if lost:
            gen_log.warning("Lost %d lines of the access log %s: it was too slow", lost, self._name)
        self._write_left()
        if self._failing:
            self._failing = False
            gen_log.warning("The access log %s is written again", self._name)

    def _take(self) -> tuple[list[str], int]:
        """All that waits, and how many lines were lost."""
        with self._lock:
            lines, self._lines = self._lines, []
            self._left_size, self._size = self._size, 0
            lost, self._lost = self._lost, 0
        return lines, lost

    def _write_left(self) -> None:
        while self._left:
            written = os.write(self._fd, self._left)
            self._left = self._left[written:]
        self._left_size = 0

    # The file

    @property
    def _name(self) -> str:
        return f"on descriptor {self._fd}" if self._path is None else self._path

    def _open(self) -> int:
        assert self._path is not None
        return os.open(
            self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, self._mode
        )

    def _follow(self) -> None:
        """See that the file which is open is the one which has the name."""
        if self._path is None:
            return
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            self._open_anew()
            return
        if not os.path.samestat(named, os.fstat(self._fd)):
            self._open_anew()

    def _open_anew(self) -> None:
        if self._path is not None:
            old, self._fd = self._fd, self._open()
            os.close(old)

    def _close_file(self) -> None:
        if self._path is not None:
            os.close(self._fd)


class BatchedFile(front("accesslog", "HotBatch"), Batches):  # type: ignore[misc]
    __doc__ = Batches.__doc__
