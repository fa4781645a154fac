"""Connections to host names and to Unix sockets, as streams."""

import asyncio
import contextlib
import errno
import gc
import socket
import ssl

import pytest

from tests.peers import full_server, nobody
from tests.running import on_every_loop, on_jumping_clock, run_on
from tests.tcpclient.helpers import SOON, Names, Never, cannot_reach, family_of, serving, talk
from tornadolike import gen
from tornadolike.ioloop import IOLoop
from tornadolike.iostream import IOStream, StreamClosedError
from tornadolike.netutil import Resolver
from tornadolike.tcpclient import TCPClient, address_text

# It connects


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@on_every_loop
async def test_a_conversation(host):
    async with serving() as (_, port):
        stream = await TCPClient().connect(host, port, socket.AF_INET, timeout=10)
        assert type(stream) is IOStream
        assert stream.socket.getpeername() == ("127.0.0.1", port)
        await talk(stream)


def test_a_conversation_on_uvloop(uvloop, certs):
    if uvloop is None:
        pytest.skip("uvloop is not installed")

    async def main():
        async with serving(ssl=certs.server_context()) as (_, port):
            client = TCPClient()
            await talk(await client.connect("localhost", port, ssl_options=certs.client_context()))

    run_on(uvloop.new_event_loop, main())


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
@pytest.mark.parametrize("family", [socket.AF_INET6, socket.AF_UNSPEC])
@on_every_loop
async def test_ipv6(family):
    async with serving("::1") as (_, port, _, _):
        where = await talk(await TCPClient().connect("::1", port, family))
        assert where.startswith("('::1', ")


@on_every_loop
async def test_settings_reach_the_stream(certs):
    async with serving(ssl=certs.server_context()) as (_, port):
        context = certs.client_context()
        client = TCPClient()
        stream = await client.connect("localhost", port, ssl_options=context, max_buffer_size=12345)
        assert stream.max_buffer_size == 12345
        await talk(stream)
    async with serving() as (_, port):
        stream = await TCPClient().connect("localhost", port, max_buffer_size=12345)
        assert stream.max_buffer_size == 12345
        await talk(stream)


# From where


@on_every_loop
async def test_from_an_address():
    async with serving() as (host, port):
        where = await talk(await TCPClient().connect(host, port, source_ip="127.0.0.9"))
        assert where.startswith("('127.0.0.9', ")


def free_port() -> int:
    """A port that is free on every address, also of connections that have just ended."""
    with socket.socket() as sock:
        sock.bind(("", 0))
        return sock.getsockname()[1]


@pytest.mark.parametrize("source_ip", [None, "127.0.0.1"])
@on_every_loop
async def test_from_a_port(source_ip):
    async with serving() as (host, port):
        free = free_port()  # not before: the server might have got it
        client = TCPClient()
        where = await talk(await client.connect(host, port, source_ip=source_ip, source_port=free))
        assert where == repr(("127.0.0.1", free))


@on_every_loop
async def test_from_a_port_one_address_after_another():
    """Two sockets cannot have the same port."""
    with nobody() as refusing:
        async with serving() as address:
            free = free_port()
            client = TCPClient(Names(refusing, address), happy_eyeballs_delay=0)
            where = await talk(
                await client.connect("name.example", 1, source_ip="127.0.0.1", source_port=free)
            )
            assert where == repr(("127.0.0.1", free))


@on_every_loop
async def test_from_where_we_are_not():
    async with serving() as (host, port):
        with cannot_reach("cannot bind to", "192.0.2.1", "Cannot assign") as caught:
            await TCPClient().connect(host, port, source_ip="192.0.2.1")
        assert caught.value.errno == errno.EADDRNOTAVAIL
        with cannot_reach("no local address of the family of", "AF_INET"):
            await TCPClient().connect(host, port, source_ip="::1")


@on_every_loop
async def test_addresses_of_the_other_family_are_passed_over():
    async with serving() as address:
        client = TCPClient(Names(("::1", 1, 0, 0), address))
        await talk(await client.connect("name.example", 1, source_ip="127.0.0.1"))


# Several addresses


