""":class:`RequestHandler`: what a site's author subclasses.

Its rooms, each of which uses only those before it: :mod:`.head` (status and headers), :mod:`.cookies` and
:mod:`.conditions` (Etag), :mod:`.response` (write, flush, finish), :mod:`.failures` (error pages); beside
them :mod:`.arguments`. What is left for here is the life of a request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ..httputil import HTTPServerRequest
from ..iostream import IOStream
from ..log import app_log
from ..util import lazy
from .arguments import Arguments
from .errors import HTTPError
from .failures import Failures

if TYPE_CHECKING:
    from .application import Application


class RequestHandler(Failures, Arguments):
    """Answers one request. A subclass defines methods named after the HTTP methods: ``get``, ``post``, ...

    The life of a handler: ``initialize(**kwargs)`` with the rule's arguments; :meth:`prepare`; the method
    (both may be coroutines); :meth:`finish`, which is called for the author when the method has ended;
    :meth:`on_finish`. None of its methods may be called from another thread.

    An exception ends the request with an error response (:meth:`send_error`): that of an
    :exc:`HTTPError`, else a 500, which is logged with its traceback.
    """

    _auto_finish = True

    def __init__(
        self, application: "Application", request: HTTPServerRequest, **kwargs: Any
    ) -> None:
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
        """Called before the method, whatever it is. May be a coroutine. May finish the request."""

    def on_connection_close(self) -> None:
        """Called when the client is gone before the response was finished.

        The place to drop what waits for it, as a long poll does. The handler's coroutine goes on.
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

        In the place of a response, or behind the head of a ``101`` that :meth:`flush` has sent. What the client
        has sent behind its request is read first. The stream stays open as long as somebody has it or waits for
        it, also when the method has ended. :meth:`on_finish` is not called, and no request is logged.

        Raises :exc:`RuntimeError` behind another head, and :exc:`~tornadolike.iostream.StreamClosedError` if
        the client has gone.
        """
        stream: IOStream = self.request.connection.detach()
        self._finished = True
        return stream

    def reverse_url(self, name: str, *args: Any) -> str:
        """The path of the rule named ``name`` for ``args``. Raises :exc:`KeyError` for an unknown name."""
        return self.application.reverse_url(name, *args)

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
            if path_args:
                self.path_args = [
                    None if arg is None else self.decode_argument(arg) for arg in path_args
                ]
            elif path_kwargs:
                self.path_kwargs = {
                    name: None if arg is None else self.decode_argument(arg, name)
                    for name, arg in path_kwargs.items()
                }
            if request.body:
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
        """Whoever cancels a handler knows; only its client has to be told."""
        if not self._finished:
            try:
                self.send_error(500)
            except Exception:
                app_log.error("Exception in exception handler", exc_info=True)
                self._answer_bluntly()
