""":class:`SQLiteStore`: values in a file.

SQLite waits for the disk and for other processes, so that it is not called in the event loop: the store has a thread of
its own, with the only connection, in which one operation follows another.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic, sleep, time
from typing import Concatenate, Final, ParamSpec, TypeVar

from ..util import check_numbers, check_whole_numbers
from .base import Store, StoreError, checked_key, checked_seconds, checked_value

P = ParamSpec("P")
R = TypeVar("R")

REMOVE_SECONDS: Final = 60.0
"""How often values whose time is over are removed, while the store is in use."""
_REMOVED_AT_ONCE: Final = 10_000
_RETRY_SECONDS: Final = 0.005

_OPEN: Final = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS entries (
        key BLOB PRIMARY KEY, value BLOB NOT NULL, ends REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS entries_by_end ON entries (ends);
"""
_GET: Final = "SELECT value FROM entries WHERE key = ? AND ends > ?"
_SET: Final = """
    INSERT INTO entries VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, ends = excluded.ends
"""
_REPLACE: Final = "UPDATE entries SET value = ?, ends = ? WHERE key = ? AND ends > ? AND value = ?"
_TOUCH: Final = "UPDATE entries SET ends = ? WHERE key = ? AND ends > ?"
_DELETE: Final = "DELETE FROM entries WHERE key = ? AND ends > ?"
_FIND: Final = "SELECT value, ends FROM entries WHERE key = ? AND ends > ?"
_REMOVE_ENDED: Final = """
    DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE ends <= ? LIMIT ?)
"""


