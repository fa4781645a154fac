"""``openssl s_client`` and Python's :mod:`http.client` as clients of a server of HTTPS."""

import http.client
import shutil
import ssl
import subprocess
from typing import Any

import pytest

from tests.tls_certs import Certificates, only
from tests.wire.client import get, ok, undated
from tests.wire.site import answer
from tornadolike.httputil import HTTPServerRequest

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)

VERSIONS = pytest.mark.parametrize("version", ["1.2", "1.3"])


@pytest.fixture
def wire() -> str:
    return "tls"


def s_client(server: Any, certs: Certificates, data: bytes, *arguments: str) -> tuple[bytes, str]:
    """What comes in answer to ``data`` until the server closes, and what s_client has to say."""
    where = ("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}")
    checked = ("-verify_return_error", "-verify_hostname", "localhost")
    done = subprocess.run(
        [*where, "-CAfile", certs.ca, *checked, "-quiet", "-ign_eof", *arguments],
        input=data,
        capture_output=True,
        timeout=10,
        check=False,
    )
    return undated(done.stdout), done.stderr.decode()


@needs_openssl
@VERSIONS
def test_s_client(serve: Any, certs: Certificates, version: str) -> None:
    server = serve(answer)
    received, said = s_client(
        server,
        certs,
        get("/1") + get("/2") + get("/3", "Connection: close"),
        f"-tls{version.replace('.', '_')}",
    )
    assert received == ok("GET /1") + ok("GET /2") + ok("GET /3", "Connection: close"), said
    assert "err" not in said


@needs_openssl
@VERSIONS
def test_s_client_with_a_certificate(serve: Any, certs: Certificates, version: str) -> None:
    shown: list[Any] = []

    def look(request: HTTPServerRequest) -> None:
        shown.append(request.get_ssl_certificate(binary_form=True))
        answer(request)

    server = serve(look, ssl_options=certs.server_context(ask_client=True))
    received, said = s_client(
        server,
        certs,
        get("/", "Connection: close"),
        f"-tls{version.replace('.', '_')}",
        "-cert",
        certs.client,
    )
    assert received == ok("GET /", "Connection: close"), said
    with open(certs.client) as file:
        assert ssl.DER_cert_to_PEM_cert(*shown) in file.read()


@needs_openssl
def test_s_client_that_wants_what_we_have_not(serve: Any, certs: Certificates) -> None:
    server = serve(answer)
    received, said = s_client(server, certs, get("/"), "-tls1_2", "-cipher", "NULL:@SECLEVEL=0")
    assert received == b""
    assert "handshake failure" in said


@VERSIONS
def test_http_client(serve: Any, certs: Certificates, version: str) -> None:
    context = only(certs.client_context(), ssl.TLSVersion[f"TLSv{version.replace('.', '_')}"])
    server = serve(answer)
    connection = http.client.HTTPSConnection("localhost", server.port, timeout=10, context=context)
    for _ in range(2):
        connection.request("PUT", "/", body=b"x" * 1_000_000)
        assert connection.getresponse().read() == b"PUT / [" + b"x" * 1_000_000 + b"]"
        connection.request("POST", "/", body=iter([b"in ", b"chunks"]), encode_chunked=True)
        assert connection.getresponse().read() == b"POST / [in chunks]"
    assert connection.sock is not None
    connection.request("GET", "/", headers={"Connection": "close"})
    assert connection.getresponse().read() == b"GET /"
    connection.close()


def test_many_clients(serve: Any, certs: Certificates) -> None:
    """Handshakes and requests of all in any order."""
    from concurrent.futures import ThreadPoolExecutor

    server = serve(answer)

    def visit(number: int) -> bytes:
        connection = http.client.HTTPSConnection(
            "localhost", server.port, timeout=10, context=server.client_context
        )
        try:
            for _ in range(3):
                connection.request("GET", f"/{number}")
                body = connection.getresponse().read()
            return body
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(visit, range(100))) == [f"GET /{n}".encode() for n in range(100)]
