"""The decorators that say how a handler wants its body."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .bodies import Bodies
from .handler import RequestHandler

Handler = TypeVar("Handler", bound=type[RequestHandler])


def stream_request_body(cls: Handler) -> Handler:
    """Have the body brought to the handler piece by piece, while it is coming.

    .. code-block:: python

        @stream_request_body
        class Upload(RequestHandler):
            def prepare(self):
                self.request.connection.set_max_body_size(10 * 1024**3)

            async def data_received(self, chunk):
                ...

            def post(self):
                ...

    ``prepare()`` is called when the head of the request is here, then ``data_received(chunk)`` for each piece
    of the body, then the method. All of them may be coroutines. ``request.body`` stays empty, and forms are not
    parsed. Raises :exc:`TypeError` for what is no :class:`RequestHandler`.
    """
    return _run_meanwhile(cls, _push_body)


def pull_request_body(cls: Handler) -> Handler:
    """Have the method called when the head of the request is here, to read the body by itself.

    .. code-block:: python

        @pull_request_body
        class Upload(RequestHandler):
            async def put(self):
                async for chunk in self.request_body:
                    ...

            async def post(self):
                async for part in self.form_parts():
                    ...

    What it does not read when it is wanted waits with the client. If the handler finishes before the body was
    whole, the connection closes behind the answer. ``request.body`` stays empty, and forms are not parsed but
    by ``form_parts()``. Raises :exc:`TypeError` for what is no :class:`RequestHandler`.
    """
    return _run_meanwhile(cls, Bodies._receive_body)


def _run_meanwhile(
    cls: Handler, receive_body: Callable[[Any], Coroutine[Any, Any, None]]
) -> Handler:
    if not (isinstance(cls, type) and issubclass(cls, RequestHandler)):
        raise TypeError(f"it is a RequestHandler subclass that can be decorated, not {cls!r}")
    cls._streams_body = True
    cls._execute = RequestHandler._execute_streaming  # type: ignore[method-assign]
    cls._receive_body = receive_body  # type: ignore[method-assign, assignment]
    return cls


async def _push_body(handler: RequestHandler) -> None:
    async for chunk in handler.request_body:
        waiting = handler.data_received(chunk)
        if waiting is not None:
            await waiting
        if handler._finished:
            return