class SQLiteStore(Store):
    """Keeps values in an SQLite file, which survives a restart and is shared by the processes of one machine.

    The file is made when it is not there, readable for its owner only; its folder has to be there, on a local disk.
    It is in WAL mode: there are two more files beside it while it is in use. When power fails the last moments may be
    lost, but not the file. Values whose time is over are removed once a minute while the store is in use.

    :arg path: of the file.
    :arg timeout: seconds to wait for other processes that write to it.
    :arg max_bytes: the most bytes the file may have; beyond it :meth:`set` and :meth:`count` raise
        :exc:`.StoreError`.

    Raises :exc:`ValueError` for a path that is none, and for limits that are not above 0.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        timeout: float = 5.0,
        max_bytes: int = 1024 * 1024 * 1024,
    ) -> None:
        self.path = os.fspath(path)
        if not self.path or self.path == ":memory:" or "\x00" in self.path:
            raise ValueError(
                f"{path!r} is no file for values; for some in memory use MemoryStore()"
            )
        check_numbers(timeout=timeout)
        check_whole_numbers(max_bytes=max_bytes)
        if not timeout > 0 or max_bytes < 1:
            raise ValueError("timeout and max_bytes are more than 0")
        self.timeout = timeout
        self.max_bytes = max_bytes
        self._file: _File | None = None
        self._process = 0
        """Which process the file's thread is in: behind a fork it is not there."""
        self._inherited: list[_File] = []
        """Files of the processes that this one was forked from: here nobody may even close them."""

    async def get(self, key: str) -> bytes | None:
        return await self._do(_File.get, checked_key(key))

    async def set(
        self, key: str, value: bytes, seconds: float, *, instead_of: bytes | None = None
    ) -> bool:
        end = time() + checked_seconds(seconds)
        return await self._do(_File.set, checked_key(key), checked_value(value), end, instead_of)

    async def touch(self, key: str, seconds: float) -> bool:
        return await self._do(_File.touch, checked_key(key), time() + checked_seconds(seconds))

    async def delete(self, key: str) -> bool:
        return await self._do(_File.delete, checked_key(key))

    async def count(self, key: str, seconds: float, by: int = 1) -> tuple[int, float]:
        return await self._do(_File.count, checked_key(key), checked_seconds(seconds), by)

    async def close(self) -> None:
        file = self._file
        if file is not None and self._process == os.getpid():
            self._file = None
            closing = asyncio.get_running_loop().run_in_executor(file.thread, file.close)
            file.thread.shutdown(wait=False)
            await closing

    async def _do(
        self, operation: Callable[Concatenate["_File", P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Call ``operation`` in the file's thread."""
        if self._file is None or self._process != os.getpid():
            if self._file is not None:
                self._inherited.append(self._file)
            self._process = os.getpid()
            self._file = _File(self.path, self.timeout, self.max_bytes)
        file = self._file
        try:
            return await asyncio.get_running_loop().run_in_executor(
                file.thread, partial(operation, file, *args, **kwargs)
            )
        except (sqlite3.Error, OSError) as error:
            if not isinstance(error, sqlite3.OperationalError) and self._file is file:
                await self.close()  # to find another one when it has been moved away
            raise StoreError(f"{self.path}: {error}; {_advice(error)}") from error


class _File:
    """The file and its thread, in which all of this is called."""

    def __init__(self, path: str, timeout: float, max_bytes: int) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="SQLiteStore")
        self._path = path
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None
        self._removed_at = 0.0

    def _opened(self) -> sqlite3.Connection:
        connection = self._connection
        if connection is None:
            _make_private(self._path)
            connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None)
            try:
                self._prepare(connection)
                (page_size,) = connection.execute("PRAGMA page_size").fetchone()
                connection.execute(
                    f"PRAGMA max_page_count = {max(1, self._max_bytes // page_size)}"
                )
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables, if there are none.

        Of several that make the file what it is to be, all but one are told at once that it is locked: here SQLite
        does not wait by itself.
        """
        end = monotonic() + self._timeout
        while True:
            try:
                connection.executescript(_OPEN)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or monotonic() > end:
                    raise
                sleep(_RETRY_SECONDS)
            else:
                return

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def get(self, key: str) -> bytes | None:
        row = self._opened().execute(_GET, (key.encode(), time())).fetchone()
        return None if row is None else row[0]

    def set(self, key: str, value: bytes, end: float, instead_of: bytes | None) -> bool:
        connection = self._opened()
        self._remove_ended(connection)
        if instead_of is not None:
            done = connection.execute(_REPLACE, (value, end, key.encode(), time(), instead_of))
        else:
            done = connection.execute(_SET, (key.encode(), value, end))
        return done.rowcount > 0

    def touch(self, key: str, end: float) -> bool:
        return self._opened().execute(_TOUCH, (end, key.encode(), time())).rowcount > 0

    def delete(self, key: str) -> bool:
        return self._opened().execute(_DELETE, (key.encode(), time())).rowcount > 0

    def count(self, key: str, seconds: float, by: int) -> tuple[int, float]:
        connection = self._opened()
        self._remove_ended(connection)
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            now = time()
            row = connection.execute(_FIND, (key.encode(), now)).fetchone()
            value, end = row or (b"0", now + seconds)
            try:
                total = int(value) + by
            except ValueError:
                raise StoreError(f"{key!r} is no counter: choose another key for one") from None
            connection.execute(_SET, (key.encode(), b"%d" % total, end))
        return total, max(0.0, end - now)

    def _remove_ended(self, connection: sqlite3.Connection) -> None:
        now = time()
        if not 0 <= now - self._removed_at < REMOVE_SECONDS:  # the clock may have been put back
            self._removed_at = now
            connection.execute(_REMOVE_ENDED, (now, _REMOVED_AT_ONCE))


def _make_private(path: str) -> None:
    """Make the file if there is none: SQLite would make it readable for all.

    One that is there is not opened, for to close it would undo the locks of this process's other connections to it.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        pass


def _advice(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) or "readonly" in text or "unable to open" in text:
        return "look whether its folder is there and may be written to"
    if "locked" in text:
        return "another process is writing to it for longer than SQLiteStore(timeout=...)"
    if "full" in text:
        return "SQLiteStore(max_bytes=...) is reached, or the disk is full"
    if isinstance(error, sqlite3.OperationalError):
        return "look at the disk it is on"
    return "move the file away: a new one will be made"
