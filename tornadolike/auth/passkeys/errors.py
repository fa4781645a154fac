"""What does not work with a passkey, in words for programs and for users."""

from typing import Final

from ..errors import AuthError

ANSWERS: Final[dict[str, tuple[int, str]]] = {
    "malformed": (400, "What was sent is not what a browser says of a passkey."),
    "expired": (400, "It took too long, or was begun elsewhere. Please try again."),
    "unknown": (403, "This passkey is not known here. It may have been removed."),
    "refused": (403, "What the passkey has said could not be accepted."),
    "counter": (403, "This passkey seems to be a copy of another, and was not accepted."),
    "nobody": (403, "Only users who are signed in may do this."),
    "exists": (409, "This passkey is registered already."),
    "too_many": (409, "There are too many passkeys for this account. Remove one first."),
}
"""The codes, each with the status and the sentence that a browser gets."""


class PasskeyError(AuthError):
    """A passkey cannot be registered, or nobody can be signed in with it.

    :arg code: one of ``"malformed"``, ``"expired"`` (nothing of that kind goes on in this browser: it was too long ago,
        begun elsewhere, or is done), ``"unknown"``, ``"refused"`` (forged, or for another site, ...), ``"counter"`` (it
        counts backwards, as copies do), ``"nobody"``, ``"exists"`` and ``"too_many"``.
    :arg why: for the log.
    """

    def __init__(self, code: str, why: str | None = None) -> None:
        self.code = code
        self.status, self.message = ANSWERS[code]
        super().__init__(f"{code}: {why or self.message}")
        self._why = why

    def __reduce__(self) -> tuple[type["PasskeyError"], tuple[str, str | None]]:
        return type(self), (self.code, self._why)
