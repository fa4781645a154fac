"""A response on its way through the application's transforms."""

import asyncio
from collections.abc import Sequence
from functools import partial

from ..httputil import ResponseStartLine
from ..log import app_log
from ..util import lazy
from .head import ResponseHead
from .transforms import FirstChunk, OutputTransform


class TransformedResponse(ResponseHead):
    """Applies the transforms. Where an application has none, nothing of this is called."""

    @lazy
    def _transforms(self) -> Sequence[OutputTransform]:
        """What the response goes through. A handler may assign another list before its head is sent."""
        self._transforms = ()  # if one of them cannot be made, the error page goes without
        return [make(self.request) for make in self.application.transforms]

    def _take_transforms(self) -> Sequence[OutputTransform]:
        """The transforms, for a head that is about to be sent. If that fails, the error page goes without."""
        transforms = self._transforms
        self._transforms = ()
        return transforms

    def _transform_head(
        self, transforms: Sequence[OutputTransform], chunk: bytes, finishing: bool
    ) -> bytes:
        """Change the headers, and give the beginning of the body as it is to be sent."""
        for transform in transforms:
            chunk = self._take_first(
                transform.transform_first_chunk(self._status_code, self._headers, chunk, finishing)
            )
        return chunk

    def _take_first(self, first: FirstChunk) -> bytes:
        self._status_code, self._headers, chunk = first
        return chunk

    def _transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        for transform in self._transforms:
            chunk = transform.transform_chunk(chunk, finishing)
        return chunk

    # Whole responses

    def _respond_transformed(self, body: bytes) -> "asyncio.Future[None]":
        transforms = self._take_transforms()
        if any(self._takes_long(transform, body) for transform in transforms):
            return self._respond_later(transforms, body)
        return self._respond(self._transform_head(transforms, body, finishing=True))

    def _takes_long(self, transform: OutputTransform, body: bytes) -> bool:
        return transform.takes_long(self._status_code, self._headers, body)

    def _respond(self, body: bytes) -> "asyncio.Future[None]":
        self._write_buffer = [body]  # whose size is that of the response
        connection = self.request.connection
        headers = self._headers
        future: asyncio.Future[None]
        if (
            self.request.method == "HEAD"
            and "Content-Encoding" in headers
            and "Content-Length" not in headers
        ):
            # How long the body would be nobody knows, as it is not made: it would not be 0.
            start_line = ResponseStartLine("HTTP/1.1", self._status_code, self._reason)
            future = connection.write_headers(start_line, headers)
            connection.finish()
        else:
            future = connection.respond(
                self._status_code, self._reason, self._content_type, headers, b"", body
            )
        return future

    def _respond_later(
        self, transforms: Sequence[OutputTransform], body: bytes
    ) -> "asyncio.Future[None]":
        """Respond when the body is ready; others are served meanwhile."""
        # The handler is through: it need not be told of the connection any more.
        self.request.connection.set_close_callback(None)
        task = asyncio.ensure_future(self._respond_from_thread(transforms, body))
        self.request.connection.keep_task(task)
        # Who does not wait to the end must not cancel it, and need not see what came of it.
        sent = asyncio.shield(task)
        sent.add_done_callback(_look_at)
        return sent

    async def _respond_from_thread(
        self, transforms: Sequence[OutputTransform], body: bytes
    ) -> None:
        try:
            sending = self._respond(await self._transform_in_thread(transforms, body))
        except BaseException as error:
            self.request.connection.close()
            if isinstance(error, Exception):
                app_log.error("A response could not be sent", exc_info=True)
            raise
        await sending

    async def _transform_in_thread(
        self, transforms: Sequence[OutputTransform], body: bytes
    ) -> bytes:
        for transform in transforms:
            transform_it = partial(
                transform.transform_first_chunk, self._status_code, self._headers, body, True
            )
            if self._takes_long(transform, body):
                first = await asyncio.to_thread(transform_it)
            else:
                first = transform_it()
            body = self._take_first(first)
        return body


def _look_at(sent: "asyncio.Future[None]") -> None:
    if not sent.cancelled():
        sent.exception()
