"""Connections to host names, as streams."""

import asyncio
import contextlib
import datetime
import errno
import gc
import socket
import ssl

import pytest

from tests.peers import full_server, nobody
from tests.running import on_every_loop, on_jumping_clock, run_on, turns
from tornadolike import gen
from tornadolike.ioloop import IOLoop
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError
from tornadolike.netutil import OverrideResolver, Resolver
from tornadolike.tcpclient import TCPClient, address_text, certified_name

SOON = 0.05
"""Seconds that are waited for what does not come."""


class Names(Resolver):
    """Knows the addresses it was given, whatever the question."""

    def initialize(self, *addresses):
        self.addresses = addresses
        self.closed = False

    async def resolve(self, host, port, family=socket.AF_UNSPEC):
        return [(family_of(address), address) for address in self.addresses]

    def close(self):
        self.closed = True


def family_of(address):
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


async def answer(reader, writer):
    """Send back the first line and where the client is, and wait for its end."""
    line = await reader.readline()
    writer.write(line + repr(writer.get_extra_info("peername")).encode() + b"\n")
    await reader.read()


@contextlib.asynccontextmanager
async def serving(host="127.0.0.1", handle=answer, **options):
    """``async with serving() as address:``, where each connection is handled.

    At its end all handlers must have ended: those that wait for their client's end are the proof of it.
    """
    running = set()

    async def run(reader, writer):
        running.add(task := asyncio.current_task())
        task.add_done_callback(running.discard)
        with contextlib.suppress(OSError):
            await handle(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    if host.startswith("/"):
        server = await asyncio.start_unix_server(run, host, **options)
    else:
        server = await asyncio.start_server(run, host, 0, **options)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        async with asyncio.timeout(10):
            while running:
                await asyncio.wait(running)


async def talk(stream):
    """Say something; return the answer and where the server sees us."""
    try:
        stream.write(b"hello\n")
        said = await stream.read_until(b"\n")
        where = await stream.read_until(b"\n")
    finally:
        stream.close()
    assert said == b"hello\n"
    return where.decode().strip()


def cannot_reach(*words):
    """What is raised: the stream's exception, with the text of the failure."""
    return pytest.raises(StreamClosedError, match=r".*".join(words))


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


@pytest.mark.parametrize("source_ip", [None, "127.0.0.1"])
@on_every_loop
async def test_from_a_port(source_ip):
    with nobody() as (_, free):
        pass
    async with serving() as (host, port):
        client = TCPClient()
        where = await talk(await client.connect(host, port, source_ip=source_ip, source_port=free))
        assert where == repr(("127.0.0.1", free))


@on_every_loop
async def test_from_a_port_one_address_after_another():
    """Two sockets cannot have the same port."""
    with nobody() as (_, free):
        pass
    with nobody() as refusing:
        async with serving() as address:
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


# Time-outs and giving up


class Never(Resolver):
    """Has all the time in the world."""

    def initialize(self):
        self.given_up = False

    async def resolve(self, *question):
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up = True


@pytest.mark.parametrize("timeout", [90, 90.0, datetime.timedelta(seconds=90)])
@on_jumping_clock
async def test_a_resolver_that_does_not_answer(timeout):
    resolver = Never()
    start = IOLoop.current().time()
    with pytest.raises(TimeoutError, match=r"^Timeout while resolving name\.example$"):
        await TCPClient(resolver).connect("name.example", 1, timeout=timeout)
    assert IOLoop.current().time() - start == pytest.approx(90)
    assert resolver.given_up


@on_every_loop
async def test_a_time_out_of_the_resolvers_own():
    class Impatient(Resolver):
        async def resolve(self, *question):
            raise TimeoutError("the name server does not answer")

    with pytest.raises(TimeoutError, match=r"^the name server does not answer$"):
        await TCPClient(Impatient()).connect("name.example", 1, timeout=100)


@on_every_loop
async def test_no_time_at_all():
    with pytest.raises(TimeoutError, match="while resolving"):
        await TCPClient(Never()).connect("name.example", 1, timeout=0)


@on_every_loop
async def test_a_server_that_does_not_answer():
    with full_server() as full:
        host, port = full.getsockname()
        for delay in (0.25, None):
            client = TCPClient(happy_eyeballs_delay=delay)
            with pytest.raises(TimeoutError) as caught:
                await client.connect(host, port, timeout=SOON)
            assert str(caught.value) == f"Timeout while connecting to 127.0.0.1:{port}"


@on_every_loop
async def test_a_server_that_does_not_shake_hands(certs):
    async def silent(reader, writer):
        await reader.read()

    async with serving(handle=silent) as (host, port):
        with pytest.raises(TimeoutError) as caught:
            await TCPClient().connect(host, port, ssl_options=certs.client_context(), timeout=SOON)
        assert str(caught.value) == f"Timeout during TLS handshake with 127.0.0.1:{port}"


@on_every_loop
async def test_an_exception_of_the_kernels_is_not_our_time_out(monkeypatch):
    async def connect(loop, sock, address):
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    monkeypatch.setattr("tornadolike.ioloop.dialing.connect", connect)
    with cannot_reach("Connection timed out") as caught:
        await TCPClient().connect("127.0.0.1", 1, timeout=100)
    assert isinstance(caught.value.real_error, TimeoutError)


async def give_up(connecting):
    """Cancel it after some turns of the loop."""
    task = asyncio.ensure_future(connecting)
    await turns(10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


every_patience = pytest.mark.parametrize("timeout", [None, 3600])


@every_patience
@on_every_loop
async def test_giving_up_while_a_name_is_resolved(timeout):
    resolver = Never()
    await give_up(TCPClient(resolver).connect("name.example", 1, timeout=timeout))
    assert resolver.given_up


@every_patience
@pytest.mark.parametrize("delay", [None, 0, 0.25])
@on_every_loop
async def test_giving_up_while_it_is_connected(timeout, delay):
    with full_server() as full:
        names = Names(*[full.getsockname()] * 3)
        client = TCPClient(names, happy_eyeballs_delay=delay)
        await give_up(client.connect("name.example", 1, timeout=timeout))


@every_patience
@on_every_loop
async def test_giving_up_in_the_handshake(timeout, certs):
    begun = asyncio.Event()

    async def silent(reader, writer):
        await reader.read(1)
        begun.set()
        await reader.read()

    context = certs.client_context()
    async with serving(handle=silent) as (host, port):
        connecting = TCPClient().connect(host, port, ssl_options=context, timeout=timeout)
        task = asyncio.ensure_future(connecting)
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# TLS


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
