"""Sessions in the browser's cookie, encrypted: nothing is kept on the server.

So nothing can be taken back either: until it is too old, a copy of a cookie is as good as the cookie.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from ..web import RequestHandler
from .keeping import GONE, Found, Keeper
from .record import Record, decode
from .sealing import Sealer
from .session import Session

MAX_COOKIE_SIZE: Final = 4096
"""Bytes of a cookie's name and value together that browsers take (RFC 6265 section 6.1)."""
SHORTEST_SECRET: Final = 16
_RECIPE: Final = 'python -c "import secrets; print(secrets.token_hex(32))" makes one'


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
        try:
            sealed = urlsafe_b64decode(kept + b"=" * (-len(kept) % 4))
        except binascii.Error:
            return None
        content = self._sealer(handler).open(sealed)
        record = None if content is None else decode(content)
        return None if record is None else Found(record, record.seen)

    async def create(self, handler: RequestHandler, record: Record, seconds: float) -> str:
        sealed = self._sealer(handler).seal(record.encode())
        cookie = urlsafe_b64encode(sealed).rstrip(b"=").decode()
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
        secrets = self._secrets or secrets_of(handler.settings)
        sealer = self._sealers.get(secrets)
        if sealer is None:
            sealer = self._sealers[secrets] = Sealer(secrets, self._name)
        return sealer


def secrets_of(settings: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The settings' secrets, the one that signs first. Raises :exc:`RuntimeError` if there is none."""
    secret = settings.get("cookie_secret")
    if not secret:
        raise RuntimeError(
            "Sessions() keeps sessions in encrypted cookies, and needs a secret: Application(..., cookie_secret=...), "
            f"or Sessions(secret=...); {_RECIPE}"
        )
    if isinstance(secret, Mapping):
        version = settings.get("key_version")
        if version not in secret:
            raise RuntimeError(
                "cookie_secret is a dict: it needs the setting key_version, the number of the secret that encrypts"
            )
        secret = [secret[version], *(one for key, one in secret.items() if key != version)]
    return checked_secrets(secret)


def checked_secrets(secret: object) -> tuple[bytes, ...]:
    """One secret, or a list of them, as bytes. Raises :exc:`TypeError`, and :exc:`ValueError` for a short one."""
    found = []
    for one in secret if isinstance(secret, (list, tuple)) else [secret]:
        if not isinstance(one, (str, bytes)):
            raise TypeError(
                f"a secret is a str or bytes, or a list of them, not {type(one).__name__}"
            )
        made = one.encode() if isinstance(one, str) else one
        if len(made) < SHORTEST_SECRET:
            raise ValueError(
                f"a secret for sessions has at least {SHORTEST_SECRET} characters; {_RECIPE}"
            )
        found.append(made)
    if not found:
        raise ValueError(
            "Sessions(secret=[]) has none to encrypt with: leave it out, or put one in"
        )
    return tuple(found)
