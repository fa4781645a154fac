""":class:`StoreTokens`: in a store, encrypted.

Who can read the store (its backups, its administrators) cannot use what is in it, nor give one user another's token:
each is sealed for its own key.

One process at a time renews a token. It says so by a counter, which only the first of them finds at 0. The counter
ends by itself, for a process that dies meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from ...stores import Store
from ...web.cookies.sealing import Sealer
from ...web.cookies.secrets import checked_secrets
from ..arguments import check_duration, check_kind, check_text
from ..tokens import Token
from .storage import TokenStorage, from_bytes, to_bytes

KEPT: Final = 90 * 86400.0
"""Seconds that a token is kept if nobody renews it."""
RENEWING: Final = 60.0
"""Seconds that a process may take to renew a token, while others wait for it."""
_LOOK_AGAIN: Final = 0.1


class StoreTokens(TokenStorage):
    """Keeps tokens in a store, encrypted by AES-256-GCM.

    .. code-block:: python

        StoreTokens(RedisStore("redis://localhost"), os.environ["TOKEN_SECRET"])

    A token that was sealed with a secret which is not among ``secrets`` any more counts as none.

    :arg secrets: one, or several: the first seals, all of them open. To replace one, put the new one before it, and
        take the old one away when the tokens that it has sealed are renewed or gone.
    :arg seconds: how long a token is kept after it was saved.
    :arg renewing: seconds that renewing one may take; then another process may try.
    :arg prefix: of the keys in the store.

    Raises :exc:`ValueError` for a weak secret, and for times that are none, and :exc:`TypeError`.
    """

    def __init__(
        self,
        store: Store,
        secrets: str | bytes | Sequence[str | bytes],
        *,
        seconds: float = KEPT,
        renewing: float = RENEWING,
        prefix: str = "token:",
    ) -> None:
        check_kind(Store, store=store)
        check_duration(seconds=seconds, renewing=renewing)
        check_text(prefix=prefix)
        self._store = store
        check_kind((str, bytes, Sequence), secrets=secrets)
        self._secrets = checked_secrets(
            secrets if isinstance(secrets, (str, bytes)) else list(secrets),
            "Tokens are to be encrypted",
        )
        self._seconds = seconds
        self._renewing = renewing
        self._prefix = prefix

    async def load(self, key: str) -> Token | None:
        return self._opened(key, await self._store.get(self._place(key)))

    async def save(self, key: str, token: Token, *, instead_of: Token | None = None) -> bool:
        before = None
        if instead_of is not None:
            before = await self._store.get(self._place(key))
            if before is None or self._opened(key, before) != instead_of:
                return False
        sealed = self._sealer(key).seal(to_bytes(token))
        return await self._store.set(self._place(key), sealed, self._seconds, instead_of=before)

    async def delete(self, key: str) -> None:
        await self._store.delete(self._place(key))

    @asynccontextmanager
    async def exclusively(self, key: str) -> AsyncIterator[None]:
        turn = f"{self._prefix}renewing:{key}"
        clock = asyncio.get_running_loop().time
        while True:
            end = clock() + self._renewing
            if (await self._store.count(turn, self._renewing))[0] == 1:
                break
            await asyncio.sleep(_LOOK_AGAIN)
        try:
            yield
        finally:
            if clock() < end:  # or else it may be another's by now
                await self._store.delete(turn)

    def _place(self, key: str) -> str:
        return f"{self._prefix}of:{key}"

    def _opened(self, key: str, sealed: bytes | None) -> Token | None:
        content = None if sealed is None else self._sealer(key).open(sealed)
        return None if content is None else from_bytes(content)

    def _sealer(self, key: str) -> Sealer:
        return Sealer(self._secrets, f"token: {key}")
