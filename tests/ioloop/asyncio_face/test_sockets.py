"""The sock_ calls, on real sockets."""

import asyncio
import contextlib
import errno
import os
import random
import socket
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport

TIMEOUT = 10


def nonblocking(*args):
    sock = socket.socket(*args)
    sock.setblocking(False)
    return sock


@contextlib.contextmanager
def udp(count=2):
    with contextlib.ExitStack() as opened:
        sockets = [
            opened.enter_context(nonblocking(socket.AF_INET, socket.SOCK_DGRAM))
            for _ in range(count)
        ]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        yield sockets


async def blocked(task):
    """See that ``task`` waits for a descriptor."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()


def test_what_is_there_comes_without_a_turn_of_the_loop(io_loop, pair):
    ours, theirs = pair

    async def main():
        turns = []
        io_loop.call_soon(turns.append, 1)
        await io_loop.sock_sendall(theirs, b"abcdef")
        assert await io_loop.sock_recv(ours, 3) == b"abc"
        buffer = bytearray(10)
        assert await io_loop.sock_recv_into(ours, buffer) == 3
        assert buffer == b"def" + bytes(7)
        assert not turns

    io_loop.run_sync(main, timeout=TIMEOUT)


@pytest.mark.parametrize("name", ["recv", "recv_into", "recvfrom", "recvfrom_into"])
def test_receiving_waits(loop, name):
    """Over each poller."""

    async def main():
        with udp() as (ours, theirs):
            buffer = bytearray(100)
            call = getattr(loop, f"sock_{name}")
            task = asyncio.create_task(call(ours, buffer if name.endswith("into") else 100))
            await blocked(task)
            theirs.sendto(b"hello", ours.getsockname())
            result = await task
            if "from" in name:
                result, address = result
                assert address == theirs.getsockname()
            assert (bytes(buffer[:result]) if name.endswith("into") else result) == b"hello"

    loop.run_sync(main, timeout=TIMEOUT)


def test_a_limit_on_a_buffer(io_loop):
    async def main():
        with udp() as (ours, theirs):
            for size, expected in ((2, 2), (0, 5)):
                theirs.sendto(b"hello", ours.getsockname())
                buffer = bytearray(8)
                assert (await io_loop.sock_recvfrom_into(ours, buffer, size))[0] == expected
                assert buffer == b"hello"[:expected].ljust(8, b"\0")

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_the_end_of_the_stream(io_loop, pair):
    ours, theirs = pair

    async def main():
        task = asyncio.create_task(io_loop.sock_recv(ours, 10))
        await blocked(task)
        theirs.shutdown(socket.SHUT_WR)
        assert await task == b""
        assert await io_loop.sock_recv_into(ours, bytearray(1)) == 0

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_a_reset_is_raised(io_loop, tcp_pair):
    ours, theirs = tcp_pair

    async def main():
        task = asyncio.create_task(io_loop.sock_recv(ours, 10))
        await blocked(task)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        with pytest.raises(ConnectionResetError):
            await task

    io_loop.run_sync(main, timeout=TIMEOUT)


@pytest.mark.parametrize("wrap", [bytes, bytearray, lambda data: memoryview(data).cast("I")])
def test_all_of_a_lot_is_sent_while_the_same_socket_receives(io_loop, pair, wrap):
    """A reader and a writer of one descriptor, and a peer that answers what it reads."""
    ours, theirs = pair
    data = os.urandom(1 << 20)

    async def answer():
        while received := await io_loop.sock_recv(theirs, 50_000):
            await io_loop.sock_sendall(theirs, received)
        theirs.shutdown(socket.SHUT_WR)

    async def receive():
        received = bytearray()
        while more := await io_loop.sock_recv(ours, 30_000):
            received += more
        return received

    async def main():
        answering = asyncio.create_task(answer())
        receiving = asyncio.create_task(receive())
        assert await io_loop.sock_sendall(ours, wrap(data)) is None
        ours.shutdown(socket.SHUT_WR)
        assert await receiving == data
        await answering

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_sending_nothing(io_loop, pair):
    async def main():
        await io_loop.sock_sendall(pair[0], b"")
        with pytest.raises(BlockingIOError):
            pair[1].recv(1)

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_sending_to_nobody(io_loop, pair):
    ours, theirs = pair
    theirs.close()
    with pytest.raises(BrokenPipeError):
        io_loop.run_sync(lambda: io_loop.sock_sendall(ours, b"x"))


def test_the_peer_leaves_while_much_is_sent(io_loop, pair):
    ours, theirs = pair

    async def main():
        task = asyncio.create_task(io_loop.sock_sendall(ours, bytes(1 << 22)))
        await blocked(task)
        theirs.close()
        with pytest.raises(ConnectionError):
            await task

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_datagrams_wait_until_there_is_room(io_loop):
    async def main():
        with (
            nonblocking(socket.AF_UNIX, socket.SOCK_DGRAM) as ours,
            nonblocking(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs,
        ):
            path = f"\0tornadolike-{os.getpid()}-{random.random()}"
            theirs.bind(path)
            sent = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    ours.sendto(b"x", path)
                    sent += 1
            task = asyncio.create_task(io_loop.sock_sendto(ours, b"last", path))
            await blocked(task)
            assert ours.fileno() not in io_loop._watchers  # which would spin
            assert [theirs.recv(10) for _ in range(sent)] == [b"x"] * sent
            assert await task == 4
            assert theirs.recv(10) == b"last"

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_sendto_an_address(io_loop):
    async def main():
        with udp() as (ours, theirs):
            assert await io_loop.sock_sendto(ours, b"", theirs.getsockname()) == 0
            assert await io_loop.sock_recvfrom(theirs, 9) == (b"", ours.getsockname())
            with pytest.raises(OSError, match="too long") as caught:
                await io_loop.sock_sendto(ours, bytes(70_000), theirs.getsockname())
            assert caught.value.errno == errno.EMSGSIZE

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_accepting(loop):
    """Over each poller."""

    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            for waits in (True, False):
                if waits:
                    task = asyncio.create_task(loop.sock_accept(listening))
                    await blocked(task)
                with socket.create_connection(listening.getsockname()) as client:
                    accepted, address = await (task if waits else loop.sock_accept(listening))
                    with accepted:
                        assert address == client.getsockname()
                        assert accepted.gettimeout() == 0

    loop.run_sync(main, timeout=TIMEOUT)


def test_connecting_to_a_name(io_loop):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            asked = []

            async def getaddrinfo(*args, **kwargs):
                asked.append((args, kwargs))
                return [(socket.AF_INET, 0, 0, "", ("127.0.0.1", port))]

            io_loop.getaddrinfo = getaddrinfo
            with nonblocking() as client:
                await io_loop.sock_connect(client, ("a name", port))
                assert client.getpeername() == listening.getsockname()
                listening.accept()[0].close()
            assert [args for args, _ in asked] == [("a name", port)]
            assert asked[0][1]["family"] == socket.AF_INET
            with nonblocking() as client:  # an address is not asked for
                await io_loop.sock_connect(client, ("127.0.0.1", str(port)))
                listening.accept()[0].close()
            assert len(asked) == 1

    io_loop.run_sync(main, timeout=TIMEOUT)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="the system has no IPv6")
def test_connecting_over_ipv6(io_loop):
    async def main():
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
            for address in (listening.getsockname(), listening.getsockname()[:2]):
                with nonblocking(socket.AF_INET6) as client:
                    await io_loop.sock_connect(client, address)
                    listening.accept()[0].close()

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_connecting_a_unix_socket(io_loop, tmp_path):
    async def main():
        with nonblocking(socket.AF_UNIX) as listening, nonblocking(socket.AF_UNIX) as client:
            listening.bind(str(tmp_path / "socket"))
            listening.listen()
            await io_loop.sock_connect(client, str(tmp_path / "socket"))
            (await io_loop.sock_accept(listening))[0].close()

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_nobody_listens(io_loop):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
    with nonblocking() as client, pytest.raises(ConnectionRefusedError):
        io_loop.run_sync(lambda: io_loop.sock_connect(client, address))


def test_connecting_again_right_after_cancelling(io_loop):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listening, nonblocking() as client:
            address = listening.getsockname()
            task = asyncio.create_task(io_loop.sock_connect(client, address))
            await asyncio.sleep(0)
            task.cancel()
            await io_loop.sock_connect(client, address)
            assert client.getpeername() == address
            with contextlib.suppress(asyncio.CancelledError):
                await task

    io_loop.run_sync(main, timeout=TIMEOUT)


# Cancelling


@pytest.mark.parametrize("late", [False, True])
def test_a_cancelled_reader_takes_nothing(io_loop, pair, late):
    """Not even if the data had come when it was cancelled."""
    ours, theirs = pair

    async def main():
        before = dict(io_loop._watchers)
        task = asyncio.create_task(io_loop.sock_recv(ours, 10))
        await blocked(task)
        theirs.send(b"data")
        if late:
            while ours.fileno() in io_loop._watchers:
                await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            assert await task == b"not taken"
        assert io_loop._watchers == before
        assert await io_loop.sock_recv(ours, 10) == b"data"

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_a_reader_that_is_cancelled_at_every_moment_loses_nothing(io_loop, pair):
    ours, theirs = pair

    async def main():
        received = bytearray()
        sent = bytes(range(200))
        for number in range(200):
            task = asyncio.create_task(io_loop.sock_recv(ours, 10))
            for _ in range(number % 4):
                await asyncio.sleep(0)
            theirs.send(sent[number : number + 1])
            for _ in range(number // 4 % 4):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                received += await task
        while len(received) < len(sent):
            received += await io_loop.sock_recv(ours, 200)
        assert received == sent

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_a_cancelled_accept_leaves_the_connection_to_the_next(io_loop):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            task = asyncio.create_task(io_loop.sock_accept(listening))
            await blocked(task)
            with socket.create_connection(listening.getsockname()) as client:
                while listening.fileno() in io_loop._watchers:
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                accepted, address = await io_loop.sock_accept(listening)
                accepted.close()
                assert address == client.getsockname()

    io_loop.run_sync(main, timeout=TIMEOUT)


def test_a_cancelled_sender_stops_watching(io_loop, pair):
    ours, _ = pair

    async def main():
        before = dict(io_loop._watchers)
        task = asyncio.create_task(io_loop.sock_sendall(ours, bytes(1 << 22)))
        await blocked(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert io_loop._watchers == before

    io_loop.run_sync(main, timeout=TIMEOUT)


# What is refused


@pytest.mark.parametrize(
    "call",
    [
        lambda loop, sock: loop.sock_recv(sock, 1),
        lambda loop, sock: loop.sock_recv_into(sock, bytearray(1)),
        lambda loop, sock: loop.sock_recvfrom(sock, 1),
        lambda loop, sock: loop.sock_recvfrom_into(sock, bytearray(1)),
        lambda loop, sock: loop.sock_sendall(sock, b"x"),
        lambda loop, sock: loop.sock_sendto(sock, b"x", ("127.0.0.1", 1)),
        lambda loop, sock: loop.sock_connect(sock, ("127.0.0.1", 1)),
        lambda loop, sock: loop.sock_accept(sock),
    ],
)
def test_blocking_and_closed_sockets(io_loop, call):
    io_loop.set_debug(True)
    with socket.socket() as sock, pytest.raises(ValueError, match="must be non-blocking"):
        io_loop.run_sync(lambda: call(io_loop, sock))
    io_loop.set_debug(False)
    with pytest.raises(OSError, match="Bad file descriptor"):
        io_loop.run_sync(lambda: call(io_loop, sock))


def test_the_socket_of_a_transport(io_loop, pair):
    """Nothing to read, so it would have to be watched, which the transport does."""

    async def main():
        transport = SocketTransport(io_loop, pair[0], asyncio.Protocol())
        with pytest.raises(RuntimeError, match="used by"):
            await io_loop.sock_recv(pair[0], 1)
        transport.abort()
        await asyncio.sleep(0)

    io_loop.run_sync(main, timeout=TIMEOUT)


# Any sizes


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    pieces=st.lists(st.integers(0, 60_000), max_size=8),
    reads=st.lists(st.integers(1, 70_000), min_size=1, max_size=4),
    buffer=st.sampled_from([0, 4096]),
    seed=st.integers(0, 1 << 30),
)
def test_whatever_the_sizes_the_bytes_arrive_in_order(pieces, reads, buffer, seed):
    data = [random.Random(seed + number).randbytes(size) for number, size in enumerate(pieces)]

    async def main():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            for sock in (ours, theirs):
                sock.setblocking(False)
                if buffer:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)

            async def send():
                for piece in data:
                    await loop.sock_sendall(ours, piece)
                ours.shutdown(socket.SHUT_WR)

            sending = asyncio.create_task(send())
            received = bytearray()
            number = 0
            while more := await loop.sock_recv(theirs, reads[number % len(reads)]):
                assert len(more) <= reads[number % len(reads)]
                received += more
                number += 1
            await sending
            assert received == b"".join(data)

    loop = IOLoop(make_current=False)
    try:
        loop.run_sync(main, timeout=TIMEOUT)
    finally:
        loop.close()
