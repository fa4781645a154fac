"""What a handler raises to end a request early."""

import math
from typing import Any

from ..httputil import responses
from ..util import check_not_negative


class HTTPError(Exception):
    """Turns the request into an error response.

    :arg status_code: the status; one that is not in :data:`~tornadolike.httputil.responses` needs a
        ``reason``.
    :arg log_message: written to the log (never sent to the client), formatted with the other positional
        arguments by ``%``.
    :arg reason: the phrase of the status line instead of the standard one.
    :arg detail: what the client did wrong and may do about it. Sent to it: the standard error page shows the text.
        Raises :exc:`TypeError` if it is none.
    :arg retry_after: seconds after which the client may ask again: ``Retry-After``, rounded up. Raises
        :exc:`TypeError` and :exc:`ValueError` for what is no such time.
    """

    def __init__(
        self,
        status_code: int = 500,
        log_message: str | None = None,
        *args: Any,
        detail: str | None = None,
        retry_after: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if detail is not None and not isinstance(detail, str):
            raise TypeError(f"the detail of an error is a str, not {detail!r}")
        if retry_after is not None:
            check_not_negative(retry_after=retry_after)
            if retry_after == math.inf:
                raise ValueError("retry_after is a time that ends")
        self.status_code = status_code
        self._log_message = log_message
        self.args = args
        self.detail = detail
        self.retry_after = retry_after
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
        more = self.get_message() or self.detail
        return f"{message} ({more})" if more else message


class BadRedirect(HTTPError, ValueError):
    """``redirect`` was given what is no address: 400. Programs that ask for a ValueError there get one."""

    def __init__(self) -> None:
        message = "Redirect URL contains invalid characters"
        super().__init__(400, message, detail=message)


class Finish(Exception):
    """Ends the request without an error response: ``finish(*args)`` is called if it was not before."""


class MissingArgumentError(HTTPError):
    """``get_argument`` without a default did not find its argument: 400."""

    def __init__(self, arg_name: str) -> None:
        message = f"Missing argument {arg_name}"
        super().__init__(400, message, detail=message)
        self.arg_name = arg_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.arg_name,)
