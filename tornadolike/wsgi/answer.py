""":class:`Answer`: writes the response of an application to the connection of its request."""

import asyncio
from collections.abc import Callable
from typing import Any

from ..http1 import SERVER
from ..httputil import (
    HTTPHeaders,
    HTTPServerRequest,
    ResponseStartLine,
    http_date_now,
    responses,
)
from ..httputil.request import summary_of
from ..iostream import StreamClosedError
from ..log import CLIENT_CLOSED_REQUEST, app_log, gen_log
from .errors import ClientGone
from .files import OpenFile
from .response import Response


class Answer:
    """What a request is answered by, and what access logs want to know of it."""

    def __init__(self, request: HTTPServerRequest, when_over: "Callable[[Answer], object]") -> None:
        self.request = request
        self._when_over = when_over
        self.body_size = 0
        """Bytes of the body that were sent."""
        self._connection: Any = request.connection
        self._status_code = CLIENT_CLOSED_REQUEST
        self._begun = False
        self._finished = False

    def get_status(self) -> int:
        """The status that was sent."""
        return self._status_code

    @property
    def sends_files(self) -> bool:
        """Whether the connection takes :class:`OpenFile`."""
        return hasattr(self._connection, "write_file")

    def is_lost(self) -> bool:
        """Whether nothing that is sent arrives any more."""
        return getattr(self._connection, "closed", False)

    def send(
        self, response: Response, data: bytes | OpenFile, last: bool
    ) -> "asyncio.Future[None] | None":
        """Send a piece of ``response``. More may be sent when the future is done, if there is one.

        Raises :exc:`ClientGone`.
        """
        if self._finished or self.is_lost():
            raise ClientGone
        future: asyncio.Future[None] | None = None
        chunk, part = (data, None) if isinstance(data, bytes) else (b"", data)
        if not self._begun:
            assert response.headers is not None
            future = self._begin(response.status, response.reason, response.headers, chunk)
        elif chunk:
            future = self._connection.write(chunk)
        self.body_size += len(chunk)
        if part is not None and part.size:
            future = self._connection.write_file(part.file, part.offset, part.size)
            self.body_size += part.size
        if last:
            self._connection.finish()
            self._end()
        return future

    def _begin(
        self, status: int, reason: str, headers: HTTPHeaders, chunk: bytes
    ) -> "asyncio.Future[None]":
        start_line = ResponseStartLine("HTTP/1.1", status, reason)
        future: asyncio.Future[None] = self._connection.write_headers(start_line, headers, chunk)
        self._status_code = status
        self._begun = True
        return future

    def _end(self) -> None:
        self._finished = True
        self._when_over(self)

    def when_lost(self, callback: Callable[[], object]) -> None:
        """Call ``callback()`` when the client is gone for good, before the answer is whole."""

        def left() -> None:
            # One that has only ended its side may be waiting for the answer.
            if self.is_lost():
                callback()

        self._connection.set_close_callback(left)

    def refuse(self, status: int, fields: dict[str, str] | None = None) -> None:
        """Answer by an error; if the answer has begun, break it off.

        :arg fields: more headers.
        """
        if self._finished:
            return
        if self._begun or self.is_lost():
            self._connection.close()
            self._end()
            return
        reason = responses.get(status, "Unknown")
        body = f"{status}: {reason}\n".encode()
        headers = HTTPHeaders(
            {
                "Server": SERVER,
                "Date": http_date_now(),
                "Content-Type": "text/plain; charset=UTF-8",
                "Content-Length": str(len(body)),
                **(fields or {}),
            }
        )
        self._begin(status, reason, headers, body)
        self.body_size = len(body)
        self._connection.finish()
        self._end()

    def fail(self, error: BaseException) -> None:
        """The application has not done what it should."""
        if isinstance(error, ClientGone):
            gen_log.info("%s: the client closed the connection", summary_of(self.request))
        else:
            app_log.error("Uncaught exception %s", summary_of(self.request), exc_info=error)
        self.refuse(500)


async def wait_for(future: "asyncio.Future[None] | None") -> None:
    """Wait until more may be sent, and at least a turn of the loop: who sends much must not keep the others waiting.

    Raises :exc:`ClientGone`.
    """
    if future is None or future.done():
        await asyncio.sleep(0)
    if future is not None:
        try:
            await future
        except StreamClosedError as error:
            raise ClientGone(error.real_error) from None
