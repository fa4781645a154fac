"""The datagram transport, on real sockets."""

import asyncio
import contextlib
import gc
import os
import random
import socket
import weakref
from collections import deque

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import ERROR, READ
from tornadolike.ioloop.transports.datagram import (
    HEADER_SIZE,
    MAX_AT_ONCE,
    DatagramTransport,
)
from tornadolike.ioloop.transports.flow import HIGH_WATER


class Recorder(asyncio.DatagramProtocol):
    """Writes down each call; ``actions`` are run by name of the call."""

    def __init__(self):
        self.heard = []
        self.actions = {}
        self._news = asyncio.Event()

    def _hear(self, *what):
        self.heard.append(what)
        self._news.set()
        action = self.actions.get(what[0])
        if action is not None:
            action()

    def connection_made(self, transport):
        self.transport = transport
        self._hear("made")

    def datagram_received(self, data, addr):
        self._hear("data", data, addr)

    def error_received(self, exc):
        self._hear("error", exc)

    def pause_writing(self):
        self._hear("pause")

    def resume_writing(self):
        self._hear("resume")

    def connection_lost(self, exc):
        self._hear("lost", exc)

    @property
    def names(self):
        return [what[0] for what in self.heard]

    @property
    def data(self):
        return [what[1] for what in self.heard if what[0] == "data"]

    async def until(self, condition):
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def hears(self, name):
        await self.until(lambda: name in self.names)
        return [what for what in self.heard if what[0] == name][-1]


