""":class:`DeviceGrant`: a user agrees on another device (RFC 8628).

.. code-block:: text

   program -> provider   which codes?            device_code, user_code, verification_uri
   program -> user       open this page, and enter this code there
   program -> provider   has the user agreed?    authorization_pending, slow_down, ..., at last a token
"""

import asyncio
import inspect
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..arguments import check_function, checked_texts
from ..errors import OAuthError, ProviderAnswerError, ProviderUnavailableError, SignInRequiredError
from ..oauth2.provider import OAuth2Provider
from ..tokens import Token
from .base import Refreshing

INTERVAL: Final = 5.0
"""Seconds between two questions, if the provider says nothing; and what is added when it says ``slow_down``."""
SHORTEST_INTERVAL: Final = 1.0
LONGEST_WAIT: Final = 3600.0
"""Seconds that a user has, even if the provider says more."""
LONGEST_CODE: Final = 64
"""Characters of a code that a human is to type."""
_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_PAGE: Final = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the user is to be shown. Its ``repr`` does not have the code that is the program's own."""

    device_code: str = field(repr=False)
    user_code: str
    """What the user types."""
    verification_uri: str
    """Where."""
    verification_uri_complete: str | None
    """The same with the code in it, for a link or a QR code; None if the provider has none."""
    expires_in: float
    """Seconds that the user has, from when it came."""
    interval: float
    """Seconds between two questions whether the user has agreed."""
    deadline: float = field(repr=False)
    """When it ends, by the clock of the loop."""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any], now: float) -> "DeviceCode":
        """What is in a provider's answer. Raises :exc:`.ProviderAnswerError`.

        Only what can be shown on a terminal is taken: control characters would move its cursor, or worse.
        """
        device_code, user_code = answer.get("device_code"), answer.get("user_code")
        # (Google still says "url", as a draft did.)
        page = answer.get("verification_uri") or answer.get("verification_url")
        complete = answer.get("verification_uri_complete")
        if not isinstance(device_code, str) or not device_code:
            raise ProviderAnswerError("the provider's answer has no device_code")
        if not isinstance(user_code, str) or not 0 < len(user_code) <= LONGEST_CODE:
            raise ProviderAnswerError("the provider's answer has no user_code that fits")
        if not user_code.isprintable():
            raise ProviderAnswerError(
                "the provider's user_code has characters that cannot be shown"
            )
        if not isinstance(page, str) or not _is_page(page):
            raise ProviderAnswerError("the provider's answer has no verification_uri that is a URL")
        seconds = min(_seconds(answer, "expires_in", LONGEST_WAIT), LONGEST_WAIT)
        return cls(
            device_code,
            user_code,
            page,
            complete if _is_page(complete) else None,
            seconds,
            max(SHORTEST_INTERVAL, _seconds(answer, "interval", INTERVAL)),
            now + seconds,
        )


def show_code(code: DeviceCode) -> None:
    """Ask for it on standard error."""
    print(  # noqa: T201 - a question to whom sits at the terminal
        f"To sign in, open {code.verification_uri} and enter the code {code.user_code}",
        file=sys.stderr,
        flush=True,
    )


class DeviceGrant(Refreshing):
    """A user signs in to a program without a browser, on another device.

    .. code-block:: python

        tokens = Tokens(DeviceGrant(GitHub("client-id")), FileTokens("~/.config/my-tool/tokens.json"))
        token = await tokens.current()  # asks the user the first time

    :arg provider: whom the user signs in with. Many know programs like this without a secret.
    :arg show: called with the :class:`DeviceCode` that the user has to be told; it may be a coroutine function. By
        default a sentence goes to standard error.
    :arg scope: what the token is to be good for; by default the provider's ``scope``.
    """

    def __init__(
        self,
        provider: OAuth2Provider,
        show: Callable[[DeviceCode], Awaitable[None] | None] = show_code,
        *,
        scope: Sequence[str] | None = None,
    ) -> None:
        super().__init__(provider)
        check_function(show=show)
        self._show = show
        self._scope = provider.scope if scope is None else checked_texts("scope", scope)

    async def obtain(self) -> Token:
        """Show the user a code, and wait until they have agreed. Raises as :meth:`begin` and :meth:`finish`."""
        code = await self.begin()
        shown = self._show(code)
        if inspect.isawaitable(shown):
            await shown
        return await self.finish(code)

    async def renew(self, token: Token) -> Token:
        try:
            return await super().renew(token)
        except SignInRequiredError:
            return await self.obtain()

    async def begin(self) -> DeviceCode:
        """The code for the user. Raises :exc:`.AuthError`, and :exc:`ValueError` for a provider that has none."""
        endpoint = await self.provider.find_device_endpoint()
        if not endpoint:
            raise ValueError(
                f"{self.provider.name} has no device_authorization_endpoint: it knows no such grant"
            )
        form = {"client_id": self.provider.client_id}
        if self._scope:
            form["scope"] = " ".join(self._scope)
        answer = await self.provider.ask(endpoint, form)
        return DeviceCode.from_answer(answer, asyncio.get_running_loop().time())

    async def finish(self, code: DeviceCode) -> Token:
        """Ask until the user has agreed.

        Raises :exc:`.AccessDeniedError` when they have not, :exc:`.OAuthError` with ``expired_token`` when their time
        is over, and the other :exc:`.AuthError`. A provider that cannot be reached is asked again, less often.
        """
        clock = asyncio.get_running_loop().time
        form = {"grant_type": _GRANT, "device_code": code.device_code}
        interval = code.interval
        while (left := code.deadline - clock()) > 0:
            await asyncio.sleep(min(interval, left))
            try:
                return await self.provider.ask_for_token(form)
            except ProviderUnavailableError:
                interval *= 2
            except OAuthError as error:
                interval = _next_interval(error, interval)
        raise OAuthError("expired_token", "the user has not agreed in time")


def _next_interval(error: OAuthError, interval: float) -> float:
    """How long to wait now. Raises ``error`` if there is nothing to wait for."""
    if error.error == "authorization_pending":
        return interval
    if error.error == "slow_down":  # some say how much, beyond the RFC
        return max(interval + INTERVAL, _seconds(error.more, "interval", 0.0))
    raise error


def _seconds(answer: Mapping[str, Any], name: str, otherwise: float) -> float:
    """A number of seconds in an answer. Raises :exc:`.ProviderAnswerError` for what is none."""
    said = answer.get(name)
    if said is None:
        return otherwise
    try:
        seconds = float(said)
    except (TypeError, ValueError, OverflowError):
        seconds = -1.0
    if isinstance(said, bool) or not seconds >= 0:
        raise ProviderAnswerError(
            f"the provider's answer has an {name} that is no number of seconds"
        )
    return seconds


def _is_page(url: Any) -> bool:
    return isinstance(url, str) and _PAGE.fullmatch(url) is not None
