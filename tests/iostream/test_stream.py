"""IOStream: connecting, its socket, and what its transport has to do with it."""

import asyncio
import contextlib
import errno
import socket
import tracemalloc

import pytest

from tests.peers import reset
from tests.running import turns
from tornadolike import ioloop
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError, memory_stream_pair


@contextlib.contextmanager
def listening(family=socket.AF_INET, address=("127.0.0.1", 0), **options):
    """``with listening() as (listener, stream):``, a socket that listens and a stream without a connection."""
    with socket.socket(family) as listener:
        listener.bind(address)
        listener.listen()
        stream = IOStream(socket.socket(family), **options)
        try:
            yield listener, stream
        finally:
            stream.close()


def refusing_address():
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()


def test_connect(run):
    async def main():
        with listening() as (listener, stream):
            assert await stream.connect(listener.getsockname()) is stream
            theirs, address = listener.accept()
            with theirs:
                assert address == stream.socket.getsockname()
                await stream.write(b"hello")
                assert theirs.recv(100) == b"hello"
                theirs.send(b"world")
                assert await stream.read_bytes(5) == b"world"

    run(main)


def test_connect_to_a_unix_socket(run, tmp_path):
    async def main():
        path = str(tmp_path / "socket")
        with listening(socket.AF_UNIX, path) as (listener, stream):
            await stream.connect(path)
            theirs, _ = listener.accept()
            with theirs:
                stream.set_nodelay(True)  # means nothing here
                await stream.write(b"hello")
                assert theirs.recv(100) == b"hello"

    run(main)


def test_a_unix_socket_whose_backlog_is_full(run, tmp_path):
    async def main():
        path = str(tmp_path / "socket")
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(path)
            listener.listen(0)
            full = stack.enter_context(socket.socket(socket.AF_UNIX))
            full.connect(path)
            stream = IOStream(socket.socket(socket.AF_UNIX))
            stack.callback(stream.close)
            gone = IOStream(socket.socket(socket.AF_UNIX))
            connecting, giving_up = stream.connect(path), gone.connect(path)
            written = stream.write(b"hello")
            await turns()
            assert not connecting.done()
            gone.close()
            with pytest.raises(StreamClosedError):
                await giving_up
            listener.accept()[0].close()
            await connecting
            await written
            theirs = stack.enter_context(listener.accept()[0])
            assert theirs.recv(100) == b"hello"

    run(main)


def test_reads_and_writes_wait_for_the_connection(run):
    async def main():
        with listening() as (listener, stream):
            done = []
            stream.set_close_callback(lambda: None)
            connecting = stream.connect(listener.getsockname())
            written, read = stream.write(b"x" * 10_000), stream.read_until(b"\n")
            assert not written.done()
            assert not read.done()
            assert stream.reading()
            assert stream.writing()
            for name, future in (("connect", connecting), ("write", written), ("read", read)):
                future.add_done_callback(lambda _, name=name: done.append(name))
            theirs, _ = listener.accept()
            with theirs:
                theirs.send(b"hello\n")
                assert await read == b"hello\n"
                await written
                assert done[0] == "connect"
                assert len(theirs.recv(10_000, socket.MSG_WAITALL)) == 10_000

    run(main)


def test_a_read_alone_waits_for_the_connection(run):
    async def main():
        with listening() as (listener, stream):
            connecting, read = stream.connect(listener.getsockname()), stream.read_bytes(5)
            await connecting
            theirs, _ = listener.accept()
            with theirs:
                theirs.send(b"hello")
                assert await read == b"hello"

    run(main)


def test_who_has_read_everything_asks_again_only_when_told(run):
    looks = []

    class Looking(IOStream):
        def read_from_fd(self, buf):
            count = super().read_from_fd(buf)
            looks.append(count)
            return count

    async def main():
        ours, theirs = socket.socketpair()
        stream = Looking(ours)
        with contextlib.closing(stream), theirs:
            for _ in range(5):
                future = stream.read_until(b"\n")
                await turns(2)
                theirs.send(b"line\n")
                assert await future == b"line\n"
            assert looks == [None, 5, 5, 5, 5, 5]
            # It is not listened to while bytes wait here: nobody would tell that there are more.
            theirs.send(b"this and ")
            assert await stream.read_bytes(4) == b"this"
            await turns(2)
            theirs.send(b"that")
            assert await stream.read_bytes(9) == b" and that"

    run(main)


def test_an_idle_stream_is_small(run):
    count = 50

    async def main():
        with contextlib.ExitStack() as stack:
            pairs = [socket.socketpair() for _ in range(count)]
            for _, theirs in pairs:
                stack.enter_context(theirs)
            streams = []
            for number, (ours, _) in enumerate(pairs):
                if number == 1:  # the first has made what all of them share
                    tracemalloc.start()
                    stack.callback(tracemalloc.stop)
                streams.append(stack.enter_context(contextlib.closing(IOStream(ours))))
                streams[-1].read_bytes(1)
            assert tracemalloc.get_traced_memory()[0] / count < 2500

    run(main)


