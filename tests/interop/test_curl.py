"""curl as the client, plain and over TLS."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tls_certs import SUBJECT, Certificates
from tests.wire.client import PLAIN_AND_TLS
from tests.wire.site import answer
from tornadolike.httputil import HTTPServerRequest

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

Curl = Callable[..., str]

VERSIONS = pytest.mark.parametrize(
    "version",
    [
        pytest.param(("--tlsv1.2", "--tls-max", "1.2"), id="TLS 1.2"),
        pytest.param(("--tlsv1.3",), id="TLS 1.3"),
    ],
)


@pytest.fixture
def curl(certs: Certificates) -> Curl:
    """``curl(*arguments)`` returns what it prints, or raises with what it complains of."""

    def run(*arguments: str) -> str:
        always = ["--silent", "--show-error", "--max-time", "10", "--noproxy", "*"]
        done = subprocess.run(
            ["curl", *always, "--cacert", certs.ca, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@PLAIN_AND_TLS
def test_requests(serve: Any, tmp_path: Path, curl: Curl) -> None:
    server = serve(answer)
    upload = tmp_path / "upload"
    upload.write_bytes(b"u" * 3_000_000)
    url = f"{server.url}/x"
    assert curl(url) == "GET /x"
    assert curl("--http1.0", url) == "GET /x"
    # Several over one connection; the count of connections that it made is in its report.
    report = "%{num_connects},"
    assert curl("--write-out", report, url, url, url) == "GET /x1,GET /x0,GET /x0,"
    assert "HTTP/1.1 200 OK" in curl("--head", url)
    assert curl("--data", "a=b", url) == "POST /x [a=b]"
    # By length with "Expect: 100-continue", which it sends by itself for large ones; and in chunks.
    status = ("--output", os.devnull, "--write-out", "%{http_code} %{size_download}")
    assert curl("--upload-file", str(upload), *status, url) == "200 3000009"
    chunked = ("--header", "Transfer-Encoding: chunked")
    assert curl("--upload-file", str(upload), *chunked, *status, url) == "200 3000009"
    assert curl("--header", "Expect: the unexpected", "--data", "x", *status, url).startswith("417")


# TLS

over_tls = pytest.mark.parametrize("wire", ["tls"])


@over_tls
@VERSIONS
def test_versions(serve: Any, curl: Curl, version: tuple[str, ...]) -> None:
    versions: list[str] = []

    def look(request: HTTPServerRequest) -> None:
        versions.append(request.connection.transport.get_extra_info("ssl_object").version())
        answer(request)

    server = serve(look)
    url = f"https://localhost:{server.port}/x"
    # One connection serves both; and it ends as TLS wants it, or curl would complain.
    report = "%{num_connects} %{ssl_verify_result},"
    assert curl(*version, "--write-out", report, url, url) == "GET /x1 0,GET /x0 0,"
    assert curl(*version, "--header", "Connection: close", url) == "GET /x"
    assert set(versions) == {f"TLSv{version[0].removeprefix('--tlsv')}"}


@over_tls
def test_a_body_that_ends_with_the_connection(serve: Any, curl: Curl) -> None:
    """Nothing but TLS's goodbye says that it is whole."""

    def stream(request: HTTPServerRequest) -> None:
        from tests.wire.client import head

        request.connection.write_headers(*head())
        request.connection.write(b"all of it")
        request.connection.finish()

    server = serve(stream)
    assert curl("--http1.0", f"{server.url}/") == "all of it"


@over_tls
@VERSIONS
def test_a_certificate_of_its_own(
    serve: Any, certs: Certificates, curl: Curl, version: tuple[str, ...]
) -> None:
    subjects: list[Any] = []

    def look(request: HTTPServerRequest) -> None:
        certificate: Any = request.get_ssl_certificate()
        subjects.append(certificate["subject"])
        answer(request)

    server = serve(look, ssl_options=certs.server_context(ask_client=True))
    url = f"{server.url}/x"
    assert curl(*version, "--cert", certs.client, url) == "GET /x"
    assert subjects == [((("commonName", SUBJECT),),)]
    for none_or_wrong in ((), ("--cert", certs.stranger)):
        with pytest.raises(AssertionError, match=r"alert|reset|refused|SSL"):
            curl(*version, *none_or_wrong, url)
    assert len(subjects) == 1


@over_tls
@pytest.mark.parametrize(
    ("certificate", "complaint"),
    [("stranger", "unable to get local issuer"), ("expired", "expired"), ("wrong_host", "name")],
)
def test_a_server_that_it_does_not_trust(
    serve: Any, certs: Certificates, curl: Curl, certificate: str, complaint: str
) -> None:
    server = serve(answer, ssl_options={"certfile": getattr(certs, certificate)})
    with pytest.raises(AssertionError, match=complaint):
        curl(f"https://localhost:{server.port}/x")
    assert curl("--insecure", f"{server.url}/x") == "GET /x"


@over_tls
def test_the_name_of_the_protocol(serve: Any, certs: Certificates, curl: Curl) -> None:
    """It would like HTTP/2 best, and is told that there is none."""
    server = serve(answer, ssl_options={"certfile": certs.server})
    assert curl("--http2", "--write-out", " %{http_version}", f"{server.url}/x") == "GET /x 1.1"


@over_tls
def test_plain_http_on_the_port_for_https(serve: Any, curl: Curl) -> None:
    server = serve(answer)
    url = f"http://127.0.0.1:{server.port}/x"
    said = curl("--write-out", "%{http_code}", url)
    assert "Use https://" in said
    assert said.endswith("400")
    large = curl(
        "--data", "x" * 100_000, "--output", os.devnull, "--write-out", "%{http_code}", url
    )
    assert large == "400"


@over_tls
def test_versions_that_are_too_old(serve: Any, certs: Certificates, curl: Curl) -> None:
    context = certs.server_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    server = serve(answer, ssl_options=context)
    with pytest.raises(AssertionError, match="protocol version"):
        curl("--tls-max", "1.2", f"{server.url}/x")
