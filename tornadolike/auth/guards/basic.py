""":class:`BasicAuthentication`: a name and a password with each request (RFC 7617)."""

import hmac
import re
import secrets
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, Final

from ...concurrent import Flights
from ...web import RequestHandler
from ..accounts.throttling import LoginThrottle
from ..arguments import check_kind_if_any
from .authenticate import Scheme
from .credentials import Credentials, credentials_from
from .headers import Refused, authorization, challenge, checked_realm

_CONTROL: Final = re.compile(r"[\0-\x1f\x7f]")


class BasicAuthentication(Scheme):
    """Lets those in who send a name and a password: middleware, or one of :class:`.Authenticate`.

    .. code-block:: python

        async def check(name, password):
            user = await find_user(name)
            verified = await passwords.verify(user and user.password, password)
            return user if verified else None

        BasicAuthentication(check, realm="staging")

    They come with each request, in clear text: use it with TLS. Browsers ask for them in a window of their own, and
    then send them by themselves, for pages of other sites too: what changes something needs an XSRF token (:doc:`xsrf`)
    as with cookies.

    :arg check: takes the name and the password, both text (NFC); returns the user, or :class:`Credentials`, or None for
        nobody. May be a coroutine function. It is asked with each request, but once for those that have the same while
        it is at work: a page brings many.
    :arg realm: what it is for: browsers show it.
    :arg throttle: counts those that are wrong, and refuses who sends too many.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is of no use.
    """

    def __init__(
        self,
        check: Callable[[str, str], Any],
        *,
        realm: str = "this site",
        throttle: LoginThrottle | None = None,
    ) -> None:
        if not callable(check):
            raise TypeError(f"check is a function of a name and a password, not {check!r}")
        self._check = check
        check_kind_if_any(LoginThrottle, throttle=throttle)
        self._realm = checked_realm(realm)
        self._throttle = throttle
        self._checks = Flights[bytes, Credentials | None](must_land=True)
        """Those that go on, by a digest of name and password that nobody else can make."""
        self._key = secrets.token_bytes(32)

    async def find(self, handler: RequestHandler) -> Credentials | None:
        text = authorization(handler, "Basic")
        if text is None:
            return None
        name, password = _parted(text)
        credentials = await self._shared(handler, name, password)
        if credentials is None:
            raise Refused(401, "The name or the password is wrong.")
        return credentials

    async def _shared(
        self, handler: RequestHandler, name: str, password: str
    ) -> Credentials | None:
        """What the check gives, or is about to give, for this pair."""
        pair = f"{name}:{password}".encode(errors="surrogatepass")
        key = hmac.digest(self._key, pair, "sha256")
        return await self._checks.join(key, lambda: self._checked(handler, name, password))

    async def _checked(
        self, handler: RequestHandler, name: str, password: str
    ) -> Credentials | None:
        if self._throttle is None:
            return await credentials_from(self._check(name, password))
        attempt = await self._throttle.begin(handler, name)
        try:
            credentials = await credentials_from(self._check(name, password))
        except Exception:
            await attempt.undo()
            raise
        if credentials is not None:
            await attempt.succeeded(trust=False)
        return credentials

    def challenge(self, refused: Refused | None = None) -> str:
        return challenge("Basic", realm=self._realm, charset="UTF-8")


def _parted(text: str) -> tuple[str, str]:
    """The name and the password."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or b64encode(data).decode() != text:
        raise Refused(400, "What stands in Authorization behind Basic is no Base64.")
    try:
        pair = data.decode()
    except UnicodeDecodeError:  # of old clients, which do not look at our charset
        pair = data.decode("latin-1")
    name, colon, password = unicodedata.normalize("NFC", pair).partition(":")
    if not colon or _CONTROL.search(pair):
        raise Refused(400, "What stands in Authorization is no name and password.")
    return name, password
