"""create_connection, create_unix_connection, connect_accepted_socket."""

import asyncio
import contextlib
import contextvars
import errno
import gc
import os
import socket
import ssl
import sys

import pytest

from tests import peers
from tornadolike.ioloop import dialing

CONTEXT = ssl.create_default_context()


class Talker(asyncio.Protocol):
    """Remembers what it was told; ``done`` is resolved when the connection is lost."""

    def __init__(self):
        self.calls = []
        self.transport = None
        self.data = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.calls.append("made")
        self.transport = transport

    def data_received(self, data):
        self.data += data

    def eof_received(self):
        self.calls.append("eof")

    def connection_lost(self, exc):
        self.calls.append("lost")
        self.done.set_result(exc)


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


@pytest.fixture
def nobody():
    """Addresses where nobody listens, and nobody else will."""
    with contextlib.ExitStack() as bound:
        yield lambda *host: bound.enter_context(peers.nobody(*host))


def addresses(loop, monkeypatch, table):
    """Have the loop resolve names by ``table``; an address is (host, port)."""

    async def getaddrinfo(host, port, *, family=0, type=0, proto=0, flags=0):
        infos = []
        for address in table[host]:
            kind = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            if family in (0, kind):
                infos.append((kind, type, socket.IPPROTO_TCP, "", address[:2]))
        return infos

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)


@pytest.fixture(autouse=True)
def no_sockets_left():
    """Each socket is closed by whoever owns it, not by the collector."""
    yield
    gc.collect()


# It connects


@pytest.mark.parametrize("way", ["host", "sock", "local_addr", "eyeballs", "bytes"])
def test_a_conversation(loop, listening, way):
    address = listening.getsockname()

    async def main():
        options = {"host": address[0], "port": address[1]}
        if way == "sock":
            options = {"sock": socket.create_connection(address)}
        elif way == "local_addr":
            options["local_addr"] = ("127.0.0.1", 0)
        elif way == "eyeballs":
            options["happy_eyeballs_delay"] = 0.25
        elif way == "bytes":
            options = {"host": b"127.0.0.1", "port": str(address[1])}
        transport, protocol = await loop.create_connection(Talker, **options)
        assert protocol.calls == ["made"]
        assert protocol.transport is transport
        peer, name = listening.accept()
        with peer:
            assert transport.get_extra_info("sockname") == name
            assert transport.get_extra_info("peername") == address
            transport.write(b"hello")
            assert peer.recv(100) == b"hello"
            peer.sendall(b"bye")
        assert await protocol.done is None
        assert protocol.data == b"bye"
        assert protocol.calls == ["made", "eof", "lost"]
        assert transport.get_extra_info("peername") == address

    loop.run_sync(main, timeout=10)