class Bench:
    """Makes transports and peers, and closes what is left of them."""

    def __init__(self, loop):
        self.loop = loop
        self.sockets = []

    def socket(self, family=socket.AF_INET, address=("127.0.0.1", 0)):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sockets.append(sock)
        sock.setblocking(False)
        if address is not None:
            sock.bind(address)
        return sock

    def open(self, sock=None, address=None, protocol=None):
        protocol = protocol or Recorder()
        return DatagramTransport(self.loop, sock or self.socket(), protocol, address), protocol

    def connected(self):
        """A transport whose socket is connected to a plain one."""
        peer, ours = self.socket(), self.socket()
        ours.connect(peer.getsockname())
        transport, protocol = self.open(ours)
        return transport, protocol, peer

    def unix_pair(self):
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sockets += pair
        for sock in pair:
            sock.setblocking(False)
        return pair

    def stuck(self):
        """A transport that can send nothing: its peer's queue is full. And how many are in that queue."""
        ours, peer = self.unix_pair()
        filled = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(b"full")
                filled += 1
        transport, protocol = self.open(ours)
        return transport, protocol, peer, filled

    def refused_address(self):
        """Where nobody listens."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()


@pytest.fixture
def bench(io_loop):
    made = Bench(io_loop)
    yield made
    for sock in made.sockets:
        sock.close()


def run(bench, function):
    bench.loop.run_sync(function, timeout=30)


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def read(peer, count):
    """``count`` datagrams from a plain socket."""
    received = []
    async with asyncio.timeout(10):
        while len(received) < count:
            try:
                received.append(peer.recv(1 << 18))
            except BlockingIOError:
                await asyncio.sleep(0)
    return received


async def end(transport, protocol):
    transport.abort()
    await protocol.hears("lost")


# Receiving


def test_datagrams_arrive_with_their_senders_address(loop):
    """Over each poller."""
    bench = Bench(loop)

    async def main():
        transport, protocol = bench.open()
        peer = bench.socket()
        peer.sendto(b"one", transport.get_extra_info("sockname"))
        peer.sendto(b"", transport.get_extra_info("sockname"))
        await protocol.until(lambda: len(protocol.data) == 2)
        assert protocol.heard == [
            ("made",),
            ("data", b"one", peer.getsockname()),
            ("data", b"", peer.getsockname()),
        ]
        transport.sendto(b"answer", peer.getsockname())
        assert await read(peer, 1) == [b"answer"]
        await end(transport, protocol)
        peer.close()

    run(bench, main)


def test_the_longest_datagrams(bench):
    async def main():
        transport, protocol = bench.open()
        peer = bench.socket()
        longest = os.urandom(65_507)
        peer.sendto(longest, transport.get_extra_info("sockname"))
        assert (await protocol.hears("data"))[1] == longest
        await end(transport, protocol)

        ours, peer = bench.unix_pair()
        transport, protocol = bench.open(ours)
        longest = os.urandom(150_000)
        peer.send(longest)
        assert (await protocol.hears("data"))[1] == longest
        await end(transport, protocol)

    run(bench, main)


def test_a_crowd_comes_in_few_wake_ups_but_lets_others_have_their_turn(bench):
    async def main():
        transport, protocol = bench.open()
        peer = bench.socket()
        address = transport.get_extra_info("sockname")
        wake_ups = []
        receive = transport._on_readable

        def count():
            before = len(protocol.data)
            receive()
            wake_ups.append(len(protocol.data) - before)

        transport._on_readable = count
        for number in range(200):
            peer.sendto(b"%d" % number, address)
        await protocol.until(lambda: len(protocol.data) == 200)
        assert protocol.data == [b"%d" % number for number in range(200)]
        assert max(wake_ups) == MAX_AT_ONCE
        assert len(wake_ups) < 25
        for number in range(40):  # one at a time again
            peer.sendto(b"x", address)
            await protocol.until(lambda number=number: len(protocol.data) == 201 + number)
        assert wake_ups[-10:] == [1] * 10
        assert not transport._came_in_crowd  # that another try finds nothing is rare again
        await end(transport, protocol)

    run(bench, main)


def test_a_protocol_that_fails_at_a_datagram_gets_the_next(bench, expect_log):
    async def main():
        transport, protocol = bench.open()
        peer = bench.socket()

        def fail():
            if protocol.data[-1] == b"bad":
                raise KeyError("bad")

        protocol.actions["data"] = fail
        for data in (b"good", b"bad", b"good again"):
            peer.sendto(data, transport.get_extra_info("sockname"))
        await protocol.until(lambda: len(protocol.data) == 3)
        assert not transport.is_closing()
        await end(transport, protocol)

    with expect_log("asyncio", r"datagram_received\(\) failed", count=1):
        run(bench, main)


def test_reading_can_be_paused(bench):
    async def main():
        transport, protocol = bench.open()
        peer = bench.socket()
        address = transport.get_extra_info("sockname")
        assert transport.is_reading()
        transport.pause_reading()
        transport.pause_reading()
        peer.sendto(b"later", address)
        await turns()
        assert protocol.names == ["made"]
        assert not transport.is_reading()
        transport.resume_reading()
        transport.resume_reading()
        await protocol.hears("data")
        transport.pause_reading()
        peer.sendto(b"not for an error that is reported meanwhile", address)
        transport._on_events(READ | ERROR)
        assert len(protocol.data) == 1
        transport.resume_reading()
        await protocol.until(lambda: len(protocol.data) == 2)
        protocol.actions["data"] = transport.pause_reading
        transport._came_in_crowd = True
        peer.sendto(b"second", address)
        peer.sendto(b"third", address)
        await protocol.until(lambda: len(protocol.data) == 3)
        await turns()
        assert protocol.data[2:] == [b"second"]
        await end(transport, protocol)
        transport.pause_reading()
        transport.resume_reading()

    run(bench, main)


def test_closing_while_a_crowd_comes(bench):
    async def main():
        transport, protocol = bench.open()
        peer = bench.socket()
        transport._came_in_crowd = True
        protocol.actions["data"] = transport.close
        for _ in range(3):
            peer.sendto(b"x", transport.get_extra_info("sockname"))
        await protocol.hears("lost")
        assert protocol.names == ["made", "data", "lost"]

    run(bench, main)


# Sending


def test_all_kinds_of_bytes_and_nothing_else(bench):
    async def main():
        transport, protocol, peer = bench.connected()
        for data in (b"bytes", bytearray(b"bytearray"), memoryview(b"view"), b""):
            transport.sendto(data)
        assert await read(peer, 4) == [b"bytes", b"bytearray", b"view", b""]
        for wrong in ("text", 7, None, [b"x"]):
            with pytest.raises(TypeError, match="bytes-like object, not"):
                transport.sendto(wrong)
        await end(transport, protocol)

    run(bench, main)


def test_where_a_datagram_goes(bench):
    async def main():
        peer, other = bench.socket(), bench.socket()
        anywhere, protocol = bench.open()
        anywhere.sendto(b"1", peer.getsockname())
        anywhere.sendto(b"2", other.getsockname())
        assert await read(peer, 1) == [b"1"]
        assert await read(other, 1) == [b"2"]
        with pytest.raises(TypeError):  # no address; what the socket says
            anywhere.sendto(b"nowhere")
        with pytest.raises(OverflowError):
            anywhere.sendto(b"nowhere", ("127.0.0.1", 1 << 20))
        assert not anywhere.is_closing()
        await end(anywhere, protocol)

        one, protocol = bench.open(address=peer.getsockname())
        one.sendto(b"3")
        one.sendto(b"4", peer.getsockname())
        assert await read(peer, 2) == [b"3", b"4"]
        with pytest.raises(ValueError, match="Invalid address: must be None or"):
            one.sendto(b"5", other.getsockname())
        await end(one, protocol)

        connected, protocol, peer = bench.connected()
        connected.sendto(b"6", other.getsockname())
        assert await read(peer, 1) == [b"6"]
        await end(connected, protocol)

    run(bench, main)


def test_what_the_kernel_does_not_take_waits_in_order(bench):
    async def main():
        transport, protocol, peer, filled = bench.stuck()
        mine = bytearray(b"0")
        transport.sendto(mine)
        mine[:] = b"X"  # what waits does not change
        for number in range(1, 40):
            transport.sendto(b"%d" % number)
        assert transport.get_write_buffer_size() == 40 * HEADER_SIZE + 10 + 30 * 2
        received = await read(peer, filled + 40)
        assert received[filled:] == [b"%d" % number for number in range(40)]
        assert transport.get_write_buffer_size() == 0
        assert protocol.names == ["made"]
        transport.sendto(b"at once")
        assert peer.recv(10) == b"at once"
        await end(transport, protocol)

    run(bench, main)


def test_nothing_overtakes_what_waits(bench):
    async def main():
        transport, protocol, peer, filled = bench.stuck()
        transport.sendto(b"first")
        for _ in range(filled):
            peer.recv(9)
        transport.sendto(b"last")  # there is room now
        assert await read(peer, 2) == [b"first", b"last"]
        await end(transport, protocol)

    run(bench, main)


def test_the_protocol_is_asked_to_pause_and_to_go_on(bench):
    async def main():
        transport, protocol, peer, filled = bench.stuck()
        assert transport.get_write_buffer_limits() == (HIGH_WATER // 4, HIGH_WATER)
        transport.set_write_buffer_limits(high=100, low=50)
        assert transport.get_write_buffer_limits() == (50, 100)
        transport.sendto(bytes(100 - HEADER_SIZE))
        assert "pause" not in protocol.names
        transport.sendto(b"")  # counts too
        transport.sendto(b"x")
        assert protocol.names == ["made", "pause"]
        protocol.actions["resume"] = lambda: transport.sendto(b"more")
        assert (await read(peer, filled + 4))[filled:] == [bytes(92), b"", b"x", b"more"]
        assert protocol.names == ["made", "pause", "resume"]
        await end(transport, protocol)

    run(bench, main)


def test_a_unix_socket_that_is_not_connected_waits_without_spinning(bench, tmp_path):
    """The poll calls it writable, whatever the receiver's queue."""

    async def main():
        peer = bench.socket(socket.AF_UNIX, str(tmp_path / "peer"))
        ours = bench.socket(socket.AF_UNIX, None)
        transport, protocol = bench.open(ours)
        sent = 0
        while not transport.get_write_buffer_size():
            transport.sendto(b"%d" % sent, peer.getsockname())
            sent += 1
        transport.sendto(b"end", peer.getsockname())
        tries = []
        send = transport._send
        transport._send = lambda *args: (tries.append(1), send(*args))
        await asyncio.sleep(0.03)
        assert 0 < len(tries) < 10
        received = await read(peer, sent + 1)
        assert received == [b"%d" % number for number in range(sent)] + [b"end"]
        assert protocol.names == ["made"]
        await end(transport, protocol)

    run(bench, main)


