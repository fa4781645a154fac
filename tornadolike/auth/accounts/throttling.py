""":class:`LoginThrottle`: how often somebody may try a password (OWASP ASVS 6.3.1, NIST SP 800-63B-4 section 3.2.2)."""

import unicodedata
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Literal, Self

from ...httputil.networks import network_of
from ...log import Seldom, gen_log
from ...stores import MemoryStore, Store, StoreError
from ...stores.windows import Limit, Windows, hashed, microseconds, whole_seconds
from ...util import check_numbers
from ...web import Finish, HTTPError, RequestHandler
from ..errors import RETRY_SECONDS
from .devices import Devices

ACCOUNT_LIMITS: Final = ("5/minute", "20/hour", "100/day")
ADDRESS_LIMITS: Final = ("20/minute", "100/hour", "500/day")
TRUSTED_DAYS: Final = 90.0
_LONGEST_DAYS: Final = 400.0
"""Browsers keep no cookie for longer (RFC 6265bis)."""
_IPV6_PREFIX: Final = 64
_LONGEST_NAME: Final = 1024
"""Characters that count: nobody has us fold a form of 100 MB."""


class TooManyAttemptsError(HTTPError):
    """Somebody has tried too often. A handler that does not catch it answers with 429 and ``Retry-After``.

    Whether there is such an account, or whether the password was right, it does not tell.
    """

    def __init__(self, seconds: int) -> None:
        detail = f"Too many attempts to sign in: try again in {seconds} seconds."
        super().__init__(429, detail=detail, retry_after=seconds)
        self.seconds = seconds
        """Until one more may be made."""


@dataclass(frozen=True, slots=True)
class _Count:
    """That something was counted."""

    windows: Windows
    key: str
    starts_anew: bool
    """Whether success has it count from the beginning."""


class Attempt:
    """Somebody is trying to sign in. Until it is told to have been a success it counts as a failure.

    As a context (``async with``) it does not count if something of ours fails within: an exception that is neither
    :exc:`.Finish` nor an :exc:`.HTTPError` below 500. A cancelled one counts: its client may have gone away for that.
    """

    def __init__(
        self,
        throttle: "LoginThrottle",
        handler: RequestHandler,
        account: str,
        counts: list[_Count],
        made: int,
    ) -> None:
        self._throttle = throttle
        self._handler = handler
        self._account = account
        self._counts = counts
        self._made = made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and not _is_answer(error):
            await self.undo()

    async def succeeded(self, trust: bool = True) -> None:
        """It was the user: the account's failures are forgotten, this browser is known from now on.

        To be called once, before the head of the response is sent. What the address has failed with still counts; and
        what others have failed with does, too, if this browser was known already.

        :arg trust: whether the browser is to be known.
        """
        await self._end(success=True)
        if trust and self._throttle.devices is not None:
            self._throttle.devices.remember(self._handler, self._account)

    async def undo(self) -> None:
        """Nobody knows whether it was the user, as something of ours has failed. It does not count."""
        await self._end(success=False)

    async def _end(self, success: bool) -> None:
        counts, self._counts = self._counts, []
        try:
            for count in counts:
                if success and count.starts_anew:
                    await count.windows.forget(count.key, microseconds())
                else:
                    await count.windows.give_back(count.key, self._made)
        except StoreError as error:
            self._throttle.complain(error)


