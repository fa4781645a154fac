""":class:`Cached`: middleware that answers with what a handler has said before."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ..httputil.headers import canonical_names
from ..stores import MemoryStore, Store, StoreError
from ..util import check_numbers, check_whole_numbers
from ..web.around import Next
from ..web.errors import HTTPError
from ..web.handler import RequestHandler
from ..web.head import header_text
from .absent import for_nobody
from .answering import answer
from .entries import Entry
from .flights import Flight, Flights, Outcome
from .generations import ALL, name_token, path_token
from .keys import path_of, resource_of
from .policy import can_be_shared, tells_who_asks, wants_new
from .recording import Recording, Rules
from .shelf import Found, Shelf

PASSING_SECONDS: Final = 10.0
"""How long nobody waits for a response that turned out to be one that is not kept."""

_NEVER_KEPT: Final = frozenset({206, 304})


@dataclass(slots=True)
class Counts:
    """What has come of requests so far."""

    hits: int = 0
    """Answered from the cache, those that have waited for somebody else's handler included."""
    stale: int = 0
    """Answered from the cache with what is renewed meanwhile."""
    misses: int = 0
    """Answered by a handler."""
    passed: int = 0
    """Not looked at: another method, credentials, a range, ..."""


class Cached:
    """Middleware that keeps whole responses and answers with them, for as long as they are good.

    .. code-block:: python

        pages = Cached(seconds=60, names=["posts"])
        Application([url("/", Blog, middleware=[pages])])
        ...
        await pages.invalidate("posts")

    What is kept is known by scheme, host, path and query (in whatever order its arguments come), and by those headers
    of the request that the handler has looked at or that the response names in ``Vary`` (RFC 9111 section 4.1). Never
    kept is what is somebody's own: with ``Set-Cookie``, with ``Cache-Control: private``, ``no-store`` or ``no-cache``,
    made with a look at cookies, session, ``current_user``, XSRF token or the client's address, or asked for with
    credentials. Nor are kept answers to HEAD (which are made of those to GET), to a GET with a body or a range, and
    responses with trailers.

    :arg seconds: how long a response is good; less if its ``Cache-Control`` or ``Expires`` says so.
    :arg key: called with the handler, gives text to stand for scheme, host, path and query; None: this request is not
        for the cache.
    :arg vary: headers of the request by which responses differ, beside those that are found out. The response's
        ``Vary`` tells of them.
    :arg ignored: headers that handlers look at without saying anything else because of it.
    :arg names: by which the responses can be invalidated; or called with the handler, gives them.
    :arg store: where they are kept; by default a :class:`~tornadolike.stores.MemoryStore` of its own.
    :arg statuses: those of responses that are kept.
    :arg max_size: bytes of the largest body that is kept, whole or sent in pieces.
    :arg personal: keep also what is somebody's own. It needs a ``key`` that tells them apart.
    :arg wait_seconds: how long a request waits for the handler of another one that asks the same, before it has its
        own at work.
    :arg stale_while_revalidate: seconds behind its time in which a response is still used, while a handler makes a new
        one for nobody (RFC 5861 section 3).
    :arg stale_if_error: seconds behind its time in which it is used in the place of a 5xx (RFC 5861 section 4).
    :arg obeys_no_cache: whether a client that asks for a new response (``Cache-Control: no-cache``) gets one.
    :arg header: the name of a header that says how the response was come by: ``HIT``, ``STALE``, ``MISS`` or ``PASS``.

    Raises :exc:`ValueError` and :exc:`TypeError` for what makes no sense.
    """

    def __init__(
        self,
        seconds: float = 60.0,
        *,
        key: Callable[[Any], str | None] | None = None,
        vary: Iterable[str] = (),
        ignored: Iterable[str] = (),
        names: Iterable[str] | Callable[[Any], Iterable[str]] = (),
        store: Store | None = None,
        statuses: Iterable[int] = (200,),
        max_size: int = 1024 * 1024,
        personal: bool = False,
        wait_seconds: float = 5.0,
        stale_while_revalidate: float = 0.0,
        stale_if_error: float = 0.0,
        obeys_no_cache: bool = False,
        header: str | None = None,
    ) -> None:
        if personal and key is None:
            raise ValueError(
                "Cached(personal=True) needs a key that tells people apart, as key=lambda handler: ..."
            )
        check_numbers(
            seconds=seconds,
            wait_seconds=wait_seconds,
            stale_while_revalidate=stale_while_revalidate,
            stale_if_error=stale_if_error,
        )
        check_whole_numbers(max_size=max_size)
        if key is not None and not callable(key):
            raise TypeError(f"the key of a cache is a function that takes a handler, not {key!r}")
        if store is not None and not isinstance(store, Store):
            raise TypeError(f"the store of a cache is a Store, not {store!r}")
        if header is not None:
            header_text(header, "")
        for what, value in (("seconds", seconds), ("wait_seconds", wait_seconds)):
            if not value > 0:
                raise ValueError(f"{what} of a cache is more than 0, not {value!r}")
        if not (stale_while_revalidate >= 0 and stale_if_error >= 0):
            raise ValueError("stale_while_revalidate and stale_if_error are at least 0 seconds")
        kept = frozenset(statuses)
        for status in kept:
            check_whole_numbers(status=status)
        if not kept.isdisjoint(_NEVER_KEPT):
            raise ValueError("206 and 304 are parts of a response, and are not kept")
        if not callable(names):
            names = [name_token(name) for name in _listed(names, "names")]
        self._rules = Rules(
            seconds,
            kept,
            max_size,
            tuple(sorted(_headers(vary, "vary"))),
            _headers(ignored, "ignored"),
            personal,
            header,
        )
        self._key = key
        self._names = names
        self._wait_seconds = wait_seconds
        self._stale_while_revalidate = stale_while_revalidate
        self._stale_if_error = stale_if_error
        self._obeys_no_cache = obeys_no_cache
        self.store = MemoryStore() if store is None else store
        """Where the responses are."""
        self.counts = Counts()
        """What has come of requests so far, in this process."""
        self._shelf = Shelf(self.store, max(stale_while_revalidate, stale_if_error))
        self._flights = Flights(wait_seconds)

    @asynccontextmanager
    async def lifetime(self, application: Any = None) -> AsyncIterator[None]:
        """Closes the store at the end, if nobody else uses it."""
        async with self.store.lifetime(application):
            yield

    # Invalidating

    async def invalidate(self, *names: str) -> bool:
        """Have all responses with one of these names be good no more, in all processes that share the store.

        Those whose handlers are at work now are not kept. If the store is down, that is made up for before it is
        used again by this process; the others may go on with what they have until its time is over. Returns whether
        it is done. Raises :exc:`TypeError` for what is no name.
        """
        return await self._shelf.invalidate([name_token(name) for name in names])

    async def invalidate_path(self, path: str) -> bool:
        """As :meth:`invalidate`, for a whole path, as clients send it: all hosts, queries and variants of it.

        A thousandth of all other paths goes with it.
        """
        return await self._shelf.invalidate([path_token(path)])

    async def clear(self) -> bool:
        """As :meth:`invalidate`, for everything that any :class:`Cached` has in the store."""
        return await self._shelf.invalidate([ALL])

    # Answering

    async def __call__(self, handler: Any, call_next: Next) -> None:
        if handler._headers_written or handler._held is not None:
            await call_next(handler)
            return
        request = handler.request
        resource = self._resource_of(handler) if can_be_shared(request) else None
        if (
            resource is None
            or self._shelf.is_down
            or (not self._rules.personal and tells_who_asks(handler))
        ):
            await self._pass(handler, call_next)
            return
        try:
            found = await self._shelf.find(handler, resource, self._rules.vary)
        except StoreError as error:
            self._shelf.failed(error)
            await self._pass(handler, call_next)
            return
        entry = found.entry
        if entry is not None and self._is_usable(handler, entry):
            self._answer(handler, entry, "HIT")
        elif entry is not None and self._is_renewed(handler, entry):
            if self._flights.find(found.key, found.generation) is None:
                self._renew(Work(handler, call_next, resource, found.key))
            self._answer(handler, entry, "STALE")
        elif request.method == "HEAD":
            await self._pass(handler, call_next)
        else:
            await self._fly(Work(handler, call_next, resource, found.key), found)

    def _resource_of(self, handler: Any) -> str | None:
        if self._key is None:
            return resource_of(handler)
        key = self._key(handler)
        if not isinstance(key, str | None):
            raise TypeError(f"the key of a cached response is a str or None, not {key!r}")
        return None if key is None else f"key:{key}"

    async def _pass(self, handler: Any, call_next: Next) -> None:
        self.counts.passed += 1
        if self._rules.header is not None:
            handler.before_head(lambda handler: self._rules.tell(handler, "PASS"))
        await call_next(handler)

    def _is_usable(self, handler: Any, entry: Entry) -> bool:
        """Whether it is good, and the client wants it."""
        return (
            time.time() < entry.made + entry.fresh_seconds
            and not self._has_to_be_new(handler)
            and _can_head(handler)
        )

    def _has_to_be_new(self, handler: Any) -> bool:
        return self._obeys_no_cache and wants_new(handler.request)

    def _is_renewed(self, handler: Any, entry: Entry) -> bool:
        """Whether it is used while somebody makes a new one."""
        late = time.time() - entry.made - entry.fresh_seconds
        return (
            entry.may_be_stale
            and 0 <= late < self._stale_while_revalidate
            and not self._has_to_be_new(handler)
            and handler.request.method == "GET"
            and not handler._streams_body  # of which there is one only
        )

    def _answer(self, handler: Any, entry: Entry, how: str) -> None:
        if how == "HIT":
            self.counts.hits += 1
        else:
            self.counts.stale += 1
        self._rules.tell(handler, how)
        answer(handler, entry)

    # Having a handler answer

    async def _fly(self, work: "Work", found: Found) -> None:
        """Answer with what somebody else's handler says who is at work, or have this one work."""
        waits_until = time.monotonic() + self._wait_seconds
        is_awaited = not self._flights.passes(work.key)
        while is_awaited:
            other = self._flights.find(work.key, found.generation)
            left = waits_until - time.monotonic()
            if other is None:
                work.flight = self._flights.begin(work.key, work.handler)
                break
            if other.handler is work.handler or left <= 0 or self._has_to_be_new(work.handler):
                break
            outcome = await other.wait(left)
            if isinstance(outcome, Entry) and outcome.suits(work.handler.request):
                self._answer(work.handler, outcome, "HIT")
                return
            before = self._fallback(found.entry)
            if outcome is Outcome.FAILED and before is not None:
                self._answer(work.handler, before, "STALE")
                return
            if outcome is not Outcome.LOST:
                break
        await self._do(work, found.entry, is_awaited)

    async def _do(self, work: "Work", before: Entry | None, is_awaited: bool) -> None:
        """Have the handler answer, and keep what it says.

        :arg before: a response behind its time.
        :arg is_awaited: whether the response is likely to be one that is kept.
        """
        self.counts.misses += 1
        try:
            begun = await self._shelf.generations.begin(self._tokens(work.handler))
            if work.flight is not None:
                work.flight.generation = begun[0]
            recording = Recording(
                work.handler,
                self._rules,
                begun,
                conditions=is_awaited,
                fallback=self._fallback(before),
                done=partial(self._end, work),
            )
        except BaseException as error:
            self._end(work, Outcome.LOST)
            if not isinstance(error, StoreError):
                raise
            self._shelf.failed(error)
            await work.call_next(work.handler)
            return
        await self._record(work, recording)

    async def _record(self, work: "Work", recording: Recording) -> None:
        try:
            await work.call_next(work.handler)
        except asyncio.CancelledError:
            recording.end(Outcome.LOST)
            raise
        except HTTPError as error:
            if error.status_code in self._rules.statuses:
                self._end_later(recording)
            else:
                failed = error.status_code >= 500
                recording.end(Outcome.FAILED if failed else Outcome.NOT_KEPT)
            raise
        except BaseException:
            recording.end(Outcome.FAILED)
            raise
        if work.handler._held is not None:
            self._end_later(recording)
        else:
            recording.end(Outcome.NOT_KEPT)

    def _end_later(self, recording: Recording) -> None:
        """The head is still to come; but nobody waits for it for ever."""
        asyncio.get_running_loop().call_later(self._wait_seconds, recording.end, Outcome.NOT_KEPT)

    def _tokens(self, handler: Any) -> list[str]:
        names = self._names
        if callable(names):
            names = [name_token(name) for name in _listed(names(handler), "names")]
        return [ALL, path_token(path_of(handler.request)), *names]

    def _fallback(self, entry: Entry | None) -> Entry | None:
        """The response of before, if it may stand for an error."""
        if entry is None or not entry.may_be_stale:
            return None
        late = time.time() - entry.made - entry.fresh_seconds
        return entry if late < self._stale_if_error else None

    def _end(self, work: "Work", outcome: Entry | Outcome) -> None:
        """It is known what comes of a handler's work."""
        if isinstance(outcome, Entry):
            self._flights.stop_passing(work.key)
            if work.flight is not None:
                work.flight.land(outcome)
            keeping = asyncio.ensure_future(
                self._shelf.keep(work.handler, work.resource, self._rules.vary, outcome)
            )
            work.handler.request.connection.keep_task(keeping)
            keeping.add_done_callback(lambda _: self._land(work, outcome))
            return
        if outcome is Outcome.NOT_KEPT:
            self._flights.let_pass(work.key, min(self._rules.seconds, PASSING_SECONDS))
        self._land(work, outcome)

    def _land(self, work: "Work", outcome: Entry | Outcome) -> None:
        if work.flight is not None:
            self._flights.end(work.key, work.flight, outcome)

    # Renewing what is kept

    def _renew(self, work: "Work") -> None:
        """Have a copy of the handler make a new response."""
        connection = work.handler.request.connection
        work.handler = for_nobody(work.handler)
        work.flight = self._flights.begin(work.key, work.handler)
        renewing = asyncio.ensure_future(self._do_alone(work))
        connection.keep_task(renewing)
        # It may be cancelled before it begins.
        renewing.add_done_callback(lambda _: self._give_up(work))

    def _give_up(self, work: "Work") -> None:
        """Whoever waits for this, if it has come to nothing, waits no longer."""
        if work.flight is not None and not work.flight.landed.done():
            self._land(work, Outcome.LOST)

    async def _do_alone(self, work: "Work") -> None:
        alone = work.handler
        try:
            await self._do(work, None, is_awaited=True)
        except Exception as error:
            alone.log_exception(type(error), error, error.__traceback__)


@dataclass(slots=True)
class Work:
    """What a handler is to answer."""

    handler: Any
    call_next: Next
    resource: str
    key: str
    flight: Flight | None = None
    """Who else waits for it."""


def _can_head(handler: Any) -> bool:
    """Whether the handler answers this request at all: one that has no ``head()`` says 405."""
    return (
        handler.request.method != "HEAD"
        or getattr(type(handler), "head", None) is not RequestHandler.head
        or bool(handler.settings.get("automatic_head"))
    )


def _listed(names: Any, what: str) -> list[str]:
    """These names. Raises :exc:`TypeError` for what is no list of them, such as one text in their place."""
    if isinstance(names, (str, bytes)):
        raise TypeError(f"{what} of a cache is a list, as [{names!r}]")
    if not isinstance(names, Iterable):
        raise TypeError(f"{what} of a cache is a list, not {names!r}")
    return list(names)


def _headers(names: Any, what: str) -> frozenset[str]:
    """Names of headers, as they are written everywhere. Raises :exc:`TypeError` for what is none."""
    listed = _listed(names, what)
    for name in listed:
        if not isinstance(name, str):
            raise TypeError(f"{what} of a cache has names of headers, not {name!r}")
    return frozenset(canonical_names[name] for name in listed)
