"""What wakes a loop from outside, in asyncio's words: readers and writers of descriptors, signals."""

import asyncio
import functools
import signal
from collections.abc import Callable
from typing import Any

from .handles import Handle
from .poller import ERROR, READ, WRITE, Poller
from .reactor import Reactor
from .wakeup import ignore_signal, replace_signal_handler


class _ReaderAndWriter:
    """The watcher behind :meth:`~Sources.add_reader` and :meth:`~Sources.add_writer`."""

    __slots__ = ("file", "loop", "reader", "writer")

    def __init__(self, loop: "Sources", file: Any) -> None:
        self.loop = loop
        self.file = file
        """What the descriptor was given as: closed, an object has forgotten its number."""
        self.reader: Handle | None = None
        self.writer: Handle | None = None

    def events(self) -> int:
        return (READ if self.reader else 0) | (WRITE if self.writer else 0)

    def __call__(self, events: int) -> None:
        # An error makes both sides ready: whoever tries its system call learns what it is.
        if self.reader is not None and events & (READ | ERROR):
            self.loop._ready.append(self.reader)
        if self.writer is not None and events & (WRITE | ERROR):
            self.loop._ready.append(self.writer)


class Sources(Reactor):
    """A reactor with ``add_reader``, ``add_writer``, ``add_signal_handler`` and their opposites."""

    def __init__(self, poller: Poller | None = None) -> None:
        self._signal_handlers: dict[int, Handle] = {}
        super().__init__(poller)

    def close(self) -> None:
        if not self._closed and self._thread_id is None:
            try:
                for signum in list(self._signal_handlers):
                    self.remove_signal_handler(signum)
            except ValueError as error:
                raise RuntimeError(
                    "A loop that handles signals must be closed in the main thread"
                ) from error
        super().close()

    def left_behind(self) -> None:
        if not self._closed:
            # The handlers are callbacks of a loop that will not run here; without them the child would
            # ignore these signals, and whoever waits for it to terminate would wait for ever.
            for signum in self._signal_handlers:
                replace_signal_handler(signum, default_action(signum))
            self._signal_handlers.clear()
        super().left_behind()

    # Descriptors

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle:  # type: ignore[override]
        """Run ``callback(*args)`` whenever ``fd`` (a number or an object with ``fileno()``) is readable."""
        return self._set_side("reader", fd, callback, args)

    def add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle:  # type: ignore[override]
        """Run ``callback(*args)`` whenever ``fd`` is writable."""
        return self._set_side("writer", fd, callback, args)

    def remove_reader(self, fd: Any) -> bool:
        """Undo :meth:`add_reader`; return whether there was one.

        An object that was closed before is still known if it was given to :meth:`add_reader`.
        """
        return self._clear_side("reader", fd)

    def remove_writer(self, fd: Any) -> bool:
        """Undo :meth:`add_writer`; return whether there was one. As :meth:`remove_reader`."""
        return self._clear_side("writer", fd)

    def _sides(self, number: int) -> _ReaderAndWriter | None:
        watcher = self._watchers.get(number)
        if watcher is None or isinstance(watcher, _ReaderAndWriter):
            return watcher
        # (In a context of their own transports watch by way of Context.run.)
        called = watcher.args[0] if isinstance(watcher, functools.partial) else watcher
        owner = getattr(called, "__self__", None)
        if isinstance(owner, asyncio.BaseTransport):
            raise RuntimeError(f"File descriptor {number} is used by transport {owner!r}")
        raise RuntimeError(f"descriptor {number} is used by {watcher!r}")

    def _set_side(
        self, side: str, fd: Any, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> Handle:
        number = descriptor_number(fd)
        handle = Handle(callback, args, self, None)
        self._check_call(callback, f"add_{side}", handle)
        sides = self._sides(number)
        if sides is not None:
            before: Handle | None = getattr(sides, side)
            setattr(sides, side, handle)
            try:
                self.rewatch(number, sides.events())
            except OSError as error:
                setattr(sides, side, before)
                if not isinstance(error, FileNotFoundError):
                    raise
                # It was closed without being removed, and its number is used again.
                self._forget_sides(number, sides)
            else:
                if before is not None:
                    before.cancel()
                if not isinstance(fd, int):
                    sides.file = fd
                return handle
        sides = _ReaderAndWriter(self, fd)
        setattr(sides, side, handle)
        self.watch(number, sides, sides.events())
        return handle

    def _forget_sides(self, number: int, sides: _ReaderAndWriter) -> None:
        self.unwatch(number)
        for handle in (sides.reader, sides.writer):
            if handle is not None:
                handle.cancel()

    def _clear_side(self, side: str, fd: Any) -> bool:
        if self._closed:
            return False
        try:
            number = descriptor_number(fd)
        except ValueError:
            number = self._number_once(fd)
        sides = self._sides(number)
        handle: Handle | None = getattr(sides, side, None)
        if sides is None or handle is None:
            return False
        handle.cancel()
        setattr(sides, side, None)
        if sides.events():
            try:
                self.rewatch(number, sides.events())
            except OSError:
                pass  # closed before: no events will come for the other side either
        else:
            self.unwatch(number)
        return True

    def _number_once(self, file: Any) -> int:
        """The number that ``file``, closed in the meantime, was watched under."""
        for number, watcher in self._watchers.items():
            if isinstance(watcher, _ReaderAndWriter) and watcher.file is file:
                return number
        raise ValueError(f"Invalid file object: {file!r} is closed, and was not watched")

    # Signals

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Callable[..., object], *args: Any
    ) -> None:
        """Run ``callback(*args)`` as a callback of the loop whenever the process receives ``sig``.

        Raises :exc:`RuntimeError` outside the main thread and for signals that cannot be caught,
        :exc:`ValueError` for a number that is no signal.
        """
        handle = Handle(callback, args, self, None)
        self._check_call(callback, "add_signal_handler", handle)
        check_signal(sig)
        try:
            self._wake_up.listen_to_signals()
        except (ValueError, OSError) as error:
            raise RuntimeError(f"signals can be handled in the main thread only: {error}") from None
        try:
            replace_signal_handler(sig, ignore_signal)
        except RuntimeError:
            if not self._signal_handlers:
                self._wake_up.stop_listening()
            raise
        self._signal_handlers[sig] = handle

    def remove_signal_handler(self, sig: int) -> bool:
        """Restore the default action of ``sig``; return whether there was a handler."""
        check_signal(sig)
        if sig not in self._signal_handlers:
            return False
        replace_signal_handler(sig, default_action(sig))
        del self._signal_handlers[sig]
        if not self._signal_handlers:
            self._wake_up.stop_listening()
        return True

    def _signal_arrived(self, signum: int) -> None:
        handle = self._signal_handlers.get(signum)
        if handle is not None:
            self._ready.append(handle)


def descriptor_number(fd: Any) -> int:
    """The number of a descriptor given as such or as an object with ``fileno()``.

    Raises :exc:`ValueError` for an object that is closed or has none.
    """
    if isinstance(fd, int):
        number = fd
    else:
        try:
            number = int(fd.fileno())
        except (AttributeError, TypeError, ValueError):
            raise ValueError(f"Invalid file object: {fd!r}") from None
    if number < 0:
        raise ValueError(f"Invalid file descriptor: {number}")
    return number


def default_action(sig: int) -> Callable[[int, Any], Any] | signal.Handlers:
    """What Python does with a signal that nobody handles."""
    return signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL


def check_signal(sig: int) -> None:
    """Raise :exc:`TypeError` or :exc:`ValueError` for what is no signal number."""
    if not isinstance(sig, int):
        raise TypeError(f"sig must be an int, not {sig!r}")
    if sig not in signal.valid_signals():
        raise ValueError(f"invalid signal number {sig}")
