""":class:`RequestHandler`: what a site's author subclasses.

It is put together from rooms, each of which knows only those above it:

.. code-block:: text

   errors          what is raised to end a request
   transforms      what responses go through on their way out
   bodies          bodies of requests that are not taken whole
   site            what a handler knows of its application
   head            the status and the headers
   cookies         those of the request and of the response, also signed ones
   conditions      the Etag of a response, and whether the client has it already
   transformed     a response on that way
   opening         what comes before the head of a response, and may take its time
   response        write, flush, finish
   afterwards      what is done when the request is finished
   languages       the reader's
   failures        exceptions and the pages that tell of them
   files           as responses, and parts of them
   streams         responses from generators, and server-sent events
   downloads       files with their names
   users           who asks
   arguments       of the query and of forms
   crossorigin     what browsers say of the page that asks
   xsrf            tokens that only our own pages have
   addresses       links within the site
   loading         where templates are
   resources       what UI modules put into pages
   stepping        doing something before a wait, if there is one
   rendering       pages
   around          what stands around handlers
   running         what is called for a request, in which order

What is left for here is what an author calls and overrides, and that clients and servers may go away.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .._native import RUNNING, front
from ..http1 import SERVER
from ..http1connection.serving import Answering
from ..httputil import HTTPHeaders, HTTPServerRequest, http_date_now, responses
from ..httputil.headers import canonical_names
from ..iostream import IOStream
from ..util import computed, lazy
from .arguments import REQUIRED
from .failures import ENDS, Failures
from .head import HTML, JSON, header_text
from .route_names import route_of
from .running import Running
from .site import Site


class AnyHandler(Running):
    """All of :class:`RequestHandler`: what of it runs natively does the same."""

    cancel_on_disconnect: bool | None = None
    """Whether the handler is cancelled when its client goes away before the response is finished.

    None: as the application's setting of that name says, which is False unless it is set. It concerns
    handlers that are coroutines; what they await is cancelled, as by :meth:`asyncio.Task.cancel`. A client
    that only ends its side of the connection counts as gone.
    """

    _chosen_by: tuple[str, ...] = ()
    """The headers of the request by which its rule was chosen from others for the same path."""
    _answering: Answering | None = None
    """What runs the handler, once it has had to wait."""
    _goes_away = False
    """Whether the handler was told that the server stops."""
    _has_other_bases = False
    """Whether a class beside this one, which knows nothing of it, wants to be initialized."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._has_other_bases = super().__init__ is not object.__init__

    def __init__(self, application: Site, request: HTTPServerRequest, **kwargs: Any) -> None:
        if self._has_other_bases:
            super().__init__()
        self.application = application
        self.request = request
        self._write_buffer: list[bytes] = []
        self.set_default_headers()
        if kwargs:
            self.initialize(**kwargs)
        else:  # the same, and quicker
            self.initialize()

    @lazy
    def path_args(self) -> list[str | None]:
        """The unnamed groups of the rule's pattern, as text."""
        return []

    @lazy
    def path_kwargs(self) -> dict[str, Any]:
        """The named groups of the rule's pattern, as text, or the parameters of its typed path."""
        return {}

    # To be overridden

    def _initialize(self) -> None:
        """Receives the rule's keyword arguments. Without an ``initialize`` there may be none."""

    initialize: Callable[..., None] = _initialize

    def prepare(self) -> Awaitable[None] | None:
        """Called before the method, whatever it is. May be a coroutine. May finish the request.

        The body is here, but for handlers that take it as it comes (:func:`stream_request_body`,
        :func:`reads_request_body`, :func:`spool_uploads`): for these only the head is.
        """

    def on_connection_close(self) -> None:
        """Called when the client is gone before the response was finished.

        The place to drop what waits for it, as a long poll does. The handler's coroutine goes on, unless
        :attr:`cancel_on_disconnect` is set.
        """

    def on_going_away(self) -> None:
        """Called when the server begins to stop (:meth:`.TCPServer.drain`) and this request is not finished.

        The place to bring a response to an end that would have none: of a stream of events, or a long poll.
        Called once; soon after the handler has begun, if the server is stopping already. A handler that is still
        at work when the time for stopping is over is cut off, and cancelled.
        """

    head: Callable[..., Awaitable[None] | None] = Failures._unimplemented_method
    get: Callable[..., Awaitable[None] | None] = Failures._unimplemented_method
    post: Callable[..., Awaitable[None] | None] = Failures._unimplemented_method
    delete: Callable[..., Awaitable[None] | None] = Failures._unimplemented_method
    patch: Callable[..., Awaitable[None] | None] = Failures._unimplemented_method
    put: Callable[..., Awaitable[None] | None] = Failures._unimplemented_method
    options: Callable[..., Awaitable[None] | None] = Failures._unimplemented_method

    # To be called

    def detach(self) -> IOStream:
        """Take the connection as a stream; HTTP is done with it, and so is this handler's response.

        In the place of a response, or behind the head that :meth:`flush` has sent: that of a ``101``, or of a 2xx to
        CONNECT. What the client has sent behind its request is read first. The stream stays open as long as somebody
        has it or waits for it, also when the method has ended. :meth:`on_finish` is not called, and no request is
        logged.

        Raises :exc:`RuntimeError` behind another head, and :exc:`~tornadolike.iostream.StreamClosedError` if
        the client has gone.
        """
        stream: IOStream = self.request.connection.detach()
        self._auto_finish = False
        self._headers_written = self._finished = True
        self._go_on_afterwards()
        return stream

    @computed
    def logged_route(self) -> str | None:
        """What logs tell of the rule by which the handler was found (:func:`.route_of`). To be overridden, or set."""
        return route_of(self)

    # The client and the server may go away before the request is finished

    def _stay_told(self) -> None:
        """Be told of it from now on: until now the loop was here, and nobody could."""
        connection = self.request.connection
        connection.set_close_callback(self._lose_client)
        if self._lasting is not None or type(self).on_going_away is not AnyHandler.on_going_away:
            connection.set_drain_callback(self._go_away)

    def _go_away(self) -> None:
        try:
            if not self._goes_away:
                self._goes_away = True
                self.on_going_away()
        finally:
            if self._lasting is not None:
                self._lasting.go_away()

    def _goes_on(self, task: "asyncio.Task[None]") -> None:
        """The handler has to wait; ``task`` is what runs it."""
        self._answering = answering = self.request.connection.keep_task(task)
        answering.handler = self
        task.add_done_callback(self._has_ended)
        if not self._finished:
            self._stay_told()

    def _has_ended(self, task: "asyncio.Task[None]") -> None:
        self._answering = None

    def _tell_client_left(self) -> None:
        if self._answering is not None and not self._client_has_left:
            self._client_has_left = True
            self.on_connection_close()

    def _lose_client(self) -> None:
        self._client_has_left = True
        if self._streams_body:
            self.request_body.close()
        try:
            self.on_connection_close()
        finally:
            if self._lasting is not None:
                self._lasting.lose_client()
            cancels = self.cancel_on_disconnect
            if cancels is None:
                cancels = self.settings.get("cancel_on_disconnect", False)
            if self._answering is None:
                self._go_on_afterwards()
            elif cancels:
                self._answering.give_up()


