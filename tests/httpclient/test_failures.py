"""The tree of what a fetch raises."""

import copy
import errno
import pickle
import re
import socket
import ssl

import pytest

from tornadolike.httpclient import failures
from tornadolike.httpclient.failures import (
    HTTPCertificateError,
    HTTPConnectError,
    HTTPNameError,
    HTTPProtocolError,
    HTTPRefusedError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
    TooManyRedirectsError,
    connect_error,
)
from tornadolike.httpclient.proxies import ProxyError
from tornadolike.httpclient.requests import HTTPRequest
from tornadolike.httpclient.responses import HTTPClientError, HTTPResponse
from tornadolike.iostream import StreamClosedError

KINDS = {
    HTTPTimeoutError: (HTTPClientError, TimeoutError),
    HTTPConnectError: (HTTPClientError, OSError),
    HTTPNameError: (HTTPConnectError, socket.gaierror),
    HTTPRefusedError: (HTTPConnectError, ConnectionRefusedError),
    HTTPTLSError: (HTTPConnectError, ssl.SSLError),
    HTTPCertificateError: (HTTPTLSError, ssl.SSLCertVerificationError),
    HTTPStreamClosedError: (HTTPClientError, ConnectionError),
    HTTPProtocolError: (HTTPClientError,),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_they_are(kind):
    error = kind("what is wrong")
    assert isinstance(error, KINDS[kind])
    assert (error.code, error.message, error.response) == (599, "what is wrong", None)
    assert str(error) == "what is wrong"
    assert repr(error) == "HTTP 599: what is wrong"
    assert getattr(error, "errno", None) is None
    assert getattr(error, "filename", None) is None


@pytest.mark.parametrize("kind", KINDS)
def test_copies_and_other_processes(kind):
    error = kind("what is wrong")
    error.errno = 7
    error.add_note("by the way")
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is kind
        assert (other.message, other.errno, other.__notes__) == ("what is wrong", 7, ["by the way"])


def test_too_many_redirects():
    response = HTTPResponse(HTTPRequest("http://h/"), 302)
    error = TooManyRedirectsError(302, "more than 5", response)
    assert str(error) == "HTTP 302: more than 5"
    assert error.response is response


def test_the_tree_in_the_docstring_is_true():
    kinds = {**vars(failures), "ProxyError": ProxyError}
    branches = []
    for line in failures.__doc__.splitlines():
        match = re.search(r"^    ([│ ]*)(?:├──|└──)? ?([A-Z]\w+)", line)
        if match:
            depth = (line.index(match[2]) - 4) // 4
            kind = kinds[match[2]]
            branches = [*branches[:depth], kind]
            if depth:
                assert issubclass(kind, branches[-2]), kind
    public = {
        kind
        for name, kind in vars(failures).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and not name.startswith("_")
    }
    assert {kind.__name__ for kind in public} <= set(re.findall(r"\w+", failures.__doc__))


SYSTEM = [
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), HTTPRefusedError),
    (OSError(errno.ECONNREFUSED, "refused"), HTTPRefusedError),
    (OSError(errno.ENETUNREACH, "unreachable"), HTTPConnectError),
    (socket.gaierror(socket.EAI_NONAME, "no name"), HTTPNameError),
    (ssl.SSLError(1, "handshake"), HTTPTLSError),
    (ssl.SSLCertVerificationError(1, "expired"), HTTPCertificateError),
    (StreamClosedError(ConnectionRefusedError(errno.ECONNREFUSED, "x")), HTTPRefusedError),
    (StreamClosedError(), HTTPConnectError),
]


@pytest.mark.parametrize(("error", "kind"), SYSTEM)
def test_what_the_system_says(error, kind):
    failure = connect_error(error)
    assert type(failure) is kind
    real = getattr(error, "real_error", None) or error
    assert failure.errno == real.errno
    assert str(failure)
