"""How other threads and the operating system's signals reach a loop that is asleep in its poll.

A pipe that the loop watches. A thread that wants attention writes one byte (zero); the interpreter,
told by :func:`signal.set_wakeup_fd`, writes the number of each signal that arrives. Reading the pipe
empty therefore says both that somebody called and which signals came.
"""

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any, ClassVar


class _End:
    """One end of the pipe, open for as long as somebody holds this object.

    A thread that is about to write holds it, so a loop that is closed at that moment cannot give
    its number away, and the byte cannot land in a stranger's file.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        close(self.number)


class WakeUp:
    """The pipe, and whether a call is already in it."""

    _listeners: ClassVar[list["WakeUp"]] = []
    """Those that listen to signals; the last one is told. Touched by the main thread only."""
    _before_us: ClassVar[int] = -1
    """The descriptor that the interpreter told of signals before the first of them."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._reading: _End | None = _End(reading)
        self._writing: _End | None = _End(writing)
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        self._called = False

    def fileno(self) -> int:
        """The descriptor that becomes readable when somebody called; -1 once closed."""
        return -1 if self._reading is None else self._reading.number

    def call(self) -> None:
        """Wake the loop. For any thread and for signal handlers.

        Always safe to call late: a loop that was closed in the meantime is not woken.
        """
        # A call that nobody has heard yet serves this caller too: the loop empties the pipe, then
        # clears the flag, then looks at its queue, and what the caller put there first is seen.
        if self._called:
            return
        writing = self._writing
        if writing is None:
            return
        try:
            self._called = True
            os.write(writing.number, b"\0")
        except OSError:
            pass  # full: then there is something to read already
        except BaseException:
            # Ctrl-C before the byte was out: the flag promises one, and others rely on it.
            with contextlib.suppress(OSError):
                os.write(writing.number, b"\0")
            raise

    def heard(self) -> bytes:
        """Empty the pipe; return the numbers of the signals that came, one byte each."""
        signals = b""
        reading = self.fileno()
        try:
            while True:
                data = os.read(reading, 4096)
                signals += data.replace(b"\0", b"")
                if len(data) < 4096:
                    return signals
        except BlockingIOError:
            return signals
        finally:
            # After the last read, and whatever happens: the flag without a byte in the pipe would
            # silence it for good. (Cleared before, it could be set by a call whose byte is read here.)
            self._called = False

    def listen_to_signals(self) -> None:
        """Have the interpreter write arriving signals into the pipe.

        Of several loops that listen the last one hears all; when it stops, the one before does.
        Raises :exc:`ValueError` outside the main thread.
        """
        assert self._writing is not None
        before = signal.set_wakeup_fd(self._writing.number, warn_on_full_buffer=False)
        if not self._listeners:
            WakeUp._before_us = before
        if self in self._listeners:
            self._listeners.remove(self)
        self._listeners.append(self)

    def stop_listening(self) -> None:
        """Undo :meth:`listen_to_signals`. Raises :exc:`ValueError` outside the main thread."""
        if self not in self._listeners or self._writing is None:
            return
        told = signal.set_wakeup_fd(-1)
        self._listeners.remove(self)
        if told != self._writing.number:
            next_in_line = told  # somebody who came later
        elif self._listeners and (end := self._listeners[-1]._writing) is not None:
            next_in_line = end.number
        else:
            next_in_line = self._before_us
        try:
            signal.set_wakeup_fd(next_in_line, warn_on_full_buffer=False)
        except (ValueError, OSError):
            pass  # it was closed without a word

    def left_behind(self) -> None:
        """In a child process: close its copy of the pipe, and have no signal written into the parent's."""
        if self in self._listeners:
            self._listeners.clear()
            signal.set_wakeup_fd(-1)
        self.close()

    def close(self) -> None:
        """Close the pipe once no thread is writing into it. Idempotent."""
        self._reading = self._writing = None


def ignore_signal(signum: int, frame: object) -> None:
    """The Python-level handler of a signal whose real handler runs as a callback of the loop."""


def replace_signal_handler(signum: int, handler: Callable[[int, Any], Any] | int) -> None:
    """Install ``handler`` for ``signum``; system calls that it interrupts are restarted.

    Raises :exc:`RuntimeError` for a signal that cannot be caught.
    """
    try:
        signal.signal(signum, handler)
        signal.siginterrupt(signum, False)
    except OSError as error:
        raise RuntimeError(f"signal {signum} cannot be caught") from error
