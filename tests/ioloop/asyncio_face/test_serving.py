"""create_server and create_unix_server."""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import stat
import sys

import pytest

from tornadolike.ioloop.asyncio_face import serving

SERVER_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="the host has no IPv6 loopback")


async def answers(loop, address, family=socket.AF_INET):
    """Whether an echo comes back."""
    with socket.socket(family) as sock:
        sock.settimeout(10)
        sock.connect(address)
        sock.sendall(b"hello")
        return await loop.run_in_executor(None, sock.recv, 100) == b"hello"


async def end(server):
    server.close()
    server.abort_clients()
    while server._connections:
        await asyncio.sleep(0)


def served(loop, **options):
    """Run create_server, look at the sockets it listens on, close it."""

    async def main():
        server = await loop.create_server(Echo, **options)
        try:
            assert all(
                sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for sock in server.sockets
            )
            names = [sock.getsockname()[:2] for sock in server.sockets]
            for sock in server.sockets:
                host, port = sock.getsockname()[:2]
                host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
                assert await answers(loop, (host, port), sock.family)
            return names
        finally:
            await end(server)

    return loop.run_sync(main, timeout=20)


# TCP


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        (b"127.0.0.1", ["127.0.0.1"]),
        (["127.0.0.1", "127.0.0.2"], ["127.0.0.1", "127.0.0.2"]),
        (("127.0.0.2", "127.0.0.1", "127.0.0.2"), ["127.0.0.2", "127.0.0.1"]),
        (iter(["127.0.0.1"]), ["127.0.0.1"]),
    ],
)
def test_where_it_listens(loop, host, expected):
    if not isinstance(host, (str, bytes, list, tuple)):
        host = ["127.0.0.1"]  # an iterator serves one loop only
    names = served(loop, host=host, port=0, family=socket.AF_INET)
    assert [name[0] for name in names] == expected
    assert all(name[1] for name in names)


def test_an_iterator_of_hosts(io_loop):
    names = served(io_loop, host=iter(["127.0.0.1", "127.0.0.2"]), port=0)
    assert [name[0] for name in names] == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize("options", [{"port": 0}, {"host": "", "port": 0}, {"host": ""}])
def test_all_interfaces(io_loop, options):
    hosts = [name[0] for name in served(io_loop, **options)]
    assert "0.0.0.0" in hosts
    assert set(hosts) <= {"0.0.0.0", "::"}
    assert ("::" in hosts) is has_ipv6()


@needs_ipv6
def test_ipv6_and_ipv4_do_not_mix(io_loop):
    async def main():
        server = await io_loop.create_server(Echo, "::", 0)
        (sock,) = server.sockets
        with pytest.raises(ConnectionRefusedError):
            await answers(io_loop, ("127.0.0.1", sock.getsockname()[1]))
        assert await answers(io_loop, ("::1", sock.getsockname()[1]), socket.AF_INET6)
        await end(server)

    io_loop.run_sync(main, timeout=20)


def test_a_given_socket(io_loop):
    async def main():
        for listens in (False, True):
            sock = socket.socket()
            sock.bind(("127.0.0.1", 0))
            if listens:
                sock.listen()
            server = await io_loop.create_server(Echo, sock=sock)
            assert not sock.getblocking()
            assert await answers(io_loop, sock.getsockname())
            await end(server)
            assert sock.fileno() == -1

    io_loop.run_sync(main, timeout=20)


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        ({}, "SO_REUSEADDR", True),
        ({"reuse_address": True}, "SO_REUSEADDR", True),
        ({"reuse_address": False}, "SO_REUSEADDR", False),
        ({}, "SO_REUSEPORT", False),
        ({"reuse_port": True}, "SO_REUSEPORT", True),
        ({"reuse_port": False}, "SO_REUSEPORT", False),
        ({}, "SO_KEEPALIVE", False),
        ({"keep_alive": True}, "SO_KEEPALIVE", True),
        ({"keep_alive": False}, "SO_KEEPALIVE", False),
    ],
)
def test_options_of_the_sockets(io_loop, options, name, expected):
    async def main():
        server = await io_loop.create_server(Echo, "127.0.0.1", 0, **options)
        value = server.sockets[0].getsockopt(socket.SOL_SOCKET, getattr(socket, name))
        await end(server)
        return bool(value)

    assert io_loop.run_sync(main) is expected


def test_a_given_socket_that_cannot_listen_is_closed(io_loop):
    with socket.create_server(("127.0.0.1", 0)) as other:
        connected = socket.create_connection(other.getsockname())
        with pytest.raises(OSError, match="Invalid argument"):
            io_loop.run_until_complete(io_loop.create_server(Echo, sock=connected))
        assert connected.fileno() == -1


def test_two_servers_on_one_port(io_loop):
    async def main():
        first = await io_loop.create_server(Echo, "127.0.0.1", 0, reuse_port=True)
        port = first.sockets[0].getsockname()[1]
        second = await io_loop.create_server(Echo, "127.0.0.1", port, reuse_port=True)
        await end(first)
        assert await answers(io_loop, ("127.0.0.1", port))
        await end(second)

    io_loop.run_sync(main, timeout=20)


