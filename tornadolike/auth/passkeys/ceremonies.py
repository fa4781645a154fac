""":class:`Passkeys`: registering a passkey, and signing in with one (WebAuthn Level 3 section 7).

Each takes two steps. The first gives options for the browser, and a :class:`.Challenge` that is to be kept for this
browser; the second takes that, and what the browser has answered.
"""

import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict, parse_registration_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ...log import gen_log
from ...stores import MemoryStore, Store
from ...util import check_whole_numbers
from ..arguments import check_kind, check_kind_if_any, check_text
from .answers import challenge_of, credential_id_of, user_handle_of
from .challenges import Challenge
from .errors import PasskeyError
from .keys import ALGORITHMS, is_good
from .places import checked_domain, checked_origins
from .storage import Passkey, PasskeyStorage

Result = TypeVar("Result")

SECONDS: Final = 300
MAX_PER_USER: Final = 20
LONGEST_USER: Final = 256
"""Bytes of a site's key for a user: it travels in a cookie."""
LONGEST_NAME: Final = 64
"""Characters of what a user calls a passkey."""
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and what no database takes as text."""
_RANDOM: Final = 32


@dataclass(frozen=True, slots=True)
class PasskeyOwner:
    """The user for whom a passkey is to be made."""

    user: str
    """The site's own key for the user, which never changes: at most :data:`LONGEST_USER` bytes. It does not leave the
    site."""
    name: str
    """What tells the user's accounts here apart: an address, a name for the log-in. Authenticators keep and show it."""
    display_name: str = ""
    """What the user is called, if that is something else."""

    def __post_init__(self) -> None:
        if not self.user or not self.name:
            raise ValueError("the owner of a passkey has a user and a name")
        if len(self.user.encode()) > LONGEST_USER:
            raise ValueError(f"the user has more than {LONGEST_USER} bytes: {self.user!r}")


