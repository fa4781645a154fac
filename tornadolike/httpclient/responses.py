""":class:`HTTPResponse` and :exc:`HTTPClientError`: what a request has led to.

They are in one file because they lead to each other: a response of another status than 2xx has an error, and
an error has the response.
"""

import json
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final, Self, cast

from ..httputil import HTTPHeaders, responses
from .charsets import decode_text
from .requests import HTTPRequest, RequestWithDefaults

NO_RESPONSE: Final = 599
"""The code of an error where there is no status, as in Tornado."""

UNKNOWN_REASON: Final = "Unknown"
"""What stands for the reason of a status that has none."""


class HTTPClientError(Exception):
    """A request did not lead to the response that was wanted. It is called ``HTTPError``, too.

    :arg code: the status of the response; 599 if there was none.
    :arg message: what is wrong, by default the usual text of the status.
    :arg response: the :class:`HTTPResponse`, if there is one. Where redirects are not followed its
        ``headers["Location"]`` says where one points to.

    Each argument is an attribute, too.
    """

    def __init__(
        self, code: int, message: str | None = None, response: "HTTPResponse | None" = None
    ) -> None:
        super().__init__(code, message, response)
        self.code = code
        self.message = message or responses.get(code, UNKNOWN_REASON)
        self.response = response

    def __str__(self) -> str:
        return f"HTTP {self.code:d}: {self.message}"

    # Python's own would show the response, which shows its error, which...
    __repr__ = __str__


class HTTPResponse:
    """The response to a request. Each argument is an attribute, too.

    :arg request: the :class:`.HTTPRequest` that it answers.
    :arg code: the status.
    :arg headers: the headers, by default none.
    :arg buffer: what the body is in.
    :arg effective_url: where it came from at last, by default the request's URL.
    :arg error: what went wrong. By default it is an :exc:`HTTPClientError` if the status is not 2xx, else None.
    :arg request_time: seconds from the start of the request to the end of the response.
    :arg time_info: seconds by the names of what took them.
    :arg reason: the text behind the status, by default the usual one.
    :arg start_time: when the request was started, in seconds since the epoch.
    :arg history: the redirects that have led here, the first one first, without their bodies.
    :arg trailers: the fields behind the body; None if there were none.
    :arg version: of HTTP: ``"HTTP/1.1"``, say.
    """

    def __init__(
        self,
        request: HTTPRequest,
        code: int,
        headers: HTTPHeaders | None = None,
        buffer: BytesIO | None = None,
        effective_url: str | None = None,
        error: BaseException | None = None,
        request_time: float | None = None,
        time_info: dict[str, float] | None = None,
        reason: str | None = None,
        start_time: float | None = None,
        *,
        history: "Sequence[HTTPResponse]" = (),
        trailers: HTTPHeaders | None = None,
        version: str | None = None,
    ) -> None:
        # (Engines of others give what they got.)
        self.request = request.request if isinstance(request, RequestWithDefaults) else request
        self.code = code
        self.reason = reason or responses.get(code, UNKNOWN_REASON)
        self.headers = HTTPHeaders() if headers is None else headers
        self.buffer = buffer
        self._body: bytes | None = None
        self.effective_url = request.url if effective_url is None else effective_url
        self._error_is_response_code = error is None and not 200 <= code < 300
        """Whether the error is nothing but the status, which not everybody wants raised."""
        vars(self)["error"] = error
        self.request_time = request_time
        self.time_info = time_info or {}
        self.start_time = start_time
        self.history = history
        self.trailers = trailers
        self.version = version

    @property
    def error(self) -> BaseException | None:
        """What went wrong."""
        # (Made when somebody asks: each holds the other, and would wait for the garbage collector.)
        if vars(self)["error"] is None:
            vars(self)["error"] = self._error_of_status()
        return cast(BaseException | None, vars(self)["error"])

    @error.setter
    def error(self, error: BaseException | None) -> None:
        vars(self)["error"] = error
        self._error_is_response_code = self._error_is_response_code and error is not None

    def _error_of_status(self) -> HTTPClientError | None:
        if not self._error_is_response_code:
            return None
        return HTTPClientError(self.code, self.reason, self)

    @property
    def body(self) -> bytes:
        """The body; empty if there is none."""
        if self.buffer is None:
            return b""
        if self._body is None:
            self._body = self.buffer.getvalue()
        return self._body

    def raise_for_status(self) -> Self:
        """Raise :attr:`error` if the status is 400 or more; else return the response itself.

        So what has not changed (304), and a redirect that was not followed, are no errors here.
        """
        if self.code >= 400:
            self.rethrow()
        return self

    @property
    def text(self) -> str:
        """The body as text, by the charset of its ``Content-Type``, or as UTF-8 if that names none.

        A mark at the beginning of the body says more than the header. Never raises: what is wrong becomes U+FFFD.
        """
        return decode_text(self.body, self.headers.get("Content-Type", ""))

    def json(self) -> Any:
        """What the body says as JSON (:rfc:`8259`), whatever its ``Content-Type`` is.

        Raises :exc:`ValueError` for what is no JSON: an empty body, say, or a page that tells of an error.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("the body is JSON that is nested too deeply to be read") from None

    def rethrow(self) -> None:
        """Raise :attr:`error`, if there is one."""
        error = vars(self)["error"] or self._error_of_status()
        if error is None:
            return
        try:
            raise error
        finally:
            del error  # which has this frame

    def __repr__(self) -> str:
        shown = {
            **vars(self),
            "effective_url": _without_user(self.effective_url),
            "error": vars(self)["error"] or self._error_of_status(),
        }
        attributes = ",".join(f"{name}={value!r}" for name, value in sorted(shown.items()))
        return f"{type(self).__name__}({attributes})"


def _without_user(url: str) -> str:
    """A URL as it may be shown: the user in it may have a password."""
    scheme, slashes, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{path}"
