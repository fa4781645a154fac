"""Passkeys: made by those who are signed in, and what they sign in with the next time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tornadolike.auth import (
    Passkey,
    PasskeyOwner,
    PasskeyRegistrationMixin,
    Passkeys,
    PasskeyScript,
    PasskeySignInMixin,
    PasskeyStorage,
)
from tornadolike.stores import MemoryStore
from tornadolike.web import Blueprint, HTTPError

from .pages import DOMAIN, Page
from .people import People

USED = MemoryStore()
"""The challenges that were answered, so that none serves twice."""

group = Blueprint("passkeys")


class Kept(PasskeyStorage):
    """Keeps them in the database of those whose they are."""

    def __init__(self, people: People) -> None:
        self._run = people.run

    async def find(self, credential_id: bytes) -> Passkey | None:
        def find(database: sqlite3.Connection) -> Passkey | None:
            row = database.execute("SELECT content FROM passkeys WHERE id = ?", (credential_id,))
            content = row.fetchone()
            return content and Passkey.from_json(content[0])

        return await self._run(find)

    async def of_user(self, user: str) -> Sequence[Passkey]:
        sql = "SELECT content FROM passkeys WHERE user = ? ORDER BY rowid"
        rows = await self._run(lambda database: database.execute(sql, (user,)).fetchall())
        return [Passkey.from_json(content) for (content,) in rows]

    async def add(self, passkey: Passkey) -> bool:
        values = (passkey.id, passkey.user, passkey.sign_count, passkey.to_json())
        return await self._changes("INSERT OR IGNORE INTO passkeys VALUES (?, ?, ?, ?)", *values)

    async def update(self, passkey: Passkey, sign_count: int) -> bool:
        values = (passkey.sign_count, passkey.to_json(), passkey.id, sign_count)
        sql = "UPDATE passkeys SET signed = ?, content = ? WHERE id = ? AND signed = ?"
        return await self._changes(sql, *values)

    async def remove(self, credential_id: bytes, user: str) -> bool:
        sql = "DELETE FROM passkeys WHERE id = ? AND user = ?"
        return await self._changes(sql, credential_id, user)

    async def _changes(self, sql: str, *values: object) -> bool:
        return await self._run(lambda database: database.execute(sql, values).rowcount == 1)


class PasskeyPage(Page):
    """What both ceremonies need."""

    @property
    def passkeys(self) -> Passkeys:
        """For pages of this very origin."""
        if not self.has_passkeys:
            raise HTTPError(404)
        origin = f"{self.request.protocol}://{self.request.host}"
        return Passkeys(DOMAIN, "The front door", [origin], Kept(self.people), used=USED)


@group.add("/passkeys/signin")
class SignIn(PasskeySignInMixin, PasskeyPage):
    """Somebody comes with a passkey."""

    async def signed_in(self, passkey: Passkey, next: str) -> None:
        user = await self.people.user(int(passkey.user))
        if user is None:
            raise HTTPError(403)
        self.become(user)


@group.add("/passkeys/mine")
class Mine(PasskeyRegistrationMixin, PasskeyPage):
    """Whoever is signed in gets another one."""

    def get_passkey_owner(self) -> PasskeyOwner | None:
        user = self.current_user
        return PasskeyOwner(str(user.number), user.name, user.name) if user else None


group.add("/passkeys.js")(PasskeyScript)
