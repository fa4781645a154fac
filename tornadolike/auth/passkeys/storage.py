"""A passkey as a site knows it, and where passkeys are kept."""

import json
from abc import ABC, abstractmethod
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

_BYTES: Final = ("id", "user_handle", "public_key")


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of a user. Nothing of it is secret: what signs stays with the user."""

    id: bytes
    """By which it is found. At most 1023 bytes."""
    user: str
    """Whose it is: the site's own key for its user."""
    user_handle: bytes
    """By what authenticators know the user: random bytes, the same for all passkeys of a user."""
    public_key: bytes
    """In COSE (RFC 9052)."""
    sign_count: int = 0
    """How often it has signed, as its authenticator counts; many always say 0."""
    transports: tuple[str, ...] = ()
    """How browsers reach its authenticator: ``"internal"``, ``"hybrid"``, ``"usb"``, ..."""
    backup_eligible: bool = False
    """Whether it may be on several devices. It never changes."""
    backed_up: bool = False
    """Whether it is, so that it is not lost with a device."""
    user_verified: bool = False
    """Whether the authenticator knew its user (by PIN, finger, face) when it was last used."""
    aaguid: str = ""
    """The model of its authenticator, as that says."""
    name: str = ""
    """What the user calls it."""
    created: float = 0.0
    """When it was registered, in seconds since 1970."""
    last_used: float | None = None
    """When somebody has last signed in with it."""

    def to_json(self) -> str:
        """All of it as a text, for a column of a database."""
        fields = asdict(self)
        return json.dumps(fields | {name: encoded(fields[name]) for name in _BYTES})

    @classmethod
    def from_json(cls, text: str | bytes) -> "Passkey":
        """What :meth:`to_json` has made a text of."""
        fields: dict[str, Any] = json.loads(text)
        fields |= {name: urlsafe_b64decode(fields[name] + "==") for name in _BYTES}
        return cls(**fields | {"transports": tuple(fields["transports"])})


def encoded(value: bytes) -> str:
    """URL-safe Base64 without padding, as WebAuthn writes bytes in JSON."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


class PasskeyStorage(ABC):
    """Where a site keeps the passkeys of its users. The interface; all of it is to be overridden.

    Each operation is to be atomic, and one that has returned is to last.
    """

    @abstractmethod
    async def find(self, credential_id: bytes) -> Passkey | None:
        """The passkey with this id; None if there is none."""

    @abstractmethod
    async def of_user(self, user: str) -> Sequence[Passkey]:
        """All passkeys of a user, in the order in which they were added."""

    @abstractmethod
    async def add(self, passkey: Passkey) -> bool:
        """Keep a new one. Returns False, and keeps what is there, if there is one with this id, whosever it is."""

    @abstractmethod
    async def update(self, passkey: Passkey, sign_count: int) -> bool:
        """Keep what has changed of one, if the counter of what is kept is still ``sign_count``.

        Returns whether that was done: of two that say the same count one is told that it was not.
        """

    @abstractmethod
    async def remove(self, credential_id: bytes, user: str) -> bool:
        """Forget one, if it is this user's. Returns whether it was."""


class MemoryPasskeys(PasskeyStorage):
    """Keeps passkeys in this process, and loses them with it: for tests and for trying things out."""

    def __init__(self) -> None:
        self._passkeys: dict[bytes, Passkey] = {}

    async def find(self, credential_id: bytes) -> Passkey | None:
        return self._passkeys.get(credential_id)

    async def of_user(self, user: str) -> Sequence[Passkey]:
        return [one for one in self._passkeys.values() if one.user == user]

    async def add(self, passkey: Passkey) -> bool:
        return self._passkeys.setdefault(passkey.id, passkey) is passkey

    async def update(self, passkey: Passkey, sign_count: int) -> bool:
        kept = self._passkeys.get(passkey.id)
        if kept is None or kept.sign_count != sign_count:
            return False
        self._passkeys[passkey.id] = passkey
        return True

    async def remove(self, credential_id: bytes, user: str) -> bool:
        kept = self._passkeys.get(credential_id)
        if kept is None or kept.user != user:
            return False
        del self._passkeys[credential_id]
        return True
