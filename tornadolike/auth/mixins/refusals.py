"""What is raised for what a browser has brought.

Tornado raises an ``AuthError`` for that, which is a 500 and a traceback in the log where nobody expects it, and any
stranger can have it raised. These are errors of that kind too, and besides of the kind that a handler answers by
itself.
"""

from ...httpclient import HTTPClientError
from ...web import HTTPError
from ..errors import AccessDeniedError, SignInError

_BAD_REQUEST = 400
_FORBIDDEN = 403


class RefusedError(SignInError, HTTPError):
    """What has come back belongs to no sign-in of this browser, or is not to be believed: 400."""

    def __init__(self, text: str) -> None:
        HTTPError.__init__(self, _BAD_REQUEST, text, detail=f"{text}. Please begin again.")
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> tuple[type["RefusedError"], tuple[str]]:
        return type(self), (self._text,)


class NotExchangedError(HTTPClientError, RefusedError):
    """The provider gives no token for what a browser has brought: 400. It is the error of ``fetch``, too, which Tornado
    lets through."""

    def __init__(self, error: HTTPClientError) -> None:
        RefusedError.__init__(self, f"The provider has refused it with {error.code}")
        self.code, self.message, self.response = error.code, error.message, error.response

    def __str__(self) -> str:
        return HTTPClientError.__str__(self)

    def __reduce__(self) -> tuple[type["NotExchangedError"], tuple[HTTPClientError]]:  # type: ignore[override]
        return type(self), (HTTPClientError(self.code, self.message, self.response),)


class DeniedError(AccessDeniedError, HTTPError):
    """The user, or the provider, has said no: 403."""

    def __init__(self, text: str) -> None:
        HTTPError.__init__(self, _FORBIDDEN, text, detail=f"{text}.")
        self.error, self.description, self.uri, self.more = "access_denied", text, None, {}

    def __str__(self) -> str:
        return f"{self.error}: {self.description}"

    def __reduce__(self) -> tuple[type["DeniedError"], tuple[str | None]]:
        return type(self), (self.description,)
