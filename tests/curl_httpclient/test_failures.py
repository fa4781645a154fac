"""libcurl's numbers as our tree."""

import copy
import pickle
import socket
import ssl

import pycurl
import pytest

from tornadolike.curl_httpclient import CurlError
from tornadolike.curl_httpclient.failures import curl_failure, socks_failure
from tornadolike.httpclient import HTTPError, ProxyError
from tornadolike.httpclient.failures import (
    HTTPCertificateError,
    HTTPConnectError,
    HTTPNameError,
    HTTPProtocolError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
)


@pytest.mark.parametrize(
    ("number", "kind", "of_python"),
    [
        (pycurl.E_OPERATION_TIMEDOUT, HTTPTimeoutError, TimeoutError),
        (pycurl.E_COULDNT_RESOLVE_HOST, HTTPNameError, socket.gaierror),
        (pycurl.E_COULDNT_RESOLVE_PROXY, HTTPNameError, socket.gaierror),
        (pycurl.E_COULDNT_CONNECT, HTTPConnectError, OSError),
        (pycurl.E_INTERFACE_FAILED, HTTPConnectError, OSError),
        (pycurl.E_SSL_CONNECT_ERROR, HTTPTLSError, ssl.SSLError),
        (pycurl.E_SSL_CERTPROBLEM, HTTPTLSError, ssl.SSLError),
        (pycurl.E_SSL_CIPHER, HTTPTLSError, ssl.SSLError),
        (pycurl.E_SSL_CACERT_BADFILE, HTTPTLSError, ssl.SSLError),
        (pycurl.E_PEER_FAILED_VERIFICATION, HTTPCertificateError, ssl.SSLCertVerificationError),
        (pycurl.E_SSL_ISSUER_ERROR, HTTPCertificateError, ssl.SSLCertVerificationError),
        (pycurl.E_GOT_NOTHING, HTTPStreamClosedError, ConnectionError),
        (pycurl.E_SEND_ERROR, HTTPStreamClosedError, ConnectionError),
        (pycurl.E_RECV_ERROR, HTTPStreamClosedError, ConnectionError),
        (pycurl.E_PARTIAL_FILE, HTTPStreamClosedError, ConnectionError),
        (pycurl.E_SEND_FAIL_REWIND, HTTPStreamClosedError, ConnectionError),
        (92, HTTPStreamClosedError, ConnectionError),
        (pycurl.E_HTTP2, HTTPProtocolError, Exception),
        (8, HTTPProtocolError, Exception),
        (pycurl.E_UNSUPPORTED_PROTOCOL, HTTPProtocolError, Exception),
        (pycurl.E_OUT_OF_MEMORY, CurlError, Exception),
    ],
)
def test_each_is_what_our_own_engine_raises(number, kind, of_python):
    failure = curl_failure(number, "what curl says")
    assert isinstance(failure, kind)
    assert isinstance(failure, of_python)
    assert isinstance(failure, CurlError)
    assert isinstance(failure, HTTPError)
    assert (failure.errno, failure.code, failure.message) == (number, 599, "what curl says")
    assert str(failure) == "HTTP 599: what curl says"


def test_as_in_tornado():
    error = CurlError(28, "late")
    assert (error.errno, error.code, error.message, error.response) == (28, 599, "late", None)


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_it_can_be_sent_to_another_process(again):
    for error in (CurlError(28, "late"), curl_failure(7, "nobody"), socks_failure("no", 12)):
        copied = again(error)
        assert type(copied) is type(error)
        assert (copied.errno, copied.code, str(copied)) == (error.errno, error.code, str(error))


@pytest.mark.parametrize(("number", "code"), [(12, 407), (33, 407), (23, 403), (21, 599)])
def test_proxies_that_speak_socks(number, code):
    failure = socks_failure("no", number)
    assert isinstance(failure, ProxyError)
    assert isinstance(failure, CurlError)
    assert (failure.errno, failure.code, failure.response) == (97, code, None)
