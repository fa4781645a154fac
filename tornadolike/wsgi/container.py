""":class:`WSGIContainer`: an application of WSGI as what answers requests."""

import asyncio
import logging
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import closing
from contextvars import copy_context
from functools import partial
from typing import Any
from wsgiref.types import WSGIApplication

from ..concurrent import dummy_executor
from ..httputil import HTTPInputError, HTTPServerRequest
from ..httputil.request import summary_of
from ..ioloop import IOLoop
from ..log import access_log, app_log, gen_log, on_one_line
from .answer import Answer, wait_for
from .channel import Channel
from .environ import make_environ
from .errors import ClientGone
from .files import OpenFile
from .response import Response, run


class WSGIContainer:
    """Answers requests by an application of WSGI (:pep:`3333`), such as Django's and Flask's.

    .. code-block:: python

        container = WSGIContainer(application, ThreadPoolExecutor(16))
        HTTPServer(container).listen(8888)

    It is what an :class:`.HTTPServer`, a router and :class:`.FallbackHandler` may call with a request that is here as
    a whole.

    :arg wsgi_application: the application.

    :arg executor: the threads in which it runs, from its call to ``close()`` in one of them. The author shuts it down,
        when the server has drained. Without an executor the application runs in the loop's thread, and while it does
        nothing else does.

    :arg script_name: the path below which the application lives, such as ``"/shop"``: it is told of it by
        ``SCRIPT_NAME``. Other paths are 404.

    :arg max_waiting_requests: requests that may wait for a thread. Further ones are 503.

    :arg max_buffered_output: bytes of a response that may wait for its client. Then the thread waits.

    :arg log_function: called with each :class:`.Answer` that is over, instead of logging: a
        :class:`~tornadolike.accesslog.CombinedLog`, as the site's.

    Raises :exc:`TypeError` and :exc:`ValueError` for arguments that are of no use.
    """

    def __init__(
        self,
        wsgi_application: WSGIApplication,
        executor: Executor | None = None,
        *,
        script_name: str = "",
        max_waiting_requests: int = 1000,
        max_buffered_output: int = 256 * 1024,
        log_function: Callable[[Answer], object] | None = None,
    ) -> None:
        if not callable(wsgi_application):
            raise TypeError(f"wsgi_application should be callable, got {wsgi_application!r}")
        if script_name and (not script_name.startswith("/") or script_name.endswith("/")):
            raise ValueError(f"script_name should be like '/shop', got {script_name!r}")
        _check_executor(executor)
        self.wsgi_application = wsgi_application
        self.executor = dummy_executor if executor is None else executor
        self._script_name = script_name.encode().decode("latin1")
        self._max_waiting_requests = max_waiting_requests
        self._max_buffered_output = max_buffered_output
        self._log_function = log_function
        self._waiting: set[Channel] = set()
        """Of requests that have no thread yet."""

    def __call__(self, request: HTTPServerRequest) -> None:
        """Answer a request."""
        loop = IOLoop.current()
        assert loop is not None
        task = loop.start_task(self.handle_request(request), copy_context())
        keep_task = getattr(request.connection, "keep_task", None)
        if keep_task is not None and not task.done():
            keep_task(task)

    async def handle_request(self, request: HTTPServerRequest) -> None:
        """Answer a request; done when the application is."""
        answer = Answer(request, self._log_answer)
        try:
            environ = self.environ(request)
        except HTTPInputError as error:
            gen_log.info("%s: %s", summary_of(request), on_one_line(str(error)))
            answer.refuse(error.status)
            return
        try:
            if self.executor is dummy_executor:
                await self._run_here(environ, answer)
            else:
                await self._run_in_thread(environ, answer)
        except Exception as error:
            answer.fail(error)
        except BaseException:
            request.connection.close()
            raise

    def environ(self, request: HTTPServerRequest) -> dict[str, Any]:
        """What the application is told of ``request``. May be overridden, to tell more.

        Raises :exc:`HTTPInputError` for requests that are nothing for an application.
        """
        multithread = self.executor is not dummy_executor
        return make_environ(request, multithread=multithread, script_name=self._script_name)

    async def _run_here(self, environ: dict[str, Any], answer: Answer) -> None:
        def write(data: bytes) -> None:
            answer.send(response, data, False)

        response = Response(answer.request.method, write)
        with closing(run(self.wsgi_application, environ, response, answer.sends_files)) as pieces:
            for data, last in pieces:
                sent = answer.send(response, data, last)
                if not last:
                    await wait_for(sent)

    async def _run_in_thread(self, environ: dict[str, Any], answer: Answer) -> None:
        if len(self._waiting) >= self._max_waiting_requests:
            gen_log.warning("%s: max_waiting_requests wait already", summary_of(answer.request))
            answer.refuse(503, {"Retry-After": "1"})
            return
        channel = Channel(asyncio.get_running_loop(), self._max_buffered_output)
        response = Response(answer.request.method, channel.put)

        def job() -> None:
            self._waiting.discard(channel)
            if answer.is_lost():
                raise ClientGone
            # A file may be closed when it is handed over, so that this has to wait for the connection.
            send_files = answer.sends_files and channel.is_beside_loop()
            with closing(run(self.wsgi_application, environ, response, send_files)) as pieces:
                for data, last in pieces:
                    channel.put(data, last)

        self._waiting.add(channel)
        try:
            future = self.executor.submit(copy_context().run, job)
        except RuntimeError as error:
            self._waiting.discard(channel)
            app_log.error(
                "%s: the executor of WSGIContainer takes nothing any more (%s):"
                " shut it down when the server has drained",
                summary_of(answer.request),
                error,
            )
            answer.refuse(503)
            return
        future.add_done_callback(channel.job_ended)
        answer.when_lost(partial(self._give_up, channel, future))
        try:
            while (piece := await channel.take()) is not None:
                data, last = piece
                sent = answer.send(response, data, last)
                if isinstance(data, OpenFile):
                    channel.sent(data)  # and may be closed: the connection has its own hold on it
                if not last:
                    await wait_for(sent)
                if isinstance(data, bytes):
                    channel.sent(data)
        except Exception:
            self._give_up(channel, future)
            await channel.take()  # raises what went wrong in the thread, if that was something else
            raise
        except BaseException:  # the server stops, or the loop has been left
            self._give_up(channel, future)
            raise

    def _give_up(self, channel: Channel, job: Future[None]) -> None:
        """Nobody wants the response any more."""
        channel.close()
        if job.cancel():
            self._waiting.discard(channel)

    def _log_answer(self, answer: Answer) -> None:
        if self._log_function is None:
            self._log(answer.get_status(), answer.request)
            return
        try:
            self._log_function(answer)
        except Exception:
            app_log.error("Uncaught exception in log_function", exc_info=True)

    def _log(self, status_code: int, request: HTTPServerRequest) -> None:
        """A line for the request, as :meth:`.Application.log_request` writes it."""
        level = logging.INFO if status_code < 400 else logging.WARNING
        if status_code >= 500:
            level = logging.ERROR
        if access_log.isEnabledFor(level):
            milliseconds = 1000.0 * request.request_time()
            access_log.log(level, "%d %s %.2fms", status_code, summary_of(request), milliseconds)


def _check_executor(executor: Executor | None) -> None:
    if executor is None:
        return
    if not isinstance(executor, Executor):
        raise TypeError(f"executor should be a concurrent.futures.Executor, got {executor!r}")
    # Where nobody has imported it, it is none of these.
    processes = sys.modules.get("concurrent.futures.process")
    if processes is not None and isinstance(executor, processes.ProcessPoolExecutor):
        raise TypeError("A WSGI application runs in threads: give a ThreadPoolExecutor")
