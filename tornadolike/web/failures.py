"""What a request gets when something goes wrong: the error page, the log line, the cut connection."""

import traceback
from types import TracebackType
from typing import Any, Final

from ..escape import xhtml_escape
from ..http1 import has_no_body
from ..httputil import HTTPInputError
from ..iostream import StreamClosedError
from ..locale import get_supported_locales
from ..log import app_log, gen_log
from .body import BodyClosedError
from .errors import Finish, HTTPError
from .head import HTML
from .languages import Languages
from .response import Response
from .transforms import add_vary

CLIENT_CLOSED_REQUEST: Final = 499


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

    def _unimplemented_method(self, *args: str, **kwargs: str) -> None:
        raise HTTPError(405)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error page (:meth:`write_error`).

        If a part of the response has been sent already, the connection is cut instead, so that the client
        cannot take the part for the whole.
        """
        if self._headers_written:
            gen_log.error("Cannot send error response after headers written")
            self._abandon()
            return
        self.clear()
        reason = kwargs.get("reason")
        if "exc_info" in kwargs:
            exception = kwargs["exc_info"][1]
            if isinstance(exception, HTTPError) and exception.reason:
                reason = exception.reason
        self.set_status(status_code, reason)
        if status_code == 405:
            self.set_header("Allow", ", ".join(self._implemented_methods()))
        try:
            self.write_error(status_code, **kwargs)
        except Exception:
            app_log.error("Uncaught exception in write_error", exc_info=True)
        if not self._finished:
            self.finish()

    def _implemented_methods(self) -> list[str]:
        unimplemented = Failures._unimplemented_method
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
        if has_no_body(status_code):
            self.finish()
        elif self.settings.get("serve_traceback") and "exc_info" in kwargs:
            self.set_header("Content-Type", "text/plain")
            for line in traceback.format_exception(*kwargs["exc_info"]):
                self.write(line.encode(errors="backslashreplace"))
            self.finish()
        else:
            self.finish(self._error_page(status_code))

    def _error_page(self, status_code: int) -> str:
        """The status, in the reader's language if the site has it."""
        opening, reason = "<html>", self._reason
        if len(get_supported_locales()) > 1:  # also if it is English: the next one may want another
            add_vary(self._headers, "Accept-Language")
        try:
            locale = self.locale
            translated = locale.own(reason)
        except HTTPError:  # the client's fault, of which this very page tells
            pass
        except Exception:  # how the author chooses it may need what the request has not come to
            app_log.warning("An error page is in English, for lack of a locale", exc_info=True)
        else:
            if translated != reason:
                reason = translated
                language = locale.code.replace("_", "-")
                direction = "rtl" if locale.rtl else "ltr"
                opening = f'<html lang="{language}" dir="{direction}">'
                self.set_header("Content-Language", language)
        message = f"{status_code}: {xhtml_escape(reason)}"
        return f"{opening}<title>{message}</title><body>{message}</body></html>"

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
                gen_log.warning("%d %s: %s", value.status_code, summary, _on_one_line(message))
        else:
            app_log.error(
                "Uncaught exception %s\n%r",
                self._request_summary(),
                self.request,
                exc_info=(typ, value, tb),  # type: ignore[arg-type]
            )

    def _request_summary(self) -> str:
        request = self.request
        return f"{request.method} {_on_one_line(request.uri or '')} ({request.remote_ip})"

    def _handle_request_exception(self, error: BaseException) -> None:
        """End the request because of ``error``. Whatever else goes wrong meanwhile, it is ended."""
        try:
            if isinstance(error, Finish):
                if not self._finished:
                    self.finish(*error.args)
            elif self._says_that_client_is_gone(error):
                gen_log.info("%s: the client closed the connection", self._request_summary())
                self._abandon()
                self._sending = None  # it has the exception, whose traceback has this handler
            elif isinstance(error, BodyClosedError):
                if self.request.connection.refused is None:  # else the connection has said why
                    gen_log.info("%s: the body did not come whole", self._request_summary())
                self._abandon()
            else:
                if isinstance(error, HTTPInputError):  # of a body or a path that is looked at late
                    error = HTTPError(error.status, "%s", error)
                self._log_and_answer(error)
        except Exception:
            app_log.error("Exception in exception handler", exc_info=True)
            self._answer_bluntly()

    def _log_and_answer(self, error: BaseException) -> None:
        try:
            self.log_exception(type(error), error, error.__traceback__)
        except Exception:
            app_log.error("Error in exception logger", exc_info=True)
        if not self._finished:
            status = error.status_code if isinstance(error, HTTPError) else 500
            self.send_error(status, exc_info=(type(error), error, error.__traceback__))

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
        body; or 499, which stands in the access logs of nginx too for a client that did not wait for its answer.
        """
        if not self._finished:
            self._finished = True
            connection = self.request.connection
            if not self._headers_written:
                self._status_code = connection.refused or CLIENT_CLOSED_REQUEST
            connection.set_close_callback(None)
            if not connection.closed:
                connection.close()
            self.application.log_request(self)
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
                self.application.log_request(self)
            except Exception:
                app_log.error("Uncaught exception in log_request", exc_info=True)


def _on_one_line(text: str) -> str:
    """What comes from a client, or may, for the log: a line of its own, or a terminal's command, it must not be."""
    return text if text.isprintable() else ascii(text)[1:-1]
