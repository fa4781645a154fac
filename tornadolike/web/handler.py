""":class:`RequestHandler`: what a site's author subclasses.

Its rooms, each of which uses only those before it: :mod:`.site` (what is known of the application), :mod:`.head`
(status and headers), :mod:`.cookies` and :mod:`.conditions` (Etag), :mod:`.transformed` (on its way through
:mod:`.transforms`), :mod:`.response` (write, flush, finish), :mod:`.languages` (the reader's), :mod:`.failures` (error
pages).

Pages are :mod:`.rendering`'s, which stands on :mod:`.templates` (where they are), :mod:`.resources` (what UI modules
put into pages) and :mod:`.addresses` (links).

Beside them :mod:`.arguments`, and :mod:`.bodies` for those who do not want their body whole: it stands on :mod:`.body`
(one that is still coming), :mod:`.forms` (its parts), :mod:`.spool` and :mod:`.disk` (its files), and is asked for by
the decorators of :mod:`.streaming`. What is left for here is the life of a request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ..http1connection.serving import Answering
from ..httputil import HTTPServerRequest
from ..iostream import IOStream
from ..log import app_log
from ..util import lazy
from .arguments import Arguments
from .bodies import Bodies
from .errors import HTTPError
from .failures import Failures
from .rendering import Rendering
from .site import Site


class RequestHandler(Failures, Rendering, Arguments, Bodies):
    """Answers one request. A subclass defines methods named after the HTTP methods: ``get``, ``post``, ...

    The life of a handler: ``initialize(**kwargs)`` with the rule's arguments; :meth:`prepare`; the method
    (both may be coroutines); :meth:`finish`, which is called for the author when the method has ended;
    :meth:`on_finish`. None of its methods may be called from another thread.

    An exception ends the request with an error response (:meth:`send_error`): that of an
    :exc:`HTTPError`, else a 500, which is logged with its traceback.
    """

    cancel_on_disconnect: bool | None = None
    """Whether the handler is cancelled when its client goes away before the response is finished.

    None: as the application's setting of that name says, which is False unless it is set. It concerns
    handlers that are coroutines; what they await is cancelled, as by :meth:`asyncio.Task.cancel`. A client
    that only ends its side of the connection counts as gone.
    """

    _auto_finish = True
    _answering: Answering | None = None
    """What runs the handler, once it has had to wait."""
    _client_has_left = False

    def __init__(self, application: Site, request: HTTPServerRequest, **kwargs: Any) -> None:
        self.application = application
        self.request = request
        self._write_buffer: list[bytes] = []
        self.set_default_headers()
        self.initialize(**kwargs)

    @lazy
    def path_args(self) -> list[str | None]:
        """The unnamed groups of the rule's pattern, as text."""
        return []

    @lazy
    def path_kwargs(self) -> dict[str, str | None]:
        """The named groups of the rule's pattern, as text."""
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
        return stream

    # The client and the server may go away before the request is finished

    def _stay_told(self) -> None:
        """Be told of it from now on: until now the loop was here, and nobody could."""
        connection = self.request.connection
        connection.set_close_callback(self._lose_client)
        if type(self).on_going_away is not RequestHandler.on_going_away:
            connection.set_drain_callback(self.on_going_away)

    def _goes_on(self, task: "asyncio.Task[None]") -> None:
        """The handler has to wait; ``task`` is what runs it."""
        self._answering = self.request.connection.keep_task(task)
        task.add_done_callback(self._has_ended)
        if not self._finished:
            self._stay_told()

    def _has_ended(self, task: "asyncio.Task[None]") -> None:
        self._answering = None

    def _lose_client(self) -> None:
        self._client_has_left = True
        if self._streams_body:
            self.request_body.close()
        try:
            self.on_connection_close()
        finally:
            cancels = self.cancel_on_disconnect
            if cancels is None:
                cancels = self.settings.get("cancel_on_disconnect", False)
            if cancels and self._answering is not None:
                self._answering.give_up()

    # Running

    def _execute(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, bytes | None]
    ) -> Coroutine[Any, Any, None] | None:
        """Run the request as far as it goes without waiting; give the rest as a coroutine if there is one."""
        request = self.request
        try:
            method = request.method
            if method not in self.SUPPORTED_METHODS:
                raise HTTPError(405)
            if path_args or path_kwargs:
                self._decode_path(path_args, path_kwargs)
            if request.body:
                self._check_body_size()
                request.body_arguments  # noqa: B018 - a malformed form is refused before anything runs
            waiting: Any = self.prepare()
            if waiting is not None:
                return self._execute_rest(waiting, prepared=False)
            if self._finished:
                return None
            handle = getattr(self, method.lower())
            simple = not path_args and not path_kwargs
            waiting = handle() if simple else handle(*self.path_args, **self.path_kwargs)
            if waiting is not None:
                return self._execute_rest(waiting, prepared=True)
            if self._auto_finish and not self._finished:
                self.finish()
        except (Exception, asyncio.CancelledError) as error:
            self._handle_request_exception(error)
        return None

    def _decode_path(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, bytes | None]
    ) -> None:
        decode = self.decode_argument
        if path_args:
            self.path_args = [None if arg is None else decode(arg) for arg in path_args]
        else:
            self.path_kwargs = {
                name: None if arg is None else decode(arg, name)
                for name, arg in path_kwargs.items()
            }

    async def _execute_streaming(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, bytes | None]
    ) -> None:
        """In the place of :meth:`_execute`, for a handler that runs while its body is coming."""
        try:
            await self._execute_rest(self._prepare_and_receive(path_args, path_kwargs), False)
        finally:
            if self._finished:
                self.request_body.close()
                if self._spool is not None:
                    self._spool.close()

    async def _prepare_and_receive(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, bytes | None]
    ) -> None:
        if self.request.method not in self.SUPPORTED_METHODS:
            raise HTTPError(405)
        self._decode_path(path_args, path_kwargs)
        self._check_body_size()
        self.request_body  # noqa: B018 - from here on it is nowhere else, however it came
        waiting = self.prepare()
        if waiting is not None:
            await waiting
        if not self._finished:
            await self._receive_body()

    async def _execute_rest(self, waiting: Awaitable[None], prepared: bool) -> None:
        try:
            await waiting
            if not prepared:
                if self._finished:
                    return
                method = getattr(self, self.request.method.lower())  # type: ignore[union-attr]
                result = method(*self.path_args, **self.path_kwargs)
                if result is not None:
                    await result
            if self._auto_finish and not self._finished:
                self.finish()
        except Exception as error:
            self._handle_request_exception(error)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                # Not this task was cancelled but what it waited for: an exception like any other.
                self._handle_request_exception(error)
                return
            self._answer_cancelled()
            raise

    def _answer_cancelled(self) -> None:
        """Whoever cancels a handler knows; only its client has to be told, if it is there."""
        if self._finished:
            return
        try:
            if self._client_has_left or self.request.connection.closed:
                self._abandon()
            else:
                self.send_error(500)
        except Exception:
            app_log.error("Exception in exception handler", exc_info=True)
            self._answer_bluntly()
