""":class:`TokenStorage`: where tokens are kept, by keys of the program: a user's number, the name of a service."""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from typing import Any

from ..tokens import Token

_MEMBERS = frozenset(field.name for field in fields(Token))


class TokenStorage(ABC):
    """Keeps tokens. The interface; a storage of one's own (a table of a database) overrides what is abstract.

    Tokens are as good as passwords. A storage that others can read, such as a database with backups, keeps them
    encrypted: :class:`.StoreTokens` does.
    """

    @abstractmethod
    async def load(self, key: str) -> Token | None:
        """The token; None if there is none."""

    @abstractmethod
    async def save(self, key: str, token: Token, *, instead_of: Token | None = None) -> bool:
        """Keep a token, in the place of what was there. Returns whether that was done.

        :arg instead_of: do so only if this is the token that is there now: who has been renewing it does not bring back
            what somebody has removed, or replaced, meanwhile.
        """

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove a token, if there is one."""

    @asynccontextmanager
    async def exclusively(self, key: str) -> AsyncIterator[None]:
        """While this token is renewed. Other processes should wait: of two who use a refresh token at the same time
        many providers sign out both. By default nobody does, which is enough for one process.
        """
        yield


class MemoryTokens(TokenStorage):
    """Keeps tokens in this process, without a bound: for scripts and tests. A server has :class:`.StoreTokens`, whose
    :class:`~tornadolike.stores.MemoryStore` has bounds."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    async def load(self, key: str) -> Token | None:
        return self._tokens.get(key)

    async def save(self, key: str, token: Token, *, instead_of: Token | None = None) -> bool:
        if instead_of is not None and self._tokens.get(key) != instead_of:
            return False
        self._tokens[key] = token
        return True

    async def delete(self, key: str) -> None:
        self._tokens.pop(key, None)


def encode(token: Token) -> dict[str, Any]:
    """A token as an object of JSON: its attributes by their names."""
    return asdict(token)


def decode(saved: Any) -> Token | None:
    """One from that; None for what is no token. What later versions add to one is left out."""
    if not isinstance(saved, dict) or not isinstance(saved.get("access_token"), str):
        return None
    return Token(**{name: value for name, value in saved.items() if name in _MEMBERS})


def to_bytes(token: Token) -> bytes:
    """A token as JSON. Raises :exc:`TypeError` for an ``answer`` that has what JSON has not."""
    return json.dumps(encode(token), separators=(",", ":")).encode()


def from_bytes(saved: bytes) -> Token | None:
    """One from that; None for what is no token."""
    try:
        return decode(json.loads(saved))
    except (ValueError, RecursionError):
        return None
