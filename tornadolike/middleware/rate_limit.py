""":class:`RateLimit`: how often a client may ask (RFC 6585 section 4)."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from ..log import Seldom, gen_log
from ..routing.selection import checked_methods
from ..stores import MemoryStore, Store, StoreError
from ..stores.windows import Limit, Standing, Windows, hashed, microseconds, whole_seconds
from ..web import HTTPError, RequestHandler
from ..web.around import Next
from .addresses import by_address


class RateLimit:
    """Refuses who asks too often: 429, with ``Retry-After``.

    .. code-block:: python

        RateLimit("100/minute", "10/second")
        RateLimit("5/minute", methods=["POST"], name="logins", store=RedisStore("redis://cache"))

    What is refused is not counted. All responses tell how their client stands, by ``RateLimit`` and
    ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers).

    :arg limits: one or more: ``"100/minute"``, ``"20/10 seconds"`` (second, minute, hour, day), or
        ``Limit(100, 60.0)``. All of them hold.
    :arg key: tells from a handler who asks, before its ``prepare()``: a str, or None for who has no limit. By default
        clients are told apart by their addresses (:func:`by_address`).
    :arg store: where the counters are: a :class:`~tornadolike.stores.Store`. By default it is one of this object
        alone, in the memory of this process, with a bound: among more than so many clients, those are forgotten that
        did not ask for the longest time.
    :arg name: what is counted; those who have a store in common, and the same name and limits, count together.
    :arg methods: those that are counted; None: all. With GET, HEAD is counted, which costs the same.
    :arg refuse_without_store: answer 503 when the store is down, instead of letting everybody through. The log tells,
        once a minute.

    Raises :exc:`ValueError` and :exc:`TypeError` for what is no limit, or does not fit.
    """

    def __init__(
        self,
        *limits: str | Limit,
        key: Callable[[RequestHandler], str | None] | None = None,
        store: Store | None = None,
        name: str = "requests",
        methods: Iterable[str] | None = None,
        refuse_without_store: bool = False,
    ) -> None:
        if not limits:
            raise ValueError("RateLimit has a limit: RateLimit('100/minute')")
        if store is not None and not isinstance(store, Store):
            raise TypeError(f"store is a Store, such as MemoryStore(), not {store!r}")
        if key is not None and not callable(key):
            raise TypeError(f"key is a function that takes a handler, not {key!r}")
        self._key = key or by_address()
        self._store = MemoryStore() if store is None else store
        self._windows = Windows(self._store, limits, f"limit:{name}:")
        self._methods = counted_methods(methods)
        self._refuse_without_store = refuse_without_store
        self._complaints = Seldom(gen_log)
        self._policy = ", ".join(
            f'"{limit}";q={limit.requests};w={whole_seconds(limit.seconds)}'
            for limit in self._windows.limits
        )

    def lifetime(self, application: Any) -> AbstractAsyncContextManager[None]:
        """Closes the store when the application ends."""
        return self._store.lifetime(application)

    async def __call__(self, handler: RequestHandler, call_next: Next) -> None:
        if self._methods is None or handler.request.method in self._methods:
            key = self._key(handler)
            if key is not None:
                await self.check(handler, key)
        await call_next(handler)

    async def check(self, handler: RequestHandler, key: str) -> None:
        """Count this request for ``key``. For handlers that know only in the course of things what to count.

        Raises :exc:`HTTPError`: 429 if there are too many, and 503 as ``refuse_without_store`` says; and
        :exc:`TypeError` for a key that is no str.
        """
        standings = await self._counted(key)
        if standings is None:
            if self._refuse_without_store:
                raise HTTPError(503, detail="Too little is known to answer now; try later")
            return
        refused = not standings[-1].allowed
        seconds = whole_seconds(standings[-1].seconds)

        def tell(handler: RequestHandler) -> None:
            handler.add_header("RateLimit-Policy", self._policy)
            handler.add_header("RateLimit", ", ".join(map(told, standings)))
            if refused:
                handler.set_header("Retry-After", seconds)

        handler.before_head(tell)
        if refused:
            raise HTTPError(429, detail=f"Too many requests: try again in {seconds} seconds")

    async def allows(self, key: str) -> bool:
        """Count one more for ``key``; whether it may come. For what is no request, such as a WebSocket's messages."""
        standings = await self._counted(key)
        return not self._refuse_without_store if standings is None else standings[-1].allowed

    async def forget(self, key: str) -> None:
        """Count from the beginning for ``key``: after a login that was right, say. Nothing is raised."""
        try:
            await self._windows.forget(hashed(key), microseconds())
        except StoreError as error:
            self._complaints.warning("RateLimit cannot count: %s", error)

    async def _counted(self, key: str) -> list[Standing] | None:
        """How ``key`` stands with each limit, up to one that refuses it; None if that cannot be known."""
        try:
            return await self._windows.take(hashed(key), microseconds())
        except StoreError as error:
            self._complaints.warning("RateLimit cannot count: %s", error)
            return None


def counted_methods(methods: Iterable[str] | None) -> frozenset[str] | None:
    """The methods that are counted if these are to be; None: all. Raises :exc:`TypeError` and :exc:`ValueError`."""
    found = checked_methods(methods)
    if found is None:
        return None
    # Or HEAD would be a way to have a GET's work done uncounted.
    return frozenset(found) | {"HEAD"} if "GET" in found else frozenset(found)


def told(standing: Standing) -> str:
    """As it stands in ``RateLimit``."""
    return f'"{standing.limit}";r={standing.remaining};t={whole_seconds(standing.seconds)}'
