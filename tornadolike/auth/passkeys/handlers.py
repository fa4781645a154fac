"""Handlers for the pages' script: registering passkeys and signing in with them, in JSON.

.. code-block:: text

   POST {"begin": true}                        the options for the browser
   POST {"finish": ANSWER, "next": "/inbox"}   of a sign-in
   POST {"finish": ANSWER, "name": "My key"}   of a registration
   POST {"remove": ID}                         takes a passkey of the user's own back
   GET                                         lists them

What fails has a 4xx and ``{"error": CODE, "message": SENTENCE}``: the codes are those of :exc:`.PasskeyError`, or
``"failed"``.
"""

import hmac
import json
from collections.abc import Awaitable
from typing import Any, ClassVar, Final

from ...log import gen_log, on_one_line
from ...stores import StoreError
from ...web import HTTPError, RequestHandler
from ..errors import RETRY_SECONDS
from ..signin.returning import safe_next
from .answers import challenge_of, decoded
from .ceremonies import PasskeyOwner, Passkeys
from .challenges import Challenge, packed, unpacked
from .errors import PasskeyError
from .storage import Passkey, encoded

MAX_MESSAGE_SIZE: Final = 16 * 1024
"""Bytes of what a page may send."""


class _Ceremony(RequestHandler):
    """What both have in common."""

    passkeys: Passkeys
    """To be set: the site's."""

    max_body_size = MAX_MESSAGE_SIZE
    _kind: ClassVar[str]

    async def post(self, *args: Any, **kwargs: Any) -> None:
        """One step: see the head of :mod:`tornadolike.auth.passkeys.handlers`."""
        self.set_header("Cache-Control", "no-store")
        message = self._message()
        try:
            await self._take(message)
        except PasskeyError as error:
            gen_log.info("%s: %s", self._request_summary(), on_one_line(str(error)))
            self._refuse(error.status, error.code, error.message)
        except StoreError as error:
            raise HTTPError(
                503,
                "passkeys: %s",
                error,
                detail="Please try again later.",
                retry_after=RETRY_SECONDS,
            ) from error

    async def _take(self, message: dict[str, Any]) -> None:
        raise NotImplementedError

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """In JSON, as the script wants it."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        detail = error.detail if isinstance(error, HTTPError) else None
        self._refuse(status_code, "failed", detail or self._reason)

    def _refuse(self, status_code: int, code: str, message: str) -> None:
        self.set_status(status_code)
        self.set_header("Cache-Control", "no-store")
        self.finish({"error": code, "message": message})

    def _message(self) -> dict[str, Any]:
        """What the page has sent. It says that it is JSON: forms of other sites cannot."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPError(415, detail="It is application/json that is understood here.")
        try:
            message = json.loads(self.request.body)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise HTTPError(400, detail="The body is no JSON object.")
        return message

    # The cookie with what has been asked of this browser

    @property
    def _cookie_name(self) -> str:
        name = f"passkey_{self._kind}"
        return f"__Host-{name}" if self._is_secure else name

    @property
    def _is_secure(self) -> bool:
        return self.request.protocol == "https"

    def _begun(self) -> list[Challenge]:
        cookie = self.get_cookie(self._cookie_name)
        if cookie is None:
            return []
        days = self.passkeys.seconds / 86400
        content = self.get_encrypted_cookie(
            f"passkey {self._kind}", value=cookie, max_age_days=days
        )
        return [] if content is None else unpacked(content)

    def _keep(self, challenges: list[Challenge]) -> None:
        if not challenges:
            self.clear_cookie(self._cookie_name)
            return
        self.set_cookie(
            self._cookie_name,
            self.create_encrypted_value(f"passkey {self._kind}", packed(challenges)),
            max_age=self.passkeys.seconds,
            httponly=True,
            secure=self._is_secure,
            samesite="Strict",
        )

    def _ask_browser(self, options: dict[str, Any], challenge: Challenge) -> None:
        self._keep([*self._begun(), challenge])
        self.write(options)

    def _take_challenge(self, answer: object) -> Challenge:
        """The one that is answered, which this browser then has no more."""
        value = challenge_of(answer)
        begun = self._begun()
        for challenge in begun:
            if hmac.compare_digest(challenge.value, value):
                self._keep([one for one in begun if one is not challenge])
                return challenge
        raise PasskeyError("expired")


