"""Sessions in a store; the browser's cookie is the key.

.. code-block:: text

   the cookie      an id (24 random bytes), and when the session was last known to be in use
   in the store    by a hash of the id: what there is in the session, encrypted with the id

Who reads the store can neither take over a session nor see what is in it. And should the store ever give somebody
else's entry, it cannot be read.
"""

import hashlib
import re
import secrets
from typing import Final

from ..stores import Store, StoreError
from ..web import RequestHandler
from ..web.cookies.sealing import Sealer
from .keeping import GONE, Found, Keeper
from .record import Record, decode
from .session import Lifetimes, Session

_COOKIE: Final = re.compile(r"([A-Za-z0-9_-]{32})\.([0-9a-f]{1,12})")
_ID_BYTES: Final = 24

MAX_ATTEMPTS: Final = 100
"""How often a change is put into what others have made of the session meanwhile."""


class StoreKeeper(Keeper):
    """Keeps sessions in a store.

    :arg name: of the cookie: a session under another name is none of ours.
    :arg max_bytes: that a session may have.
    """

    def __init__(self, name: str, store: Store, lifetimes: Lifetimes, max_bytes: int) -> None:
        self._name = name
        self._store = store
        self._lifetimes = lifetimes
        self._max_bytes = max_bytes

    async def look_up(self, handler: RequestHandler, cookie: str) -> bytes | None:
        match = _COOKIE.fullmatch(cookie)
        return None if match is None else await self._store.get(self._key(match[1]))

    def read(self, handler: RequestHandler, cookie: str, kept: bytes, now: int) -> Found | None:
        session_id, _, seen = cookie.partition(".")
        record = self._opened(session_id, kept)
        if record is None:
            return None
        record.seen = now  # or the store would not have it any more
        return Found(record, int(seen, 16))

    async def create(self, handler: RequestHandler, record: Record, seconds: float) -> str:
        session_id = secrets.token_urlsafe(_ID_BYTES)
        await self._store.set(self._key(session_id), self._sealed(session_id, record), seconds)
        return _cookie(session_id, record.seen)

    async def change(
        self, handler: RequestHandler, cookie: str, session: Session, now: int
    ) -> str | None:
        session_id = _id(cookie)
        key = self._key(session_id)
        # Again, if another request has changed it between reading and writing: one of them gets through each time.
        for _ in range(MAX_ATTEMPTS):
            kept = await self._store.get(key)
            current = None if kept is None else self._opened(session_id, kept)
            if current is None:
                return None
            record = session._applied_to(current, now)
            if record.is_empty:
                await self.end(cookie)
                return GONE
            seconds = self._lifetimes.left(record.created, now)
            sealed = self._sealed(session_id, record)
            if await self._store.set(key, sealed, seconds, instead_of=kept):
                return _cookie(session_id, now)
        raise StoreError(
            f"{self._store!r}: a session was another one each of {MAX_ATTEMPTS} times that it was to be changed; "
            "look whether set(instead_of=...) compares with what get() gives, and returns True when it is done"
        )

    async def refresh(
        self, handler: RequestHandler, cookie: str, session: Session, now: int
    ) -> str | None:
        # Not set(): another request may have changed it meanwhile.
        session_id = _id(cookie)
        seconds = self._lifetimes.left(session._record.created, now)
        kept = await self._store.touch(self._key(session_id), seconds)
        return _cookie(session_id, now) if kept else None

    async def current(self, cookie: str, session: Session) -> Record | None:
        session_id = _id(cookie)
        kept = await self._store.get(self._key(session_id))
        return None if kept is None else self._opened(session_id, kept)

    async def end(self, cookie: str) -> bool:
        return await self._store.delete(self._key(_id(cookie)))

    def _key(self, session_id: str) -> str:
        digest = hashlib.sha256(f"{self._name}:{session_id}".encode()).hexdigest()
        return f"session:{digest}"

    def _sealed(self, session_id: str, record: Record) -> bytes:
        content = record.encode()
        if len(content) > self._max_bytes:
            names = ", ".join(sorted(record.data))
            raise ValueError(
                f"the session (with {names}) has {len(content)} bytes: put less in, or give it more: "
                f"Sessions(max_bytes=...), which is {self._max_bytes}"
            )
        return Sealer([session_id.encode()], f"session: {self._name}").seal(content)

    def _opened(self, session_id: str, kept: bytes) -> Record | None:
        content = Sealer([session_id.encode()], f"session: {self._name}").open(kept)
        return None if content is None else decode(content)


def _id(cookie: str) -> str:
    return cookie.partition(".")[0]


def _cookie(session_id: str, seen: int) -> str:
    return f"{session_id}.{seen:x}"