def test_nobody_listens(run):
    async def main():
        address = refusing_address()
        stream = IOStream(socket.socket())
        closed = asyncio.Event()
        stream.set_close_callback(closed.set)
        futures = stream.connect(address), stream.write(b"x"), stream.read_bytes(1)
        for future in futures:
            with pytest.raises(StreamClosedError) as caught:
                await future
            assert isinstance(caught.value.real_error, ConnectionRefusedError)
            assert str(address) in str(caught.value.real_error)
        assert isinstance(stream.error, ConnectionRefusedError)
        assert stream.socket is None
        await closed.wait()

    run(main)


def test_an_error_that_connect_knows_at_once(run, monkeypatch):
    async def main():
        class Unlucky(socket.socket):
            def connect(self, address):
                raise socket.gaierror(errno.EIO, "boom")

        stream = IOStream(Unlucky())
        with pytest.raises(StreamClosedError) as caught:
            await stream.connect(("localhost", 80))
        assert isinstance(caught.value.real_error, socket.gaierror)
        assert isinstance(stream.error, socket.gaierror)
        assert stream.closed()

    run(main)


def test_an_address_of_another_form(run):
    async def main():
        with listening() as (_, stream):
            with pytest.raises(TypeError):
                stream.connect(17)
            assert stream.closed()
            assert isinstance(stream.error, TypeError)

    run(main)


def test_closing_while_it_connects(run):
    async def main():
        with listening() as (listener, stream):
            connecting = stream.connect(listener.getsockname())
            stream.close()
            with pytest.raises(StreamClosedError):
                await connecting
            with pytest.raises(StreamClosedError):
                stream.connect(listener.getsockname())

    run(main)


def test_giving_up_waiting_for_the_connection(run):
    async def main():
        with listening() as (listener, stream):
            stream.connect(listener.getsockname()).cancel()
            await stream.write(b"x")
            assert not stream.closed()

    run(main)


def test_connecting_twice(run):
    async def main():
        with listening() as (listener, stream):
            connecting = stream.connect(listener.getsockname())
            with pytest.raises(RuntimeError, match="await the future"):
                stream.connect(listener.getsockname())
            await connecting

    run(main)


def test_outside_a_running_loop(io_loop):
    with listening() as (listener, stream):
        connecting = stream.connect(listener.getsockname())
        stream.write(b"abc")
        assert io_loop.run_sync(lambda: connecting) is stream
        theirs, _ = listener.accept()
        theirs.close()


# The socket


def test_the_socket_is_owned_and_does_not_block(run):
    async def main():
        ours, theirs = socket.socketpair()
        with theirs:
            stream = IOStream(ours)
            assert stream.socket is ours
            assert stream.fileno() is ours
            assert not ours.getblocking()
            stream.close()
            assert ours.fileno() == -1
            assert stream.socket is None
            stream.set_nodelay(True)

    run(main)


def test_nodelay(run):
    async def main():
        with listening() as (listener, stream):
            await stream.connect(listener.getsockname())
            for value in (False, True):
                stream.set_nodelay(value)
                option = stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                assert bool(option) is value

    run(main)


@pytest.mark.parametrize(
    ("number", "raised"), [(errno.EINVAL, False), (errno.ECONNRESET, False), (errno.EPERM, True)]
)
def test_nodelay_of_a_connection_that_is_gone(run, number, raised):
    class Gone(socket.socket):
        def setsockopt(self, *args):
            raise OSError(number, "boom")

    async def main():
        stream = IOStream(Gone())
        if raised:
            with pytest.raises(OSError, match="boom"):
                stream.set_nodelay(True)
        else:
            stream.set_nodelay(True)
        stream.close()

    run(main)


def test_a_reset(run):
    async def main():
        with listening() as (listener, stream):
            await stream.connect(listener.getsockname())
            theirs, _ = listener.accept()
            read = stream.read_bytes(1)
            reset(theirs)
            with pytest.raises(StreamClosedError) as caught:
                await read
            assert isinstance(caught.value.real_error, ConnectionResetError)

    run(main)


def test_a_reset_while_writing(run):
    async def main():
        with listening() as (listener, stream):
            await stream.connect(listener.getsockname())
            theirs, _ = listener.accept()
            written = stream.write(b"x" * 20_000_000)
            assert not written.done()
            reset(theirs)
            with pytest.raises(StreamClosedError) as caught:
                await written
            assert isinstance(caught.value.real_error, ConnectionError)

    run(main)


def test_the_systems_error(run):
    async def main():
        ours, theirs = socket.socketpair()
        with theirs:
            stream = IOStream(ours)
            assert stream.get_fd_error().errno == 0
            stream.close()

    run(main)


# Over a transport, and back


class Listener(asyncio.Protocol):
    """Keeps what it is told."""

    def __init__(self):
        self.data = b""
        self.told = asyncio.Event()
        self.ended = asyncio.Event()

    def data_received(self, data):
        self.data += data
        self.told.set()

    def connection_lost(self, exc):
        self.ended.set()


