"""Users and entries in SQLite.

Its calls block, so each of them is made in a thread, and one at a time: a connection of SQLite does not like
company. What is asked of it here takes less than a millisecond.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

VERSIONS = (
    """
    CREATE TABLE IF NOT EXISTS users (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        folded TEXT NOT NULL UNIQUE,
        salt BLOB NOT NULL,
        password BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS entries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        author INTEGER NOT NULL REFERENCES users,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        picture TEXT NOT NULL,
        description TEXT NOT NULL,
        published REAL NOT NULL
    );
    """,
    """
    ALTER TABLE entries ADD COLUMN changed REAL NOT NULL DEFAULT 0;
    UPDATE entries SET changed = published;
    CREATE TABLE blog (identity TEXT NOT NULL);
    INSERT INTO blog VALUES (lower(hex(randomblob(16))));
    """,
    """
    CREATE TABLE people (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        folded TEXT NOT NULL UNIQUE,
        password TEXT NOT NULL
    );
    INSERT INTO people
    SELECT number, name, folded, 'scrypt$' || lower(hex(salt)) || '$' || lower(hex(password))
    FROM users;
    DROP TABLE users;
    ALTER TABLE people RENAME TO users;
    """,
)
"""What makes each version of the database from the one before it. `PRAGMA user_version` says how far a file is."""

ENTRIES = """
SELECT entries.number, author, name, published, changed, title, text, picture, description
FROM entries JOIN users ON users.number = author
"""


class NameTaken(Exception):
    """Somebody else has that name, perhaps in other letters of upper or lower case."""


@dataclass(frozen=True)
class User:
    """Somebody who may write."""

    number: int
    name: str


@dataclass(frozen=True)
class Draft:
    """What its author says of an entry. `picture` is a name in `Pictures`, or empty."""

    title: str
    text: str
    picture: str = ""
    description: str = ""


@dataclass(frozen=True)
class Entry:
    """A draft that was published."""

    number: int
    author: User
    published: datetime
    changed: datetime
    draft: Draft


class Store:
    """The database in a file, which is made if it is not there."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        _bring_up_to_date(self._connection)
        self.identity = UUID(self._connection.execute("SELECT identity FROM blog").fetchone()[0])
        """What this blog is known by to those who follow it, wherever it is served."""

    def close(self) -> None:
        """Nothing can be asked any more."""
        with self._lock:  # of a thread whose request was cut off
            self._connection.close()

    async def add_user(self, name: str, password_hash: str) -> User:
        """Raises `NameTaken`."""

        def add(database: sqlite3.Connection) -> User:
            sql = "INSERT INTO users (name, folded, password) VALUES (?, ?, ?)"
            try:
                row = database.execute(sql, (name, name.casefold(), password_hash))
            except sqlite3.IntegrityError:
                raise NameTaken(name) from None
            return User(_row_number(row), name)

        return await self._run(add)

    async def user(self, number: int) -> User | None:
        """The user of that number."""

        def find(database: sqlite3.Connection) -> User | None:
            sql = "SELECT number, name FROM users WHERE number = ?"
            row = database.execute(sql, (number,)).fetchone()
            return row and User(*row)

        return await self._run(find)

    async def user_of_name(self, name: str) -> tuple[User, str] | None:
        """Whoever has that name, and the hash of their password."""

        def find(database: sqlite3.Connection) -> tuple[User, str] | None:
            sql = "SELECT number, name, password FROM users WHERE folded = ?"
            row = database.execute(sql, (name.casefold(),)).fetchone()
            return row and (User(*row[:2]), row[2])

        return await self._run(find)

    async def change_password(self, user: User, password_hash: str) -> None:
        """Keep another hash."""
        sql = "UPDATE users SET password = ? WHERE number = ?"
        await self._run(lambda database: database.execute(sql, (password_hash, user.number)))

    async def latest(self, skip: int, count: int) -> list[Entry]:
        """Entries, the newest first."""
        order = "ORDER BY entries.number DESC LIMIT ? OFFSET ?"
        return await self._run(lambda database: _entries(database, order, count, skip))

    async def entry(self, number: int) -> Entry | None:
        """The entry of that number."""
        found = await self._run(
            lambda database: _entries(database, "WHERE entries.number = ?", number)
        )
        return found[0] if found else None

    async def pictures(self) -> set[str]:
        """The pictures that entries show."""
        sql = "SELECT picture FROM entries"
        return await self._run(lambda database: {name for (name,) in database.execute(sql)})

    async def publish(self, author: User, draft: Draft) -> int:
        """Add an entry, and return its number."""

        def add(database: sqlite3.Connection) -> int:
            sql = (
                "INSERT INTO entries "
                "(author, title, text, picture, description, published, changed) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)"
            )
            now = time.time()
            return _row_number(database.execute(sql, (author.number, *_columns(draft), now, now)))

        return await self._run(add)

    async def change(self, number: int, draft: Draft) -> None:
        """Put another draft in the place of an entry's."""
        sql = (
            "UPDATE entries SET title = ?, text = ?, picture = ?, description = ?, changed = ? "
            "WHERE number = ?"
        )
        values = (*_columns(draft), time.time(), number)
        await self._run(lambda database: database.execute(sql, values))

    async def remove(self, number: int) -> None:
        """Forget an entry. Its picture is not ours."""
        sql = "DELETE FROM entries WHERE number = ?"
        await self._run(lambda database: database.execute(sql, (number,)))

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def alone() -> T:
            # The lock is a thread's, not a task's: a task may be cancelled while its thread goes on.
            with self._lock, self._connection:
                return work(self._connection)

        return await asyncio.to_thread(alone)


def _entries(database: sqlite3.Connection, condition: str, *values: int) -> list[Entry]:
    return [
        Entry(number, User(author, name), _time(published), _time(changed), Draft(*draft))
        for number, author, name, published, changed, *draft in database.execute(
            ENTRIES + condition, values
        )
    ]


def _bring_up_to_date(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    for number, script in enumerate(VERSIONS[version:], version + 1):
        database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _columns(draft: Draft) -> tuple[str, str, str, str]:
    return draft.title, draft.text, draft.picture, draft.description


def _row_number(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None  # of an INSERT there is one
    return cursor.lastrowid
