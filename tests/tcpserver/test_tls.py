"""The same over TLS."""

import asyncio
import concurrent.futures
import gc
import socket
import ssl
import threading

import pytest

from tests.running import LOOPS, on_every_loop, run_on, turns
from tests.tcpserver.helpers import LIMIT, Handled, expect_end, listening, over, until, visit
from tornadolike.iostream import SSLIOStream
from tornadolike.tcpserver import TCPServer


async def echo(stream, address):
    while True:
        await stream.write(await stream.read_until(b"\n"))


@pytest.fixture
def options(certs):
    """What a server is told, in both forms, by the test's parameter."""
    return {"dict": {"certfile": certs.server}, "context": certs.server_context()}


@pytest.mark.parametrize("form", ["dict", "context"])
@on_every_loop
async def test_a_server_that_speaks_tls(form, options, certs):
    names = []

    async def handler(stream, address):
        await stream.wait_for_handshake()
        names.append((type(stream), stream.socket.version()[:4], stream.max_buffer_size))
        await echo(stream, address)

    server = Handled(handler, ssl_options=options[form], max_buffer_size=12345)
    assert server.ssl_options is options[form]
    async with listening(server) as port, visit(port, certs.client_context()) as stream:
        await stream.write(b"hello\n")
        assert await stream.read_until(b"\n") == b"hello\n"
        assert names == [(SSLIOStream, "TLSv", 12345)]
    assert not server._conversations


@on_every_loop
async def test_options_can_be_replaced(certs, options):
    """As programs for Tornado do it when their certificates are new."""
    server = Handled(echo)
    async with listening(server) as port:
        server.ssl_options = options["dict"]
        async with visit(port, certs.client_context()) as stream:
            await stream.write(b"hello\n")
            assert await stream.read_until(b"\n") == b"hello\n"
        with pytest.raises(KeyError, match="certfile"):
            server.ssl_options = {}
        assert server.ssl_options is options["dict"]
        assert server.ssl_context is not None


def test_what_is_wrong_with_options_is_said_at_once(certs, tmp_path):
    missing = str(tmp_path / "missing.pem")
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    for wrong, error, text in [
        ({}, KeyError, "need a certfile"),
        ({"certfile": missing}, ValueError, "certfile .* no file .*missing.pem"),
        ({"certfile": certs.server, "keyfile": missing}, ValueError, "keyfile .* no file"),
        ({"certfile": certs.server, "ca_certs": missing}, ValueError, "ca_certs .* no file"),
        ({"certfile": str(broken)}, ssl.SSLError, "PEM"),
        ({"certfile": certs.server, "color": "red"}, ValueError, "nothing of color"),
        ("certificate.pem", TypeError, "dictionary or an ssl.SSLContext"),
        (certs.client_context(), ValueError, "one for clients.*Purpose.CLIENT_AUTH"),
    ]:
        with pytest.raises(error, match=text):
            TCPServer(ssl_options=wrong)


# Handshakes that fail


async def waits_for_handshake(stream, address):
    await stream.wait_for_handshake()


async def reads(stream, address):
    await stream.read_until(b"\n")


def reads_by_callback(stream, address):
    stream.read_until(b"\n").add_done_callback(lambda future: future.exception())


@pytest.mark.parametrize("handler", [waits_for_handshake, reads, reads_by_callback])
@on_every_loop
async def test_a_handshake_that_fails_is_logged_once(handler, certs, expect_log):
    server = Handled(handler, ssl_options=certs.server_context())
    async with listening(server) as port:
        with expect_log("tornadolike", "", count=1) as log:
            async with visit(port) as stream:
                host, number = stream.socket.getsockname()
                await stream.write(b"this is no TLS at all\n")
                await stream.read_until_close()
            await over(server)
        assert log.matched[0].levelname == "INFO"
        assert f"{host}" in log.matched[0].getMessage()
        assert str(number) in log.matched[0].getMessage()


async def fails(stream, address):
    await stream.read_bytes(1)
    raise ValueError("of the handler")


@pytest.mark.parametrize("tls", [False, True])
@on_every_loop
async def test_a_peers_name_makes_no_lines_of_its_own_in_the_log(tls, certs, expect_log, tmp_path):
    """A Unix socket may be called as its owner likes."""
    server = Handled(fails, ssl_options=certs.server_context() if tls else None)
    server.listen_unix(tmp_path / "server")
    with socket.socket(socket.AF_UNIX) as client:
        client.bind(str(tmp_path / "a\nforged line"))
        with expect_log("tornadolike", r"a\\nforged line") as log:
            client.connect(str(tmp_path / "server"))
            client.sendall(b"x" * 100)
            await until(lambda: log.matched)
    assert "\n" not in log.matched[0].getMessage()
    server.stop()
    await server.close_all_connections()


@on_every_loop
async def test_a_peer_that_goes_before_it_has_said_anything(certs):
    server = Handled(reads_by_callback, ssl_options=certs.server_context())
    async with listening(server) as port:
        async with visit(port):
            await until(lambda: len(server._conversations))
        await over(server)


# Streams that are kept, and forgotten


def says_nothing(stream, address):
    pass


def writes_at_once(stream, address):
    stream.write(b"hello")


async def waits_and_returns(stream, address):
    await stream.wait_for_handshake()
    stream.write(b"hello")


async def reads_and_returns(stream, address):
    assert await stream.read_until(b"\n") == b"hi\n"
    await stream.write(b"hello")


