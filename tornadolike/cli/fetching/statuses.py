"""The exit statuses of ``fetch``: those of curl, where it has one for the same."""

from typing import Final

from ...httpclient.failures import (
    HTTPCertificateError,
    HTTPConnectError,
    HTTPNameError,
    HTTPProtocolError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
    TooManyRedirectsError,
)
from ...httpclient.proxies import ProxyError

OK: Final = 0
WRONG_USE: Final = 2
WRONG_STATUS: Final = 22
NOT_WRITTEN: Final = 23
INTERRUPTED: Final = 130
TERMINATED: Final = 143

_OF_FAILURES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (HTTPNameError, 6),
    (HTTPCertificateError, 60),
    (HTTPTLSError, 35),
    (HTTPConnectError, 7),
    (HTTPTimeoutError, 28),
    (HTTPProtocolError, 8),
    (HTTPStreamClosedError, 56),
    (TooManyRedirectsError, 47),
    (ProxyError, 97),
)
"""What is more special stands first."""


def status_of(failure: Exception) -> int:
    """The exit status for what a fetch has raised."""
    for kind, status in _OF_FAILURES:
        if isinstance(failure, kind):
            return status
    return WRONG_STATUS
