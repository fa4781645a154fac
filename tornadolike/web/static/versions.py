"""Versions of content: the hashes that stand in Etags and behind ``?v=``, remembered as long as they hold."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Iterable
from contextlib import closing, nullcontext
from typing import Any, Final, NamedTuple

from ..errors import HTTPError
from ..files.paths import open_regular


class State(NamedTuple):
    """What changes when a file does."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


PIECE_SIZE: Final = 64 * 1024

LENGTH: Final = 128
"""Characters of a version: SHA-512 in hexadecimal digits."""


def state_of(status: os.stat_result) -> State:
    """The state in which the file was found."""
    return State(
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def state_at(path: str) -> State | None:
    """The state of the file at ``path``; None if there is none."""
    try:
        return state_of(os.stat(path))
    except (OSError, ValueError):
        return None


def is_version(text: str) -> bool:
    """Whether this can be a version that was made here."""
    return len(text) == LENGTH and text.isascii() and text.isalnum()


def version_of(content: bytes | Iterable[bytes], limit: int) -> str:
    """The version of a content. Raises :exc:`ValueError` for more than ``limit`` bytes."""
    chunks: Any = (content,) if isinstance(content, bytes) else content
    hasher = hashlib.sha512(usedforsecurity=False)
    size = 0
    with closing(chunks) if hasattr(chunks, "close") else nullcontext():
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise ValueError(f"content is larger than MAX_VERSION_CONTENT_SIZE ({limit} bytes)")
            hasher.update(chunk)
    return hasher.hexdigest()


def version_of_file(path: str, state: State) -> str | None:
    """The version of a file; None if it is not, or does not stay, in this state."""
    hasher = hashlib.sha512(usedforsecurity=False)
    with open_regular(path) as file:
        if state_of(os.fstat(file.fileno())) != state:
            return None
        while chunk := file.read(PIECE_SIZE):
            hasher.update(chunk)
        return hasher.hexdigest() if state_of(os.fstat(file.fileno())) == state else None


class Versions:
    """Versions by what they belong to, each for one state of it. The least recently used are forgotten.

    To be used from all threads.
    """

    def __init__(self) -> None:
        self._known: dict[Any, tuple[State | None, str | None]] = {}
        self._underway: dict[Any, asyncio.Future[None]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, key: Any, state: State | None) -> tuple[str | None] | None:
        """A tuple with the version, which may be None; None if it is not known for this state."""
        with self._lock:
            known = self._known.get(key)
            if known is None or known[0] != state:
                return None
            self._known[key] = self._known.pop(key)
            return (known[1],)

    def remember(self, key: Any, state: State | None, version: str | None, limit: int) -> None:
        """Keep a version, and ``limit`` of them in all."""
        with self._lock:
            self._known.pop(key, None)
            while self._known and len(self._known) >= limit:
                del self._known[next(iter(self._known))]
            self._known[key] = state, version

    def find_out(self, key: Any, path: str, state: State, limit: int) -> "asyncio.Future[None]":
        """Work out the version of a file in a thread, once for all who ask meanwhile. It is known then."""
        loop = asyncio.get_running_loop()
        flight = loop, key, state

        def work() -> None:
            try:
                version = version_of_file(path, state)
                if version is not None:
                    self.remember(key, state, version, limit)
            except (OSError, HTTPError):
                pass  # whoever opens the file for more than its version will tell
            finally:
                with self._lock:
                    del self._underway[flight]

        with self._lock:
            future = self._underway.get(flight)
            if future is None:
                future = self._underway[flight] = loop.run_in_executor(None, work)
        return future