class Passkeys:
    """The passkeys of a site.

    :arg rp_id: the domain for which passkeys are made: they work on it and on those below it, for ever.
    :arg rp_name: what users are told that they sign in to.
    :arg origins: the origins of the pages that may ask for them: ``["https://example.org"]``, or
        ``["http://localhost:8888"]`` with the ``rp_id`` ``"localhost"``.
    :arg storage: where they are kept.
    :arg user_verification: whether authenticators make sure who their user is, by PIN, finger or face:
        ``"required"``, or ``"preferred"``, which accepts a key that anybody could press. That is enough only beside
        something else, such as a password; :attr:`.Passkey.user_verified` tells what it was.
    :arg seconds: how long users may take.
    :arg max_per_user: the most passkeys of a user.
    :arg used: remembers challenges that have been answered, so that each is accepted once. By default this object does,
        of which a process has one; several processes need a store that they share.

    Raises :exc:`TypeError` and :exc:`ValueError` for what browsers would refuse.
    """

    def __init__(
        self,
        rp_id: str,
        rp_name: str,
        origins: Iterable[str],
        storage: PasskeyStorage,
        *,
        user_verification: Literal["required", "preferred"] = "required",
        seconds: int = SECONDS,
        max_per_user: int = MAX_PER_USER,
        used: Store | None = None,
    ) -> None:
        check_text(rp_name=rp_name)
        check_kind(PasskeyStorage, storage=storage)
        check_kind_if_any(Store, used=used)
        check_whole_numbers(seconds=seconds, max_per_user=max_per_user)
        if user_verification not in ("required", "preferred"):
            raise ValueError(
                f"user_verification is 'required' or 'preferred', not {user_verification!r}"
            )
        if not seconds > 0 or not max_per_user > 0:
            raise ValueError("seconds and max_per_user are more than 0")
        self.rp_id = checked_domain(rp_id)
        self.rp_name = rp_name
        self.origins = checked_origins(origins, rp_id)
        self.storage = storage
        self.user_verification = UserVerificationRequirement(user_verification)
        self.seconds = seconds
        self.max_per_user = max_per_user
        self.used = MemoryStore() if used is None else used

    async def begin_registration(self, owner: PasskeyOwner) -> tuple[dict[str, Any], Challenge]:
        """What the browser is to be asked (``PublicKeyCredentialCreationOptionsJSON``), and what it is to be checked
        against. Raises :exc:`.PasskeyError` (``too_many``)."""
        known = await self.storage.of_user(owner.user)
        self._check_number(known)
        handle = known[0].user_handle if known else os.urandom(_RANDOM)
        challenge = self._challenge(owner.user, handle)
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name=self.rp_name,
            user_id=handle,
            user_name=owner.name,
            user_display_name=owner.display_name,
            challenge=challenge.value,
            timeout=self.seconds * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=self.user_verification,
            ),
            exclude_credentials=_descriptors(known),
            supported_pub_key_algs=ALGORITHMS,
        )
        return options_to_json_dict(options), challenge

    async def finish_registration(
        self, challenge: Challenge, answer: dict[str, Any], name: str = ""
    ) -> Passkey:
        """Keep the passkey that the browser has made; returns it. Raises :exc:`.PasskeyError`.

        :arg name: what the user calls it; at most :data:`LONGEST_NAME` characters.
        """
        user, handle = challenge.user, challenge.user_handle
        if user is None or handle is None:
            raise PasskeyError("expired", "the challenge was not for making a passkey")
        if len(name) > LONGEST_NAME or _UNFIT.search(name):
            raise PasskeyError(
                "malformed",
                f"the name has more than {LONGEST_NAME} characters, or such as are none",
            )
        challenge_of(answer)  # refuses frames; the library compares it
        credential_id = credential_id_of(answer)
        parsed = _believed(lambda: parse_registration_credential_json(answer))
        verified = _believed(
            lambda: verify_registration_response(
                credential=parsed,
                expected_challenge=challenge.value,
                expected_rp_id=self.rp_id,
                expected_origin=self.origins,
                require_user_verification=self._requires_verification,
                supported_pub_key_algs=ALGORITHMS,
            )
        )
        if verified.credential_id != credential_id:
            raise PasskeyError("refused", "the browser and the authenticator name two ids")
        if not _believed(lambda: is_good(verified.credential_public_key)):
            raise PasskeyError(
                "refused", "the public key is too weak, too long, or of another kind"
            )
        passkey = Passkey(
            id=verified.credential_id,
            user=user,
            user_handle=handle,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=tuple(one.value for one in parsed.response.transports or ()),
            backup_eligible=verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
            backed_up=verified.credential_backed_up,
            user_verified=verified.user_verified,
            aaguid=verified.aaguid,
            name=name,
            created=time.time(),
        )
        await self._use(challenge)
        self._check_number(await self.storage.of_user(user))
        if not await self.storage.add(passkey):
            raise PasskeyError("exists")
        return passkey

    async def begin_sign_in(self, user: str | None = None) -> tuple[dict[str, Any], Challenge]:
        """What the browser is to be asked (``PublicKeyCredentialRequestOptionsJSON``), and what it is to be checked
        against.

        :arg user: whose passkeys will do, where that is known for sure: as a second factor, or before something that
            matters. None for anybody's: the browser lets its user choose. Never what a visitor has typed, because the
            answer tells who has an account, and with which keys.
        """
        known = [] if user is None else await self.storage.of_user(user)
        challenge = self._challenge(user)
        options = generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge.value,
            timeout=self.seconds * 1000,
            allow_credentials=_descriptors(known),
            user_verification=self.user_verification,
        )
        return options_to_json_dict(options), challenge

    async def finish_sign_in(self, challenge: Challenge, answer: dict[str, Any]) -> Passkey:
        """The passkey that has answered; its ``user`` is who has signed in. Raises :exc:`.PasskeyError`."""
        if challenge.user_handle is not None:
            raise PasskeyError("expired", "the challenge was for making a passkey")
        challenge_of(answer)  # refuses frames; the library compares it
        passkey = await self.storage.find(credential_id_of(answer))
        if passkey is None:
            raise PasskeyError("unknown")
        _check_user(passkey, challenge, user_handle_of(answer))
        public_key = passkey.public_key
        verified = _believed(
            lambda: verify_authentication_response(
                credential=answer,
                expected_challenge=challenge.value,
                expected_rp_id=self.rp_id,
                expected_origin=self.origins,
                credential_public_key=public_key,
                credential_current_sign_count=0,  # what it means is decided below
                require_user_verification=self._requires_verification,
            )
        )
        is_eligible = verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE
        if is_eligible != passkey.backup_eligible:
            raise PasskeyError("refused", "the flag for backups has changed, which it never does")
        await self._use(challenge)
        before, count = passkey.sign_count, verified.new_sign_count
        if (before or count) and count <= before:
            await self.counter_went_back(passkey, count)
        passkey = replace(
            passkey,
            sign_count=count,
            backed_up=verified.credential_backed_up,
            user_verified=verified.user_verified,
            last_used=time.time(),
        )
        if not await self.storage.update(passkey, before):
            raise PasskeyError("expired", "it was used elsewhere meanwhile, or removed")
        return passkey

    async def counter_went_back(self, passkey: Passkey, sign_count: int) -> None:
        """Called when a passkey has signed in the right way, but counts less than it has before: there may be a copy.

        By default it logs that and raises :exc:`.PasskeyError` (``counter``). May be overridden: one that returns lets
        the user in.
        """
        gen_log.warning(
            "a passkey of user %r has counted %d after %d: there may be a copy of it",
            passkey.user,
            sign_count,
            passkey.sign_count,
        )
        raise PasskeyError("counter", f"{sign_count} after {passkey.sign_count}")

    @property
    def _requires_verification(self) -> bool:
        return self.user_verification is UserVerificationRequirement.REQUIRED

    def _challenge(self, user: str | None, handle: bytes | None = None) -> Challenge:
        return Challenge(os.urandom(_RANDOM), int(time.time()) + self.seconds, user, handle)

    def _check_number(self, known: Sequence[Passkey]) -> None:
        if len(known) >= self.max_per_user:
            raise PasskeyError("too_many")

    async def _use(self, challenge: Challenge) -> None:
        """Only for an answer that is right: others have no place in the store."""
        digest = hashlib.sha256(challenge.value).hexdigest()
        times, _ = await self.used.count(f"passkey challenge: {digest}", self.seconds + 1)
        if times > 1 or time.time() >= challenge.ends:
            raise PasskeyError("expired", "it was answered already, or too late")


def _check_user(passkey: Passkey, challenge: Challenge, handle: bytes | None) -> None:
    """Raise :exc:`.PasskeyError` if the passkey is not of whom was asked, or the authenticator takes it for another's
    (WebAuthn Level 3 section 7.2, step 6)."""
    if challenge.user is not None and passkey.user != challenge.user:
        raise PasskeyError("refused", "it is the passkey of another user")
    if handle is None:
        if challenge.user is None:
            raise PasskeyError("refused", "the authenticator does not say whose it is")
    elif not hmac.compare_digest(handle, passkey.user_handle):
        raise PasskeyError("refused", "the authenticator says that it is another user's")


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.id,
            transports=[AuthenticatorTransport(transport) for transport in one.transports],
        )
        for one in passkeys
    ]


def _believed(check: Callable[[], Result]) -> Result:
    """What the library makes of an answer. Raises :exc:`.PasskeyError` (``refused``) for all that it raises.

    It is given what a stranger sends, and passes on what any parser or number in it raises: no narrower list is true.
    """
    try:
        return check()
    except Exception as error:
        raise PasskeyError("refused", f"{type(error).__name__}: {error}"[:300]) from error