class LoginThrottle:
    """Lets nobody guess passwords: counts failures, for each account and for each address, and refuses beyond limits.

    .. code-block:: python

        throttle = LoginThrottle()

        async def post(self):
            name = self.get_argument("name")
            async with await throttle.begin(self, name) as attempt:
                user = await find_user(name)
                password = self.get_argument("password")
                if not await passwords.verify(user and user.password, password):
                    raise HTTPError(403, detail="Name or password are wrong.")
                await attempt.succeeded()

    An attempt counts from its beginning: who makes a thousand at once has no more tries. An account counts whether or
    not there is one. Who has signed in from a browser has tries of its own there, so that nobody can lock a user out of
    it.

    :arg store: where is counted: a :class:`~tornadolike.stores.Store`. By default it is one of this object alone, in
        the memory of this process, with a bound.
    :arg account: limits for the failures with one account: ``"5/minute"``, as for :class:`.RateLimit`. All of them
        hold; the tries of a browser that is known have the same.
    :arg address: limits for the failures from one address, whatever the accounts. An IPv6 network of 64 bits is one.
        The address is ``request.remote_ip``: behind a proxy that has to be told of
        (:class:`~tornadolike.httputil.TrustedProxies`), or all would be one.
    :arg trusted_days: how long a browser is known; None: none is, and no cookie is set. It takes the setting
        ``cookie_secret``.
    :arg name: those who have a store in common, and the same name and limits, count together. Cookies begin with it.
    :arg store_down: while the store fails ``"refuse"`` (the default) answers with 503, ``"allow"`` lets everybody try.
        Both log that at ERROR, once a minute.

    Raises :exc:`ValueError` and :exc:`TypeError` for what is no limit, or does not fit.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        account: Iterable[str | Limit] = ACCOUNT_LIMITS,
        address: Iterable[str | Limit] = ADDRESS_LIMITS,
        trusted_days: float | None = TRUSTED_DAYS,
        name: str = "login",
        store_down: Literal["refuse", "allow"] = "refuse",
    ) -> None:
        if store is not None and not isinstance(store, Store):
            raise TypeError(f"the store of LoginThrottle() is a Store, not {store!r}")
        if isinstance(account, (str, Limit)) or isinstance(address, (str, Limit)):
            raise TypeError("account and address are lists of limits: ['5/minute']")
        if store_down not in ("refuse", "allow"):
            raise ValueError(f"store_down is 'refuse' or 'allow', not {store_down!r}")
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"name is a word that may begin that of a cookie, not {name!r}")
        if trusted_days is not None:
            check_numbers(trusted_days=trusted_days)
            if not 0 < trusted_days <= _LONGEST_DAYS:
                raise ValueError(f"trusted_days is up to {_LONGEST_DAYS:g}, not {trusted_days!r}")
        self._store = MemoryStore() if store is None else store
        account = tuple(account)
        self._accounts = Windows(self._store, account, f"{name}:account:")
        self._known = Windows(self._store, account, f"{name}:device:")
        self._addresses = Windows(self._store, address, f"{name}:address:")
        self.devices = None if trusted_days is None else Devices(name, trusted_days)
        self._refuses = store_down == "refuse"
        self._complaints = Seldom(gen_log)

    def lifetime(self, application: Any = None) -> AbstractAsyncContextManager[None]:
        """Closes the store at the end: ``app.lifetime(throttle.lifetime)``."""
        return self._store.lifetime(application)

    async def begin(self, handler: RequestHandler, account: str) -> Attempt:
        """Somebody tries to sign in to ``account``: to be called before anything is looked at.

        :arg account: what they say they are called. Upper and lower case are one, and so are spaces around it.

        Raises :exc:`TooManyAttemptsError` (429), and :exc:`.HTTPError` (503) as ``store_down`` says.
        """
        name = unicodedata.normalize("NFKC", account[:_LONGEST_NAME]).casefold().strip()
        hashed_account = hashed(name)
        now = microseconds()
        counts: list[_Count] = []
        attempt = Attempt(self, handler, hashed_account, counts, now)
        device = None if self.devices is None else self.devices.known(handler, hashed_account)
        network = network_of(handler.request.remote_ip or "", _IPV6_PREFIX)
        wanted = [_Count(self._addresses, hashed(network), False)]
        if device is None:
            wanted.append(_Count(self._accounts, hashed_account, True))
        else:
            wanted.append(_Count(self._known, hashed(device), True))
        try:
            for count in wanted:
                standings = await count.windows.take(count.key, now)
                if standings and not standings[-1].allowed:
                    await attempt.undo()
                    raise TooManyAttemptsError(whole_seconds(standings[-1].seconds))
                counts.append(count)
        except StoreError as error:
            self.complain(error)
            if self._refuses:
                raise HTTPError(
                    503,
                    detail="Nobody can sign in at the moment: try later.",
                    retry_after=RETRY_SECONDS,
                ) from error
        return attempt

    def complain(self, error: StoreError) -> None:
        """Log that the store fails."""
        self._complaints.error("LoginThrottle cannot count: %s", error)


def _is_answer(error: Exception) -> bool:
    """Whether it answers the user, and tells of no failure of ours."""
    return isinstance(error, Finish) or (
        isinstance(error, HTTPError) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    )
