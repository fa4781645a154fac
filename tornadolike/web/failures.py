"""What a request gets when something goes wrong: the error page, the log line, the cut connection."""

import asyncio
import math
import traceback
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final

from ..escape import xhtml_escape
from ..http1 import has_no_body
from ..httputil import HTTPInputError
from ..httputil.errors import shown
from ..httputil.request import summary_of
from ..iostream import StreamClosedError
from ..locale import get_supported_locales
from ..log import CLIENT_CLOSED_REQUEST, app_log, gen_log, on_one_line
from ..util import computed
from .bodies.incoming import BodyClosedError
from .errors import Finish, HTTPError
from .head import HTML
from .languages import Languages
from .response import Response
from .transforms import add_vary

ENDS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""What is no failure of a request: the program is to end, or the coroutine."""

FAILURES: Final = (Exception, asyncio.CancelledError)
"""What a call of the author's may raise that cannot be waited for: here nobody cancels it, but it may have asked for
the result of something that was cancelled."""


class Failures(Response, Languages):
    """Turns exceptions into error responses."""

    SUPPORTED_METHODS: tuple[str, ...] = (
        "GET",
        "HEAD",
        "POST",
        "DELETE",
        "PATCH",
        "PUT",
        "OPTIONS",
    )

    get: Callable[..., Awaitable[None] | None]

    def _unimplemented_method(self, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        """Called for a method that the handler has not: a 405, unless the settings ask for more."""
        method = self.request.method
        if method == "HEAD" and self._has_automatic_head():
            return self.get(*args, **kwargs)
        if method == "OPTIONS" and self._answer_options():
            return None
        raise HTTPError(405)

    def _has_automatic_head(self) -> bool:
        return "GET" in self._own_methods() and bool(self.settings.get("automatic_head"))

    def _answer_options(self) -> bool:
        """Answer OPTIONS, if that is to be automatic."""
        if not self.settings.get("automatic_options"):
            return False
        self.set_status(204)
        self.set_header(
            "Allow", ", ".join(dict.fromkeys([*self._implemented_methods(), "OPTIONS"]))
        )
        return True

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error page (:meth:`write_error`).

        If a part of the response has been sent already, the connection is cut instead, so that the client
        cannot take the part for the whole.
        """
        if self._headers_written:
            gen_log.error("Cannot send error response after headers written")
            self._abandon()
            return
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        if not isinstance(error, HTTPError):
            error = None
        reason = error.reason if error is not None and error.reason else kwargs.get("reason")
        self._begin_error(status_code, reason)
        if error is not None and error.retry_after is not None:
            self.set_header("Retry-After", math.ceil(error.retry_after))
        try:
            if status_code != 304:  # whose page the client has
                self.write_error(status_code, **kwargs)
        except FAILURES:
            app_log.error("Uncaught exception in write_error", exc_info=True)
        if not self._finished:
            if has_no_body(self._status_code):
                self._write_buffer = []  # the page that write_error has tried to send
            self.finish()

    def _begin_error(self, status_code: int, reason: str | None) -> None:
        """Forget the response that was made so far, in favour of one that tells of an error."""
        self.clear()
        self.set_status(status_code, reason)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._implemented_methods()))

    def _implemented_methods(self) -> list[str]:
        """What the handler answers, by itself or because the settings ask for it."""
        methods = self._own_methods()
        automatic = []
        if self._has_automatic_head():
            automatic.append("HEAD")
        if self.settings.get("automatic_options"):
            automatic.append("OPTIONS")
        return [*methods, *[method for method in automatic if method not in methods]]

    def _own_methods(self) -> list[str]:
        unimplemented = Failures._unimplemented_method
        return [
            method
            for method in self.SUPPORTED_METHODS
            if getattr(type(self), method.lower(), unimplemented) is not unimplemented
        ]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error page. To be overridden.

        ``kwargs["exc_info"]`` is the exception, if one brought us here. With the setting
        ``serve_traceback`` (part of ``debug``) the page shows its traceback, else the
        :attr:`HTTPError.detail` that it may have. It is called for 204 too, which can have no page unless it sets
        another status; not for 304.
        """
        if has_no_body(status_code):
            self.finish()
        elif self.settings.get("serve_traceback") and "exc_info" in kwargs:
            self.set_header("Content-Type", "text/plain")
            for line in traceback.format_exception(*kwargs["exc_info"]):
                self.write(line.encode(errors="backslashreplace"))
            self.finish()
        else:
            error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
            detail = error.detail if isinstance(error, HTTPError) else None
            self.finish(self._error_page(status_code, detail))

    def _error_page(self, status_code: int, detail: str | None) -> str:
        """The status, in the reader's language if the site has it, and what there is to say about it."""
        opening, reason = "<html>", self._reason
        if len(get_supported_locales()) > 1:  # also if it is English: the next one may want another
            add_vary(self._headers, "Accept-Language")
        try:
            locale = None if self._has_no_locale() else self.locale
            translated = reason if locale is None else locale.own(reason)
        except HTTPError:  # the client's fault, of which this very page tells
            pass
        except FAILURES:  # how the author chooses it may need what the request has not come to
            app_log.warning("An error page is in English, for lack of a locale", exc_info=True)
        else:
            if locale is not None and translated != reason:
                reason = translated
                language = locale.code.replace("_", "-")
                direction = "rtl" if locale.rtl else "ltr"
                opening = f'<html lang="{language}" dir="{direction}">'
                self.set_header("Content-Language", language)
        message = f"{status_code}: {xhtml_escape(reason)}"
        more = f"<p>{xhtml_escape(shown(detail))}</p>" if detail else ""
        return f"{opening}<title>{message}</title><body>{message}{more}</body></html>"

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
            message = value.get_message()
            if message:
                summary = self._request_summary()
                gen_log.warning("%d %s: %s", value.status_code, summary, on_one_line(message))
        else:
            app_log.error(
                "Uncaught exception %s\n%r",
                self._request_summary(),
                self.request,
                exc_info=(typ, value, tb),  # type: ignore[arg-type]
            )

    @computed
    def logged_uri(self) -> str:
        """What logs tell of the request's address. To be overridden, or set, where its query has secrets.

        By default all of it, path and query, as the client has sent it.
        """
        return self.request.uri or ""

    def _request_summary(self) -> str:
        return summary_of(self.request, self.logged_uri)

    def _end_with(self, error: BaseException) -> None:
        """End the request because of ``error``. Whatever else goes wrong meanwhile, it is ended."""
        try:
            self._handle_request_exception(error)
        except ENDS:
            raise
        except BaseException:
            app_log.error("Exception in exception handler", exc_info=True)
            self._answer_bluntly()

    def _handle_request_exception(self, error: BaseException) -> None:
        if isinstance(error, Finish):
            if not self._finished:
                self.finish(*error.args)
        elif self._says_that_client_is_gone(error):
            gen_log.info("%s: the client closed the connection", self._request_summary())
            try:
                if not self._finished:
                    self._tell_client_left()
            finally:
                self._abandon()
                self._sending = None  # it has the exception, whose traceback has this handler
        elif isinstance(error, BodyClosedError):
            if self.request.connection.refused is None:  # else the connection has said why
                gen_log.debug("%s: the body did not come whole", self._request_summary())
            self._abandon()
        else:
            self._log_and_answer(as_answered(error))

    def _log_and_answer(self, error: BaseException) -> None:
        self._log_error(error)
        if not self._finished:
            status = error.status_code if isinstance(error, HTTPError) else 500
            self.send_error(status, exc_info=(type(error), error, error.__traceback__))

    def _log_error(self, error: BaseException) -> None:
        try:
            self.log_exception(type(error), error, error.__traceback__)
        except FAILURES:
            app_log.error("Error in exception logger", exc_info=True)

    def _tell_client_left(self) -> None:
        """The client is gone, and writing to it has shown it, before the connection could tell."""

    def _can_be_answered(self, error: BaseException) -> bool:
        """Whether there is somebody, and a place in the response, to tell of ``error``."""
        return not (
            self._headers_written
            or self._finished
            or isinstance(error, (Finish, BodyClosedError))
            or self._says_that_client_is_gone(error)
        )

    def _says_that_client_is_gone(self, error: BaseException) -> bool:
        """Whether ``error`` came out of waiting for our own sending, and not of some other stream."""
        sending = self._sending
        return (
            isinstance(error, StreamClosedError)
            and sending is not None
            and sending.done()
            and not sending.cancelled()
            and sending.exception() is error
        )

    def _abandon(self) -> None:
        """End a request whose response cannot be completed.

        If nothing of it was sent, its status is that by which the connection has refused the request, because of its
        body; or 499: its client did not wait for it.
        """
        if not self._finished:
            self._finished = True
            self._sending = None
            connection = self.request.connection
            if not self._headers_written:
                self._status_code = connection.refused or CLIENT_CLOSED_REQUEST
            connection.set_close_callback(None)
            if not connection.closed:
                connection.close()
            try:
                self._log()
            finally:
                self.on_finish()

    def _answer_bluntly(self) -> None:
        """The last resort, where the author's own code fails at answering an error: none but the log is called."""
        if not self._finished:
            self._finished = True
            self._status_code = 500
            if self._headers_written:
                self.request.connection.close()
            else:
                self._headers_written = True
                body = b"500: Internal Server Error"
                self._write_buffer = [body]
                self.request.connection.respond(500, "Internal Server Error", HTML, None, b"", body)
            try:
                self._log()
            except FAILURES:
                app_log.error("Uncaught exception in log_request", exc_info=True)


def as_answered(error: BaseException) -> BaseException:
    """The exception, or the :exc:`HTTPError` as which a request that cannot be read is answered."""
    if isinstance(error, HTTPInputError) and error.in_request:
        return HTTPError(error.status, str(error), detail=str(error))
    return error
