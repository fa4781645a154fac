""":class:`AsyncHTTPClient`: what fetches."""

import asyncio
import contextlib
import time
from asyncio import _get_running_loop
from collections.abc import AsyncGenerator, Callable, Mapping
from copy import copy
from typing import Any, Final, Self, cast
from urllib.parse import urljoin

from ..concurrent import future_set_exception_unless_cancelled, future_set_result_unless_cancelled
from ..ioloop import IOLoop
from ..util import Configurable, import_object
from .addresses import parse_url
from .checks import check_flag, check_kind
from .conversation import Conversation
from .cookies import Jar, jar_for
from .defaults import check_defaults, for_strangers
from .engine import Engine
from .limiting import WholeTimeout
from .other_names import check_argument, check_names
from .plan import MAX_BUFFER_SIZE, Plan, Usual, plan_for
from .receiving import receive
from .requests import HTTPRequest, RequestWithDefaults
from .responses import NO_RESPONSE, HTTPResponse
from .streaming import Streaming
from .tracing import everywhere
from .verbs import Verbs

_Instances = dict[type[Any], "AsyncHTTPClient"]
"""The clients of a loop, each by the class that was called."""

DEFAULT_ENGINE: Final = "tornadolike.simple_httpclient.SimpleAsyncHTTPClient"