def test_aborting_while_it_rests(bench, tmp_path):
    async def main():
        peer = bench.socket(socket.AF_UNIX, str(tmp_path / "peer"))
        transport, protocol = bench.open(bench.socket(socket.AF_UNIX, None))
        while not transport.get_write_buffer_size():
            transport.sendto(b"x", peer.getsockname())
        while transport._resting is None:
            await asyncio.sleep(0)
        timer = transport._resting
        await end(transport, protocol)
        assert timer.cancelled()

    run(bench, main)


# Errors


def test_nobody_listens(bench):
    async def main():
        ours = bench.socket()
        ours.connect(bench.refused_address())
        transport, protocol = bench.open(ours)
        transport.sendto(b"x")
        assert isinstance((await protocol.hears("error"))[1], ConnectionRefusedError)
        assert not transport.is_closing()
        transport.sendto(b"x")
        await protocol.until(lambda: protocol.names.count("error") == 2)
        await end(transport, protocol)

    run(bench, main)


def test_a_datagram_that_cannot_be_sent(bench):
    async def main():
        transport, protocol, peer = bench.connected()
        transport.sendto(bytes(70_000))
        assert "too long" in str((await protocol.hears("error"))[1])
        transport.sendto(b"next")
        assert await read(peer, 1) == [b"next"]
        await end(transport, protocol)

    run(bench, main)


