"""Who has an account here, in SQLite: by which providers' accounts, and by which password they are known.

Its calls block, so each of them is made in a thread, and one at a time.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
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
    user INTEGER REFERENCES users,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    email_verified INTEGER NOT NULL,
    claims TEXT NOT NULL,
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

KEEP = """
INSERT INTO identities (issuer, subject, provider, name, email, email_verified, claims)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (issuer, subject) DO UPDATE SET
    provider = excluded.provider, name = excluded.name, email = excluded.email,
    email_verified = excluded.email_verified, claims = excluded.claims
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
    name: str
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

    async def who_came_as(self, identity: Identity) -> User | None:
        """The user with that identity; None, if it is nobody's yet. What the provider has told is kept.

        Nothing but issuer and subject decides. An e-mail address would let anybody in who has made some
        provider write it down.
        """
        name = identity.name or identity.username or identity.subject
        told = (identity.provider, name, identity.email, identity.email_verified)
        claims = json.dumps(dict(identity.claims), default=str)
        values = (identity.issuer, identity.subject, *told, claims)

        def keep(database: sqlite3.Connection) -> User | None:
            database.execute(KEEP, values)
            return _owner(database, identity.issuer, identity.subject)

        return await self.run(keep)

    async def give(self, issuer: str, subject: str, user: User | None = None) -> User:
        """Have an identity that is nobody's be this user's, or a new one's; whose it is then."""

        def change(database: sqlite3.Connection) -> User:
            owner = _owner(database, issuer, subject)
            if owner is None:
                owner = user or _added(database, _known(database, issuer, subject).name)
                sql = "UPDATE identities SET user = ? WHERE issuer = ? AND subject = ?"
                database.execute(sql, (owner.number, issuer, subject))
            return owner

        return await self.run(change)

    async def known(self, issuer: str, subject: str) -> Known:
        """What has been told of somebody who has come with that identity."""
        return await self.run(lambda database: _known(database, issuer, subject))

    async def identities(self, user: User) -> int:
        """How many identities a user has."""
        return await self._count("identities", user.number)

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
        return await self._count("passkeys", str(user.number))

    async def _count(self, table: str, user: int | str) -> int:
        sql = f"SELECT count(*) FROM {table} WHERE user = ?"  # noqa: S608 (a name of ours)
        return await self.run(lambda database: int(database.execute(sql, (user,)).fetchone()[0]))

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


def _owner(database: sqlite3.Connection, issuer: str, subject: str) -> User | None:
    sql = (
        "SELECT users.number, users.name FROM identities JOIN users ON number = user "
        "WHERE issuer = ? AND subject = ?"
    )
    row = database.execute(sql, (issuer, subject)).fetchone()
    return row and User(*row)


def _known(database: sqlite3.Connection, issuer: str, subject: str) -> Known:
    sql = (
        "SELECT provider, issuer, subject, name, email, email_verified, claims FROM identities "
        "WHERE issuer = ? AND subject = ?"
    )
    row = database.execute(sql, (issuer, subject)).fetchone()
    provider, issuer, subject, name, email, verified, claims = row
    return Known(provider, issuer, subject, name, email, bool(verified), json.loads(claims))
