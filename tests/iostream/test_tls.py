"""SSLIOStream: handshakes, certificates, ends; and plain streams that turn to TLS."""

import asyncio
import contextlib
import logging
import socket
import ssl

import pytest

from tests.peers import reset
from tests.running import turns
from tests.tls_certs import SUBJECT, only
from tornadolike.ioloop import IOLoop
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError, memory_stream_pair

GENERAL = "tornadolike.general"


@contextlib.contextmanager
def tls_server(context):
    """``with tls_server(context) as (address, accept):``; ``await accept()`` gives the server's stream."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        listener.setblocking(False)

        async def accept(**options):
            loop = asyncio.get_running_loop()
            connection, _ = await loop.sock_accept(listener)
            stream = SSLIOStream(connection, ssl_options=context, server_side=True, **options)
            stack.callback(stream.close)
            return stream

        yield listener.getsockname(), accept


@contextlib.contextmanager
def client_of(context, **options):
    stream = SSLIOStream(socket.socket(), ssl_options=context, **options)
    with contextlib.closing(stream):
        yield stream


async def shaken(accepting):
    stream = await accepting
    return await stream.wait_for_handshake()


def subject_of(certificate):
    return dict(pair for part in certificate["subject"] for pair in part)["commonName"]


# Handshakes


@pytest.mark.parametrize("as_dict", [False, True])
def test_both_sides(run, certs, as_dict):
    async def main():
        server_options = {"certfile": certs.server} if as_dict else certs.server_context()
        client_options = {"ca_certs": certs.ca} if as_dict else certs.client_context()
        with tls_server(server_options) as (address, accept), client_of(client_options) as client:
            server_side = asyncio.ensure_future(accept())
            assert await client.connect(address, server_hostname="localhost") is client
            server = await server_side
            assert await server.wait_for_handshake() is server
            await client.write(b"hello\n")
            assert await server.read_until(b"\n") == b"hello\n"
            await server.write(b"world\n")
            assert await client.read_until(b"\n") == b"world\n"
            assert subject_of(client.socket.getpeercert()) == "localhost"
            assert server.socket.getpeercert() is None
            assert client.socket.version() == server.socket.version() == "TLSv1.3"
            assert client.socket.getsockname() == server.socket.getpeername()
            server.close()
            assert await client.read_until_close() == b""
            assert not client.truncated

    run(main)


def test_reads_and_writes_wait_for_the_handshake(run, certs):
    async def main():
        with (
            tls_server(certs.server_context()) as (address, accept),
            client_of(certs.client_context()) as client,
        ):
            early = client.write(b"before connect()")
            connecting = client.connect(address, server_hostname="localhost")
            written, read = client.write(b"\n"), client.read_until(b"\n")
            done = []
            for name, future in (("connect", connecting), ("write", early)):
                future.add_done_callback(lambda _, name=name: done.append(name))
            assert client.reading()
            assert client.writing()
            server = await accept()
            answered = server.write(b"answer\n")
            assert not answered.done()
            assert await server.read_until(b"\n") == b"before connect()\n"
            assert await read == b"answer\n"
            await asyncio.gather(written, answered)
            assert done == ["connect", "write"]

    run(main)


def test_waiting_for_the_handshake(run, certs):
    async def main():
        with (
            tls_server(certs.server_context()) as (address, accept),
            client_of(certs.client_context()) as client,
        ):
            connecting = client.connect(address, server_hostname="localhost")
            with pytest.raises(RuntimeError, match="Already waiting"):
                client.wait_for_handshake()
            server = await accept()
            assert await connecting is await client.wait_for_handshake() is client
            await server.wait_for_handshake()
            server.close()
            with pytest.raises(StreamClosedError):
                await server.wait_for_handshake()

    run(main)


def test_a_socket_of_the_ssl_module(run, certs):
    async def main():
        here, there = socket.socketpair()
        context = certs.server_context()
        wrapped = context.wrap_socket(here, server_side=True, do_handshake_on_connect=False)
        server = SSLIOStream(wrapped)
        assert server.socket.context is context
        assert server.socket.server_side
        client = SSLIOStream(
            certs.client_context().wrap_socket(
                there, server_hostname="localhost", do_handshake_on_connect=False
            )
        )
        assert client.socket.server_hostname == "localhost"
        await client.write(b"hello")
        assert await server.read_bytes(5) == b"hello"
        client.close()
        server.close()
        assert wrapped.fileno() == -1

    run(main)


def test_a_socket_that_has_spoken_tls_already(run, certs):
    async def main():
        here, there = socket.socketpair()
        with there:
            server = SSLIOStream(here, ssl_options=certs.server_context(), server_side=True)
            loop = asyncio.get_running_loop()
            context = certs.client_context()
            wrapped = await loop.run_in_executor(
                None, lambda: context.wrap_socket(there, server_hostname="localhost")
            )
            with wrapped, pytest.raises(ValueError, match="do_handshake_on_connect=False"):
                SSLIOStream(wrapped)
            server.close()

    run(main)


def test_closing_in_the_handshake(run, certs):
    async def main():
        ours, theirs = socket.socketpair()
        with theirs:
            stream = SSLIOStream(
                ours, ssl_options=certs.client_context(), server_hostname="localhost"
            )
            waiting, written = stream.wait_for_handshake(), stream.write(b"x")
            await turns()
            stream.close()
            for future in (waiting, written):
                with pytest.raises(StreamClosedError):
                    await future
            await turns()
            assert ours.fileno() == -1

    run(main)


def test_waiting_once_more_after_giving_up(run, certs):
    async def main():
        with (
            tls_server(certs.server_context()) as (address, accept),
            client_of(certs.client_context(), server_hostname="localhost") as client,
        ):
            client.connect(address).cancel()
            server_side = asyncio.ensure_future(accept())
            assert await client.wait_for_handshake() is client
            assert (await server_side).socket.server_side

    run(main)


def test_closing_before_it_connects(run, certs):
    async def main():
        with client_of(certs.client_context()) as stream:
            read = stream.read_bytes(1)
            stream.close()
            with pytest.raises(StreamClosedError):
                await read

    run(main)


# What goes wrong


@pytest.mark.parametrize("which", ["expired", "wrong_host", "stranger"])
def test_certificates_are_verified(run, certs, which, expect_log):
    async def main():
        server_context = certs.server_context(getattr(certs, which))
        with (
            tls_server(server_context) as (address, accept),
            client_of(certs.client_context()) as client,
            expect_log(GENERAL, "SSL Error on connection with .*", logging.WARNING),
        ):
            connecting = client.connect(address, server_hostname="localhost")
            written = client.write(b"secret")
            server = await accept()
            with pytest.raises(ssl.SSLCertVerificationError) as caught:
                await connecting
            assert "we refused the server's certificate" in caught.value.__notes__[0]
            with pytest.raises(StreamClosedError) as closed:
                await written
            assert closed.value.real_error is caught.value is client.error
            with pytest.raises((ssl.SSLError, ConnectionError, StreamClosedError)):
                await server.read_bytes(1)
            assert server.error is not None

    run(main)


def test_by_default_the_system_is_asked_whom_to_trust(run, certs, expect_log):
    async def main():
        with (
            tls_server(certs.server_context()) as (address, accept),
            client_of(None) as client,
            expect_log(GENERAL, "SSL Error", logging.WARNING),
        ):
            accepting = asyncio.ensure_future(accept())
            with pytest.raises(ssl.SSLCertVerificationError):
                await client.connect(address, server_hostname="localhost")
            await accepting

    run(main)


def test_certificates_need_not_be_verified(run, certs):
    async def main():
        with (
            tls_server(certs.server_context(certs.stranger)) as (address, accept),
            client_of({"cert_reqs": ssl.CERT_NONE}) as client,
        ):
            accepting = asyncio.ensure_future(accept())
            await client.connect(address)
            await accepting

    run(main)


def test_the_servers_log(run, certs, expect_log):
    """What anybody may send is worth a line at INFO."""

    async def main():
        with tls_server(certs.server_context()) as (address, accept):
            theirs = socket.create_connection(address)
            with theirs:
                server = await accept()
                closed = asyncio.Event()
                server.set_close_callback(closed.set)
                with expect_log(GENERAL, "TLS handshake with .* failed.*HTTP", count=1) as log:
                    theirs.send(b"GET / HTTP/1.1\r\n\r\n")
                    await closed.wait()
                assert log.matched[0].levelno == logging.INFO
                assert str(theirs.getsockname()[1]) in log.matched[0].getMessage()

    run(main)


def test_a_client_that_has_gone_before_it_is_served(run, certs):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            theirs = socket.create_connection(listener.getsockname())
            ours, _ = listener.accept()
        reset(theirs)
        with pytest.raises(OSError, match="not connected"):
            ours.getpeername()
        server = SSLIOStream(ours, ssl_options=certs.server_context(), server_side=True)
        with pytest.raises(ConnectionError):
            await server.wait_for_handshake()
        assert server.closed()

    run(main)


def test_nobody_listens(run, certs):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
        with client_of(certs.client_context()) as client:
            with pytest.raises(ConnectionRefusedError):
                await client.connect(address, server_hostname="localhost")
            assert client.closed()
            with pytest.raises(StreamClosedError):
                await client.connect(address, server_hostname="localhost")

    run(main)


def test_options_that_make_no_sense(run, certs):
    async def main():
        ours, theirs = socket.socketpair()
        with ours, theirs:
            with pytest.raises(ValueError, match="ssl_options"):
                SSLIOStream(ours, server_side=True)
            assert ours.fileno() >= 0
            with pytest.raises(ValueError, match="server_hostname"):
                SSLIOStream(ours, ssl_options=certs.client_context())
            assert ours.fileno() == -1
        for nobody in (None, ""):  # the second would be anybody's
            with client_of(certs.client_context()) as client:
                with pytest.raises(ValueError, match="server_hostname"):
                    client.connect(("127.0.0.1", 1), server_hostname=nobody)
                client.close()
        with (
            client_of(certs.client_context(), ssl_handshake_timeout=-1) as client,
            pytest.raises(ValueError, match="ssl_handshake_timeout"),
        ):
            client.connect(("127.0.0.1", 1), server_hostname="localhost")

    run(main)


def test_a_handshake_that_takes_too_long(run, certs):
    async def main():
        ours, theirs = socket.socketpair()
        with theirs:
            stream = SSLIOStream(
                ours,
                ssl_options=certs.client_context(),
                server_hostname="localhost",
                ssl_handshake_timeout=0.01,
            )
            with pytest.raises(ConnectionAbortedError, match="handshake"):
                await stream.wait_for_handshake()
            assert stream.closed()

    run(main)


@pytest.mark.parametrize("goodbye", [True, False])
def test_an_end_without_a_goodbye(run, certs, goodbye):
    async def main():
        ours, theirs = socket.socketpair()
        stream = SSLIOStream(ours, ssl_options=certs.server_context(), server_side=True)
        peer = IOStream(theirs)
        through = theirs.dup()
        peer = await peer.start_tls(False, certs.client_context(), "localhost")
        await peer.write(b"abc")
        assert await stream.read_bytes(1) == b"a"
        if not goodbye:
            through.shutdown(socket.SHUT_WR)
        peer.close()
        assert await stream.read_until_close() == b"bc"
        assert stream.truncated is not goodbye
        through.close()

    run(main)


# What can be asked


def test_before_the_handshake(run, certs):
    async def main():
        with client_of(certs.client_context()) as client:
            sock = client.socket
            assert sock.cipher() is None
            assert sock.version() is None
            assert sock.session is None
            assert client.session is None
            assert sock.selected_alpn_protocol() is None
            with pytest.raises(ValueError, match="handshake"):
                sock.getpeercert()
            for name in ("recv", "send", "makefile"):
                with pytest.raises(AttributeError, match="past TLS"):
                    getattr(sock, name)
            with pytest.raises(AttributeError):
                sock.nothing  # noqa: B018 (it raises)
            assert sock.family == socket.AF_INET
            assert "TLSSocket" in repr(sock)
            assert client.fileno().fileno() >= 0
        assert client.socket is None
        assert client.session is None

    run(main)


def test_certificates_of_clients_and_application_protocols(run, certs):
    async def main():
        server_context = certs.server_context(ask_client=True)
        client_context = certs.client_context(certs.client)
        for context in (server_context, client_context):
            context.set_alpn_protocols(["one", "two"])
        with (
            tls_server(server_context) as (address, accept),
            client_of(client_context) as client,
        ):
            server_side = asyncio.ensure_future(shaken(accept()))
            await client.connect(address, server_hostname="127.0.0.1")
            server = await server_side
            assert subject_of(server.socket.getpeercert()) == SUBJECT
            assert server.socket.selected_alpn_protocol() == "one"
            assert client.socket.selected_alpn_protocol() == "one"
            assert server.socket.server_side
            assert not client.socket.server_side
            client.set_nodelay(False)
            assert not client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(main)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed(run, certs, version):
    async def main():
        context = only(certs.client_context(), version)
        session = None
        with tls_server(certs.server_context()) as (address, accept):
            for resumed in (False, True):
                with client_of(context, session=session) as client:
                    server_side = asyncio.ensure_future(shaken(accept()))
                    await client.connect(address, server_hostname="localhost")
                    server = await server_side
                    await server.write(b"x")
                    await client.read_bytes(1)
                    assert client.socket.session_reused is resumed
                    session = client.session

    run(main)


# Turning to TLS


@contextlib.contextmanager
def plain_pair(**options):
    one, other = (IOStream(end, **options) for end in socket.socketpair())
    with contextlib.closing(one), contextlib.closing(other):
        yield one, other


def test_start_tls(run, certs):
    async def main():
        with plain_pair(max_buffer_size=1000, max_write_buffer_size=77) as (server, client):
            await client.write(b"STARTTLS\n")
            await server.read_until(b"\n")
            closed = asyncio.Event()
            client.set_close_callback(closed.set)
            starting = server.start_tls(True, certs.server_context())
            secure = await client.start_tls(False, certs.client_context(), "localhost")
            assert isinstance(secure, SSLIOStream)
            assert (secure.max_buffer_size, secure.read_chunk_size) == (1000, 500)
            assert secure.max_write_buffer_size == 77
            assert client.closed()
            assert client.socket is None
            with pytest.raises(StreamClosedError):
                client.read_bytes(1).result()
            secured = await starting
            await secured.write(b"hello")
            assert await secure.read_bytes(5) == b"hello"
            client.close()  # means nothing any more
            await turns()
            assert not closed.is_set()
            secured.close()
            await closed.wait()
            assert secure.closed()

    run(main)


def test_start_tls_in_memory_and_once_more(run, certs):
    async def main():
        server, client = memory_stream_pair(chunk=100)
        for layer in range(2):
            starting = server.start_tls(True, certs.server_context())
            client = await client.start_tls(False, certs.client_context(), "localhost")
            server = await starting
            data = bytes([layer]) * 100_000
            written = server.write(data)
            assert await client.read_bytes(len(data)) == data
            await written
        assert client.socket.version() == "TLSv1.3"
        client.close()
        assert await server.read_until_close() == b""
        assert not server.truncated

    run(main)


def test_start_tls_needs_an_idle_stream(run, certs):
    async def main():
        with plain_pair() as (one, other):

            def refuse(stream):
                with pytest.raises(ValueError, match=r"idle|read"):
                    stream.start_tls(False, certs.client_context(), "localhost")

            read = one.read_bytes(1)
            refuse(one)
            await other.write(b"ab")
            await read
            refuse(one)  # the other byte has come with it
            written = other.write(b"x" * 4_000_000)
            refuse(other)
            written.cancel()
            await one.read_bytes(4_000_001)
            for nobody in (None, ""):
                with pytest.raises(ValueError, match="server_hostname"):
                    one.start_tls(False, certs.client_context(), nobody)
            with pytest.raises(ValueError, match="ssl_options"):
                one.start_tls(True)
            await one.write(b"still plain")
            assert await other.read_bytes(11) == b"still plain"
            one.close()
            refuse(one)

    run(main)


def test_what_was_sent_early_is_not_taken_for_encrypted(run, certs, expect_log):
    async def main():
        with plain_pair() as (server, client):
            await client.write(b"STARTTLS\nMAIL FROM:<injected>\n")
            await server.read_until(b"\n")
            with pytest.raises(ValueError, match="read them first"):
                server.start_tls(True, certs.server_context())
        with plain_pair() as (server, client):
            await client.write(b"MAIL FROM:<injected>\n")
            with expect_log(GENERAL, "TLS handshake", logging.INFO), pytest.raises(ssl.SSLError):
                await server.start_tls(True, certs.server_context())

    run(main)


def test_start_tls_fails(run, certs, expect_log):
    async def main():
        with plain_pair() as (server, client), expect_log(GENERAL, "SSL Error", logging.WARNING):
            starting = server.start_tls(True, certs.server_context(certs.stranger))
            with pytest.raises(ssl.SSLCertVerificationError):
                await client.start_tls(False, certs.client_context(), "localhost")
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await starting

    run(main)


def test_start_tls_cancelled(run, certs):
    async def main():
        with plain_pair() as (server, client):
            starting = client.start_tls(False, certs.client_context(), "localhost")
            await turns()
            starting.cancel()
            await server.read_until_close()

    run(main)


def test_start_tls_outside_a_running_loop(io_loop, certs):
    with plain_pair() as (server, client):
        starting = server.start_tls(True, certs.server_context())
        secure = io_loop.run_sync(
            lambda: client.start_tls(False, certs.client_context(), "localhost")
        )
        secured = io_loop.run_sync(lambda: starting)
        secure.close()
        secured.close()
        io_loop.run_sync(turns)
        assert IOLoop.current() is io_loop
