"""What a fetch raises if there is no response that could be given: one tree.

.. code-block:: text

    HTTPClientError (= HTTPError)     .code is the status of the response, 599 if there is none
    ├── HTTPTimeoutError              it took too long (a TimeoutError, too)
    ├── HTTPConnectError              the server cannot be reached (an OSError)
    │   ├── HTTPNameError             its name has no address (a socket.gaierror)
    │   ├── HTTPRefusedError          nobody listens there (a ConnectionRefusedError)
    │   └── HTTPTLSError              TLS could not be agreed on (an ssl.SSLError)
    │       └── HTTPCertificateError  its certificate is not good (an ssl.SSLCertVerificationError)
    ├── HTTPStreamClosedError         the connection has ended before the response was whole (a ConnectionError)
    │   └── HTTPProtocolError         what came is not HTTP, or larger than it may be
    ├── TooManyRedirectsError
    ├── BadRedirectError              a redirect leads nowhere (a ValueError)
    └── ProxyError                    a proxy did not open the way

So ``except HTTPError`` takes all of them, and programs that catch what the system calls these things do, too. What
stands behind one is its ``__cause__``. Arguments that make no sense raise :exc:`ValueError` or :exc:`TypeError`.
"""

import errno
import socket
import ssl
from typing import Any

from .responses import NO_RESPONSE, HTTPClientError, HTTPResponse


def _forget_number(failure: Any) -> None:
    """As an OSError it has taken the code for a number of the system's, and the response for a file."""
    if isinstance(failure, OSError):
        failure.errno = failure.strerror = failure.filename = None


class _Failure(HTTPClientError):
    """There is no response."""

    def __init__(self, message: str, response: HTTPResponse | None = None) -> None:
        super().__init__(NO_RESPONSE, message, response)
        _forget_number(self)

    def __str__(self) -> str:
        return self.message  # as in Tornado: the code says nothing

    def __reduce__(self) -> tuple[Any, ...]:
        state = {**vars(self), "errno": self.errno} if isinstance(self, OSError) else vars(self)
        return type(self), (self.message, self.response), state


class HTTPTimeoutError(_Failure, TimeoutError):
    """It took too long; the message says what was waited for."""


class HTTPConnectError(_Failure, OSError):
    """The server cannot be reached. ``errno`` is that of the system, if there is one."""


class HTTPNameError(HTTPConnectError, socket.gaierror):
    """The name of the server has no address."""


class HTTPRefusedError(HTTPConnectError, ConnectionRefusedError):
    """Nobody listens there."""


class HTTPTLSError(HTTPConnectError, ssl.SSLError):
    """The two sides did not agree on TLS."""


class HTTPCertificateError(HTTPTLSError, ssl.SSLCertVerificationError):
    """The certificate of the server is not good: of somebody else, expired, or signed by nobody who is trusted."""


class HTTPStreamClosedError(_Failure, ConnectionError):
    """The connection has ended before the response was whole."""


class HTTPProtocolError(HTTPStreamClosedError):
    """What came is not HTTP, or larger than it may be; the connection was closed, which is all that Tornado says."""


class TooManyRedirectsError(HTTPClientError):
    """One redirect more than ``max_redirects``: ``code`` and ``response`` are the last one's."""


class BadRedirectError(HTTPClientError, ValueError):
    """A redirect cannot be followed: ``code`` and ``response`` are its own. Tornado raises only ValueError for it."""


def connect_error(error: OSError) -> HTTPConnectError:
    """What to raise for what the system has said while connecting; to be raised ``from`` it."""
    real = getattr(error, "real_error", None) or error
    kind = HTTPConnectError
    if isinstance(real, ssl.SSLCertVerificationError):
        kind = HTTPCertificateError
    elif isinstance(real, ssl.SSLError):
        kind = HTTPTLSError
    elif isinstance(real, socket.gaierror):
        kind = HTTPNameError
    elif getattr(real, "errno", None) == errno.ECONNREFUSED:
        kind = HTTPRefusedError
    failure = kind(str(error) or str(real))
    failure.errno = getattr(real, "errno", None)
    return failure