@pytest.mark.parametrize("handler", [writes_at_once, waits_and_returns, reads_and_returns])
@on_every_loop
async def test_a_stream_that_is_forgotten_is_closed(handler, certs):
    server = Handled(handler, ssl_options=certs.server_context())
    gc.disable()
    try:
        async with listening(server) as port, visit(port, certs.client_context()) as stream:
            await stream.write(b"hi\n")
            assert await stream.read_until_close() == b"hello"
            assert not stream.truncated
            await over(server)
    finally:
        gc.enable()


@on_every_loop
async def test_one_that_is_forgotten_in_the_handshake_is_closed(certs):
    server = Handled(says_nothing, ssl_options=certs.server_context())
    gc.disable()
    try:
        async with listening(server) as port, visit(port) as stream:
            await expect_end(stream)
            await over(server)
    finally:
        gc.enable()


@pytest.mark.parametrize("when", ["in the handshake", "afterwards"])
@on_every_loop
async def test_a_stream_that_somebody_keeps_stays_open(when, certs):
    kept = []

    async def late(stream, address):
        await stream.wait_for_handshake()
        kept.append(stream)

    handler = late if when == "afterwards" else lambda stream, address: kept.append(stream)
    server = Handled(handler, ssl_options=certs.server_context())
    async with listening(server) as port, visit(port, certs.client_context()) as stream:
        await until(lambda: kept)
        await turns(5)
        gc.collect()
        await kept[0].write(b"still here\n")
        assert await stream.read_until(b"\n") == b"still here\n"
        kept.pop().close()
        await expect_end(stream)
        await over(server)


@on_every_loop
async def test_a_handshake_that_somebody_waits_for_goes_on(certs):
    def handler(stream, address):
        stream.wait_for_handshake().add_done_callback(lambda future: future.result().write(b"x"))

    server = Handled(handler, ssl_options=certs.server_context())
    async with listening(server) as port, visit(port, certs.client_context()) as stream:
        assert await stream.read_bytes(1) == b"x"


# start_tls in a handler


@pytest.mark.parametrize("kept", [False, True], ids=["handled", "kept"])
@on_every_loop
async def test_a_stream_that_starts_tls_is_still_the_servers(kept, certs):
    streams = []

    async def handler(stream, address):
        await stream.write(await stream.read_until(b"\n"))
        streams.append(await stream.start_tls(True, certs.server_context()))
        if not kept:
            await echo(streams[0], address)

    server = Handled(handler)
    async with listening(server) as port, visit(port) as plain:
        await plain.write(b"STARTTLS\n")
        assert await plain.read_until(b"\n") == b"STARTTLS\n"
        stream = await plain.start_tls(False, certs.client_context(), "localhost")
        if not kept:
            await stream.write(b"hello\n")
            assert await stream.read_until(b"\n") == b"hello\n"
        await until(lambda: streams)
        await turns(5)
        draining = asyncio.ensure_future(server.drain())
        await turns(5)
        assert not draining.done()
        await server.close_all_connections()
        await draining
        assert streams.pop().closed()
        await expect_end(stream)


@on_every_loop
async def test_one_that_is_forgotten_after_it_started_tls_is_closed(certs):
    async def handler(stream, address):
        await stream.write(await stream.read_until(b"\n"))
        tls = await stream.start_tls(True, certs.server_context())
        tls.write(b"hello")

    server = Handled(handler)
    gc.disable()
    try:
        async with listening(server) as port, visit(port) as plain:
            await plain.write(b"STARTTLS\n")
            assert await plain.read_until(b"\n") == b"STARTTLS\n"
            stream = await plain.start_tls(False, certs.client_context(), "localhost")
            async with asyncio.timeout(LIMIT):
                assert await stream.read_until_close() == b"hello"
            await over(server)
    finally:
        gc.enable()


@on_every_loop
async def test_a_connection_that_is_handed_on_is_not_the_servers(certs):
    """Who detaches the transport looks after it himself."""
    transports = []
    server = Handled(lambda stream, address: transports.append(stream.detach()))
    async with listening(server) as port, visit(port) as stream:
        await until(lambda: transports)
        await over(server)
        assert not transports[0].is_closing()
        transports.pop().close()
        await expect_end(stream)


# What has been written and has not left

MUCH = b"x" * 600_000
ROOM = 16384


async def says_much(stream, address):
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
    await stream.write(MUCH)


@pytest.mark.parametrize("loop_kind", LOOPS)
def test_draining_waits_for_what_was_written_to_leave(loop_kind, certs):
    """The kernel goes on without us, but what TLS has still to send is gone with this process."""
    ports = concurrent.futures.Future()

    async def serve():
        server = Handled(says_much, ssl_options=certs.server_context())
        async with listening(server) as port:
            ports.set_result(port)
            await until(lambda: len(server._conversations))
            await server.drain(LIMIT)

    thread = threading.Thread(target=run_on, args=[LOOPS[loop_kind], serve()])
    thread.start()
    try:
        with socket.socket() as sock:
            sock.settimeout(LIMIT)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
            sock.connect(("127.0.0.1", ports.result(LIMIT)))
            with certs.client_context().wrap_socket(sock, server_hostname="localhost") as tls:
                received = 0
                while data := tls.recv(5000):
                    received += len(data)
        assert received == len(MUCH)
    finally:
        thread.join()


@on_every_loop
async def test_what_nobody_takes_is_cut(certs, expect_log):
    server = Handled(says_much, ssl_options=certs.server_context())
    tls = certs.client_context()
    async with listening(server) as port, visit(port, tls, room=ROOM) as stream:
        await stream.read_bytes(1)
        with expect_log("tornadolike.general", "Cutting 1 connections", count=1):
            async with asyncio.timeout(LIMIT):
                await server.drain(0.01)
        assert not server._conversations
