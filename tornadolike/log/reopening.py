"""Log files that are opened anew, by their names, when somebody has moved the old ones away: at SIGUSR1, say."""

import contextlib
import logging
import os
import weakref
from collections.abc import Iterator
from typing import Final, Protocol, TextIO


class Reopenable(Protocol):
    """A log of another kind than those of :mod:`logging`."""

    def reopen(self) -> object:
        """Open the file anew, before anything else is written."""
        ...


_gen_log: Final = logging.getLogger("tornadolike.general")

_others: Final[weakref.WeakSet["Reopenable"]] = weakref.WeakSet()


def reopen_with_others(log: Reopenable) -> None:
    """Have :func:`reopen_log_files` call ``log.reopen()``, as long as somebody has it."""
    _others.add(log)


def has_log_files() -> bool:
    """Whether there is anything that :func:`reopen_log_files` would look after."""
    return bool(_others) or any(True for _ in _file_handlers())


def reopen_log_files() -> int:
    """Open log files anew whose names mean other files by now, or none; return how many handlers that were.

    Those are all :class:`logging.FileHandler` that there are, whichever logger has them, also such as rotate their
    files themselves; a new file is appended to, if somebody else has made it already. All that was logged before is
    in the old file, and all that is logged from here on in the new one. A file that is where it was stays open. Access
    logs (:mod:`tornadolike.accesslog`) are told too, and not counted.

    A file that cannot be opened is an error in the log ``tornadolike.general``, and the old one is written on.

    From any thread; not from a signal handler of :mod:`signal`, which may have come into the middle of a line: from a
    callback of the loop (``loop.add_signal_handler``).
    """
    reopened = 0
    for handler in _file_handlers():
        try:
            reopened += _reopen(handler)
        except OSError as error:
            _gen_log.error("Cannot open the log file anew: %s", error)
    for log in list(_others):
        log.reopen()
    return reopened


def _file_handlers() -> Iterator[logging.FileHandler]:
    # What logging.shutdown() goes through; asking the loggers would miss what stands behind a queue or a buffer.
    for reference in list(logging._handlerList):  # type: ignore[attr-defined]
        handler = reference()
        if isinstance(handler, logging.FileHandler):
            yield handler


def _reopen(handler: logging.FileHandler) -> bool:
    """Open the file of ``handler`` anew, if it is another one. Raises :exc:`OSError`; it has the old one then."""
    handler.acquire()
    try:
        old = handler.stream
        if old is None or old.closed or _is_named(old, handler.baseFilename):
            return False  # it is opened by the first line, or was closed by its owner
        mode, handler.mode = handler.mode, "a"
        try:
            handler.stream = handler._open()
        finally:
            handler.mode = mode
        with contextlib.suppress(OSError):  # what was not written by then is lost with its disk
            old.close()
        return True
    finally:
        handler.release()


def _is_named(file: TextIO, name: str) -> bool:
    """Whether this is the file that has the name."""
    try:
        named = os.stat(name)
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(file.fileno()))