def test_a_unix_conversation(loop, tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        async def main():
            for options in ({"path": path}, {"path": os.fsencode(path)}, {"sock": None}):
                if "sock" in options:
                    options["sock"] = socket.socket(socket.AF_UNIX)
                    options["sock"].connect(str(path))
                transport, protocol = await loop.create_unix_connection(Talker, **options)
                peer, _ = listening.accept()
                assert transport.get_extra_info("peername") == str(path)
                with peer:
                    transport.write(b"hello")
                    assert peer.recv(100) == b"hello"
                assert await protocol.done is None

        loop.run_sync(main, timeout=10)


def test_a_unix_socket_given_to_create_connection(io_loop):
    async def main():
        ours, peer = socket.socketpair()
        _, protocol = await io_loop.create_connection(Talker, sock=ours)
        peer.close()
        await protocol.done

    io_loop.run_sync(main, timeout=10)


def test_a_connection_that_somebody_else_accepted(io_loop, listening):
    async def main():
        with socket.create_connection(listening.getsockname()) as client:
            sock, _ = listening.accept()
            _, protocol = await io_loop.connect_accepted_socket(Talker, sock)
            client.sendall(b"x")
            client.shutdown(socket.SHUT_WR)
            await protocol.done
            assert protocol.data == b"x"
            assert client.recv(1) == b""

    io_loop.run_sync(main, timeout=10)


def test_the_protocol_is_called_in_the_callers_context(io_loop, listening):
    variable = contextvars.ContextVar("variable", default="default")
    seen = []

    class Watching(Talker):
        def __init__(self):
            super().__init__()
            seen.append(variable.get())

        def connection_made(self, transport):
            seen.append(variable.get())

        def data_received(self, data):
            seen.append(variable.get())

        def connection_lost(self, exc):
            seen.append(variable.get())
            super().connection_lost(exc)

    async def connect():
        variable.set("caller's")
        return await io_loop.create_connection(Watching, *listening.getsockname())

    async def main():
        _, protocol = await asyncio.create_task(connect())
        peer, _ = listening.accept()
        with peer:
            peer.sendall(b"x")
        await protocol.done

    io_loop.run_sync(main, timeout=10)
    assert seen == ["caller's"] * 4


# Arguments that make no sense


NO_SSL = "is only meaningful with ssl"
STREAM = "Stream Socket was expected"


def datagram_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def unix_datagram_socket():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


@pytest.mark.parametrize(
    ("method", "options", "error", "complaint"),
    [
        ("connection", {}, ValueError, "host and port was not specified"),
        ("connection", {"host": "x", "sock": socket.socket}, ValueError, "host/port and sock"),
        ("connection", {"port": 1, "sock": socket.socket}, ValueError, "host/port and sock"),
        ("connection", {"sock": datagram_socket}, ValueError, STREAM),
        ("connection", {"host": "x", "server_hostname": "y"}, ValueError, NO_SSL),
        ("connection", {"host": "x", "ssl_handshake_timeout": 1}, ValueError, NO_SSL),
        ("connection", {"host": "x", "ssl_shutdown_timeout": 1}, ValueError, NO_SSL),
        ("connection", {"port": 1, "ssl": True}, ValueError, "must set server_hostname"),
        ("connection", {"host": "", "ssl": True}, ValueError, "must set server_hostname"),
        ("connection", {"sock": socket.socket, "ssl": CONTEXT}, ValueError, "server_hostname"),
        (
            "connection",
            {"host": "x", "ssl": CONTEXT, "ssl_handshake_timeout": 0},
            ValueError,
            "ssl_handshake_timeout should be a positive number",
        ),
        (
            "connection",
            {"host": "x", "ssl": CONTEXT, "ssl_shutdown_timeout": -1},
            ValueError,
            "ssl_shutdown_timeout should be a positive number",
        ),
        ("unix_connection", {}, ValueError, "no path and sock"),
        ("unix_connection", {"path": "x", "sock": socket.socket}, ValueError, "path and sock"),
        ("unix_connection", {"sock": socket.socket}, ValueError, STREAM),
        ("unix_connection", {"sock": unix_datagram_socket}, ValueError, STREAM),
        ("unix_connection", {"path": "x", "ssl": True}, ValueError, "server_hostname"),
        ("unix_connection", {"path": "x", "server_hostname": "y"}, ValueError, NO_SSL),
        ("unix_connection", {"path": 7}, TypeError, "PathLike"),
        ("accepted", {"sock": datagram_socket}, ValueError, STREAM),
        ("accepted", {"sock": socket.socket, "ssl_handshake_timeout": 1}, ValueError, NO_SSL),
        ("accepted", {"sock": socket.socket, "ssl_shutdown_timeout": 1}, ValueError, NO_SSL),
        ("accepted", {"sock": socket.socket, "ssl": True}, TypeError, "SSLContext"),
    ],
)
def test_wrong_arguments(io_loop, method, options, error, complaint):
    """They are refused before anything happens; a socket that was given stays open."""
    method = {"accepted": "connect_accepted_socket"}.get(method, f"create_{method}")
    made = None
    if "sock" in options:
        made = options["sock"]()
        options = {**options, "sock": made}
    with made or contextlib.nullcontext():
        with pytest.raises(error, match=complaint):
            io_loop.run_sync(lambda: getattr(io_loop, method)(pytest.fail, **options))
        assert made is None or made.fileno() != -1


@pytest.mark.parametrize("method", ["create_connection", "connect_accepted_socket"])
def test_a_socket_of_the_ssl_module_is_refused(io_loop, method):
    with (
        CONTEXT.wrap_socket(socket.socket(), server_hostname="x") as sock,
        pytest.raises(TypeError, match="not an SSLSocket"),
    ):
        io_loop.run_sync(lambda: getattr(io_loop, method)(pytest.fail, sock=sock))


# Failures


def test_a_factory_that_fails_leaves_no_connection(io_loop, listening):
    async def main():
        with pytest.raises(ZeroDivisionError):
            await io_loop.create_connection(lambda: 1 / 0, *listening.getsockname())
        peer, _ = listening.accept()
        with peer:
            assert peer.recv(1) == b""

    io_loop.run_sync(main, timeout=10)


def test_a_protocol_that_fails_to_start_is_reported(io_loop, listening, expect_log):
    class Failing(Talker):
        def connection_made(self, transport):
            raise ZeroDivisionError

    async def main():
        with expect_log("asyncio", "connection_made"):
            transport, protocol = await io_loop.create_connection(Failing, *listening.getsockname())
        assert transport.is_closing()
        assert isinstance(await protocol.done, ZeroDivisionError)

    io_loop.run_sync(main, timeout=10)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_in_connection_made(io_loop, listening, error):
    class Ending(Talker):
        def connection_made(self, transport):
            raise error

    with pytest.raises(error):
        io_loop.run_until_complete(io_loop.create_connection(Ending, *listening.getsockname()))
    io_loop.call_soon(io_loop.stop)
    io_loop.run_forever()
    assert set(io_loop._watchers) == {io_loop._wake_up.fileno()}


def test_one_address_that_refuses(io_loop, nobody):
    host, port = nobody()
    with pytest.raises(ConnectionRefusedError, match=str(port)) as caught:
        io_loop.run_until_complete(io_loop.create_connection(Talker, host, port))
    assert caught.value.errno == errno.ECONNREFUSED


@pytest.mark.parametrize("delay", [None, 0.05])
def test_several_addresses_that_refuse(io_loop, nobody, monkeypatch, delay):
    table = {"name": [nobody(), nobody("127.0.0.2")]}
    addresses(io_loop, monkeypatch, table)
    connect = io_loop.create_connection(Talker, "name", 1, happy_eyeballs_delay=delay)
    # All refuse: so does the connection.
    with pytest.raises(ConnectionRefusedError, match="Multiple exceptions: ") as caught:
        io_loop.run_until_complete(connect)
    for host, port in table["name"]:
        assert str((host, port)) in str(caught.value)
    connect = io_loop.create_connection(
        Talker, "name", 1, happy_eyeballs_delay=delay, all_errors=True
    )
    with pytest.raises(ExceptionGroup, match="create_connection failed") as group:
        io_loop.run_until_complete(connect)
    assert [type(error) for error in group.value.exceptions] == [ConnectionRefusedError] * 2


@pytest.mark.parametrize("delay", [None, 0.25])
@pytest.mark.parametrize("all_errors", [False, True])
@pytest.mark.parametrize("local_addr", [None, ("192.0.2.1", 0), ("::1", 0)])
def test_what_is_raised_holds_nothing_in_a_circle(
    io_loop, nobody, monkeypatch, delay, all_errors, local_addr
):
    addresses(io_loop, monkeypatch, {"name": [nobody(), nobody()]})

    async def main():
        with contextlib.suppress(OSError, ExceptionGroup):
            await io_loop.create_connection(
                Talker,
                "name",
                1,
                happy_eyeballs_delay=delay,
                all_errors=all_errors,
                local_addr=local_addr,
            )

    gc.disable()
    try:
        io_loop.run_until_complete(main())
        kinds = (ConnectionRefusedError, OSError, ExceptionGroup)
        assert [left for left in gc.get_objects() if type(left) in kinds] == []
    finally:
        gc.enable()


def test_local_addresses(io_loop, listening, monkeypatch):
    host, port = listening.getsockname()

    async def connect(local):
        _, protocol = await io_loop.create_connection(Talker, host, port, local_addr=local)
        protocol.transport.abort()
        await protocol.done
        listening.accept()[0].close()
        return protocol.transport.get_extra_info("sockname")

    async def main():
        assert (await connect(("127.0.0.3", 0)))[0] == "127.0.0.3"
        with pytest.raises(OSError, match=r"cannot bind to \('192\.0\.2\.1', 0\): Cannot assign"):
            await connect(("192.0.2.1", 0))
        with pytest.raises(OSError, match="no local address of the family"):
            await connect(("::1", 0))
        addresses(io_loop, monkeypatch, {"me": [("::1", 0), ("192.0.2.1", 0), ("127.0.0.4", 0)]})
        assert (await connect(("me", 0)))[0] == "127.0.0.4"

    io_loop.run_sync(main, timeout=10)


# Several addresses


def test_the_first_address_that_answers(io_loop, listening, nobody, monkeypatch):
    addresses(io_loop, monkeypatch, {"name": [nobody(), listening.getsockname()]})

    async def main():
        for options in ({}, {"happy_eyeballs_delay": 60}):
            transport, protocol = await io_loop.create_connection(Talker, "name", 1, **options)
            assert transport.get_extra_info("peername") == listening.getsockname()
            transport.abort()
            await protocol.done
            listening.accept()[0].close()

    io_loop.run_sync(main, timeout=10)


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ({}, "66644"),
        ({"interleave": 1}, "64646"),
        ({"interleave": 2}, "66464"),
        ({"happy_eyeballs_delay": 0}, "64646"),
        ({"happy_eyeballs_delay": 0, "interleave": 0}, "66644"),
        ({"family": socket.AF_INET}, "44"),
    ],
)
def test_the_order_of_attempts(io_loop, monkeypatch, options, order):
    tried = []

    async def connect(loop, sock, address):
        tried.append("6" if sock.family == socket.AF_INET6 else "4")
        raise OSError

    monkeypatch.setattr(dialing, "connect", connect)
    table = {"name": [("::1", 1)] * 3 + [("127.0.0.1", 1)] * 2}
    addresses(io_loop, monkeypatch, table)
    with pytest.raises(OSError):  # noqa: PT011 (what it says differs)
        io_loop.run_until_complete(io_loop.create_connection(Talker, "name", 1, **options))
    assert "".join(tried) == order


