"""How other threads and the operating system's signals reach a loop that is asleep in its poll.

A pipe that the loop watches. A thread that wants attention writes one byte (zero); the interpreter,
told by :func:`signal.set_wakeup_fd`, writes the number of each signal that arrives. Reading the pipe
empty therefore says both that somebody called and which signals came.
"""

import os
import signal
from collections.abc import Callable
from typing import Any


class WakeUp:
    """The pipe, and whether a call is already in it."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self._called = False

    def fileno(self) -> int:
        """The descriptor that becomes readable when somebody called."""
        return self._reading

    def call(self) -> None:
        """Wake the loop. For any thread and for signal handlers.

        Always safe to call late: a loop that was closed in the meantime is not woken.
        """
        # A call that nobody has heard yet serves this caller too. (The loop clears the flag before it
        # looks at its queue, so what the caller put there first is seen.)
        if self._called:
            return
        self._called = True
        try:
            os.write(self._writing, b"\0")
        except (BlockingIOError, OSError):
            # Full: then there is something to read already. Closed: then nobody is asleep.
            pass

    def heard(self) -> bytes:
        """Empty the pipe; return the numbers of the signals that came, one byte each."""
        self._called = False
        signals = b""
        while True:
            try:
                data = os.read(self._reading, 4096)
            except BlockingIOError:
                return signals
            signals += data.replace(b"\0", b"")
            if len(data) < 4096:
                return signals

    def listen_to_signals(self, enable: bool) -> None:
        """Have the interpreter write arriving signals into the pipe, or stop it.

        Raises :exc:`ValueError` outside the main thread.
        """
        if enable:
            signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        else:
            signal.set_wakeup_fd(-1)

    def close(self) -> None:
        # Marked as called, a late call() has nothing to do and cannot write into a descriptor that
        # somebody else has by then.
        self._called = True
        os.close(self._reading)
        os.close(self._writing)


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
