"""What an application answers, held against PEP 3333: it knows no connection and no threads.

:func:`run` calls the application and yields the pieces of its response; :class:`Response` is told of them by the
application, by ``start_response`` and ``write``, and sees to it that a client can read them.
"""

import re
from collections.abc import Callable, Generator, Iterable, Sized
from types import TracebackType
from typing import Any, Final
from wsgiref.types import WSGIApplication

from ..http1 import SERVER, has_no_body
from ..httputil import HTTPHeaders, HTTPInputError, http_date_now
from ..log import app_log
from .files import FileWrapper, OpenFile

Piece = tuple[bytes | OpenFile, bool]
"""A piece of a response, and whether it is the last one. The head goes with the first one."""

ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None
)

HTML: Final = "text/html; charset=UTF-8"
"""The type of a body of which the application says none, as with Tornado."""

_STATUS = re.compile(r"([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,17}")

NOT_SENT: Final = frozenset({"connection", "keep-alive"})
"""The headers that applications send out of habit, mostly with events: whether a connection stays is ours to say."""

HOP_BY_HOP: Final = frozenset(
    {
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    }
)
"""The other headers that are between us and the client: what an application means by them would not be done."""


class Response:
    """The response of an application to one request.

    :arg method: the request's.
    :arg send: takes what the application writes by ``write()``.
    """

    def __init__(self, method: str | None, send: Callable[[bytes], object]) -> None:
        self._method = method
        self._send = send
        self.status = 0
        self.reason = ""
        self.headers: HTTPHeaders | None = None
        """None until ``start_response`` was called."""
        self._begun = False
        """A piece has been sent, and the head with it."""
        self._has_body = True
        self._remaining: int | None = None
        """Bytes that are missing from what Content-Length says."""
        self.is_over = False
        """Nothing more comes."""

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None, /
    ) -> Callable[[bytes], None]:
        """``start_response``.

        Raises :exc:`ValueError` and :exc:`TypeError` for what cannot be the head of a response, and
        :exc:`RuntimeError` when it is called again without ``exc_info``.
        """
        if exc_info:
            try:
                error = exc_info[1]
                if self._begun and error is not None:
                    raise error.with_traceback(exc_info[2])
            finally:
                exc_info = None  # or it would be in a circle with this frame
        elif self.headers is not None:
            raise RuntimeError("start_response() was called before: again only with exc_info")
        self.status, self.reason = _parse_status(status)
        self.headers = fields = _parse_headers(headers)
        if self.status == 204:
            fields.pop("Content-Length", None)  # which may not be said there (RFC 9110 section 8.6)
        length = fields.get("Content-Length")
        self._has_body = self._method != "HEAD" and not has_no_body(self.status)
        self._remaining = int(length) if length is not None and self._has_body else None
        return self.write

    def write(self, data: bytes) -> None:
        """What ``start_response`` returns. Raises :exc:`ValueError` for more than Content-Length."""
        if self._remaining is not None and len(data) > self._remaining:
            raise ValueError(
                f"write() past the Content-Length: {len(data) - self._remaining} bytes"
            )
        if check_block(data):
            self._send(self.take(data))

    def close(self) -> None:
        """Nothing can be written any more."""
        self._send = _refuse

    def is_complete(self) -> bool:
        """Whether nothing that may still come would be sent."""
        return self._begun and (not self._has_body or self._remaining == 0)

    def expect(self, size: int) -> None:
        """So many bytes are all that comes: where that can be said, and was not, it is said."""
        headers = self._started()
        if self._begun or "Content-Length" in headers or has_no_body(self.status):
            return
        if self._has_body:
            self._remaining = size
        elif not size:
            return  # to HEAD an application need not make what a GET would give
        headers["Content-Length"] = str(size)

    def take(self, block: bytes) -> bytes:
        """What of ``block`` is to be sent."""
        self._begin()
        size = self._take(len(block))
        return block if size == len(block) else block[:size]

    def take_file(self, part: OpenFile) -> OpenFile:
        """What of a file is to be sent."""
        self.expect(part.size)
        self._begin()
        return part._replace(size=self._take(part.size))

    def end(self) -> None:
        """Nothing more comes. Raises :exc:`RuntimeError` if that is not enough."""
        self._begin()
        self.is_over = True
        if self._remaining:
            raise RuntimeError(
                f"The body of a WSGI response ends {self._remaining} bytes short of its Content-Length"
            )

    def _take(self, size: int) -> int:
        if not self._has_body:
            return 0
        if self._remaining is not None:
            if size > self._remaining:
                app_log.warning("The body of a WSGI response is longer than its Content-Length")
                size = self._remaining
            self._remaining -= size
        return size

    def _started(self) -> HTTPHeaders:
        if self.headers is None:
            raise RuntimeError("A WSGI application calls start_response() before its body begins")
        return self.headers

    def _begin(self) -> None:
        """The head is sent with what comes now."""
        headers = self._started()
        if not self._begun:
            self._begun = True
            if "Server" not in headers:
                headers["Server"] = SERVER
            if "Date" not in headers:
                headers["Date"] = http_date_now()
            if "Content-Type" not in headers and not has_no_body(self.status):
                headers["Content-Type"] = HTML


