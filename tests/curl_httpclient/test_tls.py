"""TLS: whom we trust, who we are, and with whom a connection is shared."""

import asyncio
import ssl

import pycurl
import pytest

from tests.curl_httpclient.helpers import Server, Silent, body_of, engine, hop
from tests.running import on_every_loop
from tornadolike.curl_httpclient.tls import tls_settings
from tornadolike.httpclient import Proxy
from tornadolike.httpclient.engine import Timeouts, Way
from tornadolike.httpclient.failures import HTTPCertificateError, HTTPTimeoutError, HTTPTLSError


def to(port, options=None, **more):
    """A request to a port of localhost, by TLS."""
    return hop(f"https://localhost:{port}/", way=Way(ssl_options=options), **more)


@on_every_loop
async def test_a_good_certificate(certs):
    async with (
        Server().running(ssl=certs.server_context()) as (_, port),
        engine() as client,
    ):
        sent = to(port, {"ca_certs": certs.ca})
        assert await body_of(await client.send(sent)) == b"ok"
    assert sent.times.connected < sent.times.secured <= sent.times.first_byte


@pytest.mark.parametrize("which", ["expired", "wrong_host", "stranger", "server"])
@on_every_loop
async def test_certificates_that_are_not_good(certs, which):
    trusted = None if which == "server" else {"ca_certs": certs.ca}
    context = certs.server_context(getattr(certs, which))
    async with Server().running(ssl=context) as (_, port), engine() as client:
        with pytest.raises(HTTPCertificateError) as raised:
            await client.send(to(port, trusted))
        assert raised.value.errno == pycurl.E_PEER_FAILED_VERIFICATION
        sent = to(port, {"cert_reqs": ssl.CERT_NONE})
        assert await body_of(await client.send(sent)) == b"ok"
        # What was not verified is not taken for who is.
        with pytest.raises(HTTPCertificateError):
            await client.send(to(port, trusted))


@on_every_loop
async def test_whom_the_system_trusts(certs, monkeypatch):
    from tornadolike.curl_httpclient import tls

    monkeypatch.setenv("SSL_CERT_FILE", certs.ca)
    tls._trusted_by_the_system.cache_clear()
    try:
        context = certs.server_context()
        async with Server().running(ssl=context) as (_, port), engine() as client:
            assert await body_of(await client.send(to(port))) == b"ok"
    finally:
        tls._trusted_by_the_system.cache_clear()


@on_every_loop
async def test_a_certificate_of_ours(certs):
    """Who has shown it does not lend the connection to who has none."""
    server = Server()
    context = certs.server_context(ask_client=True)
    context.verify_mode = ssl.CERT_OPTIONAL
    trusted = {"ca_certs": certs.ca}
    async with server.running(ssl=context) as (_, port), engine() as client:
        ours = {**trusted, "certfile": certs.client, "keyfile": certs.client}
        for options in (ours, ours, trusted):
            assert await body_of(await client.send(to(port, options))) == b"ok"
    assert server.connections == 2


@on_every_loop
async def test_a_server_that_wants_a_certificate(certs):
    context = certs.server_context(ask_client=True)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # so that it says so within the handshake
    async with Server().running(ssl=context) as (_, port), engine() as client:
        with pytest.raises(HTTPTLSError):
            await client.send(to(port, {"ca_certs": certs.ca}))


@on_every_loop
async def test_what_is_no_tls():
    async with (
        Silent(b"HTTP/1.1 400 Bad Request\r\n\r\n").running() as (_, port),
        engine() as client,
    ):
        with pytest.raises(HTTPTLSError):
            await client.send(to(port))


@on_every_loop
async def test_files_that_are_not_there(certs, tmp_path):
    missing = str(tmp_path / "missing.pem")
    async with Silent().running() as (_, port), engine() as client:
        for options in ({"ca_certs": missing}, {"ca_certs": certs.ca, "certfile": missing}):
            with pytest.raises(HTTPTLSError):
                await client.send(to(port, options))


@on_every_loop
async def test_a_handshake_that_takes_too_long():
    server = Silent()
    async with server.running() as (_, port), engine() as client:
        sending = client.send(to(port, timeouts=Timeouts(tls=0.1)))
        with pytest.raises(HTTPTimeoutError, match="Timeout during TLS handshake"):
            await sending
        await server.left.wait()


@on_every_loop
async def test_a_proxy_by_tls(certs):
    proxy = Server()
    context = certs.server_context()
    async with proxy.running(ssl=context) as (_, port), engine() as client:
        for options, good in ({"ca_certs": certs.ca}, True), ({}, False):
            way = Way(proxy=Proxy("localhost", port, ssl_options=options))
            sending = client.send(hop("http://name.invalid/", way=way))
            if good:
                assert await body_of(await sending) == b"ok"
            else:
                with pytest.raises(HTTPCertificateError):
                    await sending
    assert proxy.heads[0].startswith("GET http://name.invalid/ ")


def test_what_libcurl_is_told():
    told = dict(tls_settings({"ca_certs": "a", "certfile": "b", "keyfile": "c", "ciphers": "d"}))
    assert told == {
        pycurl.SSL_VERIFYPEER: 1,
        pycurl.SSL_VERIFYHOST: 2,
        pycurl.CAINFO: b"a",
        pycurl.SSLCERT: b"b",
        pycurl.SSLKEY: b"c",
        pycurl.SSL_CIPHER_LIST: b"d",
    }
    assert dict(tls_settings({"cert_reqs": ssl.CERT_NONE}, of_proxy=True)) == {
        pycurl.PROXY_SSL_VERIFYPEER: 0,
        pycurl.PROXY_SSL_VERIFYHOST: 0,
    }


def test_what_it_cannot_be_told():
    with pytest.raises(ValueError, match="cannot be used by libcurl"):
        list(tls_settings(ssl.create_default_context()))
    with pytest.raises(ValueError, match="not ssl_version"):
        list(tls_settings({"ssl_version": ssl.PROTOCOL_TLS_CLIENT}))


@on_every_loop
async def test_a_request_with_a_context_is_refused():
    async with engine(1) as client:
        for _ in range(2):  # its turn has ended
            async with asyncio.timeout(10):
                with pytest.raises(ValueError, match="SSLContext"):
                    await client.send(to(1, ssl.create_default_context()))
