"""What a handler raises to end a request early."""

from typing import Any

from ..httputil import responses


class HTTPError(Exception):
    """Turns the request into an error response.

    :arg status_code: the status; one that is not in :data:`~tornadolike.httputil.responses` needs a
        ``reason``.
    :arg log_message: written to the log (never sent to the client), formatted with the other positional
        arguments by ``%``.
    :arg reason: the phrase of the status line instead of the standard one.
    """

    def __init__(
        self,
        status_code: int = 500,
        log_message: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.status_code = status_code
        self._log_message = log_message
        self.args = args
        self.reason: str | None = kwargs.get("reason")

    @property
    def log_message(self) -> str | None:
        """The log message as a format for ``% self.args``."""
        if self._log_message and not self.args:
            return self._log_message.replace("%", "%%")
        return self._log_message

    def get_message(self) -> str | None:
        """The log message, formatted."""
        if self._log_message and self.args:
            return self._log_message % self.args
        return self._log_message

    def __str__(self) -> str:
        reason = self.reason or responses.get(self.status_code, "Unknown")
        message = f"HTTP {self.status_code}: {reason}"
        log_message = self.get_message()
        return f"{message} ({log_message})" if log_message else message


class Finish(Exception):
    """Ends the request without an error response: ``finish(*args)`` is called if it was not before."""


class MissingArgumentError(HTTPError):
    """``get_argument`` without a default did not find its argument: 400."""

    def __init__(self, arg_name: str) -> None:
        super().__init__(400, f"Missing argument {arg_name}")
        self.arg_name = arg_name