def test_a_system_without_reuse_port(io_loop, monkeypatch):
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    with pytest.raises(ValueError, match="does not support SO_REUSEPORT"):
        io_loop.run_until_complete(io_loop.create_server(Echo, "127.0.0.1", 0, reuse_port=True))


def test_the_backlog(io_loop):
    """How many connections wait while nobody accepts."""

    async def main():
        server = await io_loop.create_server(Echo, "127.0.0.1", 0, backlog=1)
        with contextlib.ExitStack() as opened:
            results = []
            for _ in range(6):
                sock = opened.enter_context(socket.socket())
                sock.settimeout(0.05)
                results.append(sock.connect_ex(server.sockets[0].getsockname()))
            assert results[0] == 0
            assert results[-1] != 0
        await end(server)

    io_loop.run_sync(main, timeout=20)


UNKNOWN = "192.0.2.1"  # nobody's, by RFC 5737


def test_a_taken_port_leaves_nothing_open(io_loop):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on .*{port}") as caught:
            io_loop.run_until_complete(
                io_loop.create_server(Echo, ["127.0.0.2", "127.0.0.1"], port)
            )
        assert caught.value.errno == errno.EADDRINUSE


def test_an_address_that_is_not_ours(io_loop):
    with pytest.raises(OSError, match=f"cannot listen on .*{UNKNOWN}") as caught:
        io_loop.run_until_complete(io_loop.create_server(Echo, UNKNOWN, 0))
    assert caught.value.errno == errno.EADDRNOTAVAIL
    # Beside others it is passed over: a name may have addresses of a kind that is switched off here.
    assert [name[0] for name in served(io_loop, host=[UNKNOWN, "127.0.0.1"], port=0)] == [
        "127.0.0.1"
    ]


def test_a_family_that_the_system_does_not_have(monkeypatch):
    def refuse(*args):
        raise OSError(errno.EAFNOSUPPORT, "unsupported")

    monkeypatch.setattr(serving.socket, "socket", refuse)
    with pytest.raises(OSError, match="unsupported"):
        serving.bind_all([(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))], {})


def test_a_name_that_is_none(io_loop):
    with pytest.raises(socket.gaierror):
        io_loop.run_until_complete(io_loop.create_server(Echo, "name.invalid", 0))


def test_no_host_at_all(io_loop):
    with pytest.raises(OSError, match="no address was given"):
        io_loop.run_until_complete(io_loop.create_server(Echo, [], 0))


# Wrong arguments

NO_SSL = "is only meaningful with ssl"


def datagram_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


@pytest.mark.parametrize(
    ("method", "options", "error", "complaint"),
    [
        ("server", {}, ValueError, "Neither host/port nor sock"),
        ("server", {"host": "x", "sock": socket.socket}, ValueError, "host/port and sock"),
        ("server", {"port": 0, "sock": socket.socket}, ValueError, "host/port and sock"),
        ("server", {"sock": datagram_socket}, ValueError, "A Stream Socket was expected"),
        ("server", {"port": 0, "ssl": True}, TypeError, "SSLContext"),
        ("server", {"port": 0, "ssl_handshake_timeout": 1}, ValueError, NO_SSL),
        ("server", {"port": 0, "ssl_shutdown_timeout": 1}, ValueError, NO_SSL),
        (
            "server",
            {"port": 0, "ssl": SERVER_CONTEXT, "ssl_handshake_timeout": 0},
            ValueError,
            "positive",
        ),
        (
            "server",
            {"port": 0, "ssl": SERVER_CONTEXT, "ssl_shutdown_timeout": -1},
            ValueError,
            "positive",
        ),
        ("unix_server", {}, ValueError, "path was not specified, and no sock"),
        ("unix_server", {"path": "x", "sock": socket.socket}, ValueError, "path and sock"),
        ("unix_server", {"sock": socket.socket}, ValueError, "UNIX Domain Stream"),
        ("unix_server", {"path": "x", "ssl": False}, TypeError, "SSLContext"),
        ("unix_server", {"path": "x", "ssl_handshake_timeout": 1}, ValueError, NO_SSL),
        ("unix_server", {"path": 7}, TypeError, "PathLike"),
    ],
)
def test_wrong_arguments(io_loop, method, options, error, complaint):
    """They are refused before anything happens; a socket that was given stays open."""
    made = None
    if "sock" in options:
        made = options["sock"]()
        options = {**options, "sock": made}
    with made or contextlib.nullcontext():
        with pytest.raises(error, match=complaint):
            io_loop.run_sync(lambda: getattr(io_loop, f"create_{method}")(pytest.fail, **options))
        assert made is None or made.fileno() != -1


# Unix sockets