if TYPE_CHECKING:

    class _Hot:
        """To a type checker, nothing stands before the reference."""
else:
    _Hot = front("handler", "HotHandler")


class RequestHandler(_Hot, AnyHandler):
    """Answers one request. A subclass defines methods named after the HTTP methods: ``get``, ``post``, ...

    The life of a handler: ``initialize(**kwargs)`` with the rule's arguments; :meth:`prepare`; the method
    (both may be coroutines); :meth:`finish`, which is called for the author when the method has ended;
    :meth:`on_finish`. None of its methods may be called from another thread.

    An exception ends the request with an error response (:meth:`send_error`): that of an
    :exc:`HTTPError`, else a 500, which is logged with its traceback.
    """


def _sending_of(connection: Any) -> "asyncio.Future[None]":
    """What ``respond()`` of a native connection would have returned."""
    sending: asyncio.Future[None] = connection._when_taken()
    return sending


if RUNNING:
    from .._native import handler as native
    from .._native import plans, state

    native.install(
        AnyHandler,
        HTTPServerRequest,
        {
            "JSON": JSON,
            "REQUIRED": REQUIRED,
            "ENDS": ENDS,
            "header_text": header_text,
            "canonical_names": canonical_names,
            "responses": responses,
        },
    )
    state.install(HTML, SERVER, HTTPHeaders, http_date_now, _sending_of)
    plans.install(RequestHandler, AnyHandler, native.HotHandler)