def test_datagrams_that_waited_and_cannot_be_sent(bench, expect_log):
    async def main():
        transport, protocol, peer, filled = bench.stuck()
        transport.sendto(b"first")
        transport._waiting.append((bytes(4 << 20), None))
        transport._waiting.append(("no bytes", None))
        transport._waiting_size += (4 << 20) + 8 + 2 * HEADER_SIZE
        transport.sendto(b"last")
        received = await read(peer, filled + 2)
        assert received[filled:] == [b"first", b"last"]
        assert "too long" in str((await protocol.hears("error"))[1])
        assert transport.get_write_buffer_size() == 0
        await end(transport, protocol)

    with expect_log("asyncio", "a datagram could not be sent", count=1):
        run(bench, main)


@pytest.mark.parametrize("action", ["abort", "close"])
def test_ending_in_the_middle_of_an_error(bench, action):
    async def main():
        transport, protocol, peer, filled = bench.stuck()
        transport.set_write_buffer_limits(10)
        transport._waiting.append((bytes(4 << 20), None))
        transport._waiting_size += (4 << 20) + HEADER_SIZE
        transport.sendto(b"last")
        protocol.actions["error"] = getattr(transport, action)
        transport._update_events()
        received = await read(peer, filled + (action == "close"))
        await protocol.hears("lost")
        assert received[filled:] == ([b"last"] if action == "close" else [])
        with pytest.raises((BlockingIOError, ConnectionError)):
            peer.recv(1)
        resumed = ["resume"] if action == "close" else []
        assert protocol.names == ["made", "pause", "error", *resumed, "lost"]

    run(bench, main)


@pytest.mark.parametrize(
    ("method", "name"),
    [("connection_made", "made"), ("error_received", "error"), ("pause_writing", "pause")],
)
def test_a_protocol_that_fails_is_reported_and_the_transport_lives(bench, expect_log, method, name):
    async def main():
        protocol = Recorder()
        protocol.actions[name] = lambda: 1 / 0
        ours, peer = bench.unix_pair()
        transport, _ = bench.open(ours, protocol=protocol)
        transport.sendto(bytes(4 << 20))  # is refused
        transport.set_write_buffer_limits(0)
        sent = 0
        while not transport.get_write_buffer_size():
            transport.sendto(b"x")
            sent += 1
        assert len(await read(peer, sent)) == sent
        await protocol.hears("resume")
        await end(transport, protocol)

    with expect_log("asyncio", rf"{method}\(\) failed", count=1):
        run(bench, main)


def test_process_exits_are_not_swallowed(bench):
    transport, protocol = bench.open()

    def leave():
        raise SystemExit(3)

    protocol.actions["data"] = leave
    bench.socket().sendto(b"x", transport.get_extra_info("sockname"))
    waiting = bench.loop.create_task(protocol.hears("lost"))
    with pytest.raises(SystemExit):
        bench.loop.run_until_complete(waiting)
    transport.abort()
    bench.loop.run_until_complete(waiting)


# The end


def test_close_sends_what_waits_and_receives_no_more(bench):
    async def main():
        transport, protocol, peer, filled = bench.stuck()
        transport.sendto(b"waits")
        transport.close()
        transport.close()
        assert transport.is_closing()
        assert not transport.is_reading()
        transport.sendto(b"too late")
        peer.send(b"not heard")
        await turns()
        assert protocol.names == ["made"]
        assert (await read(peer, filled + 1))[filled:] == [b"waits"]
        assert await protocol.hears("lost") == ("lost", None)
        await turns()
        assert protocol.names == ["made", "lost"]
        with pytest.raises(BlockingIOError):
            peer.recv(1)

    run(bench, main)


