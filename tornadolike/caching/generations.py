""":class:`Generations`: names by which kept responses are invalidated, in all processes that share a store.

Each name has a token, which invalidating it replaces; a response has those that its names had when its handler began,
and is good as long as they are the same. There is one more for the cache, which is replaced each time: as long as that
is the same, as it nearly always is, nothing else has to be asked for.

No response that is kept has a name without a token, so that a store that has forgotten some (it was full, it was
started anew) costs what was kept, and brings back nothing. Paths share a thousand of them.
"""

import secrets
import zlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..stores import Store
from .entries import Entry

_CACHE: Final = "cache:generation"
_LIFETIME: Final = 30 * 86400.0
_PATHS: Final = 1024
_MAX_KNOWN: Final = 10_000

ALL: Final = "all"
"""What every response has."""


def name_token(name: str) -> str:
    """What the author's name is here. Raises :exc:`TypeError` for what is none."""
    if not isinstance(name, str):
        raise TypeError(f"a response is invalidated by a name, which is a str, not {name!r}")
    return f"name:{name}"


def path_token(path: str) -> str:
    """What a whole path is here: it shares this with some others."""
    return f"path:{zlib.crc32(path.encode(errors='surrogatepass')) % _PATHS}"


class Generations:
    """The tokens in ``store``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._generation = ""
        self._known: dict[str, str] = {}
        """Tokens that there were in that generation."""

    async def current(self) -> str | None:
        """The generation of the cache; None if nothing that is kept is good."""
        found = await self._store.get(_CACHE)
        return None if found is None else found.decode("latin1")

    async def is_good(self, entry: Entry, generation: str) -> bool:
        """Whether a response was not invalidated."""
        if entry.generation == generation:
            return True
        for name, token in entry.tokens.items():
            if await self._token(name, generation) != token:
                return False
        return True

    async def begin(self, names: Iterable[str]) -> tuple[str, dict[str, str]]:
        """The generation and the tokens for a response whose handler is about to begin; empty where there are none."""
        generation = await self.current() or ""
        return generation, {name: await self._token(name, generation) or "" for name in names}

    async def settle(self, entry: Entry) -> Entry | None:
        """A response that is about to be kept, with what its names have now; None if it was invalidated meanwhile.

        Not before are tokens made that there are not: of what is not kept there are none.
        """
        generation = await self.current() or await self._renew(_CACHE)
        tokens = {}
        for name, token in entry.tokens.items():
            now = await self._token(name, generation)
            if now is None and not token:
                now = await self._renew(_key_of(name))
            elif now != token:
                return None
            tokens[name] = now
        return replace(entry, generation=generation, tokens=tokens)

    async def invalidate(self, names: Iterable[str]) -> None:
        """Replace the tokens of these names."""
        for name in names:
            await self._renew(_key_of(name))
        await self._renew(_CACHE)  # at the end: who sees this one, sees the others

    async def _token(self, name: str, generation: str) -> str | None:
        if generation != self._generation or len(self._known) > _MAX_KNOWN:
            self._generation, self._known = generation, {}
        known = self._known
        token = known.get(name)
        if token is None:
            found = await self._store.get(_key_of(name))
            if found is not None:
                token = known[name] = found.decode("latin1")
        return token

    async def _renew(self, key: str) -> str:
        token = secrets.token_hex(8)
        await self._store.set(key, token.encode(), _LIFETIME)
        return token


def _key_of(name: str) -> str:
    return f"{_CACHE}:{name}"
