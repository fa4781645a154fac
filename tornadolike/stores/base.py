""":class:`Store`: bytes by key, each with an end."""

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from ..util import checked_text

LONGEST_SECONDS: Final = 100 * 366 * 86400.0
"""No value is kept longer than a hundred years: not every store can count further."""


class StoreError(Exception):
    """What is behind a store has failed, or does not answer. The text says what to do."""


class Store(ABC):
    """Keeps bytes by key, each until its end. The interface; a store of one's own overrides all that is abstract.

    A key is text without lone surrogates, a value is bytes, and the time it has is in seconds (more than 0, at most a
    hundred years): :exc:`TypeError` and :exc:`ValueError` are raised for others (:func:`checked_key`,
    :func:`checked_seconds`), :exc:`StoreError` for every failure of what is behind the store. Each operation is
    atomic: those of other tasks, processes and machines that share the store come before it or behind it.

    A store opens what it needs when it is first used, and again when it is used after :meth:`close`.
    """

    _lives = 0
    """How many applications, or parts of one, are using it (:meth:`lifetime`)."""

    @abstractmethod
    async def get(self, key: str) -> bytes | None:
        """The value; None if there is none, or its time is over."""

    @abstractmethod
    async def set(
        self, key: str, value: bytes, seconds: float, *, instead_of: bytes | None = None
    ) -> bool:
        """Keep ``value`` for so long, in the place of what was there. Returns whether that was done.

        :arg instead_of: do so only if this is the value that is there now. Who has read a value, and writes what he has
            made of it, sees by this that nobody has changed or removed it meanwhile, and reads again if somebody has.
        """

    @abstractmethod
    async def touch(self, key: str, seconds: float) -> bool:
        """Let a value have so much time from now on. Returns whether there is one."""

    @abstractmethod
    async def delete(self, key: str) -> bool:
        """Remove a value. Returns whether there was one: of several who remove it at a time one is told so."""

    @abstractmethod
    async def count(self, key: str, seconds: float, by: int = 1) -> tuple[int, float]:
        """Add ``by`` to a counter; returns its sum and the seconds that it has left.

        It begins at 0 when there is none, and its end is ``seconds`` after that, however often it is counted. It is a
        value like others: its digits. Raises :exc:`StoreError` for a value that is no counter.
        """

    async def close(self) -> None:  # noqa: B027 - there may be nothing to close
        """Let go of connections, files and threads."""

    @asynccontextmanager
    async def lifetime(self, application: Any = None) -> AsyncIterator[None]:
        """Closes the store at the end of the ``async with``; of the last one, if there are several at a time."""
        self._lives += 1
        try:
            yield
        finally:
            self._lives -= 1
            if not self._lives:
                await self.close()


def checked_key(key: str) -> str:
    """The same key. Raises :exc:`TypeError` and :exc:`ValueError` for what is none."""
    return checked_text("the key of a store", key)


def checked_value(value: bytes) -> bytes:
    """The same value. Raises :exc:`TypeError` for what is no bytes."""
    if not isinstance(value, bytes):
        raise TypeError(f"a store keeps bytes, not {type(value).__name__}: encode it first")
    return value


def checked_seconds(seconds: float) -> float:
    """The same time. Raises :exc:`TypeError` and :exc:`ValueError` as :class:`Store` says."""
    try:
        fits = seconds > 0 and math.isfinite(seconds) and seconds <= LONGEST_SECONDS
    except TypeError:
        raise TypeError(
            f"a store keeps a value for a number of seconds, not for {seconds!r}"
        ) from None
    if not fits:
        raise ValueError(f"a store keeps a value from 0 to 3e9 seconds, not {seconds!r}")
    return seconds
