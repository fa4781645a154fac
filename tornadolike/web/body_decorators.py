"""The decorators that say how a handler wants its body."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ..httputil import HTTPFile
from ..httputil.forms import UNKNOWN_TYPE, is_multipart
from .bodies import Bodies
from .bodies.forms import FormParts
from .bodies.incoming import gather
from .bodies.spool import DEFAULT_MEMORY_SIZE, Spool, UploadedFile
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


def reads_request_body(cls: Handler) -> Handler:
    """Have the method called when the head of the request is here, to read the body by itself.

    .. code-block:: python

        @reads_request_body
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


def spool_uploads(cls: Handler) -> Handler:
    """Have the files of a form written to the disk while they come, and the method called when it is whole.

    .. code-block:: python

        @spool_uploads
        class Upload(RequestHandler):
            max_body_size = 10 * 1024**3

            async def post(self):
                for file in self.request.files["photo"]:
                    await file.save(folder / secrets.token_hex())

    The handler is an ordinary one: ``get_argument()`` gives the fields, ``request.files`` the files, as
    :class:`UploadedFile`; they are gone when the request is over. But ``prepare()`` is called before the body
    comes, and so without it.

    Settings of the application: ``upload_memory_size`` (1 MiB), over which files go to the disk; the fields
    together, and a body that is no ``multipart/form-data``, may not be larger (413). ``upload_directory``: where
    to, unless to the system's directory for such files.

    Raises :exc:`TypeError` for what is no :class:`RequestHandler`.
    """
    return _run_meanwhile(cls, _spool_form)


def _run_meanwhile(
    cls: Handler, receive_body: Callable[[Any], Coroutine[Any, Any, None]]
) -> Handler:
    if not (isinstance(cls, type) and issubclass(cls, RequestHandler)):
        raise TypeError(f"it is a RequestHandler subclass that can be decorated, not {cls!r}")
    cls._streams_body = True
    if cls._execute is cls._own_execute:  # else it is called, and comes to that itself
        cls._run_request = cls._run_streaming  # type: ignore[method-assign]
    cls._receive_body = receive_body  # type: ignore[method-assign, assignment]
    cls._gets_form_later = receive_body is _spool_form
    return cls


async def _push_body(handler: RequestHandler) -> None:
    async for chunk in handler.request_body:
        waiting = handler.data_received(chunk)
        if waiting is not None:
            await waiting
        if handler._finished:
            return


async def _spool_form(handler: RequestHandler) -> None:
    settings = handler.settings
    memory_size: int = settings.get("upload_memory_size", DEFAULT_MEMORY_SIZE)
    request = handler.request
    body = handler.request_body
    if body.empty or not is_multipart(request.headers):
        request.body = await gather(body, memory_size, "A body that is no multipart form")
        form = None
    else:
        handler._spool = spool = Spool(memory_size, settings.get("upload_directory"))
        form = await _read_form(handler.form_parts(), spool, memory_size)
    # What prepare() has looked at was without them.
    request._forget_form()
    if form is not None:
        request._form = form
    handler._check_form()
    handler._form_is_there()


async def _read_form(
    parts: FormParts, spool: Spool, memory_size: int
) -> tuple[dict[str, list[bytes]], dict[str, list[HTTPFile]]]:
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    left = memory_size
    async for part in parts:
        if part.filename:
            start = spool.size
            async for chunk in part:
                await spool.write(chunk)
            file = UploadedFile(
                spool,
                start,
                spool.size - start,
                filename=part.filename,
                content_type=part.content_type or UNKNOWN_TYPE,
            )
            files.setdefault(part.name, []).append(file)
        else:
            value = await gather(
                part, min(left, parts.config.max_field_size), "The fields of a form"
            )
            left -= len(value)
            arguments.setdefault(part.name, []).append(value)
    await spool.finish()
    return arguments, files
