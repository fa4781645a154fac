""":class:`Metrics`: what an application is asked, and how it is doing."""

import asyncio
import hmac
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from typing import Any, Final

from prometheus_client import REGISTRY, CollectorRegistry

from ..http1connection import Refusal
from ..httpclient.tracing import everywhere
from ..httpserver import HTTPServer
from ..routing import URLSpec
from ..routing.changes import changes
from ..util import check_whole_numbers
from ..web import Application, RequestHandler, route_of
from ..web.route_names import has_one_route
from .clients import MAX_HOSTS, METHODS, Fetches
from .exposing import exposed
from .store import Store
from .tables import BUCKETS, FETCHES, LAG, OTHER, REFUSALS, REQUESTS, checked_buckets
from .watching import Watch

MAX_SERIES: Final = 2000
"""Combinations of method, route and status (or host) that a process counts apart, by default."""

MAX_KNOWN: Final = 10_000
"""Kinds of requests whose rows need not be looked for."""

NO_ROUTE: Final = "none"
"""The route of requests for which there is no rule."""


class Metrics:
    """Counts what an application answers, and tells Prometheus of it.

    .. code-block:: python

        app = Application(rules)
        Metrics(app, path="/metrics")

    :arg application: whose requests are counted, those of what is mounted in it too.
    :arg path: where the figures can be asked for; by default nowhere, for they tell more of a site than everybody need
        know. Besides, :meth:`scrape` gives them.
    :arg token: who asks there has to have it: ``Authorization: Bearer`` with this text.
    :arg buckets: seconds up to which durations are counted together (:data:`BUCKETS`).
    :arg max_series: combinations of a method, a route and a status that each process counts apart; what goes beyond is
        counted as ``other``.
    :arg registry: where you have figures of your own: those are told, too.

    Raises :exc:`TypeError` and :exc:`ValueError` for what is none of these.
    """

    def __init__(
        self,
        application: Application,
        path: str | None = None,
        *,
        token: str | None = None,
        buckets: Iterable[float] = BUCKETS,
        max_series: int = MAX_SERIES,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        check_whole_numbers(max_series=max_series)
        if max_series < 1:
            raise ValueError(f"max_series is at least 1, not {max_series}")
        if token is not None and (not isinstance(token, str) or not token.isascii() or not token):
            raise ValueError("token is a text of ASCII characters")
        self._buckets = checked_buckets(buckets)
        bounds = {REQUESTS: self._buckets, FETCHES: self._buckets, LAG: BUCKETS}
        self._store = Store(bounds, max_series)
        self._registry = registry
        self._lives: list[Any] = []
        self._own_servers: weakref.WeakSet[HTTPServer] = weakref.WeakSet()
        self._watch = Watch(self._store, self._servers)
        self._fetches: Fetches | None = None
        self.watch(application)
        if path is not None:
            kwargs = {"metrics": self, "token": token}
            # Before the others: one of them may be for all paths.
            application.wildcard_router.rules.insert(0, URLSpec(path, MetricsHandler, kwargs))

    # What is counted

    def watch(self, application: Application) -> None:
        """Count the requests of another application, too; nothing happens to one that is counted already."""
        for life in application._life._all():
            if life not in self._lives:
                self._lives.append(life)
                life.preparing.append(self._prepare)
                _log_behind(life.application, self._counting())

    def watch_cache(self, name: str, cache: Any) -> None:
        """Count what a :class:`~tornadolike.caching.Cached` has answered itself, and what not.

        :arg name: what the cache is called here. Raises :exc:`TypeError` for another kind of cache.
        """
        if not is_dataclass(getattr(cache, "counts", None)):
            raise TypeError(f"a cache is a Cached of tornadolike.caching, not {cache!r}")
        self._watch.caches[name] = cache

    def watch_clients(self, max_hosts: int = MAX_HOSTS) -> None:
        """Count what every :class:`~tornadolike.httpclient.AsyncHTTPClient` of this process sends, by host.

        They do without their quickest way then: a fetch takes some tens of microseconds more.

        :arg max_hosts: how many hosts have figures of their own; those of the others are added up as ``other``.
        """
        check_whole_numbers(max_hosts=max_hosts)
        self.leave_clients()
        self._fetches = Fetches(self._store, max_hosts)
        everywhere.add(self._fetches)

    def leave_clients(self) -> None:
        """End what :meth:`watch_clients` has begun."""
        if self._fetches is not None:
            everywhere.remove(self._fetches)
            self._fetches = None

    def _counting(self) -> Callable[[RequestHandler], None]:
        """What is called for each request that an application has answered. It is written for speed."""
        store, bounds = self._store, self._buckets
        known, last = store.new_known(), len(bounds) + 1

        def count(handler: RequestHandler) -> None:
            request = handler.request
            key = (handler.__class__, request.method, handler._status_code, changes.count)
            place = known.get(key)
            if place is None:
                place = self._place(handler)
                # Only what there are not many of is kept, whatever clients send.
                if has_one_route(handler) and request.method in METHODS:
                    if len(known) >= MAX_KNOWN:
                        known.clear()
                    known[key] = place
            values = store.figures.values  # type: ignore[union-attr]
            seconds = request.request_time()
            values[place + bisect_left(bounds, seconds)] += 1.0
            if seconds > 0.0:  # a clock that was set back is no reason to count backwards
                values[place + last] += seconds

        return count

    def _place(self, handler: RequestHandler) -> int:
        """The place of the row for a request that was answered."""
        method, status = handler.request.method, str(handler._status_code)
        route = route_of(handler)
        labels = (method if method in METHODS else OTHER, route or NO_ROUTE, status)
        self._watch.begin()
        return self._store.place(REQUESTS, labels)

    def _prepare(self, options: dict[str, Any]) -> None:
        """A server is made: have it tell what it refuses, besides whom it tells already.

        Its process is looked at from now on, even if nobody asks it for anything.
        """
        self._watch.begin()
        log: Callable[[Refusal], object] | None = options.get("refusal_log")

        def refused(refusal: Refusal) -> None:
            self.count_refusal(refusal)
            if log is not None:
                log(refusal)

        options["refusal_log"] = refused

    def count_refusal(self, refusal: Refusal) -> None:
        """Count a request that the connection itself has answered: the ``refusal_log`` of a server that you make."""
        self._store.count(REFUSALS, (str(refusal.get_status()),))

    def watch_server(self, server: HTTPServer) -> None:
        """Count the connections of a server that you have made. Those that applications make are counted already."""
        self._own_servers.add(server)

    def _servers(self) -> list[HTTPServer]:
        of_lives = [server for life in self._lives for server in life.servers]
        return [*of_lives, *self._own_servers]

    # What is told

    def scrape(self, accept: str = "") -> tuple[str, bytes]:
        """The content type and the text of all figures, as :data:`prometheus_client.REGISTRY` has others.

        It takes some milliseconds where there are many. To be called where the application runs: in its loop's thread.

        :arg accept: the ``Accept`` of who asks: Prometheus' text or OpenMetrics.
        """
        self._watch.look()
        return self._exposed(accept)

    def _exposed(self, accept: str) -> tuple[str, bytes]:
        return exposed(self._store.snapshot, accept, registry=self._registry)


class MetricsHandler(RequestHandler):
    """Answers Prometheus."""

    def initialize(self, metrics: Metrics, token: str | None) -> None:
        self._metrics = metrics
        self._token = token

    async def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if not self._may_ask():
            self.set_status(401)
            self.set_header("WWW-Authenticate", "Bearer")
            self.finish("Unauthorized\n")
            return
        accept = self.request.headers.get("Accept", "")
        self._metrics._watch.look()
        # The loop need not wait for all that text.
        content_type, text = await asyncio.to_thread(self._metrics._exposed, accept)
        self.set_header("Content-Type", content_type)
        self.finish(text)

    def compute_etag(self) -> None:
        """None: it is always another one."""

    def _may_ask(self) -> bool:
        if self._token is None:
            return True
        scheme, _, given = self.request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(), self._token.encode()
        )


def _log_behind(application: Application, count: Callable[[RequestHandler], None]) -> None:
    """Have ``count`` called for each finished request, before it is logged as it was until now.

    By an attribute of the application: it leaves requests on the native lane, and a class's own method is called still.
    """
    log = application.log_request

    def log_request(handler: RequestHandler) -> None:
        count(handler)
        log(handler)

    application.log_request = log_request  # type: ignore[method-assign]