async def connected_transport(listener, **options):
    loop = asyncio.get_running_loop()
    host, port = listener.getsockname()
    return await loop.create_connection(Listener, host, port, **options)


def test_over_a_transport_that_exists():
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            transport, before = await connected_transport(listener)
            theirs, _ = listener.accept()
            with theirs:
                stream = IOStream.over(transport, b"unread ", max_buffer_size=1000)
                assert type(stream) is IOStream
                assert stream.max_buffer_size == 1000
                theirs.send(b"hello\n")
                assert await stream.read_until(b"\n") == b"unread hello\n"
                assert stream.socket.getpeername() == listener.getsockname()
                await stream.write(b"answer")
                assert theirs.recv(100) == b"answer"
                closed = asyncio.Event()
                stream.set_close_callback(closed.set)
                theirs.shutdown(socket.SHUT_WR)
                await closed.wait()
                assert not before.data
                assert not before.ended.is_set()
                with pytest.raises(StreamClosedError):
                    IOStream.over(transport)

    ioloop.run(main())


def test_over_tls(certs):
    async def main():
        loop = asyncio.get_running_loop()
        streams = []
        served = asyncio.Event()

        class Server(asyncio.Protocol):
            def connection_made(self, transport):
                streams.append(IOStream.over(transport))
                served.set()

        server = await loop.create_server(Server, "127.0.0.1", 0, ssl=certs.server_context())
        async with server:
            transport, _ = await connected_transport(
                server.sockets[0], ssl=certs.client_context(), server_hostname="localhost"
            )
            client = IOStream.over(transport)
            assert type(client) is SSLIOStream
            assert await client.wait_for_handshake() is client
            assert client.socket.version() == "TLSv1.3"
            assert client.socket.server_hostname == "localhost"
            await served.wait()
            await client.write(b"hello")
            assert await streams[0].read_bytes(5) == b"hello"
            client.close()
            assert await streams[0].read_until_close() == b""
            assert not streams[0].truncated

    ioloop.run(main())


def test_over_a_subclass(run):
    class Mine(IOStream):
        pass

    async def main():
        one, other = memory_stream_pair()
        mine = Mine.over(one.detach())
        assert type(mine) is Mine
        mine.close()
        other.close()

    run(main)


def test_over_a_transport_of_somebody_elses(new_foreign_loop):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            transport, protocol = await connected_transport(listener)
            with pytest.raises(TypeError, match="IOStream of the socket"):
                IOStream.over(transport)
            transport.abort()
            await protocol.ended.wait()

    with asyncio.Runner(loop_factory=new_foreign_loop) as runner:
        runner.run(main())


@pytest.mark.parametrize("secure", [False, True])
def test_a_transport_that_somebody_else_closes(certs, secure):
    async def main():
        loop = asyncio.get_running_loop()
        streams = []
        served = asyncio.Event()

        class Server(asyncio.Protocol):
            def connection_made(self, transport):
                streams.append((IOStream.over(transport), transport))
                served.set()

        server_options = {"ssl": certs.server_context()} if secure else {}
        options = {"ssl": certs.client_context(), "server_hostname": "localhost"} if secure else {}
        server = await loop.create_server(Server, "127.0.0.1", 0, **server_options)
        async with server:
            transport, _ = await connected_transport(server.sockets[0], **options)
            await served.wait()
            stream, below = streams[0]
            read, sending = stream.read_bytes(1), stream.write(b"x" * 20_000_000)
            below.abort()
            for future in (read, sending):
                with pytest.raises(StreamClosedError):
                    await future
            assert stream.closed()
            transport.abort()

    ioloop.run(main())


def test_detach(run):
    async def main():
        one, other = (IOStream(end) for end in socket.socketpair())
        told = []
        one.set_close_callback(lambda: told.append("closed"))
        await other.write(b"head\nbody")
        assert await one.read_until(b"\n") == b"head\n"
        transport = one.detach()
        assert one.closed()
        assert one.socket is None
        one.close()
        protocol = Listener()
        transport.set_protocol(protocol)
        transport.resume_reading()
        await protocol.told.wait()
        assert protocol.data == b"body"
        transport.write(b"answer")
        assert await other.read_bytes(6) == b"answer"
        other.close()
        await protocol.ended.wait()
        assert not told

    run(main)


def test_detach_a_stream_that_is_not_idle(run):
    async def main():
        with listening() as (listener, stream):
            connecting = stream.connect(listener.getsockname())
            with pytest.raises(ValueError, match="not idle"):
                stream.detach()
            await connecting
            read = stream.read_bytes(1)
            with pytest.raises(ValueError, match="not idle"):
                stream.detach()
            read.cancel()
            written = stream.write(b"x" * 20_000_000)
            with pytest.raises(ValueError, match="not idle"):
                stream.detach()
            stream.close()
            with pytest.raises(StreamClosedError):
                await written
            with pytest.raises(ValueError, match="not idle"):
                stream.detach()

    run(main)