@on_every_loop
async def test_an_address_that_does_not_answer_holds_nobody_up():
    async with serving() as address:
        with full_server() as full:
            client = TCPClient(Names(full.getsockname(), address), happy_eyeballs_delay=0.01)
            await talk(await client.connect("name.example", 1, timeout=10))


@on_every_loop
async def test_one_after_another():
    async with serving() as address:
        with full_server() as full, nobody() as refusing:
            client = TCPClient(Names(refusing, full.getsockname(), address))
            client.happy_eyeballs_delay = None
            with pytest.raises(TimeoutError, match=rf"to 127\.0\.0\.1:{full.getsockname()[1]}$"):
                await client.connect("name.example", 1, timeout=SOON)
            client.resolver = Names(refusing, address)
            await talk(await client.connect("name.example", 1))


@on_jumping_clock
async def test_families_take_turns(monkeypatch):
    tried = []

    async def connect(loop, sock, address):
        tried.append((address[0], loop.time() - start))
        await asyncio.Event().wait()

    monkeypatch.setattr("tornadolike.ioloop.dialing.connect", connect)
    hosts = ["::1", "::2", "127.0.0.1", "127.0.0.2"]
    start = IOLoop.current().time()
    with pytest.raises(TimeoutError) as caught:
        await TCPClient(Names(*((host, 80) for host in hosts))).connect(
            "name.example", 1, timeout=0.6
        )
    assert tried == [
        ("::1", 0),
        ("127.0.0.1", pytest.approx(0.25)),
        ("::2", pytest.approx(0.5)),
    ]
    assert str(caught.value) == "Timeout while connecting to 127.0.0.1:80, [::1]:80, [::2]:80"


# Failures


@on_every_loop
async def test_nobody_listens():
    with nobody() as (host, port):
        with cannot_reach("cannot connect to", str(port), "Connection refused") as caught:
            await TCPClient().connect(host, port)
        assert isinstance(caught.value.real_error, ConnectionRefusedError)
        assert caught.value.errno == errno.ECONNREFUSED


@on_every_loop
async def test_each_failure_is_told():
    with nobody() as first, nobody() as second:
        client = TCPClient(Names(first, second, "/nowhere"))
        words = [str(first[1]), str(second[1]), "nowhere", "No such file"]
        with pytest.raises(StreamClosedError) as caught:
            await client.connect("name.example", 1)
        for word in words:
            assert word in str(caught.value)
        assert caught.value.errno is None
        assert type(caught.value.real_error) is OSError


@on_every_loop
async def test_a_name_without_addresses(monkeypatch):
    with pytest.raises(OSError, match=r"no address was found for host 'name\.example' and port 1"):
        await TCPClient(Names()).connect("name.example", 1)

    class Unknown(Resolver):
        async def resolve(self, *question):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")

    with pytest.raises(socket.gaierror, match="no such name"):
        await TCPClient(Unknown()).connect("name.example", 1)


@on_every_loop
async def test_what_is_raised_holds_nothing_in_a_circle():
    gc.collect()
    gc.disable()
    try:
        with nobody() as first, nobody() as second:
            for client in (TCPClient(Names(first, second)), TCPClient(Names(first))):
                with contextlib.suppress(StreamClosedError):
                    await client.connect("name.example", 1)
        with contextlib.suppress(StreamClosedError):
            await TCPClient().connect_unix("/nowhere")
        with contextlib.suppress(TimeoutError):
            await TCPClient(Never()).connect("name.example", 1, timeout=0)
        kinds = (StreamClosedError, FileNotFoundError, ConnectionRefusedError, TimeoutError)
        assert [left for left in gc.get_objects() if type(left) in kinds] == []
    finally:
        gc.enable()


@on_every_loop
async def test_a_stream_that_cannot_be_made(monkeypatch):
    def fail(*args, **options):
        raise ZeroDivisionError

    async with serving() as (host, port):
        monkeypatch.setattr("tornadolike.tcpclient.IOStream", fail)
        with pytest.raises(ZeroDivisionError):
            await TCPClient().connect(host, port)


