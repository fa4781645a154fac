""":func:`download`: to a file, which is there when it is whole.

.. code-block:: python

    from tornadolike.httpclient import AsyncHTTPClient
    from tornadolike.httpclient.downloading import download

    async def get_image():
        url = "https://example.com/image.iso"
        await download(AsyncHTTPClient(), url, "image.iso", resume=True)
"""

import copy
import datetime
import os
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urljoin

from ..httputil import HTTPHeaders, parse_date
from ..httputil.errors import shown
from .client import AsyncHTTPClient
from .failures import HTTPProtocolError
from .part_files import PartFile, State
from .requests import HTTPRequest
from .responses import HTTPClientError, HTTPResponse

STALL_TIMEOUT: Final = 60.0
"""Seconds that a download may stand still, if nothing else is said. (All of it may take as long as it takes.)"""

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_SIZE: Final = re.compile(r"\d{1,18}")
_UNSATISFIED: Final = re.compile(r"bytes \*/(\d{1,18})")

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there, and how many they will be if that is known."""


async def download(
    client: AsyncHTTPClient,
    request: str | HTTPRequest,
    path: "str | os.PathLike[str]",
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> HTTPResponse:
    """Fetch into a file; return the response, which has no body.

    A file at ``path`` is replaced when the new one is whole, and stays as it is if that does not come about. What is in
    a content coding (gzip, say) is not asked for, unless the request has ``decompress_response=True``: a file that is
    decoded cannot be resumed.

    :arg request: a URL, relative to the client's ``base_url`` if it has one; or a request without
        ``streaming_callback``. There is no limit for the whole time unless it says one; but by default none of
        :data:`STALL_TIMEOUT` seconds passes without a byte.
    :arg resume: keep what has come of a download that does not reach its end, in ``path`` with ``.part`` behind it; and
        if it is there go on where it ends. The server is asked for the rest only of what has not changed since
        (``If-Range``); else, and where it does not tell versions apart, all comes anew. If there is no rest, since only
        the file's name was missing, the response is the one that says so (416).
    :arg progress: called for each piece.

    Raises :exc:`.HTTPError` and all below it, for another status than 2xx too; :exc:`OSError` where the file cannot be
    written; :exc:`BlockingIOError` if another process resumes the same download.
    """
    if not isinstance(request, HTTPRequest):
        base = client.base_url
        request = HTTPRequest(request if base is None else urljoin(base, request))
    if request.streaming_callback is not None:
        raise ValueError("a download goes to a file: streaming_callback has nothing to do there")
    if resume and (request.method != "GET" or "Range" in request.headers):
        raise ValueError(
            "what is resumed is fetched by GET, and as a whole: without a Range header"
        )
    async with PartFile(path, keep=resume) as part:
        going_on = part.state is not None and part.state.get("url") == request.url
        if going_on:
            try:
                return await _Download(client, request, part, progress, part.state).run()
            except HTTPClientError as error:
                if error.code != 416 or error.response is None:
                    raise
                if _whole(error.response, part.size):
                    await part.finish()
                    return error.response
        return await _Download(client, request, part, progress, None).run()


def _whole(refused: HTTPResponse, size: int) -> bool:
    """Whether there is no rest, since all is there. (What has changed would not have been refused: ``If-Range``.)"""
    found = _UNSATISFIED.fullmatch(refused.headers.get("Content-Range", ""))
    return found is not None and int(found[1]) == size


class _Download:
    """One fetch.

    :arg known: what the part is the beginning of; the rest is wanted. None: all is.
    """

    def __init__(
        self,
        client: AsyncHTTPClient,
        request: HTTPRequest,
        part: PartFile,
        progress: Progress | None,
        known: State | None,
    ) -> None:
        self._client = client
        self._url = request.url
        self._part = part
        self._progress = progress
        self._known = known
        self._tell_line = request.header_callback
        self._request = self._prepared(request)
        self._status = 0
        self._reason = ""
        self._headers = HTTPHeaders()
        self._begun = False
        self._total: int | None = None

    def _prepared(self, request: HTTPRequest) -> HTTPRequest:
        request = copy.copy(request)
        headers = request.headers = request.headers.copy()
        if not request.decompress_response:
            request.decompress_response = False
            headers.setdefault("Accept-Encoding", "identity")
        if self._known is not None:
            headers["Range"] = f"bytes={self._part.size}-"
            headers["If-Range"] = self._known["validator"]
        if request.request_timeout is None:
            request.request_timeout = 0
        if request.stall_timeout is None:
            request.stall_timeout = STALL_TIMEOUT
        request.header_callback = self._take_line
        request.streaming_callback = self._take_piece
        return request

    async def run(self) -> HTTPResponse:
        response = await self._client.fetch(self._request)
        await self._begin()  # there may have been no piece
        if self._total is not None and self._part.size != self._total:
            raise HTTPProtocolError(
                f"of {self._total} bytes that were promised {self._part.size} came"
            )
        await self._part.finish()
        return response

    def _take_line(self, line: str) -> None:
        if self._tell_line is not None:
            self._tell_line(line)
        if line.startswith("HTTP/"):
            _, status, *reason = line.rstrip().split(" ", 2)
            self._status, self._reason = int(status), " ".join(reason)
        elif line.strip():
            self._headers.parse_line(line)
        elif not 200 <= self._status < 300:
            # Its body, a page for people and perhaps without an end, is not wanted.
            response = HTTPResponse(self._request, self._status, self._headers, reason=self._reason)
            raise HTTPClientError(self._status, self._reason, response)

    async def _take_piece(self, piece: bytes) -> None:
        await self._begin()
        await self._part.write(piece)
        if self._progress is not None:
            self._progress(self._part.size, self._total)

    async def _begin(self) -> None:
        """Before the first piece: is it the first of all?"""
        if self._begun:
            return
        self._begun = True
        if self._known is not None and self._status == 206:
            self._total = self._check_rest(self._known)
            return
        if self._status == 206 and "Range" not in self._request.headers:
            raise HTTPProtocolError("all was wanted, and a part came (206 Partial Content)")
        length = self._headers.get("Content-Length")
        if length is not None and "X-Consumed-Content-Encoding" not in self._headers:
            self._total = int(length)
        await self._part.begin(self._state())

    def _check_rest(self, known: State) -> int | None:
        """What is told of the rest has to be the rest of what there is. Returns the size of the whole."""
        told, validator = self._headers.get("Content-Range", ""), known["validator"]
        found = _CONTENT_RANGE.fullmatch(told)
        name = "ETag" if validator.startswith('"') else "Last-Modified"
        version = self._headers.get(name, validator)
        size = known.get("size")
        if (
            found is None
            or int(found[1]) != self._part.size
            or version != validator
            or (size is not None and found[3] not in ("*", size))
            or "Content-Encoding" in self._headers
        ):
            self._part.state = None  # nothing can be added to it
            raise HTTPProtocolError(
                shown(
                    f"bytes from {self._part.size} of {validator} were wanted, and {told!r} of {version} came"
                )
            )
        total = size if size is not None and _SIZE.fullmatch(size) else found[3]
        return None if total == "*" else int(total)

    def _state(self) -> State | None:
        """What is to be remembered of what comes; None if the rest of it could not be asked for."""
        validator = strong_validator(self._headers)
        if (
            validator is None
            or self._status != 200
            or "X-Consumed-Content-Encoding" in self._headers
        ):
            return None
        state = {"url": self._url, "validator": validator}
        return state if self._total is None else {**state, "size": str(self._total)}


def strong_validator(headers: HTTPHeaders) -> str | None:
    """What ``If-Range`` can say of a response (:rfc:`9110` section 13.1.5); None if nothing is certain enough.

    That is an entity tag which is not weak; or a date of the last change at least a second before the response.
    """
    etag = headers.get("ETag")
    if etag is not None:
        return etag if etag.startswith('"') else None
    changed = headers.get("Last-Modified", "")
    made, sent = parse_date(changed), parse_date(headers.get("Date", ""))
    if made is None or sent is None or sent - made < datetime.timedelta(seconds=1):
        return None
    return changed
