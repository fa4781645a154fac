"""libcurl's error numbers, as the tree of :mod:`tornadolike.httpclient.failures`.

Each is a :exc:`CurlError`, as in Tornado, and what our own engine raises for the same thing.
"""

from typing import Any, Final

from ..httpclient.failures import (
    HTTPCertificateError,
    HTTPConnectError,
    HTTPNameError,
    HTTPProtocolError,
    HTTPRefusedError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
)
from ..httpclient.proxies import ProxyError
from ..httpclient.responses import NO_RESPONSE, HTTPClientError, HTTPResponse

# By their numbers: what libcurl knows, pycurl does not always have a name for.
COULDNT_CONNECT: Final = 7
OPERATION_TIMEDOUT: Final = 28
ABORTED_BY_CALLBACK: Final = 42
RECV_ERROR: Final = 56
SEND_FAIL_REWIND: Final = 65
NO_ANSWER: Final = frozenset({8, 52, 55, RECV_ERROR})
"""A weird reply; none; and what the system has said about sending and receiving."""
PROXY: Final = 97


class CurlError(HTTPClientError):
    """libcurl could not do what it was asked to.

    :arg errno: libcurl's number for it (``pycurl.E_OPERATION_TIMEDOUT``, say). What is an :exc:`OSError`, too, has it
        in place of the system's number, as Tornado's has.
    :arg message: what libcurl says about it.

    ``code`` is 599.
    """

    errno: Any  # (as in OSError, with which it goes together)

    def __init__(self, errno: int, message: str) -> None:
        HTTPClientError.__init__(self, NO_RESPONSE, message)
        self.errno = errno

    __str__ = HTTPClientError.__str__  # with the code, as in Tornado

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.errno, self.message), vars(self)


class CurlTimeoutError(CurlError, HTTPTimeoutError):
    """It took too long."""


class CurlConnectError(CurlError, HTTPConnectError):
    """The server cannot be reached."""


class CurlNameError(CurlError, HTTPNameError):
    """The name of the server, or of the proxy, has no address."""


class CurlRefusedError(CurlError, HTTPRefusedError):
    """Nobody listens there."""


class CurlTLSError(CurlError, HTTPTLSError):
    """The two sides did not agree on TLS."""


class CurlCertificateError(CurlError, HTTPCertificateError):
    """The certificate of the server is not good."""


class CurlStreamClosedError(CurlError, HTTPStreamClosedError):
    """The connection has ended before the response was whole."""


class CurlProtocolError(CurlError, HTTPProtocolError):
    """What came is not HTTP."""


class CurlProxyError(CurlError, ProxyError):
    """A proxy did not open the way. ``code`` and ``response`` are what it has answered, if it has."""

    def __init__(
        self,
        errno: int,
        message: str,
        code: int = NO_RESPONSE,
        response: HTTPResponse | None = None,
    ) -> None:
        super().__init__(errno, message)
        self.code = code
        self.response = response


_KINDS: Final[dict[int, type[CurlError]]] = {
    1: CurlProtocolError,  # an unsupported protocol
    5: CurlNameError,  # the proxy's name
    6: CurlNameError,
    COULDNT_CONNECT: CurlConnectError,
    8: CurlProtocolError,  # a weird reply
    16: CurlProtocolError,  # HTTP/2 framing
    18: CurlStreamClosedError,  # a part of a body
    OPERATION_TIMEDOUT: CurlTimeoutError,
    35: CurlTLSError,
    45: CurlConnectError,  # the interface to connect from
    52: CurlStreamClosedError,  # nothing was answered
    53: CurlTLSError,  # no such crypto engine
    54: CurlTLSError,
    55: CurlStreamClosedError,  # sending failed
    RECV_ERROR: CurlStreamClosedError,
    58: CurlTLSError,  # our certificate
    59: CurlTLSError,  # no such cipher
    60: CurlCertificateError,
    61: CurlProtocolError,  # a coding that is not known
    SEND_FAIL_REWIND: CurlStreamClosedError,
    66: CurlTLSError,
    77: CurlTLSError,  # the file of the authorities
    80: CurlTLSError,  # the end of TLS
    83: CurlCertificateError,
    90: CurlCertificateError,  # not the pinned key
    91: CurlCertificateError,
    92: CurlStreamClosedError,  # the HTTP/2 stream
    95: CurlProtocolError,  # HTTP/3
    96: CurlConnectError,  # QUIC
    98: CurlTLSError,  # a client certificate is wanted
    100: CurlProtocolError,  # too large
}

_PROXY_CODES: Final = {4: 407, 5: 407, 12: 407, 17: 403, 18: 403, 23: 403, 33: 407}
"""libcurl's CURLproxycode of SOCKS: who is asking, or where one must not go."""


def curl_failure(number: int, message: str) -> CurlError:
    """What to raise for what libcurl has said."""
    malformed = "chunked-encoding" in message or message.startswith("chunk ")
    if number == RECV_ERROR and malformed:  # libcurl has no number of its own for it
        return CurlProtocolError(number, message)
    return _KINDS.get(number, CurlError)(number, message)


def socks_failure(message: str, proxy_code: int) -> CurlProxyError:
    """What to raise if a SOCKS proxy did not open the way, for a ``CURLproxycode``."""
    return CurlProxyError(PROXY, message, _PROXY_CODES.get(proxy_code, NO_RESPONSE))