class Dialing:
    """Stands in for the network: each address answers after some time, with a real connection or not."""

    def __init__(self, times, real, listening):
        self.times = times
        self.real = real
        self.listening = listening
        self.socks = []

    async def connect(self, loop, sock, address):
        self.socks.append(sock)
        await asyncio.sleep(self.times[address[0]])
        await self.real(loop, sock, self.listening.getsockname())


@pytest.fixture
def race(virtual, listening, monkeypatch):
    """Runs create_connection over addresses that answer after so many seconds."""

    def start(times, **options):
        hosts = {f"127.0.0.{number}": time for number, time in enumerate(times, 1)}
        dial = Dialing(hosts, dialing.connect, listening)
        monkeypatch.setattr(dialing, "connect", dial.connect)
        addresses(virtual, monkeypatch, {"name": [(host, 1) for host in hosts]})
        return dial, virtual.create_connection(Talker, "name", 1, **options)

    return start


def test_a_slow_address_does_not_hold_up_the_next(virtual, race):
    dial, connecting = race([9, 1, 1], happy_eyeballs_delay=0.25)

    async def main():
        start = virtual.time()
        transport, protocol = await connecting
        assert virtual.time() - start == pytest.approx(1.25)
        # The third was on its way, too.
        assert [sock.fileno() != -1 for sock in dial.socks] == [False, True, False]
        transport.abort()
        await protocol.done

    virtual.run_until_complete(main())


