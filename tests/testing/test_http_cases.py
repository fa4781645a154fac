"""Test cases with a server."""

import ssl

import pytest

from tests.testing.running import complaint, passes
from tornadolike.httpclient import HTTPClientError
from tornadolike.testing import (
    AsyncHTTPSTestCase,
    AsyncHTTPTestCase,
    bind_unused_port,
    gen_test,
    local_certificate,
)
from tornadolike.tls.making import make_certificate
from tornadolike.web import Application, HTTPError, RequestHandler


class Hello(RequestHandler):
    def get(self):
        if self.get_argument("fail", None):
            raise HTTPError(404)
        self.write(f"Hello over {self.request.protocol}")

    def post(self):
        self.write(self.request.body.upper())


class Site:
    """What the cases below have in common."""

    def get_app(self):
        return Application([("/", Hello)])


def test_fetching():
    class Case(Site, AsyncHTTPTestCase):
        def test(self):
            assert self.fetch("/").body == b"Hello over http"
            assert self.fetch("/", method="POST", body="word").body == b"WORD"
            assert self.fetch("/?fail=1").code == 404
            with pytest.raises(HTTPClientError, match="404"):
                self.fetch("/?fail=1", raise_error=True)
            url = self.get_url("/")
            assert url == f"http://127.0.0.1:{self.get_http_port()}/"
            assert self.fetch(url.upper().replace("HTTP", "Http")).code == 200

        @gen_test
        async def test_coroutine(self):
            response = await self.http_client.fetch(self.get_url("/"))
            assert response.body == b"Hello over http"

    passes(Case)
    passes(Case, "test_coroutine")


def test_it_cannot_wait_inside_a_coroutine():
    class Case(Site, AsyncHTTPTestCase):
        @gen_test
        async def test(self):
            self.fetch("/")

    assert "in a coroutine use: await self.http_client.fetch" in complaint(Case)


def test_a_server_that_does_not_answer(monkeypatch):
    class Case(Site, AsyncHTTPTestCase):
        def test(self):
            silent, port = bind_unused_port()
            self.addCleanup(silent.close)
            with monkeypatch.context() as patched:
                patched.setenv("ASYNC_TEST_TIMEOUT", "0.05")
                self.fetch(f"http://127.0.0.1:{port}/")

    assert "TimeoutError: Operation timed out after 0.05 seconds" in complaint(Case)


def test_options_of_the_server():
    class Case(Site, AsyncHTTPTestCase):
        def get_httpserver_options(self):
            return {"max_body_size": 3}

        def test(self):
            assert self.fetch("/", method="POST", body="long").code == 413

    passes(Case)


def test_what_it_made_is_let_go():
    class Case(Site, AsyncHTTPTestCase):
        def test(self):
            pass

    case = Case("test")
    case.run()
    assert not hasattr(case, "_app")
    assert not hasattr(case, "http_server")
    assert case.io_loop.is_closed()
    with pytest.raises(RuntimeError, match="closed AsyncHTTPClient"):
        case.http_client.fetch("http://127.0.0.1:1/")


def test_an_application_has_to_be_given():
    class Case(AsyncHTTPTestCase):
        def test(self):
            raise AssertionError

    assert "Case should have a method get_app that returns the application" in complaint(Case)


def test_tls():
    class Case(Site, AsyncHTTPSTestCase):
        def test(self):
            assert self.get_url("/").startswith("https://")
            assert self.fetch("/").body == b"Hello over https"
            trusted = {"validate_cert": True, "ca_certs": local_certificate().ca_certs}
            assert self.fetch("/", **trusted).code == 200

        def test_strangers(self):
            with pytest.raises(ssl.SSLCertVerificationError):
                self.fetch("/", validate_cert=True)

    passes(Case)
    passes(Case, "test_strangers")


def test_a_certificate_of_ones_own(tmp_path):
    files = {"certfile": str(tmp_path / "cert.pem"), "keyfile": str(tmp_path / "key.pem")}
    make_certificate(["www.example.test"]).save(*files.values())

    class Case(Site, AsyncHTTPSTestCase):
        def get_ssl_options(self):
            return files

        def test(self):
            assert self.fetch("/").code == 200
            assert self.default_ssl_options() == local_certificate().ssl_options

    passes(Case)