class PasskeySignInMixin(_Ceremony):
    """Signs users in with their passkeys.

    .. code-block:: python

        class PasskeySignIn(PasskeySignInMixin, RequestHandler):
            passkeys = passkeys

            async def signed_in(self, passkey, next):
                self.session.rotate()
                self.session["user"] = passkey.user
    """

    _kind = "sign_in"

    def get_passkey_user(self) -> Awaitable[str | None] | str | None:
        """Whose passkeys will do; None for anybody's. May be overridden, and be a coroutine: as a second factor, or
        before something that matters, it is who has given the password, or is signed in. Never what was typed."""
        return None

    async def signed_in(self, passkey: Passkey, next: str) -> None:
        """To be overridden: ``passkey.user`` is signed in, by a session or a cookie.

        :arg next: a path of this site, where the page goes then. The answer that tells it so is written unless this
            method writes another, ``{"next": "/elsewhere"}``, or redirects.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method signed_in()")

    async def _take(self, message: dict[str, Any]) -> None:
        user = self.get_passkey_user()
        if isinstance(user, Awaitable):
            user = await user
        if "begin" in message:
            self._ask_browser(*await self.passkeys.begin_sign_in(user))
        elif "finish" in message:
            challenge = self._take_challenge(message["finish"])
            if challenge.user != user:
                raise PasskeyError("expired", "it was begun for another user")
            passkey = await self.passkeys.finish_sign_in(challenge, message["finish"])
            there = message.get("next")
            there = safe_next(there if isinstance(there, str) else None)
            await self.signed_in(passkey, there)
            if not self._finished and not self._write_buffer:
                self.write({"next": there})
        else:
            raise PasskeyError("malformed", "the message has neither begin nor finish")


class PasskeyRegistrationMixin(_Ceremony):
    """Lets users who are signed in register passkeys, list theirs, and remove them.

    .. code-block:: python

        class MyPasskeys(PasskeyRegistrationMixin, RequestHandler):
            passkeys = passkeys

            def get_passkey_owner(self):
                user = self.current_user
                return user and PasskeyOwner(user.id, user.email, user.name)
    """

    _kind = "registration"

    def get_passkey_owner(self) -> Awaitable[PasskeyOwner | None] | PasskeyOwner | None:
        """To be overridden: the user who is signed in; None for nobody. May be a coroutine."""
        raise NotImplementedError(f"{type(self).__name__} needs a method get_passkey_owner()")

    async def passkey_added(self, passkey: Passkey) -> None:
        """May be overridden: to tell the user by mail, say."""

    async def passkey_removed(self, credential_id: bytes, owner: PasskeyOwner) -> None:
        """May be overridden."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The user's passkeys."""
        self.set_header("Cache-Control", "no-store")
        try:
            owner = await self._owner()
        except PasskeyError as error:
            self._refuse(error.status, error.code, error.message)
            return
        found = await self.passkeys.storage.of_user(owner.user)
        self.write({"passkeys": [_shown(one) for one in found]})

    async def _take(self, message: dict[str, Any]) -> None:
        owner = await self._owner()
        if "begin" in message:
            self._ask_browser(*await self.passkeys.begin_registration(owner))
        elif "finish" in message:
            await self._finish_registration(owner, message)
        elif "remove" in message:
            credential_id = decoded(message["remove"])
            if not await self.passkeys.storage.remove(credential_id, owner.user):
                raise PasskeyError("unknown")
            await self.passkey_removed(credential_id, owner)
            self.write({"removed": encoded(credential_id)})
        else:
            raise PasskeyError("malformed", "the message has neither begin, finish nor remove")

    async def _finish_registration(self, owner: PasskeyOwner, message: dict[str, Any]) -> None:
        name = message.get("name", "")
        if not isinstance(name, str):
            raise PasskeyError("malformed", "the name is no text")
        challenge = self._take_challenge(message["finish"])
        if challenge.user != owner.user:
            raise PasskeyError("expired", "it was begun by another user")
        passkey = await self.passkeys.finish_registration(challenge, message["finish"], name)
        await self.passkey_added(passkey)
        self.write({"passkey": _shown(passkey)})

    async def _owner(self) -> PasskeyOwner:
        owner = self.get_passkey_owner()
        if isinstance(owner, Awaitable):
            owner = await owner
        if not owner:
            raise PasskeyError("nobody")
        return owner


def _shown(passkey: Passkey) -> dict[str, Any]:
    """What its user is told of it."""
    return {
        "id": encoded(passkey.id),
        "name": passkey.name,
        "created": passkey.created,
        "last_used": passkey.last_used,
        "backed_up": passkey.backed_up,
    }
