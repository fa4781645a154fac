""":class:`PasswordHasher`: what is stored of a password, from which nobody can read it (Argon2id, RFC 9106).

What is stored is a text in the usual form, as other programs write and read it::

    $argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>

With a pepper there stands before it which one: ``pepper=<8 hex digits>$argon2id$...``.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ...log import Seldom, gen_log
from ...util import check_whole_numbers
from ...web.cookies.secrets import checked_secrets
from .foreign_hashes import ForeignHashes
from .texts import MAX_LENGTH, normalized
from .threads import Threads

try:
    import argon2
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "passwords need argon2-cffi, which is not installed: pip install tornadolike[auth]",
        name=error.name,
    ) from error

MEMORY: Final = 64 * 1024
"""KiB that a hash takes: with the next two, what RFC 9106 section 4 recommends where memory is scarce."""
PASSES: Final = 3
LANES: Final = 4
MAX_RUNNING: Final = 2
MAX_WAITING: Final = 64
_PEPPER: Final = "pepper="
_PEPPER_ID_SIZE: Final = 4
_DJANGO: Final = "argon2$argon2"
"""What hashes begin with to which Django has written "argon2"."""

_NOBODYS: Final = ("!", "*")
"""What programs store for accounts that have no password."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a password was right. It is true if it was."""

    ok: bool
    rehash: str | None = None
    """What is to be stored in the place of what was: it was made with other parameters, another pepper, or by another
    program. None: nothing."""

    def __bool__(self) -> bool:
        return self.ok


