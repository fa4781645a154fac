""":class:`RequestHandler`: what a site's author subclasses."""

import asyncio
import datetime
import hashlib
import re
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from http.cookies import Morsel, SimpleCookie
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Final, overload

from ..escape import json_encode, utf8, xhtml_escape
from ..http1 import SERVER, has_no_body
from ..httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    ResponseStartLine,
    format_timestamp,
    http_date_now,
    responses,
)
from ..httputil.headers import FORBIDDEN_IN_VALUE, NAME
from ..log import app_log, gen_log
from .cookies import make_cookie
from .errors import Finish, HTTPError, MissingArgumentError, safe_reason

if TYPE_CHECKING:
    from .application import Application

HTML: Final = "text/html; charset=UTF-8"
JSON: Final = "application/json; charset=UTF-8"

_HeaderValue = bytes | str | int | float | datetime.datetime
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

_ETAG = re.compile(r'\*|(?:W/)?"[^"]*"')
_CONTROL_IN_ARGUMENT = re.compile(r"[\x00-\x08\x0e-\x1f]")


class _Required:
    """The default of an argument that has none."""


_REQUIRED: Final = _Required()


class RequestHandler:
    """Answers one request. A subclass defines methods named after the HTTP methods: ``get``, ``post``, ...

    The life of a handler: ``initialize(**kwargs)`` with the rule's arguments; :meth:`prepare`; the method
    (both may be coroutines); :meth:`finish`, which is called for the author when the method has ended;
    :meth:`on_finish`. None of its methods may be called from another thread.

    An exception ends the request with an error response (:meth:`send_error`): that of an
    :exc:`HTTPError`, else a 500, which is logged with its traceback.
    """

    SUPPORTED_METHODS: tuple[str, ...] = (
        "GET",
        "HEAD",
        "POST",
        "DELETE",
        "PATCH",
        "PUT",
        "OPTIONS",
    )

    # The state in which every request begins. Kept here, not set by the constructor: an instance gets
    # what differs.
    _headers_written = False
    _finished = False
    _auto_finish = True
    _status_code = 200
    _reason = "OK"
    _content_type = HTML
    _etag: str | None = None
    _header_map: HTTPHeaders | None = None
    """None as long as nothing but the content type and the Etag differs from the default headers."""
    _new_cookies: dict[str, Morsel[str]] | None = None
    path_args: Sequence[Any] = ()
    path_kwargs: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self, application: "Application", request: HTTPServerRequest, **kwargs: Any
    ) -> None:
        self.application = application
        self.request = request
        self._write_buffer: list[bytes] = []
        self.set_default_headers()
        self.initialize(**kwargs)

    # The life cycle, to be overridden

    def initialize(self, **kwargs: Any) -> None:
        """Receives the rule's keyword arguments."""

    def prepare(self) -> Awaitable[None] | None:
        """Called before the method, whatever it is. May be a coroutine. May finish the request."""

    def on_finish(self) -> None:
        """Called after the response was handed over for sending."""

    def on_connection_close(self) -> None:
        """Called when the client is gone before the response was finished.

        The place to drop what waits for it, as a long poll does. The handler's coroutine goes on.
        """

    def set_default_headers(self) -> None:
        """Set headers for every response, error pages included."""

    def _unimplemented_method(self, *args: str, **kwargs: str) -> None:
        raise HTTPError(405)

    head: Callable[..., Awaitable[None] | None] = _unimplemented_method
    get: Callable[..., Awaitable[None] | None] = _unimplemented_method
    post: Callable[..., Awaitable[None] | None] = _unimplemented_method
    delete: Callable[..., Awaitable[None] | None] = _unimplemented_method
    patch: Callable[..., Awaitable[None] | None] = _unimplemented_method
    put: Callable[..., Awaitable[None] | None] = _unimplemented_method
    options: Callable[..., Awaitable[None] | None] = _unimplemented_method

    @property
    def settings(self) -> dict[str, Any]:
        """The application's settings."""
        return self.application.settings

    # Status and headers

    def clear(self) -> None:
        """Forget the response that was made so far: status, headers, body."""
        self._header_map = None
        self._content_type = HTML
        self._etag = None
        self._new_cookies = None
        self._write_buffer = []
        self._status_code = 200
        self._reason = "OK"
        self.set_default_headers()

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        """Set the status; ``reason`` is the phrase to send with it instead of the standard one."""
        self._status_code = status_code
        if reason is not None:
            if FORBIDDEN_IN_VALUE.search(reason):
                raise ValueError(f"Unsafe reason {reason!r}")
            self._reason = reason
        else:
            self._reason = responses.get(status_code, "Unknown")

    def get_status(self) -> int:
        """The status as set so far."""
        return self._status_code

    @property
    def _headers(self) -> HTTPHeaders:
        """The response's headers as they are so far."""
        headers = self._header_map
        if headers is None:
            headers = self._header_map = HTTPHeaders.from_fields(
                {"Server": SERVER, "Content-Type": self._content_type, "Date": http_date_now()}
            )
            if self._etag is not None:
                headers["Etag"] = self._etag
        return headers

    @_headers.setter
    def _headers(self, headers: HTTPHeaders) -> None:
        self._header_map = headers

    def set_header(self, name: str, value: _HeaderValue) -> None:
        """Set a header, replacing it if it is set. A datetime is written as HTTP writes dates.

        Raises :exc:`ValueError` for what could leave its place in the head.
        """
        text = self._convert_header_value(value)
        if not NAME.fullmatch(name):
            raise ValueError(f"Unsafe header name {name!r}")
        if self._header_map is None and name == "Content-Type":
            self._content_type = text
        else:
            self._headers[name] = text

    def add_header(self, name: str, value: _HeaderValue) -> None:
        """Set a header beside those of its name."""
        text = self._convert_header_value(value)
        if not NAME.fullmatch(name):
            raise ValueError(f"Unsafe header name {name!r}")
        self._headers.add(name, text)

    def clear_header(self, name: str) -> None:
        """Undo :meth:`set_header` and the default of that header."""
        if name in self._headers:
            del self._headers[name]

    def _convert_header_value(self, value: _HeaderValue) -> str:
        if isinstance(value, str):
            text = value
        elif isinstance(value, bytes):
            text = value.decode("latin1")
        elif isinstance(value, datetime.datetime):
            return format_timestamp(value)
        elif isinstance(value, (int, float)):
            return str(value)
        else:
            raise TypeError(f"Unsupported header value {value!r}")
        if FORBIDDEN_IN_VALUE.search(text):
            raise ValueError(f"Unsafe header value {text!r}")
        return text

    # Arguments

    @overload
    def get_argument(self, name: str, default: str, strip: bool = True) -> str: ...
    @overload
    def get_argument(
        self, name: str, default: _Required = _REQUIRED, strip: bool = True
    ) -> str: ...
    @overload
    def get_argument(self, name: str, default: None, strip: bool = True) -> str | None: ...
    def get_argument(
        self, name: str, default: str | _Required | None = _REQUIRED, strip: bool = True
    ) -> str | None:
        """The argument's last value from the query or a form; the default if there is none.

        Without a default :exc:`MissingArgumentError` (400) is raised. ``strip`` takes white space off
        both ends.
        """
        value: str | None = self._last_argument(name, default, self.request.arguments, strip)
        return value

    def get_arguments(self, name: str, strip: bool = True) -> list[str]:
        """All of the argument's values, from the query and a form."""
        return self._all_arguments(name, self.request.arguments, strip)

    def get_query_argument(self, name: str, default: Any = _REQUIRED, strip: bool = True) -> Any:
        """As :meth:`get_argument`, from the query only."""
        return self._last_argument(name, default, self.request.query_arguments, strip)

    def get_query_arguments(self, name: str, strip: bool = True) -> list[str]:
        """As :meth:`get_arguments`, from the query only."""
        return self._all_arguments(name, self.request.query_arguments, strip)

    def get_body_argument(self, name: str, default: Any = _REQUIRED, strip: bool = True) -> Any:
        """As :meth:`get_argument`, from a form only."""
        return self._last_argument(name, default, self.request.body_arguments, strip)

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """As :meth:`get_arguments`, from a form only."""
        return self._all_arguments(name, self.request.body_arguments, strip)

    def _last_argument(
        self, name: str, default: Any, source: dict[str, list[bytes]], strip: bool
    ) -> Any:
        values = source.get(name)
        if values:
            return self._decode_value(values[-1], name, strip)
        if default is _REQUIRED:
            raise MissingArgumentError(name)
        return default

    def _all_arguments(self, name: str, source: dict[str, list[bytes]], strip: bool) -> list[str]:
        return [self._decode_value(value, name, strip) for value in source.get(name, ())]

    def _decode_value(self, value: bytes, name: str, strip: bool) -> str:
        text = self.decode_argument(value, name)
        if isinstance(text, str):
            text = _CONTROL_IN_ARGUMENT.sub(" ", text)
        return text.strip() if strip else text

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Make text of an argument's bytes: UTF-8, or a 400. ``name`` is None for a path's groups."""
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise HTTPError(400, "Invalid unicode in %s: %r", name or "url", value[:40]) from error

    # Cookies

    @property
    def cookies(self) -> SimpleCookie:
        """The request's cookies."""
        return self.request.cookies

    def get_cookie(self, name: str, default: str | None = None) -> str | None:
        """The value of the request's cookie of that name."""
        morsel = self.request.cookies.get(name)
        return default if morsel is None else morsel.value

    def set_cookie(
        self,
        name: str,
        value: str | bytes,
        domain: str | None = None,
        expires: float | tuple[Any, ...] | datetime.datetime | None = None,
        path: str = "/",
        expires_days: float | None = None,
        *,
        max_age: int | None = None,
        httponly: bool = False,
        secure: bool = False,
        samesite: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Set a cookie with the response.

        :arg expires: a date, or ``expires_days`` from now; neither means until the browser is closed.
        :arg samesite: ``"Strict"``, ``"Lax"`` or ``"None"``.

        Raises :exc:`ValueError` for what could leave its place in the header.
        """
        if isinstance(value, bytes):
            value = value.decode("utf-8")
        morsel = make_cookie(
            name,
            value,
            domain=domain,
            expires=expires,
            path=path,
            expires_days=expires_days,
            max_age=max_age,
            httponly=httponly,
            secure=secure,
            samesite=samesite,
            **kwargs,
        )
        if self._new_cookies is None:
            self._new_cookies = {}
        self._new_cookies[name] = morsel

    def clear_cookie(self, name: str, **kwargs: Any) -> None:
        """Have the browser delete a cookie; ``path`` and ``domain`` must be those it was set with."""
        for unsupported in ("expires", "max_age"):
            if unsupported in kwargs:
                raise TypeError(
                    f"clear_cookie() got an unexpected keyword argument {unsupported!r}"
                )
        expires = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=365)
        self.set_cookie(name, "", expires=expires, **kwargs)

    def clear_all_cookies(self, **kwargs: Any) -> None:
        """:meth:`clear_cookie` of every cookie that came with the request."""
        for name in self.request.cookies:
            self.clear_cookie(name, **kwargs)

    # The response

    def redirect(self, url: str, permanent: bool = False, status: int | None = None) -> None:
        """Send the client to ``url``, which may be relative to the request's.

        302, or 301 if ``permanent``, or ``status``. The request is finished by this.
        """
        if self._headers_written:
            raise RuntimeError("Cannot redirect after headers have been written")
        if status is None:
            status = 301 if permanent else 302
        elif not (isinstance(status, int) and 300 <= status <= 399):
            raise ValueError(f"status of a redirect must be from 300 to 399, not {status!r}")
        self.set_status(status)
        self.set_header("Location", utf8(url))
        self.finish()

    def write(self, chunk: str | bytes | dict[str, Any]) -> None:
        """Add to the response: text (as UTF-8), bytes, or a dict as JSON (which sets the content type).

        A list is refused with :exc:`TypeError`; ``write({"items": my_list})`` does it.
        """
        if self._finished:
            raise RuntimeError("Cannot write() after finish()")
        if isinstance(chunk, str):
            self._write_buffer.append(chunk.encode())
        elif isinstance(chunk, bytes):
            self._write_buffer.append(chunk)
        elif isinstance(chunk, dict):
            self._write_buffer.append(json_encode(chunk).encode())
            self.set_header("Content-Type", JSON)
        else:
            raise TypeError(
                f"write() takes str, bytes or a dict, not {type(chunk).__name__}; "
                "wrap a list in a dict: a bare JSON array can leak to other sites"
            )

    def flush(self, include_footers: bool = False) -> "asyncio.Future[None]":
        """Send what was written so far; the head with it, the first time.

        Awaiting the result waits until the client has taken enough of it that more may be written.
        """
        connection: HTTPConnection = self.request.connection
        chunk = b"".join(self._write_buffer)
        self._write_buffer = []
        if self._headers_written:
            return connection.write(chunk)
        self._headers_written = True
        headers = self._headers
        self._add_cookies(headers)
        start_line = ResponseStartLine("HTTP/1.1", self._status_code, self._reason)
        return connection.write_headers(start_line, headers, chunk)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> "asyncio.Future[None]":
        """Complete the response, with ``chunk`` as the last of it. Awaiting the result is optional."""
        if self._finished:
            raise RuntimeError("finish() called twice")
        if chunk is not None:
            self.write(chunk)
        request = self.request
        connection = request.connection
        future: asyncio.Future[None]
        if self._headers_written:
            future = self.flush(include_footers=True)
            connection.finish()
        else:
            if self._status_code == 200 and (request.method == "GET" or request.method == "HEAD"):
                self.set_etag_header()
                if self.check_etag_header():
                    self._write_buffer = []
                    self.set_status(304)
            if self._status_code != 200 and has_no_body(self._status_code):
                if self._write_buffer:
                    raise RuntimeError(f"Cannot send body with {self._status_code}")
                self._clear_representation_headers()
            headers = self._header_map
            if self._new_cookies is not None:
                headers = self._headers
                self._add_cookies(headers)
            buffer = self._write_buffer
            future = connection.respond(
                self._status_code,
                self._reason,
                self._content_type,
                headers,
                b"" if self._etag is None or headers is not None else self._etag_line(),
                buffer[0] if len(buffer) == 1 else b"".join(buffer),
            )
            self._headers_written = True
        self._finished = True
        self.application.log_request(self)
        self.on_finish()
        return future

    def _etag_line(self) -> bytes:
        return b"Etag: %b\r\n" % self._etag.encode("latin1")  # type: ignore[union-attr]

    def _add_cookies(self, headers: HTTPHeaders) -> None:
        if self._new_cookies is not None:
            for morsel in self._new_cookies.values():
                headers.add("Set-Cookie", morsel.OutputString())

    def _clear_representation_headers(self) -> None:
        """Headers about content have no place where there is none (RFC 9110 section 15.4.5)."""
        for name in ("Content-Encoding", "Content-Language", "Content-Type"):
            self.clear_header(name)

    # Conditional requests

    def compute_etag(self) -> str | None:
        """The Etag of the response, from its body. To be overridden; None for none."""
        buffer = self._write_buffer
        whole = buffer[0] if len(buffer) == 1 else b"".join(buffer)
        return f'"{hashlib.sha1(whole, usedforsecurity=False).hexdigest()}"'

    def set_etag_header(self) -> None:
        """Set the Etag header to :meth:`compute_etag`."""
        etag = self.compute_etag()
        if etag is not None:
            if self._header_map is None and etag.isascii() and etag.isprintable():
                self._etag = etag
            else:
                self.set_header("Etag", etag)

    def check_etag_header(self) -> bool:
        """Whether the client has what the Etag header names, and a 304 is due (RFC 9110 section 13.1.2)."""
        condition = self.request._fields.get("If-None-Match")
        if condition is None:
            return False
        computed = self._etag or self._headers.get("Etag")
        if not computed:
            return False
        wanted = _ETAG.findall(condition if isinstance(condition, str) else ",".join(condition))
        if wanted[:1] == ["*"]:
            return True
        # The weak comparison: what is behind W/ counts.
        return computed.removeprefix("W/") in [etag.removeprefix("W/") for etag in wanted]

    # Errors

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error page (:meth:`write_error`).

        If a part of the response has been sent already, the connection is cut instead, so that the client
        cannot take the part for the whole.
        """
        if self._headers_written:
            gen_log.error("Cannot send error response after headers written")
            if not self._finished:
                self._finished = True
                close = getattr(self.request.connection, "close", None)
                if close is not None:
                    close()
                self.application.log_request(self)
                self.on_finish()
            return
        self.clear()
        reason = kwargs.get("reason")
        if "exc_info" in kwargs:
            exception = kwargs["exc_info"][1]
            if isinstance(exception, HTTPError) and exception.reason:
                reason = exception.reason
        self.set_status(status_code, None if reason is None else safe_reason(reason))
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._implemented_methods()))
        try:
            self.write_error(status_code, **kwargs)
        except Exception:
            app_log.error("Uncaught exception in write_error", exc_info=True)
        if not self._finished:
            self.finish()

    def _implemented_methods(self) -> list[str]:
        unimplemented = RequestHandler._unimplemented_method
        return [
            method
            for method in self.SUPPORTED_METHODS
            if getattr(type(self), method.lower(), unimplemented) is not unimplemented
        ]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error page. To be overridden.

        ``kwargs["exc_info"]`` is the exception, if one brought us here. With the setting
        ``serve_traceback`` (part of ``debug``) the page shows its traceback.
        """
        if self.settings.get("serve_traceback") and "exc_info" in kwargs:
            self.set_header("Content-Type", "text/plain; charset=UTF-8")
            for line in traceback.format_exception(*kwargs["exc_info"]):
                self.write(line)
            self.finish()
        else:
            message = f"{status_code}: {xhtml_escape(self._reason)}"
            self.finish(f"<html><title>{message}</title><body>{message}</body></html>")

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log an exception that ended the request. To be overridden.

        By default an :exc:`HTTPError` with a message is a warning, anything else an error with its
        traceback.
        """
        if isinstance(value, HTTPError):
            if value.log_message:
                gen_log.warning(
                    "%d %s: %s", value.status_code, self._request_summary(), value.log_text
                )
        else:
            app_log.error(
                "Uncaught exception %s\n%r",
                self._request_summary(),
                self.request,
                exc_info=(typ, value, tb),  # type: ignore[arg-type]
            )

    def _request_summary(self) -> str:
        request = self.request
        return f"{request.method} {request.uri} ({request.remote_ip})"

    def _handle_request_exception(self, error: BaseException) -> None:
        if isinstance(error, Finish):
            if not self._finished:
                self.finish(*error.args)
            return
        if isinstance(error, HTTPInputError):  # of a body or a path that is looked at late
            error = HTTPError(error.status, "%s", error)
        try:
            self.log_exception(type(error), error, error.__traceback__)
        except Exception:
            app_log.error("Error in exception logger", exc_info=True)
        if self._finished:
            return  # nothing is left to be answered
        exc_info = (type(error), error, error.__traceback__)
        if isinstance(error, HTTPError):
            self.send_error(error.status_code, exc_info=exc_info)
        else:
            self.send_error(500, exc_info=exc_info)

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
        except Exception as error:
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
