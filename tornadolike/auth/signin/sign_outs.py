""":class:`SignOuts`: who has signed out elsewhere, kept until their sessions with us have ended."""

import hashlib
import json
import time
from typing import Final

from ...stores import Store
from ...stores.base import checked_seconds
from ..openid.logout import REMEMBERED, Logout

KEPT_SECONDS: Final = 90 * 86400.0
"""As long as a session of :class:`~tornadolike.sessions.Sessions` lives at the most."""


class SignOuts:
    """Remembers the logouts of which providers have told.

    .. code-block:: python

        sign_outs = SignOuts(RedisStore("redis://127.0.0.1"))

    :arg store: where they are kept; all processes of a site share it. One in memory forgets them at the end.
    :arg seconds: for how long: at least as long as a session with us may live. By default 90 days.

    Raises :exc:`ValueError` and :exc:`TypeError` for a time that is none.
    """

    def __init__(self, store: Store, seconds: float = KEPT_SECONDS) -> None:
        self.store = store
        self._seconds = checked_seconds(seconds)

    async def add(self, logout: Logout) -> bool:
        """Remember a logout. Returns whether it is new: False for a token that has come before.

        Raises :exc:`.StoreError`.
        """
        token = _key("token", logout.issuer, logout.token_id)
        count, _ = await self.store.count(token, REMEMBERED)
        if count > 1:
            return False
        now = repr(time.time()).encode()
        try:
            for what, name in _marks(logout):
                await self.store.set(_key(what, logout.issuer, name), now, self._seconds)
        except BaseException:
            await self.store.delete(token)  # the provider may tell it again
            raise
        return True

    async def covers(
        self, issuer: str, subject: str, session_id: str | None = None, *, since: float
    ) -> bool:
        """Whether who has signed in at ``since`` has signed out after that.

        :arg issuer: and ``subject`` and ``session_id``: of the :class:`.Identity` that has signed in.
        :arg since: when that was, in seconds since the epoch.

        Raises :exc:`.StoreError`.
        """
        marks = [("user", subject)]
        marks.append(("nameless", subject) if session_id is None else ("session", session_id))
        for what, name in marks:
            ended = await self.store.get(_key(what, issuer, name))
            if ended is not None and float(ended) >= since:
                return True
        return False


def _marks(logout: Logout) -> list[tuple[str, str]]:
    """What a logout ends: a session; those of its user of which we do not know what the provider calls them; or all
    of the user's."""
    marks = []
    if logout.session_id is not None:
        marks.append(("session", logout.session_id))
    if logout.subject is not None:
        marks.append(("nameless" if marks else "user", logout.subject))
    return marks


def _key(what: str, issuer: str, name: str) -> str:
    """Of the same length for all, and without what tells who it is."""
    digest = hashlib.sha256(json.dumps([what, issuer, name]).encode()).hexdigest()
    return f"signout:{digest}"