def run(
    application: WSGIApplication, environ: dict[str, Any], response: Response, send_files: bool
) -> Generator[Piece, None, None]:
    """Call the application and yield the pieces of its response.

    What it returns is closed in any case: at the end, or when this generator is closed.

    :arg send_files: files on the disk may be yielded as :class:`OpenFile`.
    """
    blocks: Iterable[bytes] = application(environ, response.start)
    try:
        part = blocks.on_disk() if send_files and isinstance(blocks, FileWrapper) else None
        if part is not None:
            part = response.take_file(part)
            response.end()
            yield part, True
        else:
            yield from _take_all(blocks, response)
        if not response.is_over:
            response.end()
            yield b"", True
    finally:
        response.close()
        close = getattr(blocks, "close", None)
        if close is not None:
            close()


def _refuse(data: bytes) -> None:
    raise RuntimeError("write() is for as long as the application answers: this response is over")


def _take_all(blocks: Iterable[bytes], response: Response) -> Generator[Piece, None, None]:
    """The pieces, and the last one as such where that can be known."""
    if isinstance(blocks, (list, tuple)) or (isinstance(blocks, Sized) and len(blocks) == 1):
        body = b"".join([check_block(block) for block in blocks])
        response.expect(len(body))
        body = response.take(body)
        response.end()
        yield body, True
        return
    for block in blocks:
        if check_block(block):  # one that is empty need not know of a head yet
            piece = response.take(block)
            if response.is_complete():
                response.end()
            yield piece, response.is_over
            if response.is_over:
                return


def check_block(block: bytes) -> bytes:
    """A piece of a body. Raises :exc:`TypeError` if it is none."""
    if not isinstance(block, bytes):
        raise TypeError(f"The body of a WSGI response is of bytes, not {type(block).__name__}")
    return block


def _parse_status(status: str) -> tuple[int, str]:
    if not isinstance(status, str):
        raise TypeError(f"status should be text, not {type(status).__name__}")
    match = _STATUS.fullmatch(status)
    if match is None:
        raise ValueError(f"status should be like '200 OK', not {status[:100]!r}")
    code = int(match[1])
    if code < 200:
        raise ValueError(f"{code} is not the status of a final response")
    return code, match[2]


def _parse_headers(headers: list[tuple[str, str]]) -> HTTPHeaders:
    if not isinstance(headers, list):
        raise TypeError(f"headers should be a list of tuples, not {type(headers).__name__}")
    parsed = HTTPHeaders()
    for name, value in headers:
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError(f"headers should be pairs of text, not {(name, value)!r:.100}")
        if name.lower() in NOT_SENT:
            app_log.debug("%s is not sent: it is the server's header (PEP 3333)", name)
            continue
        if name.lower() in HOP_BY_HOP:
            raise ValueError(f"{name} is the server's header, not an application's (PEP 3333)")
        try:
            parsed.add(name, value.strip(" \t"))
        except HTTPInputError as error:
            raise ValueError(str(error)) from None
    length = parsed.get("Content-Length")
    if length is not None and not _LENGTH.fullmatch(length):
        raise ValueError(f"Content-Length should be one number, not {length[:100]!r}")
    return parsed
