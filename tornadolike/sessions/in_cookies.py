"""Sessions in the browser's cookie, encrypted: nothing is kept on the server.

So nothing can be taken back either: until it is too old, a copy of a cookie is as good as the cookie.
"""

from typing import Final

from ..web import RequestHandler
from ..web.cookies.plain import MAX_COOKIE_SIZE
from ..web.cookies.sealing import Sealer
from ..web.cookies.secrets import secrets_of
from .keeping import GONE, Found, Keeper
from .record import Record, decode
from .session import Session

WHAT: Final = "Sessions() keeps sessions in encrypted cookies"
"""What needs a secret."""


class CookieKeeper(Keeper):
    """Keeps sessions in cookies.

    :arg name: of the cookie: what is in one of another name is none of ours.
    :arg secrets: the first encrypts; without any those are used that sign the application's cookies.
    """

    def __init__(self, name: str, secrets: tuple[bytes, ...]) -> None:
        self._name = name
        self._secrets = secrets
        self._sealers: dict[tuple[bytes, ...], Sealer] = {}

    def check(self, handler: RequestHandler) -> None:
        self._sealer(handler)

    async def look_up(self, handler: RequestHandler, cookie: str) -> bytes | None:
        return cookie.encode() if len(cookie) <= MAX_COOKIE_SIZE and cookie.isascii() else None

    def read(self, handler: RequestHandler, cookie: str, kept: bytes, now: int) -> Found | None:
        content = self._sealer(handler).open_text(kept)
        record = None if content is None else decode(content)
        return None if record is None else Found(record, record.seen)

    async def create(self, handler: RequestHandler, record: Record, seconds: float) -> str:
        cookie = self._sealer(handler).seal_text(record.encode())
        size = len(self._name) + len(cookie)
        if size > MAX_COOKIE_SIZE:
            names = ", ".join(sorted(record.data))
            raise ValueError(
                f"the session (with {names}) makes a cookie of {size} bytes, and browsers take {MAX_COOKIE_SIZE}: "
                "put less in, or give it a store: Sessions(SQLiteStore(...))"
            )
        return cookie

    async def change(
        self, handler: RequestHandler, cookie: str, session: Session, now: int
    ) -> str | None:
        record = session._applied_to(session._before, now)
        return GONE if record.is_empty else await self.create(handler, record, 0)

    async def refresh(
        self, handler: RequestHandler, cookie: str, session: Session, now: int
    ) -> str | None:
        return await self.change(handler, cookie, session, now)

    async def current(self, cookie: str, session: Session) -> Record | None:
        return session._before

    async def end(self, cookie: str) -> bool:
        return True  # the cookie goes; there is nothing else

    def _sealer(self, handler: RequestHandler) -> Sealer:
        secrets = self._secrets or secrets_of(handler.settings, WHAT)
        sealer = self._sealers.get(secrets)
        if sealer is None:
            sealer = self._sealers[secrets] = Sealer(secrets, f"session: {self._name}")
        return sealer
