"""Keys of programs: how they are made, and known again.

.. code-block:: text

   acme_live_  3kTMd0aVbWzq  _  9c1V...43 characters of 62...xQ
   the prefix  its name         what is secret

By the prefix people and scanners see what they have found. By the name a key is looked up; it is no secret, and may be
shown. Of the rest only the SHA-256 of the whole is kept: it is as random as that, so that nobody finds it by trying,
and needs no slow hash as passwords do.
"""

import hashlib
import hmac
import re
import secrets
import string
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final

from ...util import check_not_negative, check_numbers
from ..arguments import check_collection, check_kind
from .credentials import Credentials

_LETTERS: Final = string.ascii_letters + string.digits
_NAME_SIZE: Final = 12
_SECRET_SIZE: Final = 43
"""Of 62 letters: 256 bits."""
_PREFIX: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_LONGEST_PREFIX: Final = 32
_KEY: Final = re.compile(
    rf"([a-z0-9_]{{1,{_LONGEST_PREFIX}}}_[A-Za-z0-9]{{{_NAME_SIZE}}})_[A-Za-z0-9]{{{_SECRET_SIZE}}}"
)
USED_INTERVAL: Final = 60.0
"""Seconds between two times that a key is said to be used."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. Raises :exc:`TypeError` for ``scopes`` that are no collection."""

    id: str
    """Its prefix and its name, by which it is found. No secret."""
    digest: str = field(repr=False)
    """The SHA-256 of the key, in hexadecimal digits."""
    user: Any = None
    """Whose it is."""
    scopes: Collection[str] = frozenset()
    """What it may be used for (:func:`.requires_scope`)."""
    expires_at: float | None = None
    """When it ends, in seconds since the epoch; None: when it is removed."""
    last_used: float | None = None
    """When it was used, in seconds since the epoch, about."""

    def __post_init__(self) -> None:
        check_collection(scopes=self.scopes)


def make_api_key(
    prefix: str,
    user: Any = None,
    *,
    scopes: Collection[str] = frozenset(),
    expires_at: float | None = None,
) -> tuple[str, ApiKey]:
    """A new key, which is shown to its owner once, and what is kept of it.

    :arg prefix: what begins it: small letters and digits, in words that ``_`` parts: ``"acme_live"``.

    Raises :exc:`ValueError` for another prefix, and :exc:`TypeError` for what is of no use.
    """
    check_kind(str, prefix=prefix)
    if expires_at is not None:
        check_numbers(expires_at=expires_at)
    if not _PREFIX.fullmatch(prefix) or len(prefix) > _LONGEST_PREFIX:
        raise ValueError(
            f"a prefix is up to {_LONGEST_PREFIX} small letters and digits, such as 'acme_live', not {prefix!r}"
        )
    identifier = f"{prefix}_{_random(_NAME_SIZE)}"
    text = f"{identifier}_{_random(_SECRET_SIZE)}"
    return text, ApiKey(identifier, _digest(text), user, scopes, expires_at)


class ApiKeys:
    """Knows keys again: a check for :class:`.ApiKeyAuthentication` and :class:`.BearerAuthentication`.

    :arg find: takes the ``id`` of a key, and returns the :class:`ApiKey`, or None.
    :arg used: takes an :class:`ApiKey` and the time, to keep it as its ``last_used``; None: nobody wants to know.
    :arg used_interval: seconds after which it is called again for the same key.

    Both may be coroutine functions.
    """

    def __init__(
        self,
        find: Callable[[str], ApiKey | Awaitable[ApiKey | None] | None],
        *,
        used: Callable[[ApiKey, float], Any] | None = None,
        used_interval: float = USED_INTERVAL,
    ) -> None:
        if not callable(find) or not (used is None or callable(used)):
            raise TypeError("find and used are functions")
        check_not_negative(used_interval=used_interval)
        self._find = find
        self._used = used
        self._used_interval = used_interval

    async def __call__(self, text: str) -> Credentials | None:
        """Whose key this is; None for one that is not known, wrong, or has ended."""
        matched = _KEY.fullmatch(text)
        if matched is None:
            return None
        found = self._find(matched[1])
        key = await found if isawaitable(found) else found
        now = time.time()
        if key is None or not hmac.compare_digest(_digest(text), key.digest):
            return None
        if key.expires_at is not None and key.expires_at <= now:
            return None
        if self._used is not None and (
            key.last_used is None or key.last_used + self._used_interval <= now
        ):
            waiting = self._used(key, now)
            if isawaitable(waiting):
                await waiting
        return Credentials(key.user, key.scopes)


def _random(size: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(size))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
