"""Who has an account here, in SQLite: by which providers' accounts, and by which password they are known.

Its calls block, so each of them is made in a thread, and one at a time.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tornadolike.auth import Identity

T = TypeVar("T")

TABLES = """
CREATE TABLE IF NOT EXISTS users (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user INTEGER NOT NULL REFERENCES users,
    provider TEXT NOT NULL,
    email TEXT,
    email_verified INTEGER NOT NULL,
    claims TEXT NOT NULL,
    seen REAL NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE TABLE IF NOT EXISTS passwords (
    folded TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users,
    hash TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS passkeys (
    id BLOB PRIMARY KEY,
    user TEXT NOT NULL,
    signed INTEGER NOT NULL,
    content TEXT NOT NULL
);
"""


class NameTaken(Exception):
    """Somebody else has that name, perhaps in other letters of upper or lower case."""


@dataclass(frozen=True)
class User:
    """Somebody with an account."""

    number: int
    name: str


@dataclass(frozen=True)
class Known:
    """What a provider has said of a user when they last came from there."""

    provider: str
    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    claims: dict[str, Any]


class People:
    """The database in a file, which is made if it is not there."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.executescript(TABLES)

    def close(self) -> None:
        """Nothing can be asked any more."""
        with self._lock:
            self._connection.close()

    async def user(self, number: int) -> User | None:
        """The user of that number."""

        def find(database: sqlite3.Connection) -> User | None:
            sql = "SELECT number, name FROM users WHERE number = ?"
            row = database.execute(sql, (number,)).fetchone()
            return row and User(*row)

        return await self.run(find)

    async def who_came_as(self, identity: Identity) -> User:
        """The user with that identity: a new one, if it is seen for the first time.

        Nothing but issuer and subject decides. An e-mail address would let anybody in who has made some
        provider write it down.
        """

        def find_or_add(database: sqlite3.Connection) -> User:
            key = (identity.issuer, identity.subject)
            sql = (
                "SELECT users.number, users.name FROM identities JOIN users ON number = user "
                "WHERE issuer = ? AND subject = ?"
            )
            row = database.execute(sql, key).fetchone()
            name = identity.name or identity.username or identity.subject
            user = User(*row) if row else _added(database, name)
            told = (identity.provider, identity.email, identity.email_verified)
            claims = json.dumps(dict(identity.claims), default=str)
            values = (*key, user.number, *told, claims, time.time())
            sql = "INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            database.execute(sql, values)
            return user

        return await self.run(find_or_add)

    async def known(self, user: User) -> Known | None:
        """What has been said of a user; None for one who came by a password."""

        def find(database: sqlite3.Connection) -> Known | None:
            sql = (
                "SELECT provider, issuer, subject, email, email_verified, claims "
                "FROM identities WHERE user = ?"
            )
            row = database.execute(sql, (user.number,)).fetchone()
            return row and Known(*row[:4], bool(row[4]), json.loads(row[5]))  # type: ignore[call-arg]

        return await self.run(find)

    async def add(self, name: str, password_hash: str) -> User:
        """A user with a password. Raises `NameTaken`."""

        def insert(database: sqlite3.Connection) -> User:
            user = _added(database, name)
            values = (name.casefold(), user.number, password_hash)
            try:
                database.execute("INSERT INTO passwords VALUES (?, ?, ?)", values)
            except sqlite3.IntegrityError:
                raise NameTaken(name) from None
            return user

        return await self.run(insert)

    async def with_name(self, name: str) -> tuple[User, str] | None:
        """Who signs in by that name, and the hash of their password."""

        def find(database: sqlite3.Connection) -> tuple[User, str] | None:
            sql = (
                "SELECT users.number, users.name, hash FROM passwords JOIN users ON number = user "
                "WHERE folded = ?"
            )
            row = database.execute(sql, (name.casefold(),)).fetchone()
            return row and (User(*row[:2]), row[2])

        return await self.run(find)

    async def change_password(self, user: User, password_hash: str) -> None:
        """Keep another hash."""
        sql = "UPDATE passwords SET hash = ? WHERE user = ?"
        await self.run(lambda database: database.execute(sql, (password_hash, user.number)))

    async def passkeys(self, user: User) -> int:
        """How many passkeys a user has."""
        sql = "SELECT count(*) FROM passkeys WHERE user = ?"

        def count(database: sqlite3.Connection) -> int:
            return int(database.execute(sql, (str(user.number),)).fetchone()[0])

        return await self.run(count)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the database, in one transaction."""

        def alone() -> T:
            # The lock is a thread's, not a task's: a task may be cancelled while its thread goes on.
            with self._lock, self._connection:
                return work(self._connection)

        return await asyncio.to_thread(alone)


def _added(database: sqlite3.Connection, name: str) -> User:
    number = database.execute("INSERT INTO users (name) VALUES (?)", (name,)).lastrowid
    assert number is not None
    return User(number, name)
