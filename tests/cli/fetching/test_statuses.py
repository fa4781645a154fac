"""How ``fetch`` ends."""

import pytest

from tornadolike.cli.fetching.statuses import status_of
from tornadolike.httpclient import failures
from tornadolike.httpclient.proxies import ProxyError
from tornadolike.httpclient.responses import HTTPClientError

STATUSES = {
    "HTTPTimeoutError": 28,
    "HTTPConnectError": 7,
    "HTTPNameError": 6,
    "HTTPRefusedError": 7,
    "HTTPTLSError": 35,
    "HTTPCertificateError": 60,
    "HTTPStreamClosedError": 56,
    "HTTPProtocolError": 8,
    "TooManyRedirectsError": 47,
    "BadRedirectError": 22,
}


def test_each_failure_has_one():
    kinds = {
        name
        for name, kind in vars(failures).items()
        if isinstance(kind, type) and issubclass(kind, HTTPClientError) and name[0] != "_"
    }
    assert kinds - {"HTTPClientError"} == STATUSES.keys()


@pytest.mark.parametrize("name", STATUSES)
def test_failures(name):
    kind = getattr(failures, name)
    error = kind(302, "x") if "Redirect" in name else kind("x")
    assert status_of(error) == STATUSES[name]


def test_others():
    assert status_of(ProxyError(407, "x")) == 97
    assert status_of(HTTPClientError(404)) == 22
