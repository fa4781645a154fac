"""Connections over TLS: whose certificate, and sessions."""

import socket
import ssl

import pytest

from tests.running import on_every_loop
from tests.tcpclient.helpers import Names, serving, talk
from tornadolike.iostream import IOStream, SSLIOStream
from tornadolike.netutil import OverrideResolver, Resolver
from tornadolike.tcpclient import TCPClient, certified_name


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost."])
@on_every_loop
async def test_tls(certs, host):
    """The server hears for whom it is wanted, unless that is an address."""
    wanted = []
    server = certs.server_context()
    server.sni_callback = lambda ssl_object, name, context: wanted.append(name)
    async with serving(ssl=server) as (_, port):
        client = TCPClient(OverrideResolver(Resolver(), {"localhost.": "127.0.0.1"}))
        context = certs.client_context()
        stream = await client.connect(host, port, socket.AF_INET, ssl_options=context)
        assert type(stream) is SSLIOStream
        assert stream.socket.version().startswith("TLSv1.")
        assert stream.socket.getpeercert()
        await talk(stream)
    assert wanted == [None if host == "127.0.0.1" else "localhost"]


@on_every_loop
async def test_tls_by_options(certs):
    async with serving(ssl=certs.server_context()) as (_, port):
        client = TCPClient()
        for options in ({"ca_certs": certs.ca}, {"cert_reqs": ssl.CERT_NONE}):
            await talk(await client.connect("127.0.0.1", port, ssl_options=options))


@pytest.mark.parametrize("certificate", ["stranger", "wrong_host", "expired"])
@on_every_loop
async def test_certificates_are_verified(certs, certificate, expect_log):
    async with serving(ssl=certs.server_context(getattr(certs, certificate))) as (_, port):
        client = TCPClient()
        options = [certs.client_context(), {"ca_certs": certs.ca}]
        for each in options:
            with (
                expect_log("tornadolike.general", "SSL Error"),
                pytest.raises(ssl.SSLCertVerificationError),
            ):
                await client.connect("127.0.0.1", port, ssl_options=each)


@on_every_loop
async def test_nobody_is_trusted_without_a_reason(certs, expect_log):
    async with serving(ssl=certs.server_context()) as (_, port):
        with (
            expect_log("tornadolike.general", "SSL Error"),
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            await TCPClient().connect("127.0.0.1", port, ssl_options={})


@on_every_loop
async def test_another_name_than_the_hosts(certs):
    async with serving(ssl=certs.server_context(certs.wrong_host)) as (host, port):
        context = certs.client_context()
        stream = await TCPClient().connect(
            host, port, ssl_options=context, server_hostname="wrong.example"
        )
        await talk(stream)


@on_every_loop
async def test_a_name_that_no_certificate_can_have(certs):
    """It is seen when the connection is there already, which must not stay."""
    context = certs.client_context()
    async with serving() as (host, port):
        with pytest.raises(UnicodeError):
            await TCPClient().connect(host, port, ssl_options=context, server_hostname=".a")


@on_every_loop
async def test_no_name_is_not_anybodys(certs, expect_log):
    """An empty name has a context that checks names check nothing, if it is handed on as it is."""
    context = certs.client_context()
    async with serving(ssl=certs.server_context(certs.wrong_host)) as address:
        for host in (".", "", "%"):
            with pytest.raises(ValueError, match="server_hostname is needed"):
                await TCPClient(Names(address)).connect(host, 1, ssl_options=context)
        with (
            expect_log("tornadolike.general", "SSL Error"),
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            await TCPClient().connect(*address, ssl_options=context, server_hostname="")


@on_every_loop
async def test_a_server_that_speaks_no_tls(certs, expect_log):
    async def hang_up(reader, writer):
        await reader.read(1)

    async with serving(handle=hang_up) as (host, port):
        with pytest.raises(OSError, match=r".") as caught:
            await TCPClient().connect(host, port, ssl_options=certs.client_context())
        assert not isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@on_every_loop
async def test_sessions_are_resumed(certs, version):
    server, context = certs.server_context(), certs.client_context()
    server.maximum_version = version
    client = TCPClient()

    async def resumed(client, ssl_options):
        stream = await client.connect("127.0.0.1", port, ssl_options=ssl_options)
        reused = stream.socket.session_reused
        await talk(stream)
        return reused

    async with serving(ssl=server) as (_, port):
        assert [await resumed(client, context) for _ in range(3)] == [False, True, True]
        assert not await resumed(client, certs.client_context())
        assert not await resumed(TCPClient(), context)
        assert await resumed(TCPClient(sessions=client.sessions), context)
        # Each time another context is made of these.
        assert not await resumed(client, {"ca_certs": certs.ca})
        assert not await resumed(client, {"ca_certs": certs.ca})


@on_every_loop
async def test_a_session_is_not_another_hosts(certs):
    context, client = certs.client_context(), TCPClient()
    async with serving(ssl=certs.server_context()) as address:
        client.resolver = Names(address)
        await talk(await client.connect("localhost", 1, ssl_options=context))
        for host, port in (("127.0.0.1", 1), ("localhost", 2)):
            stream = await client.connect(host, port, ssl_options=context)
            assert not stream.socket.session_reused
            await talk(stream)


@on_every_loop
async def test_what_a_context_is_told_later_was_not_checked_before(certs, expect_log):
    """A session that nobody verified must not be kept as one that was, as OpenSSL would resume it."""
    context = certs.client_context()
    context.check_hostname = False
    client = TCPClient()
    async with serving(ssl=certs.server_context(certs.wrong_host)) as (host, port):
        stream = await client.connect(host, port, ssl_options=context)
        context.check_hostname = True
        await talk(stream)
        with (
            expect_log("tornadolike.general", "SSL Error"),
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            await client.connect(host, port, ssl_options=context)


@on_every_loop
async def test_a_connection_that_ended_badly_leaves_no_session(certs):
    context, client = certs.client_context(), TCPClient()
    async with serving(ssl=certs.server_context()) as (host, port):
        for _ in range(2):
            stream = await client.connect(host, port, ssl_options=context)
            assert not stream.socket.session_reused
            stream.write(b"hello\n")
            await stream.read_until(b"\n")
            stream.close(exc_info=ValueError("nonsense"))


@on_every_loop
async def test_a_connection_that_ends_right_after_the_handshake(certs, monkeypatch):
    start_tls = IOStream.start_tls

    async def start_and_end(*args, **options):
        stream = await start_tls(*args, **options)
        stream.close()
        return stream

    monkeypatch.setattr(IOStream, "start_tls", start_and_end)
    async with serving(ssl=certs.server_context()) as (host, port):
        stream = await TCPClient().connect(host, port, ssl_options=certs.client_context())
        assert stream.closed()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("example.com", "example.com"),
        ("example.com.", "example.com"),
        ("192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_whose_certificate_is_expected(host, name):
    assert certified_name(host) == name