class AsyncHTTPClient(Verbs["asyncio.Future[HTTPResponse]"], Configurable):
    """Fetches, without blocking the loop, over connections that are kept.

    .. code-block:: python

        async def main():
            response = await AsyncHTTPClient().fetch("https://example.com/")
            print(response.code, response.body)

    As in Tornado each loop has one client of a class: called again it is the same object, with the same connections.
    ``force_instance=True`` makes one of its own, which is to be closed; ``async with`` does that:

    .. code-block:: python

        async def main():
            async with AsyncHTTPClient(force_instance=True, base_url="https://example.com/api/") as client:
                print((await client.get("users")).json())

    Of which class it is, and with what arguments it is made, :meth:`configure` says; by default it is a
    :class:`.SimpleAsyncHTTPClient`. A client is for one loop, in whose thread it was made.

    :arg force_instance: whether to make a new one in any case.
    :arg defaults: what the options of :class:`.HTTPRequest` are that a request says nothing about, by their names.
        Of ``headers`` a request has those that it does not say itself.
    :arg cookies: where cookies are kept between requests: a :class:`http.cookiejar.CookieJar`, or True for a new one
        (it is :attr:`cookies` then). By default none are kept.
    :arg base_url: what URLs are relative to that are given as text. Its path is taken for a folder. Of the defaults
        those that tell who we are (headers, cookies, ``auth``, certificates) are for this origin only then.
    :arg raise_error: whether :meth:`fetch` raises for responses other than 2xx, if the call does not say it.

    Raises :exc:`TypeError` for a default that no request has, :exc:`ValueError` for a ``base_url`` that is none.
    """

    engine: Engine | None = None
    """What sends the requests. A class of yours may have :meth:`fetch_impl` instead."""

    max_buffer_size: int = MAX_BUFFER_SIZE
    """The most bytes of a body that are collected in memory."""

    io_loop: IOLoop
    defaults: dict[str, Any]
    cookies: Jar | None
    base_url: str | None
    raise_error: bool

    _shared_as: type[Any] | None
    """The class that was called for it if its loop has it in common; None for one of its own."""

    def __new__(cls, force_instance: bool = False, **kwargs: Any) -> Self:
        if force_instance:
            return cls._make(None, kwargs)
        client = _instances(IOLoop.current()).get(cls)
        if client is None:
            client = cls._make(cls, kwargs)
            _instances(client.io_loop)[cls] = client
        return cast(Self, client)

    @classmethod
    def _make(cls, shared_as: type[Any] | None, arguments: dict[str, Any]) -> Self:
        try:
            client = super().__new__(cls, **arguments)
        except TypeError as error:
            check_argument(error)
            raise
        client._shared_as = shared_as  # which need not be the client's class, but one above
        return cast(Self, client)

    @classmethod
    def configurable_base(cls) -> type[Configurable]:
        return AsyncHTTPClient

    @classmethod
    def configurable_default(cls) -> type[Configurable]:
        # By its name: the engines stand on this room.
        return cast(type[Configurable], import_object(DEFAULT_ENGINE))

    def initialize(
        self,
        defaults: Mapping[str, Any] | None = None,
        *,
        cookies: Jar | bool | None = None,
        base_url: str | None = None,
        raise_error: bool = True,
    ) -> None:
        """What the constructor does. A class of yours calls it with what is for all clients."""
        check_kind(Mapping, defaults=defaults)
        check_kind(str, base_url=base_url)
        check_flag("raise_error", raise_error)
        check_defaults(defaults or {})
        self.io_loop = IOLoop.current()
        self.defaults = {**HTTPRequest._DEFAULTS, **(defaults or {})}
        self.cookies = jar_for(cookies)
        self.base_url = None if base_url is None else _folder(base_url)
        self.raise_error = raise_error
        self._usual = Usual()
        self._closed = False
        self._ending: AsyncGenerator[None, None] | None = None

    # Fetching

    def fetch(
        self, request: str | HTTPRequest, raise_error: bool | None = None, **kwargs: Any
    ) -> "asyncio.Future[HTTPResponse]":
        """Send a request; the future has its :class:`.HTTPResponse`. Cancelled, it ends the transfer.

        :arg request: a URL, with the options of a :class:`.HTTPRequest` as further arguments; or one of these.
        :arg raise_error: whether a response other than 2xx is raised as an :exc:`.HTTPError`, by default yes. What else
            may go wrong (:mod:`.failures`), a redirect that leads nowhere too, is raised in any case, as are
            :exc:`ValueError`, :exc:`TypeError` and :exc:`KeyError` for a request that makes no sense.

        Raises :exc:`RuntimeError` at once for a client that is closed or of another loop, and what
        :class:`.HTTPRequest` raises.
        """
        made = self._request(request, kwargs)
        if raise_error is None:
            raise_error = self.raise_error
        if _is_own(self.fetch_impl):
            if self.engine is not None and not everywhere.traces:
                flight = self.engine.fetch(self, made, raise_error)
                if flight is not None:
                    return flight
            return self.io_loop.start_task(self._fetch(made, self.defaults, raise_error))
        return self._fetch_by_others(made, raise_error)

    def _request(self, request: str | HTTPRequest, options: dict[str, Any]) -> HTTPRequest:
        if self._closed:
            raise RuntimeError("fetch() called on closed AsyncHTTPClient")
        running = _get_running_loop()
        if running is not self.io_loop.asyncio_loop and (
            running is not None or self.io_loop.asyncio_loop.is_running()
        ):
            raise RuntimeError(
                "this client is of another loop, where its connections are: AsyncHTTPClient() gives that of this one"
            )
        if self._ending is None and running is not None:
            self._end_with_loop()
        if isinstance(request, HTTPRequest):
            if options:
                raise ValueError("kwargs can't be used if request is an HTTPRequest object")
            return request
        if self.base_url is not None:
            request = urljoin(self.base_url, request)
        try:
            return HTTPRequest(request, **options)
        except TypeError:
            check_names(options)  # in words that help
            raise

    async def _fetch(
        self,
        request: HTTPRequest,
        defaults: Mapping[str, Any],
        raise_error: bool,
        flight: Any = None,
    ) -> HTTPResponse:
        """The whole of a fetch: its task.

        :arg flight: what the engine has done of it already (:meth:`.Engine.fetch`).
        """
        started = time.time()
        plan = self._plan(request, defaults, streamed=False)
        conversation = Conversation(self._own_engine(), plan)
        seconds = plan.request_timeout
        if flight is not None:
            conversation.hop.flight = flight
            started, seconds = flight.start_time, flight.time_left
        limit = WholeTimeout(self.io_loop, seconds)
        try:
            response = await _converse(plan, conversation, limit)
        except BaseException as error:
            conversation.failed(error)
            raise
        finally:
            limit.end()
        response.start_time = started
        conversation.complete(response)
        if raise_error or conversation.leads_nowhere:
            response.rethrow()
        return response

    def _plan(self, request: HTTPRequest, defaults: Mapping[str, Any], streamed: bool) -> Plan:
        base = self.base_url
        usual: Usual | None = self._usual
        if base is not None and parse_url(request.url).origin != parse_url(base).origin:
            defaults, usual = for_strangers(defaults), None
        return plan_for(
            request,
            defaults,
            jar=self.cookies,
            max_buffer_size=self.max_buffer_size,
            streamed=streamed,
            usual=usual,
        )

    def _own_engine(self) -> Engine:
        if self.engine is None:
            raise NotImplementedError(
                f"{type(self).__name__} has no engine, and no fetch_impl() of its own"
            )
        return self.engine

    # Engines of others

    def fetch_impl(
        self, request: HTTPRequest, callback: Callable[[HTTPResponse], None]
    ) -> "asyncio.Future[None] | None":
        """Send a request and call back with the response: what a class of yours may have in place of an engine.

        :arg request: an object with the attributes of a :class:`.HTTPRequest`, in which what is None has become
            the client's default; its ``request`` is the request itself.
        :arg callback: called once; its argument is a :class:`.HTTPResponse`, whose ``error`` is what went wrong. If
            there is no response its code is 599.

        Here it sends by :attr:`engine`, so that a class below that of an engine may do something before and behind
        it.
        """
        if not isinstance(request, RequestWithDefaults):
            request = cast(HTTPRequest, RequestWithDefaults(request, self.defaults))
        return self.io_loop.start_task(self._call_back(request, callback))

    async def _call_back(self, both: Any, callback: Callable[[HTTPResponse], None]) -> None:
        begun, start_time = self.io_loop.time(), time.time()
        try:
            response = await self._fetch(both.request, both.defaults or {}, raise_error=False)
        except Exception as error:
            response = HTTPResponse(
                both.request,
                NO_RESPONSE,
                error=error,
                request_time=self.io_loop.time() - begun,
                start_time=start_time,
            )
        callback(response)

    def _fetch_by_others(
        self, request: HTTPRequest, raise_error: bool
    ) -> "asyncio.Future[HTTPResponse]":
        future: asyncio.Future[HTTPResponse] = self.io_loop.asyncio_loop.create_future()

        def take(response: HTTPResponse) -> None:
            error = response.error
            if error is not None and (raise_error or not response._error_is_response_code):
                future_set_exception_unless_cancelled(future, error)
            else:
                future_set_result_unless_cancelled(future, response)

        # (It may change the headers: they are not the caller's.)
        request = copy(request)
        request.headers = request.headers.copy()
        self.fetch_impl(cast(HTTPRequest, RequestWithDefaults(request, self.defaults)), take)
        return future

    # In pieces

    def stream(
        self, method: str, url: str, *, raise_error: bool | None = None, **options: Any
    ) -> Streaming:
        """Send a request whose response is taken in pieces, as they come.

        .. code-block:: python

            async with client.stream("GET", "https://example.com/large") as response:
                async for piece in response:
                    ...

        At the end of the block the connection is given back, or closed if there is more to come.

        :arg raise_error: as in :meth:`fetch`. The response that an error has is whole.
        :arg options: of :class:`.HTTPRequest`. ``request_timeout`` is for what comes up to the head of the response,
            and for each piece of its body again: how long all of them take is for the reader to say.
        """
        if "streaming_callback" in options:
            raise ValueError("stream() gives the pieces itself, and takes no streaming_callback")
        request = self._request(url, {"method": method, **options})
        return Streaming(
            self._plan(request, self.defaults, streamed=True),
            self._own_engine(),
            self.max_buffer_size,
            self.raise_error if raise_error is None else raise_error,
        )

    # The end

    def close(self) -> None:
        """Close all connections; fetches that are going on fail, and nothing can be fetched any more.

        The client that its loop has in common seldom needs it. Behind it ``AsyncHTTPClient()`` makes a new one.
        Closing again does nothing.
        """
        if self._closed:
            return
        self._closed = True
        if self._shared_as is not None:
            _instances(self.io_loop).pop(self._shared_as, None)
        ending, self._ending = self._ending, None
        if ending is not None:
            with contextlib.suppress(StopIteration):
                ending.aclose().send(None)
        if self.engine is not None:
            self.engine.close()

    def _end_with_loop(self) -> None:
        """Let the loop close the client when :func:`asyncio.run`, or what is like it, comes to its end.

        For it closes its asynchronous generators then. The first step of this one waits for nothing.
        """
        self._ending = self._closed_at_shutdown()
        with contextlib.suppress(StopIteration):
            self._ending.__anext__().send(None)

    async def _closed_at_shutdown(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._ending = None
            self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close the client if it is the caller's own; else only its connections that nobody uses."""
        if self._shared_as is None:
            self.close()
        elif self.engine is not None:
            self.engine.close_idle()
        # Connections end in the next turn, which may be the loop's last.
        await asyncio.sleep(0)


_OWN: Final = AsyncHTTPClient.fetch_impl


def _instances(loop: IOLoop) -> _Instances:
    # With the loop itself, and not in a table of loops: a client has its loop, so that neither would ever go.
    found: _Instances = vars(loop).setdefault("_http_clients", {})
    return found


def _is_own(fetch_impl: Callable[..., Any]) -> bool:
    """Whether nobody has put another in the place of our ``fetch_impl``, in a class, a client or by patching."""
    return getattr(fetch_impl, "__func__", None) is _OWN


async def _converse(plan: Plan, conversation: Conversation, limit: WholeTimeout) -> HTTPResponse:
    try:
        return await receive(plan, conversation, await conversation.open())
    except asyncio.CancelledError as cancelled:
        reason = limit.explain(cancelled, conversation.hop)
        try:
            if reason is cancelled:
                raise
            raise reason from cancelled
        finally:
            del reason  # which has this frame


def _folder(url: str) -> str:
    """A URL whose path ends in a slash, behind which others are. Raises :exc:`ValueError` for what is none."""
    try:
        parse_url(url)
    except ValueError as error:
        raise ValueError(f"base_url: {error}") from None
    if "?" in url or "#" in url:
        raise ValueError(f"base_url is a folder, without a query and a fragment: {url!r}")
    return url if url.endswith("/") else url + "/"