def test_abort_drops_what_waits(bench):
    async def main():
        transport, protocol, peer, filled = bench.stuck()
        transport.sendto(b"waits")
        transport.abort()
        transport.abort()
        transport.close()
        assert transport.get_write_buffer_size() == 0
        assert protocol.names == ["made"]  # not from inside
        await protocol.hears("lost")
        await turns()
        assert protocol.names == ["made", "lost"]
        assert len(await read(peer, filled)) == filled
        with pytest.raises((BlockingIOError, ConnectionError)):
            peer.recv(1)

    run(bench, main)


def test_closing_in_connection_made(bench):
    async def main():
        protocol = Recorder()
        protocol.actions["made"] = lambda: protocol.transport.close()
        bench.open(protocol=protocol)
        await protocol.hears("lost")

    run(bench, main)


def test_nothing_holds_a_transport_that_is_over(bench):
    async def main():
        transport, protocol = bench.open(bench.socket())
        await end(transport, protocol)
        assert transport.get_protocol() is None
        found = weakref.ref(transport)
        protocol.transport = None
        gc.disable()
        try:
            del transport
            assert found() is None
        finally:
            gc.enable()

    run(bench, main)


def test_dropping_an_open_transport_is_complained_about(bench):
    loop = IOLoop(make_current=False)

    async def main():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        DatagramTransport(loop, sock, asyncio.DatagramProtocol())

    loop.run_sync(main)
    with pytest.warns(ResourceWarning, match="unclosed transport <DatagramTransport"):
        loop.close()


def test_extra_information(bench):
    async def main():
        transport, protocol, peer = bench.connected()
        sock = transport.get_extra_info("socket")
        assert isinstance(sock, asyncio.trsock.TransportSocket)
        address = sock.getsockname()
        await end(transport, protocol)
        assert transport.get_extra_info("sockname") == address
        assert transport.get_extra_info("peername") == peer.getsockname()
        assert transport.get_extra_info("weather", "fine") == "fine"
        transport, protocol = bench.open()
        assert transport.get_extra_info("peername") is None
        assert isinstance(transport, asyncio.DatagramTransport)
        assert isinstance(transport, asyncio.Transport)
        other = Recorder()
        transport.set_protocol(other)
        assert transport.get_protocol() is other
        assert "open waiting=0" in repr(transport)
        transport.close()
        await other.hears("lost")
        assert "lost" in repr(transport)

    run(bench, main)


def test_a_descriptor_that_is_watched_already_stays_the_callers(bench):
    async def main():
        sock = bench.socket()
        bench.loop.add_reader(sock, print)
        with pytest.raises(ValueError, match="watched already"):
            DatagramTransport(bench.loop, sock, Recorder())
        gc.collect()
        assert sock.fileno() != -1
        bench.loop.remove_reader(sock)

    run(bench, main)


# Any flow


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(st.one_of(st.integers(0, 3000), st.sampled_from(["turn", "read"])), max_size=60),
    low=st.integers(0, 2000),
    more=st.integers(0, 4000),
)
def test_whatever_the_flow_all_arrives_and_the_protocol_knows_when_to_wait(steps, low, more):
    high = low + more

    async def main():
        loop = asyncio.get_running_loop()
        ours, peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for sock in (ours, peer):
            sock.setblocking(False)
        protocol = Recorder()
        transport = DatagramTransport(loop, ours, protocol)
        transport.set_write_buffer_limits(high, low)
        expected = deque()
        for number, step in enumerate(steps):
            if step == "turn":
                await asyncio.sleep(0)
            elif step == "read":
                with contextlib.suppress(BlockingIOError):
                    assert peer.recv(4000) == expected.popleft()
            else:
                data = random.Random(number).randbytes(step)
                was_waiting = transport.get_write_buffer_size()
                transport.sendto(data)
                expected.append(data)
                waiting = transport.get_write_buffer_size() - was_waiting
                assert waiting in (0, step + HEADER_SIZE)
            paused = protocol.names.count("pause") - protocol.names.count("resume")
            size = transport.get_write_buffer_size()
            assert paused in (0, 1)
            assert paused or size <= high
            assert not paused or size > low
        transport.close()
        assert await read(peer, len(expected)) == list(expected)
        await protocol.hears("lost")
        peer.close()
        flow = [name for name in protocol.names if name in ("pause", "resume")]
        assert flow == ["pause", "resume"] * (len(flow) // 2)

    loop = IOLoop(make_current=False)
    try:
        loop.run_sync(main, timeout=10)
    finally:
        loop.close()