@pytest.mark.parametrize(
    ("options", "error", "complaint"),
    [
        ({"port": 65536}, ValueError, "there is no port 65536"),
        ({"port": -1}, ValueError, "there is no port -1"),
        ({"timeout": "5"}, TypeError, "Unsupported timeout '5'"),
        ({"ssl_options": {"certificate": "x"}}, ValueError, "knows nothing of certificate"),
    ],
)
@on_every_loop
async def test_arguments_that_make_no_sense(options, error, complaint):
    class Unasked(Resolver):
        def resolve(self, *question):
            pytest.fail("nothing is done before the arguments are checked")

    with pytest.raises(error, match=complaint):
        await TCPClient(Unasked()).connect(**{"host": "name.example", "port": 1, **options})


# Unix sockets


@pytest.mark.parametrize("kind", [str, bytes, "path"])
@on_every_loop
async def test_a_unix_socket(tmp_path, kind):
    path = tmp_path / "socket"
    async with serving(str(path)):
        given = {str: str(path), bytes: bytes(path), "path": path}[kind]
        await talk(await TCPClient().connect_unix(given, timeout=10))


@on_every_loop
async def test_tls_over_a_unix_socket(tmp_path, certs):
    path = str(tmp_path / "socket")
    async with serving(path, ssl=certs.server_context()):
        client, context = TCPClient(), certs.client_context()
        stream = await client.connect_unix(
            path, ssl_options=context, server_hostname="localhost", max_buffer_size=12345
        )
        assert stream.max_buffer_size == 12345
        await talk(stream)
        with pytest.raises(ValueError, match="say server_hostname for TLS over a Unix socket"):
            await client.connect_unix(path, ssl_options=context)
        await talk(await client.connect_unix(path, ssl_options={"cert_reqs": ssl.CERT_NONE}))


@on_every_loop
async def test_a_unix_socket_that_is_not_there(tmp_path):
    with cannot_reach("cannot connect to", "missing", "No such file") as caught:
        await TCPClient().connect_unix(tmp_path / "missing")
    assert isinstance(caught.value.real_error, FileNotFoundError)


@on_every_loop
async def test_a_unix_server_that_does_not_answer(tmp_path):
    path = str(tmp_path / "socket")
    with contextlib.ExitStack() as opened:
        listening = opened.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(path)
        listening.listen(0)
        while True:
            sock = opened.enter_context(socket.socket(socket.AF_UNIX))
            sock.setblocking(False)
            if sock.connect_ex(path):
                break
        with pytest.raises(TimeoutError, match=f"^Timeout while connecting to {path}$"):
            await TCPClient().connect_unix(path, timeout=SOON)


# Resolvers of a program's own


@on_every_loop
async def test_the_configured_resolver_is_asked():
    async with serving() as address:
        Resolver.configure(Names)
        try:
            client = TCPClient()
            client.resolver.addresses = [address]
            await talk(await client.connect("name.example", 1))
        finally:
            Resolver.configure(None)


@pytest.mark.parametrize("way", ["future", "coroutine of generators", "list of lists", "Unix"])
@on_every_loop
async def test_resolvers_of_all_sorts(way, tmp_path):
    path = str(tmp_path / "socket")

    class Own(Resolver):
        def initialize(self, address):
            self.address = address

        def resolve(self, host, port, family=socket.AF_UNSPEC):
            assert (host, port, family) == ("name.example", 1, socket.AF_INET)
            if way == "coroutine of generators":
                return self.later()
            future = asyncio.get_running_loop().create_future()
            found = [family_of(self.address), self.address]
            future.set_result([found if way == "list of lists" else tuple(found)])
            return future

        @gen.coroutine
        def later(self):
            yield gen.sleep(0)
            return [(socket.AF_INET, self.address)]

    async with serving(path if way == "Unix" else "127.0.0.1") as address:
        client = TCPClient(Own(address))
        await talk(await client.connect("name.example", 1, socket.AF_INET))


def test_whose_resolver_is_closed(monkeypatch):
    given = Names()
    TCPClient(given).close()
    assert not given.closed
    Resolver.configure(Names)
    try:
        client = TCPClient()
        client.close()
        assert client.resolver.closed
    finally:
        Resolver.configure(None)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("1.2.3.4", 443), "1.2.3.4:443"),
        (("::1", 443, 0, 0), "[::1]:443"),
        ("/run/socket", "/run/socket"),
        (("odd",), "('odd',)"),
    ],
)
def test_addresses_in_words(address, text):
    assert address_text(address) == text