class PasswordHasher:
    """Hashes passwords and verifies them, in threads beside the loop.

    .. code-block:: python

        passwords = PasswordHasher()

        user.password = await passwords.hash(password)

        verified = await passwords.verify(user.password if user else None, password)
        if verified and verified.rehash:
            user.password = verified.rehash

    Passwords are texts of which each letter counts, up to :data:`MAX_LENGTH`; how a keyboard composes a letter does not
    (NFC, RFC 8265 section 4.2). It takes no time to make one of these, and nothing is to be closed: one is enough for
    a program.

    :arg memory: KiB that a hash takes.
    :arg passes: over that memory: the time is about the product of both.
    :arg lanes: threads that make one hash.
    :arg max_running: how many are made at a time: together they take so many times ``memory``.
    :arg max_waiting: how many may wait for that. Beyond these :exc:`TooBusyError` is raised, an :exc:`.HTTPError`: 503.
    :arg pepper: a secret that is not kept where the hashes are, without which these are worth nothing. Of a list the
        first is for new hashes, the others are for those that were made with them. Without the right one no password
        can be verified: it must not get lost.
    :arg foreign: functions for hashes that other programs have made, such as :func:`django_hashes`.

    Raises :exc:`ValueError` and :exc:`TypeError` for what is of no use.
    """

    def __init__(
        self,
        *,
        memory: int = MEMORY,
        passes: int = PASSES,
        lanes: int = LANES,
        max_running: int = MAX_RUNNING,
        max_waiting: int = MAX_WAITING,
        pepper: str | bytes | Sequence[str | bytes] | None = None,
        foreign: Iterable[ForeignHashes] = (),
    ) -> None:
        check_whole_numbers(memory=memory, passes=passes, lanes=lanes)
        if lanes < 1 or passes < 1 or memory < 8 * lanes:
            raise ValueError("lanes and passes are at least 1, and memory at least 8 KiB a lane")
        self._argon2 = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory, parallelism=lanes
        )
        self._threads, self._unknown = Threads(max_running, max_waiting), Seldom(gen_log)
        self._peppers = {} if pepper is None else _by_id(checked_secrets(pepper, "A pepper"))
        self._pepper_id = next(iter(self._peppers), None)
        self._foreign = _checked_foreign(foreign)
        self._complaints = Seldom(gen_log)

    async def hash(self, password: str) -> str:
        """What is to be stored for a password; another one each time.

        Raises :exc:`TypeError` for what is no text, :exc:`ValueError` for one that is empty, or longer than
        :data:`MAX_LENGTH`, and :exc:`TooBusyError`.
        """
        if not _check_text(password):
            raise ValueError(f"a password has 1 to {MAX_LENGTH} characters")
        return await self._threads.run(lambda: self._hash(password))

    async def verify(self, stored: str | None, password: str) -> Verified:
        """Whether it is the password for which this is stored.

        :arg stored: what :meth:`hash` has given. None for a user whom there is not: that takes as long, so that
            nobody learns by that who has an account.

        Raises :exc:`TypeError` for what is no text, and :exc:`TooBusyError`.
        """
        if stored is not None and not isinstance(stored, str):
            raise TypeError(f"what is stored of a password is a str, not {type(stored).__name__}")
        fits = _check_text(password)
        if not fits:  # the same work, but not on a text of any length
            password, stored = "x", None
        return await self._threads.run(lambda: self._verify(stored, password))

    # In a thread

    def _hash(self, password: str) -> str:
        made = self._argon2.hash(self._prepared(password, self._pepper_id))
        return made if self._pepper_id is None else f"{_PEPPER}{self._pepper_id}{made}"

    def _verify(self, stored: str | None, password: str) -> Verified:
        found = None if stored is None else self._check(stored, password)
        if found is None:
            self._hash(password)
            if self._pepper_id is None and self._prepared(password, None) != _typed(password):
                self._hash(password)  # as for somebody's, which is looked at twice
            return Verified(False)
        ok, is_as_new = found
        if not ok and self._is_cheap(stored):
            self._hash(password)  # or it would be told by the time who has one from long ago
        return Verified(ok, self._hash(password) if ok and not is_as_new else None)

    def _check(self, stored: str, password: str) -> tuple[bool, bool] | None:
        """Whether it is the right one, and stored as we would now; None, at once, for what nobody has a password
        for."""
        pepper_id, made = _parted(stored)
        if not made.startswith("$argon2"):
            return self._check_foreign(stored, password)
        if pepper_id is not None and pepper_id not in self._peppers:
            self._complaints.error(
                "A password was hashed with a pepper that PasswordHasher(pepper=...) no longer has"
            )
            return None
        prepared = self._prepared(password, pepper_id)
        if self._is_right(made, prepared):
            return True, pepper_id == self._pepper_id and self._is_as_new(stored)
        # Programs that know no NFC have hashed just what was typed.
        typed = _typed(password)
        return pepper_id is None and typed != prepared and self._is_right(made, typed), False

    def _check_foreign(self, stored: str, password: str) -> tuple[bool, bool] | None:
        for function in self._foreign:
            ok = function(stored, password)
            if ok is not None:
                return ok, False
        if stored and not stored.startswith(_NOBODYS):
            self._unknown.warning(
                "A stored password is of a kind that neither PasswordHasher nor its foreign=[...] know: "
                "its user cannot sign in"
            )
        return None

    def _is_right(self, made: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(made, password)
        except (argon2.exceptions.VerificationError, ValueError):  # or it is no hash
            return False

    def _is_as_new(self, stored: str) -> bool:
        _, made = _parted(stored)
        return not stored.startswith(_DJANGO) and not self._argon2.check_needs_rehash(made)

    def _is_cheap(self, stored: str | None) -> bool:
        """Whether it was made in less than half of the time that it takes now."""
        try:
            made = argon2.extract_parameters(_parted(stored or "")[1])
        except argon2.exceptions.InvalidHashError:  # of another program
            return False
        return (
            2 * made.time_cost * made.memory_cost
            < self._argon2.time_cost * self._argon2.memory_cost
        )

    def _prepared(self, password: str, pepper_id: str | None) -> bytes:
        """The bytes of a password that are hashed."""
        data = _typed(normalized(password))
        if pepper_id is None:
            return data
        return hmac.digest(self._peppers[pepper_id], data, "sha256")


def _checked_foreign(foreign: Iterable[ForeignHashes]) -> tuple[ForeignHashes, ...]:
    if not isinstance(foreign, Iterable):
        raise TypeError(f"foreign is a list of functions, not {type(foreign).__name__}")
    functions = tuple(foreign)
    for function in functions:
        if not callable(function):
            raise TypeError(f"foreign has functions, such as django_hashes, not {function!r}")
    return functions


def _check_text(password: str) -> bool:
    """Whether it may be a password. Raises :exc:`TypeError`, without telling it, for no text."""
    if not isinstance(password, str):
        raise TypeError(f"a password is a str, not {type(password).__name__}")
    return 0 < len(password) <= MAX_LENGTH


def _typed(password: str) -> bytes:
    """Just as it came: letters may be halves of others."""
    return password.encode(errors="surrogatepass")


def _parted(stored: str) -> tuple[str | None, str]:
    """The pepper's name, and the hash."""
    if stored.startswith(_PEPPER):
        pepper_id, _, made = stored.removeprefix(_PEPPER).partition("$")
        return pepper_id, f"${made}"
    return None, stored.removeprefix("argon2") if stored.startswith(_DJANGO) else stored


def _by_id(peppers: Iterable[bytes]) -> dict[str, bytes]:
    """Peppers by names that tell nothing of them."""
    size = _PEPPER_ID_SIZE
    return {hmac.digest(one, b"name", "sha256")[:size].hex(): one for one in peppers}
