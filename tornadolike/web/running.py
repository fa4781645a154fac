""":class:`Running`: a request from its beginning to its end, as calls of what a handler's author has written.

A handler runs as far as it can in the call that brings its request; only what has to wait becomes a coroutine. How it
runs is known of each class: it is what the class has as its ``_run_request``.

.. code-block:: text

   _run_request      the body is here: prepare(), the method, finish()
   _run_streaming    the body is still coming: prepare(), the body, the method, finish()
   _run_execute      the author has put something around one of these, by overriding _execute()

All of them end in ``_execute_rest``, if they have to wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from ..log import app_log
from .afterwards import Afterwards
from .around import Next
from .bodies import Bodies
from .cookies import EncryptedCookies
from .downloads import Downloads
from .errors import Finish, HTTPError
from .failures import ENDS, FAILURES
from .rendering import Rendering
from .streams.events import EventStreams
from .transforms import OutputTransform
from .xsrf import SAFE_METHODS

Arguments = tuple[tuple[bytes | None, ...], dict[str, Any]]


class Running(Downloads, EventStreams, Rendering, EncryptedCookies, Bodies, Afterwards):
    """Runs a handler."""

    path_args: list[str | None]
    path_kwargs: dict[str, Any]
    prepare: Callable[[], Awaitable[None] | None]

    _auto_finish = True
    _arguments: Arguments | None = None
    """What the path has for the method, as long as middleware has not called the handler."""
    _is_inside = False
    """Whether there is middleware that is to see what goes wrong."""
    _client_has_left = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls._execute is not cls._own_execute:
            cls._run_request = cls._run_execute  # type: ignore[method-assign]

    def _run_request(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, Any]
    ) -> Coroutine[Any, Any, None] | None:
        """Run the request as far as it goes without waiting; give the rest as a coroutine if there is one."""
        request = self.request
        try:
            method = request.method
            if method not in self.SUPPORTED_METHODS:
                raise HTTPError(405)
            groups = path_args or path_kwargs
            if groups:
                self._decode_path(path_args, path_kwargs)
            if request.body:
                self._check_body_size()
                self._check_form()
            if method not in SAFE_METHODS:
                self._cross_origin_protection()
            waiting: Any = self.prepare()
            if waiting is not None:
                return self._execute_rest(waiting, prepared=False)
            if self._finished:
                return None
            handle = getattr(self, method.lower(), None) or self._unimplemented_method
            waiting = handle(*self.path_args, **self.path_kwargs) if groups else handle()
            if waiting is not None:
                return self._execute_rest(waiting, prepared=True)
            if self._auto_finish and not self._finished:
                self.finish()
        except ENDS:
            raise
        except BaseException as error:
            self._fail(error)
        return None

    def _run_within(
        self,
        around: Next,
        path_args: tuple[bytes | None, ...],
        path_kwargs: dict[str, Any],
    ) -> Coroutine[Any, Any, None]:
        """As :meth:`_run_request`, with middleware around it."""
        self._arguments = path_args, path_kwargs
        rest = self._execute_rest(self._call(around), prepared=True)
        return self._closing_body(rest) if self._streams_body else rest

    async def _closing_body(self, rest: Awaitable[None]) -> None:
        try:
            await rest
        finally:
            self._close_body()

    async def _call(self, around: Next) -> None:
        waiting: Any = around(self)
        if waiting is None:
            raise TypeError(
                "middleware is to be a coroutine function: async def m(handler, call_next)"
            )
        await waiting
        if self._arguments is not None and not (self._finished or self._has_begun()):
            raise RuntimeError("a middleware has neither answered nor awaited call_next(handler)")

    def _has_begun(self) -> bool:
        """Whether somebody has begun to answer."""
        return self._headers_written or bool(self._write_buffer) or self._status_code != 200

    def _run_inside(self) -> Coroutine[Any, Any, None] | None:
        """The handler's own life, for the innermost middleware. What goes wrong is raised."""
        arguments, self._arguments = self._arguments, None
        if arguments is None:
            raise RuntimeError("call_next() was called twice for one request")
        if self._finished:
            raise RuntimeError("call_next() was called for a request that is finished")
        self._is_inside = True
        try:
            rest = self._run_request(*arguments)
        except BaseException:
            self._is_inside = False
            raise
        if rest is None:
            self._is_inside = False
            return None
        return self._run_rest_inside(rest)

    async def _run_rest_inside(self, rest: Awaitable[None]) -> None:
        try:
            await rest
        finally:
            self._is_inside = False

    def _fail(self, error: BaseException) -> None:
        """End the request with ``error``, or let middleware see it first."""
        if self._is_inside and not isinstance(error, Finish):
            try:
                raise error
            finally:
                del error  # whose traceback has this frame
        self._end_with(error)

    def _decode_path(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, Any]
    ) -> None:
        decode = self.decode_argument
        self.path_args = [None if arg is None else decode(arg) for arg in path_args]
        self.path_kwargs = {
            name: decode(arg, name) if isinstance(arg, bytes) else arg
            for name, arg in path_kwargs.items()
        }

    async def _run_streaming(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, Any]
    ) -> None:
        """In the place of :meth:`_run_request`, for a handler that runs while its body is coming."""
        try:
            await self._execute_rest(self._prepare_and_receive(path_args, path_kwargs), False)
        finally:
            self._close_body()

    def _close_body(self) -> None:
        if self._finished:
            self.request_body.close()
            if self._spool is not None:
                self._spool.close()

    async def _prepare_and_receive(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, Any]
    ) -> None:
        if self.request.method not in self.SUPPORTED_METHODS:
            raise HTTPError(405)
        self._decode_path(path_args, path_kwargs)
        self._check_body_size()
        self.request_body  # noqa: B018 - from here on it is nowhere else, however it came
        if self.request.method not in SAFE_METHODS:
            self._cross_origin_protection()
        waiting = self.prepare()
        if waiting is not None:
            await waiting
        if not self._finished:
            await self._receive_body()

    async def _execute(
        self,
        transforms: Sequence[OutputTransform],
        *path_args: bytes | None,
        **path_kwargs: Any,
    ) -> None:
        """The request from its beginning to its end, for handlers that put something around it by overriding this.

        :arg transforms: what the response goes through.
        """
        self._transforms = transforms
        if self._streams_body:
            await self._run_streaming(path_args, path_kwargs)
        else:
            rest = Running._run_request(self, path_args, path_kwargs)
            if rest is not None:
                await rest

    _own_execute = _execute

    async def _run_execute(
        self, path_args: tuple[bytes | None, ...], path_kwargs: dict[str, Any]
    ) -> None:
        """In the place of :meth:`_run_request`, where :meth:`_execute` is overridden."""

        async def execute() -> None:
            waiting: Any = self._execute(self._transforms, *path_args, **path_kwargs)
            if waiting is not None:
                await waiting

        await self._execute_rest(execute(), prepared=True)

    async def _execute_rest(self, waiting: Awaitable[None], prepared: bool) -> None:
        try:
            await waiting
            if not prepared:
                if self._finished:
                    return
                method = self.request.method or ""
                handle = getattr(self, method.lower(), None) or self._unimplemented_method
                result = handle(*self.path_args, **self.path_kwargs)
                if result is not None:
                    await result
            if self._auto_finish and not self._finished:
                self.finish()
        except Exception as error:
            self._fail(error)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                # Not this task was cancelled but what it waited for: an exception like any other.
                self._fail(error)
                return
            if not self._is_inside:
                self._answer_cancelled()
            raise
        except ENDS:
            raise
        except BaseException as error:  # or the client would wait for ever
            self._fail(error)

    def _answer_cancelled(self) -> None:
        """Whoever cancels a handler knows; only its client has to be told, if it is there."""
        if self._finished:
            return
        try:
            if self._client_has_left or self.request.connection.closed:
                self._abandon()
            else:
                self.send_error(500)
        except FAILURES:
            app_log.error("Exception in exception handler", exc_info=True)
            self._answer_bluntly()