def served_unix(loop, path, **options):
    async def main():
        server = await loop.create_unix_server(Echo, path, **options)
        name = server.sockets[0].getsockname()
        assert await answers(loop, name, socket.AF_UNIX)
        await end(server)
        return name

    return loop.run_sync(main, timeout=20)


def test_a_unix_server(loop, tmp_path):
    path = tmp_path / "s"
    assert served_unix(loop, path) == str(path)
    assert served_unix(loop, os.fsencode(path)) == str(path)
    assert served_unix(loop, str(path)) == str(path)


def test_a_given_unix_socket(io_loop, tmp_path):
    async def main():
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(tmp_path / "s"))
        server = await io_loop.create_unix_server(Echo, sock=sock)
        assert await answers(io_loop, str(tmp_path / "s"), socket.AF_UNIX)
        await end(server)

    io_loop.run_sync(main, timeout=20)


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems have no abstract names")
@pytest.mark.parametrize("kind", [str, bytes])
def test_an_abstract_name(io_loop, kind):
    name = f"\0tornadolike-serving-{os.getpid()}"
    served_unix(io_loop, name if kind is str else name.encode())


@pytest.mark.parametrize("cleanup", [None, False, True])
def test_the_file_afterwards(io_loop, tmp_path, cleanup):
    path = tmp_path / "s"
    served_unix(io_loop, path, **({} if cleanup is None else {"cleanup_socket": cleanup}))
    expected = sys.version_info >= (3, 13) if cleanup is None else cleanup
    assert path.exists() is not expected


def test_the_file_of_a_server_that_has_not_started(io_loop, tmp_path):
    path = tmp_path / "s"

    async def main():
        server = await io_loop.create_unix_server(
            Echo, path, start_serving=False, cleanup_socket=True
        )
        assert path.exists()
        server.close()
        assert not path.exists()

    io_loop.run_sync(main)


@pytest.mark.parametrize("now", ["gone", "another server's", "a file", "out of reach"])
def test_a_file_that_is_not_the_servers_any_more(io_loop, tmp_path, now, expect_log):
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "s"

    async def main():
        server = await io_loop.create_unix_server(Echo, path, cleanup_socket=True)
        if now == "out of reach":
            path.unlink()
            folder.rmdir()
            folder.touch()
            with expect_log("asyncio", "could not be removed"):
                server.close()
            return
        # (Not removed and made anew: the number of the file could be the same again.)
        path.rename(folder / "old")
        if now == "a file":
            path.write_text("precious")
        elif now == "another server's":
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(str(path))
        server.close()
        assert path.exists() is (now != "gone")

    io_loop.run_sync(main)


def test_an_old_socket_is_replaced(io_loop, tmp_path):
    path = tmp_path / "s"
    for alive in (False, True):
        with socket.socket(socket.AF_UNIX) as old:
            path.unlink(missing_ok=True)
            old.bind(str(path))
            if alive:
                old.listen()
            served_unix(io_loop, path)


def test_a_file_is_not_replaced(io_loop, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(OSError, match="is already in use") as caught:
        io_loop.run_until_complete(io_loop.create_unix_server(Echo, path))
    assert caught.value.errno == errno.EADDRINUSE
    assert path.read_text() == "data"
    assert stat.S_ISREG(path.stat().st_mode)


def test_a_place_that_does_not_exist(io_loop, tmp_path):
    with pytest.raises(OSError, match=r"cannot listen on .*missing.*No such file"):
        io_loop.run_until_complete(io_loop.create_unix_server(Echo, tmp_path / "missing" / "s"))
    with pytest.raises(OSError, match=r"cannot listen on .*too long"):
        io_loop.run_until_complete(io_loop.create_unix_server(Echo, tmp_path / ("x" * 200)))


# asyncio's streams on top


@pytest.mark.parametrize("kind", ["tcp", "unix", "tls"])
def test_streams(loop, tmp_path, kind, certs):
    async def shout(reader, writer):
        async for line in reader:
            writer.write(line.upper())
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main():
        if kind == "unix":
            server = await asyncio.start_unix_server(shout, tmp_path / "s")
            opening = asyncio.open_unix_connection(tmp_path / "s")
        elif kind == "tcp":
            server = await asyncio.start_server(shout, "127.0.0.1", 0)
            opening = asyncio.open_connection(*server.sockets[0].getsockname())
        else:
            server = await asyncio.start_server(shout, "127.0.0.1", 0, ssl=certs.server_context())
            opening = asyncio.open_connection(
                "localhost", server.sockets[0].getsockname()[1], ssl=certs.client_context()
            )
        async with server:
            reader, writer = await opening
            for number in range(50):
                writer.write(b"line %d\n" % number + b"x" * 10_000 + b"\n")
                await writer.drain()
                assert await reader.readline() == b"LINE %d\n" % number
                assert await reader.readline() == b"X" * 10_000 + b"\n"
            if writer.can_write_eof():
                writer.write_eof()
                assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()

    loop.run_sync(main, timeout=20)