def test_two_that_answer_at_the_same_time(virtual, race):
    dial, connecting = race([1.25, 1], happy_eyeballs_delay=0.25)

    async def main():
        transport, protocol = await connecting
        assert [sock.fileno() != -1 for sock in dial.socks].count(True) == 1
        transport.abort()
        await protocol.done

    virtual.run_until_complete(main())


@pytest.mark.parametrize("delay", [None, 0.25])
@pytest.mark.parametrize("after", [0, 0.1, 0.3, 1.0])
def test_cancelling_leaves_nothing_open(virtual, race, delay, after):
    dial, connecting = race([1, 1, 1], happy_eyeballs_delay=delay)

    async def main():
        task = asyncio.create_task(connecting)
        await asyncio.sleep(after)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            transport, protocol = await task
            transport.abort()
            await protocol.done
        assert all(sock.fileno() == -1 for sock in dial.socks)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    virtual.run_until_complete(main())


def test_cancelling_a_real_connection_that_does_not_come(io_loop):
    async def main():
        with peers.full_server() as listening:
            watched = set(io_loop._watchers)
            for options in ({}, {"happy_eyeballs_delay": 0.01}):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await io_loop.create_connection(Talker, *listening.getsockname(), **options)
                assert set(io_loop._watchers) == watched

    io_loop.run_sync(main, timeout=10)


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems have no abstract names")
def test_an_abstract_unix_socket(io_loop):
    name = f"\0tornadolike-connecting-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(name)
        listening.listen()

        async def main():
            _, protocol = await io_loop.create_unix_connection(Talker, name)
            listening.accept()[0].close()
            await protocol.done

        io_loop.run_sync(main, timeout=10)


def test_a_unix_socket_that_nobody_serves(io_loop, tmp_path):
    with pytest.raises(FileNotFoundError):
        io_loop.run_until_complete(io_loop.create_unix_connection(Talker, tmp_path / "missing"))
