""":class:`Sessions`: the middleware that gives handlers their session."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final, Literal

from ..stores import Store
from ..stores.base import checked_seconds
from ..util import check_whole_numbers
from ..web import RequestHandler
from ..web.around import Next
from ..web.cookies.plain import make_cookie
from ..web.cookies.secrets import checked_secrets
from .in_cookies import WHAT, CookieKeeper
from .in_stores import StoreKeeper
from .keeping import Keeper
from .session import Lifetimes
from .visit import Keeping, Visit

DAY: Final = 86400.0
DEFAULT_IDLE_SECONDS: Final = 14 * DAY
DEFAULT_MAX_SECONDS: Final = 90 * DAY
DEFAULT_MAX_BYTES: Final = 64 * 1024


class Sessions:
    """Middleware that gives handlers their visitor's :attr:`~.RequestHandler.session`.

    .. code-block:: python

        Application(rules, middleware=[Sessions(SQLiteStore("sessions.db"))])

    A session is saved before the head of the response leaves, if it has changed; the response waits for that. A visitor
    in whose session nothing was put gets no cookie. The cookie cannot be read by scripts, and not be set by others: one
    that is not ours, forged, or too old begins a new session.

    :arg store: where sessions are kept. None: in the cookie itself, encrypted (AES-256-GCM), up to 4 KB. Then they
        cannot be ended from here: whoever has a copy of a cookie can go on with it until it is too old.
    :arg secret: what encrypts them without a store; of a list the first encrypts, and all decrypt. Texts
        that nobody can guess, of at least 16 characters. Its default is the setting ``cookie_secret``.
    :arg name: of the cookie. One that begins with ``__Host-`` is taken from this host over HTTPS only.
    :arg idle_seconds: how long a session lives that is not used: 14 days. A request that looks at it is a use.
    :arg max_seconds: how long one lives in all: 90 days.
    :arg permanent: whether the browser keeps it when it is closed. A handler may say so: ``session.permanent = True``.
    :arg store_down: while the store fails ``"refuse"`` (the default) answers with 503 those requests that have a
        session and look at it, or would change one. ``"empty"`` lets them go on with an empty session that is not kept.
        Both log that at ERROR, once a minute.
    :arg max_bytes: that a session in a store may have, as JSON. What a handler puts in beyond it is a
        :exc:`ValueError`, and a 500.
    :arg path: of the cookie, as ``domain``, ``samesite`` (``"Lax"``) and ``partitioned``:
        :meth:`~.RequestHandler.set_cookie`.
    :arg secure: whether the cookie is sent over HTTPS only. None: if the request came over it.

    Raises :exc:`TypeError`, :exc:`ValueError` and :exc:`~http.cookies.CookieError` for what is of no use.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        secret: str | bytes | Sequence[str | bytes] | None = None,
        name: str = "session",
        idle_seconds: float = DEFAULT_IDLE_SECONDS,
        max_seconds: float = DEFAULT_MAX_SECONDS,
        permanent: bool = False,
        store_down: Literal["refuse", "empty"] = "refuse",
        max_bytes: int = DEFAULT_MAX_BYTES,
        path: str = "/",
        domain: str | None = None,
        samesite: str | None = "Lax",
        secure: bool | None = None,
        partitioned: bool = False,
    ) -> None:
        if store is not None and not isinstance(store, Store):
            raise TypeError(f"the store of Sessions() is a Store, not {store!r}")
        if store is not None and secret is not None:
            raise ValueError("Sessions() has a store: there is nothing to encrypt with a secret")
        if store_down not in ("refuse", "empty"):
            raise ValueError(f"store_down is 'refuse' or 'empty', not {store_down!r}")
        if not isinstance(name, str):
            raise TypeError(f"the name of a cookie is a str, not {name!r}")
        if samesite is not None and not isinstance(samesite, str):
            raise TypeError(f"samesite is 'Lax', 'Strict', 'None' or None, not {samesite!r}")
        check_whole_numbers(max_bytes=max_bytes)
        if max_bytes < 1:
            raise ValueError(f"max_bytes is at least 1, not {max_bytes!r}")
        lifetimes = Lifetimes(
            checked_seconds(idle_seconds), checked_seconds(max_seconds), bool(permanent)
        )
        attributes: dict[str, Any] = {
            "path": path,
            "domain": domain,
            "samesite": samesite,
            "secure": _is_secure(name, samesite, secure, partitioned),
            "partitioned": partitioned,
        }
        make_cookie(name, "", **{**attributes, "secure": attributes["secure"] is not False})
        keeper: Keeper
        if store is None:
            keeper = CookieKeeper(name, () if secret is None else checked_secrets(secret, WHAT))
        else:
            keeper = StoreKeeper(name, store, lifetimes, max_bytes)
        self.store = store
        self._keeping = Keeping(name, keeper, lifetimes, attributes, store_down == "empty")

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        visit = handler._open_session
        # It may stand around a handler twice: around its application and its rule.
        if not isinstance(visit, Visit) or visit.keeping is not self._keeping:
            visit = Visit(self._keeping)
            await visit.look_up(handler)
            vars(handler).pop("session", None)  # another one's, which stands outside
            handler._open_session = visit
        await call_next(handler)

    def lifetime(self, application: Any) -> AbstractAsyncContextManager[None]:
        """Closes the store at the end."""
        return nullcontext() if self.store is None else self.store.lifetime(application)


def _is_secure(
    name: str, samesite: str | None, secure: bool | None, partitioned: bool
) -> bool | None:
    """Browsers do not take some cookies that are sent over plain HTTP: these never are."""
    prefixed = name.lower().startswith(("__host-", "__secure-"))
    if secure is None and (prefixed or partitioned or (samesite or "").lower() == "none"):
        return True
    return secure
