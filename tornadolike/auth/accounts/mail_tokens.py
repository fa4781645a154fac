""":class:`MailTokens`: what stands in links of mails: "confirm your address", "choose a new password".

A token is an encrypted value (:mod:`tornadolike.web.cookies.encrypting`) of the purpose and with the time, so that
nothing of it has to be kept. Its content:

.. code-block:: text

   0, subject                    a token that is bound to nothing
   1, bond (16 bytes), subject   one that is bound: SHA-256 of the subject and of what it is bound to
"""

import hashlib
import hmac
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Final

from ...escape import utf8
from ...stores import Store
from ...util import check_numbers
from ...web.cookies.encrypting import MAX_FUTURE_SECONDS, open_value, seal_value, sealer_of
from ...web.cookies.secrets import Secrets, checked_secrets
from ..arguments import check_function

State = str | bytes
"""What a token is bound to."""
StateOf = Callable[[str], Awaitable[State | None] | State | None]
"""Tells the state that there is now of a subject; None if there is no such subject."""

DEFAULT_MAX_AGE_SECONDS: Final = 3600.0
LONGEST_AGE_SECONDS: Final = 366 * 86400.0
"""A mail that is found after a year opens nothing."""
LONGEST_SUBJECT: Final = 512
"""Bytes. A token is a part of an URL, and mail programs break long ones."""

_DAY: Final = 86400
_BOND_SIZE: Final = 16
_FREE: Final = b"\0"
_BOUND: Final = b"\1"


class MailTokens:
    """Makes tokens for one purpose, and reads them when they come back.

    .. code-block:: python

        resets = MailTokens("reset password", os.environ["COOKIE_SECRET"])

        token = resets.make(user.name, bound_to=user.password_hash)
        ...
        name = await resets.read(token, bound_to=password_hash_of)  # a function

    The token can neither be read nor made by others, has an end, and is good for this purpose only. It is URL-safe.

    :arg purpose: what the tokens are for. Another one's tokens are none here.
    :arg secret: what encrypts them, as for :func:`~tornadolike.web.create_encrypted_value`.
    :arg max_age_seconds: how long a token is good: an hour. A year at the most.
    :arg store: where it is kept which tokens were used (:meth:`use`), until they are too old.
    :arg key_version: the number of the secret that encrypts, if ``secret`` is a dict.
    :arg clock: gives the seconds since the epoch.

    Raises :exc:`ValueError` and :exc:`TypeError` for what is of no use, and for a secret that can be guessed.
    """

    def __init__(
        self,
        purpose: str,
        secret: Secrets,
        *,
        max_age_seconds: float = DEFAULT_MAX_AGE_SECONDS,
        store: Store | None = None,
        key_version: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not purpose or not isinstance(purpose, str):
            raise ValueError(f"a purpose is a text that tells it from others, not {purpose!r}")
        check_numbers(max_age_seconds=max_age_seconds)
        check_function(clock=clock)
        if not 0 < max_age_seconds <= LONGEST_AGE_SECONDS:
            raise ValueError(
                f"max_age_seconds is more than 0 and at most {LONGEST_AGE_SECONDS:.0f}, not {max_age_seconds!r}"
            )
        if store is not None and not isinstance(store, Store):
            raise TypeError(f"the store of MailTokens() is a Store, not {store!r}")
        secrets = checked_secrets(secret, f"Tokens for {purpose!r}", key_version)
        self._sealer = sealer_of(secrets, f"mail: {purpose}")
        self._max_age_seconds = max_age_seconds
        self._store = store
        self._clock = clock

    def make(self, subject: str, *, bound_to: State | None = None) -> str:
        """A token for a link, of 67 characters and more.

        :arg subject: whom or what it is about: the number of a user, the address that is to be confirmed.
        :arg bound_to: something that will be another one when the token has done its work: the hash of the password
            that is to be replaced. From then on the token is none. It is not in the token.

        Raises :exc:`ValueError` for a subject that is longer than :data:`LONGEST_SUBJECT`.
        """
        if not isinstance(subject, str):
            raise TypeError(f"the subject of a token is a str, not {type(subject).__name__}")
        if len(utf8(subject)) > LONGEST_SUBJECT:
            raise ValueError(f"the subject of a token has at most {LONGEST_SUBJECT} bytes")
        head = _FREE if bound_to is None else _BOUND + _bond(subject, bound_to)
        return seal_value(self._sealer, head + utf8(subject), self._clock)

    async def read(self, token: str, *, bound_to: State | StateOf | None = None) -> str | None:
        """The subject; None for what is none of our tokens, is too old, was used, or has done its work.

        It stays good: a page that asks for a new password shows its form to who has a token, and :meth:`use` is for
        when the form comes back.

        :arg token: as it came, from whomever: there is none for which an exception is raised.
        :arg bound_to: for tokens that are bound, what they should be bound to now; or a function of the subject that
            tells it, or None if there is no such subject. It may be a coroutine function.

        Raises :exc:`TypeError` for a token that is bound if ``bound_to`` is not given, and
        :exc:`~tornadolike.stores.StoreError` if the store does not answer.
        """
        content = open_value(self._sealer, token, self._max_age_seconds / _DAY, self._clock)
        if content is None:
            return None
        if content[:1] == _FREE:
            subject, holds = content[1:].decode(), bound_to is None
        else:
            subject = content[1 + _BOND_SIZE :].decode()
            holds = await _holds(content[1 : 1 + _BOND_SIZE], subject, bound_to)
        if not holds or (self._store is not None and await self._store.get(_key(token))):
            return None
        return subject

    async def use(self, token: str, *, bound_to: State | StateOf | None = None) -> str | None:
        """As :meth:`read`, and the token is good no more: of several who use it at a time one gets the subject.

        Raises :exc:`RuntimeError` without a store. One that is bound needs none: it is used by the change of what it is
        bound to, if that change is made only while it is still the same.
        """
        if self._store is None:
            raise RuntimeError("to use a token once needs a store: MailTokens(..., store=...)")
        subject = await self.read(token, bound_to=bound_to)
        if subject is None:
            return None
        uses, _ = await self._store.count(_key(token), self._max_age_seconds + MAX_FUTURE_SECONDS)
        return subject if uses == 1 else None


async def _holds(bond: bytes, subject: str, bound_to: State | StateOf | None) -> bool:
    if bound_to is None:
        raise TypeError("this token is bound: read(token, bound_to=...) says what it is to hold to")
    state = bound_to if isinstance(bound_to, (str, bytes)) else bound_to(subject)
    if inspect.isawaitable(state):
        state = await state
    return state is not None and hmac.compare_digest(bond, _bond(subject, state))


def _bond(subject: str, state: State) -> bytes:
    if not isinstance(state, (str, bytes)):
        raise TypeError(f"a token is bound to a str or bytes, not {type(state).__name__}")
    about = utf8(subject)
    return hashlib.sha256(b"%d:%b%b" % (len(about), about, utf8(state))).digest()[:_BOND_SIZE]


def _key(token: str) -> str:
    """Of the store, which must not have tokens. Each token has one spelling."""
    return "mail token: " + hashlib.sha256(token.encode()).hexdigest()
