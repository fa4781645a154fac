"""Protocols that take bytes when they want them, over TLS."""

import asyncio
import gc
import select
import socket
import ssl
import weakref
from typing import Any

import pytest

from tests.ioloop.transports.bench import run
from tests.ioloop.transports.puller import Puller
from tests.ioloop.transports.tls.scene import MemoryTransport, Scene, TLSRecorder, without_network
from tests.peers import reset
from tests.tls_certs import Certificates, only
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import READ, WRITE
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.tls import SSLTransport, TLSProtocol
from tornadolike.ioloop.transports.tls.machine import TLSMachine

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def test_nothing_is_told_before_it_is_wanted(scene: Scene) -> None:
    async def main() -> None:
        _, puller, peer = await scene.open(protocol=Puller())
        await peer.send(b"hello")
        await scene.bench.turns(5)
        assert puller.told == []
        assert puller.take(3) == b"hel"
        assert puller.take(3) == b"lo"
        assert puller.take(3) is None
        puller.transport.abort()

    run(scene.bench, main)


def test_what_is_there_is_received_at_once(scene: Scene) -> None:
    """Without a turn of the loop."""

    async def main() -> None:
        _, puller, peer = await scene.open(protocol=Puller())
        ours = scene.bench.sockets[0]
        assert puller.take() is None
        peer.machine.write(b"one")
        first = peer.machine.output()
        peer.sock.send(first[:7])
        select.select([ours], [], [], 10)
        assert puller.take() is None  # half a record
        peer.sock.send(first[7:])
        select.select([ours], [], [], 10)
        assert puller.take() == b"one"
        puller.transport.abort()

    run(scene.bench, main)


def test_readable_is_told_until_it_is_taken(scene: Scene) -> None:
    async def main() -> None:
        _, puller, peer = await scene.open(protocol=Puller())
        await peer.send(b"abc")
        assert await puller.ready(READ) == READ
        assert await puller.ready(READ) == READ
        puller.transport.want(READ)
        before = len(puller.told)
        await scene.bench.turns(5)
        assert before + 3 <= len(puller.told) <= before + 6  # once a turn, and no more
        assert puller.take() == b"abc"
        await scene.bench.turns(2)
        before = len(puller.told)
        await scene.bench.turns(5)
        assert len(puller.told) == before
        await peer.goodbye()
        assert await puller.ready(READ) == READ
        assert puller.take() == b""
        puller.transport.want(READ)
        before = len(puller.told)
        await scene.bench.turns(5)
        assert len(puller.told) == before
        assert puller.take() == b""
        assert not puller.transport.truncated
        puller.transport.close()
        assert puller.lost == []

    run(scene.bench, main)


def test_bytes_are_taken_inside_on_ready(scene: Scene) -> None:
    """Also those that have come since: the transport below is asked again, from inside its own call."""

    async def main() -> None:
        _, puller, peer = await scene.open(protocol=Puller())
        data = bytes(i % 251 for i in range(1_000_000))
        taken = bytearray()
        ended = asyncio.Event()

        def take(events: int) -> None:
            while (piece := puller.take(5000)) is not None:
                taken.extend(piece)
                if not piece:
                    ended.set()
                    puller.transport.want(0)
                    return

        puller.action = take
        puller.transport.want(READ)
        sending = asyncio.create_task(peer.send(data))
        await sending
        await peer.goodbye()
        async with asyncio.timeout(10):
            await ended.wait()
        assert taken == data
        puller.transport.abort()

    run(scene.bench, main)


@pytest.mark.parametrize("wants", [0, READ])
def test_who_takes_nothing_holds_up_the_peer(scene: Scene, wants: int) -> None:
    """No more than one receiving waits."""

    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        transport.want(wants)
        data = bytes(i % 251 for i in range(5_000_000))
        rest = await peer.send_until_stuck(data)
        assert len(transport._machine._fed) < 200_000
        taken = bytearray()
        async with asyncio.timeout(10):
            while len(taken) < len(data):
                taken += await puller.read()
                try:
                    rest = rest[peer.sock.send(rest) :]
                except BlockingIOError:
                    pass
        assert taken == data
        transport.abort()

    run(scene.bench, main)


def test_room_is_told_of(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller(), send_buffer=4096)
        pieces = [b"x" * 5000, memoryview(b"y" * 5000), b"z"]
        sent = 0
        while count := transport.send_now(pieces):
            assert count == 10_001
            sent += count
        assert transport.get_write_buffer_size() < 300_000
        assert len(await peer.receive(sent)) == sent
        assert await puller.ready(WRITE) == WRITE
        assert await puller.ready(WRITE | READ) == WRITE
        assert transport.send_now([b"last"]) == 4
        assert await peer.receive(4) == b"last"
        transport.abort()

    run(scene.bench, main)


def test_a_portion_at_a_time(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        data = bytes(i % 251 for i in range(1_000_000))
        left = memoryview(data)
        receiving = asyncio.create_task(peer.receive(len(data)))
        while left:
            sent = transport.send_now([left[:3], left[3:]])
            assert sent <= 128 * 1024
            left = left[sent:]
            if not sent:
                await puller.ready(WRITE)
        assert await receiving == data
        transport.abort()

    run(scene.bench, main)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("server_side", [False, True])
def test_close_is_at_once_and_is_not_told(
    scene: Scene, version: ssl.TLSVersion, server_side: bool
) -> None:
    """With what was sent, and the goodbye, and without a reset although tickets were not read."""

    async def main() -> None:
        contexts = scene.certs.server_context(), scene.certs.client_context()
        ours, theirs = contexts if server_side else contexts[::-1]
        only(ours, version)
        transport, puller, peer = await scene.open(
            protocol=Puller(), server_side=server_side, context=ours, peer_context=theirs
        )
        lower = transport._lower
        assert lower is not None
        told: list[Any] = []
        transport.when_lost = told.append
        await peer.send(b"never read")
        assert transport.send_now([b"the last"]) == 8
        transport.close()
        assert told == [transport]
        assert transport.is_closing()
        assert lower.get_protocol() is None  # type: ignore[comparison-overlap]
        assert await peer.receive() == b"the last"
        assert peer.machine.peer_closed
        assert await peer.sees_end() is True
        transport.close()
        transport.abort()
        transport.reset()
        await scene.bench.turns()
        assert puller.lost == []
        with pytest.raises(OSError, match="closed"):
            puller.take()
        with pytest.raises(OSError, match="closed"):
            transport.send_now([b"x"])

    run(scene.bench, main)


def test_close_sends_what_waits_first(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller(), send_buffer=4096)
        sent = 0
        while count := transport.send_now([b"x" * 100_000]):
            sent += count
        transport.close()
        peer.machine.write(b"unwanted" * 1000)
        peer.sock.send(peer.machine.output())
        assert transport.get_protocol() is puller
        assert len(await peer.receive()) == sent
        assert peer.machine.peer_closed
        assert await peer.sees_end() is True
        assert transport.get_protocol() is None
        assert puller.lost == []

    run(scene.bench, main)


def test_close_waits_for_no_one_for_ever(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, _ = await scene.open(
            protocol=Puller(), send_buffer=4096, ssl_shutdown_timeout=0.05
        )
        while transport.send_now([b"x" * 100_000]):
            pass
        transport.close()
        while not puller.lost:
            await asyncio.sleep(0.01)
        assert isinstance(puller.lost[0], TimeoutError)

    run(scene.bench, main)


@pytest.mark.parametrize("end", [SSLTransport.abort, SSLTransport.reset])
def test_abort_is_at_once_and_is_not_told(scene: Scene, end: Any) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller(), send_buffer=4096)
        while transport.send_now([b"x" * 100_000]):
            pass
        end(transport)
        assert transport.get_protocol() is None
        await scene.bench.turns()
        assert puller.lost == []
        await peer.receive()
        assert not peer.machine.peer_closed
        assert transport.get_write_buffer_size() == 0

    run(scene.bench, main)


@pytest.mark.parametrize("events", [READ, READ | WRITE])
def test_closed_inside_on_ready(scene: Scene, events: int) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        puller.action = lambda events: transport.close()
        await scene.bench.turns(3)
        peer.machine.write(b"x" * 100_000)
        peer.sock.send(peer.machine.output())
        transport.want(events)
        assert await peer.receive() == b""
        assert peer.machine.peer_closed
        assert len(puller.told) == 1
        assert puller.lost == []

    run(scene.bench, main)


def test_a_stream_that_is_cut_off(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        peer.machine.write(b"whole")
        peer.machine.write(b"half")
        peer.sock.send(peer.machine.output()[:-2])
        peer.sock.shutdown(socket.SHUT_WR)
        assert await puller.read() == b"whole"
        assert await puller.read() == b""
        assert transport.truncated
        transport.close()
        assert await peer.sees_end() is True
        assert not peer.machine.peer_closed

    run(scene.bench, main)


@pytest.mark.parametrize("wants", [0, READ])
def test_a_reset(scene: Scene, wants: int) -> None:
    """Is raised to who asks, behind what came before, and told to who wants to read."""

    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        await peer.send(b"before")
        await scene.bench.turns()
        if wants:
            assert await puller.read() == b"before"
            transport.want(READ)
        reset(peer.sock)
        await scene.bench.turns(5)
        assert bool(puller.told) == bool(wants)
        if not wants:
            assert puller.take() == b"before"
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                puller.take()
        with pytest.raises(ConnectionError):
            transport.send_now([b"x"])
        assert puller.lost == []
        transport.close()
        assert transport.get_protocol() is None
        assert puller.lost == []

    run(scene.bench, main)


def test_bytes_that_make_no_sense(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        peer.machine.write(b"sense")
        peer.sock.send(peer.machine.output() + b"GET / HTTP/1.0\r\n\r\n")
        assert await puller.read() == b"sense"
        with pytest.raises(ssl.SSLError):
            await puller.read()
        transport.close()
        assert puller.lost == []
        assert await peer.receive() == b""
        assert "alert" in str(peer.machine.failure).lower()

    run(scene.bench, main)


def test_ended_by_somebody_else(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, _ = await scene.open(protocol=Puller())
        assert transport._lower is not None
        transport._lower.abort()
        await puller.ready(READ)
        assert puller.lost == [None]

    run(scene.bench, main)


def test_close_while_the_handshake_goes_on(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer, waiter = scene.start(protocol=Puller())
        transport.want(READ | WRITE)
        assert transport.receive_into(bytearray(1)) is None
        assert transport.send_now([b"early"]) == 0
        transport.close()
        assert transport.get_protocol() is None
        with pytest.raises(ConnectionAbortedError):
            await waiter
        assert await peer.sees_end() is True
        assert puller.told == []
        assert puller.lost == []

    run(scene.bench, main)


def test_close_when_the_connection_is_made(scene: Scene) -> None:
    async def main() -> None:
        class Leaving(Puller):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                self.transport.close()

        _, puller, peer, waiter = scene.start(protocol=Leaving())
        await peer.shake_hands()
        await waiter
        assert await peer.receive() == b""
        assert peer.machine.peer_closed
        assert puller.lost == []

    run(scene.bench, main)


def test_wanted_before_the_handshake_is_done(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer, waiter = scene.start(protocol=Puller())
        transport.want(WRITE)
        await peer.shake_hands()
        await waiter
        await scene.bench.turns()
        assert puller.told[0] == WRITE
        transport.abort()

    run(scene.bench, main)


def test_bytes_given_back_come_first(scene: Scene) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        await peer.send(b"later")
        transport.unread(b"earlier")
        assert await puller.ready(READ) == READ
        assert puller.take(4) == b"earl"
        assert puller.take() == b"ier"
        assert puller.take() == b"later"
        transport.abort()

    run(scene.bench, main)


@pytest.mark.parametrize("ended", [False, True])
def test_from_pushing_to_pulling_and_back(scene: Scene, ended: bool) -> None:
    async def main() -> None:
        pushed, puller = TLSRecorder(), Puller()
        transport, _, peer = await scene.open(protocol=pushed)
        pushed.actions["data"] = lambda: transport.set_protocol(puller)
        await peer.send(b"pushed")
        await pushed.hears("data")
        transport.want(0)
        puller.transport = transport
        await peer.send(b"pulled, and pushed")
        assert await puller.read(6) == b"pulled"
        if ended:
            await peer.goodbye()
            await puller.ready(READ)
        pushed.actions.clear()
        transport.set_protocol(pushed)
        transport.resume_reading()
        await pushed.has_data(b"pushed, and pushed")
        if ended:
            assert await pushed.hears("lost") == ("lost", None)
        transport.abort()

    run(scene.bench, main)


def test_what_has_come_is_told_to_the_next_protocol(scene: Scene) -> None:
    """And an end that another has taken already, too, without anything new from the peer."""

    async def main() -> None:
        transport, first, peer = await scene.open(protocol=Puller())
        await peer.send(b"pulled, and pushed")
        await peer.goodbye()
        assert await first.read(6) == b"pulled"
        await scene.bench.turns(5)
        pushed = TLSRecorder()
        pushed.keep_open = False
        transport.want(READ)
        transport.set_protocol(pushed)
        await pushed.has_data(b", and pushed")
        assert await pushed.hears("lost") == ("lost", None)
        transport, first, peer = await scene.open(protocol=Puller())
        await peer.goodbye()
        assert await first.read() == b""
        second = Puller()
        second.transport = transport
        transport.set_protocol(second)
        assert await second.ready(READ) == READ
        assert second.take() == b""
        transport.close()

    run(scene.bench, main)


def test_an_end_behind_what_was_pushed_waits_for_who_pulls(scene: Scene) -> None:
    async def main() -> None:
        pushed, puller = TLSRecorder(), Puller()
        transport, _, peer = await scene.open(protocol=pushed)
        puller.transport = transport
        pushed.actions["data"] = lambda: transport.set_protocol(puller)
        peer.machine.write(b"pushed")
        await peer.goodbye()
        await pushed.hears("data")
        assert await puller.read() == b""
        assert "eof" not in pushed.names
        transport.close()

    run(scene.bench, main)


def test_what_was_written_before_goes_first(scene: Scene) -> None:
    """By a protocol that was pushed to, as much as it liked."""

    async def main() -> None:
        transport, _, peer = await scene.open(send_buffer=4096)
        transport.write(b"x" * 1_000_000)
        puller = Puller()
        transport.set_protocol(puller)
        puller.transport = transport
        transport.want(0)
        assert transport.send_now([b"y"]) == 0
        receiving = asyncio.create_task(peer.receive(1_000_001))
        assert await puller.ready(WRITE) == WRITE
        assert transport.send_now([b"y"]) == 1
        assert (await receiving)[-2:] == b"xy"
        transport.abort()

    run(scene.bench, main)


def test_a_protocol_that_fails_loses_its_connection(scene: Scene, expect_log: Any) -> None:
    async def main() -> None:
        transport, puller, peer = await scene.open(protocol=Puller())
        error = ValueError("not today")

        def fail(events: int) -> None:
            raise error

        puller.action = fail
        transport.want(READ)
        await peer.send(b"x")
        while not puller.lost:
            await asyncio.sleep(0)
        assert puller.lost == [error]
        assert len(puller.told) == 1

    with expect_log("asyncio", r"raised an exception in on_ready\(\)", count=1):
        run(scene.bench, main)


def test_over_a_transport_that_only_pushes(io_loop: IOLoop, certs: Certificates) -> None:
    async def main() -> None:
        lower = MemoryTransport()
        puller = Puller()
        tls, client = await without_network(io_loop, certs, puller, lower)
        client.write(b"word")
        tls.data_received(client.output())
        assert lower.asked == ["pause"]
        assert puller.take() == b"word"
        assert lower.asked == ["pause", "resume"]
        assert puller.take() is None
        puller.transport.close()
        assert lower.asked == ["pause", "resume", "close"]
        tls.connection_lost(None)
        assert puller.lost == []
        client.feed(lower.take())
        assert client.read() == b""
        assert client.peer_closed

    io_loop.run_sync(main)


def test_tls_over_tls(scene: Scene) -> None:
    """The transport below is one for TLS itself, and is pushed to, until it is asked."""

    async def main() -> None:
        loop, certs = scene.loop, scene.certs
        ends = []
        for server_side, sock in zip((True, False), scene.bench.pair(), strict=True):
            context = certs.server_context() if server_side else certs.client_context()
            options: Any = {"server_side": server_side, "server_hostname": "localhost"}
            puller, waiter = Puller(), loop.create_future()
            inner = TLSProtocol(loop, puller, context, waiter, **options)
            SocketTransport(loop, sock, TLSProtocol(loop, inner, context, None, **options))
            ends.append((puller, waiter))
        (here, waiter), (there, other) = ends
        await asyncio.gather(waiter, other)
        data = bytes(i % 251 for i in range(1_000_000))

        async def send(puller: Puller) -> None:
            left = memoryview(data)
            while left:
                await puller.ready(WRITE)
                left = left[puller.transport.send_now([left]) :]

        sending = asyncio.create_task(send(there))
        received = bytearray()
        while len(received) < len(data):
            received += await here.read()
        assert received == data
        await sending
        assert here.transport.send_now([b"the last"]) == 8
        here.transport.close()
        assert here.transport.get_protocol() is None
        assert await there.read() == b"the last"
        assert await there.read() == b""
        assert not there.transport.truncated
        there.transport.close()
        assert here.lost == there.lost == []
        await scene.bench.turns()

    run(scene.bench, main)


def test_room_is_not_told_of_while_a_write_waits_for_the_peer(
    io_loop: IOLoop, certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where TLS 1.2 shakes hands again underneath: only what the peer says can help."""

    async def main() -> None:
        lower = MemoryTransport()
        puller = Puller()
        tls, client = await without_network(io_loop, certs, puller, lower)
        transport = puller.transport
        with monkeypatch.context() as patch:
            patch.setattr(TLSMachine, "write", lambda self, data: 0)
            assert transport.send_now([b"word"]) == 0
        transport.want(WRITE)
        for _ in range(3):
            await asyncio.sleep(0)
        assert puller.told == []
        client.write(b"go on")
        tls.data_received(client.output())
        assert puller.told == [WRITE]
        assert transport.send_now([b"word"]) == 4
        transport.abort()
        tls.connection_lost(None)

    io_loop.run_sync(main)


def test_nothing_is_left_over(scene: Scene) -> None:
    """No circle of references: all goes without the garbage collector."""

    async def main() -> list[Any]:
        transport, puller, peer = await scene.open(protocol=Puller())
        await peer.send(b"x")
        assert await puller.read() == b"x"
        transport.send_now([b"y"])
        transport.close()
        puller.action = lambda events: None
        del puller.transport
        return [weakref.ref(transport), weakref.ref(puller)]

    gc.disable()
    try:
        references = scene.loop.run_sync(main)
        assert references[0]() is None
        assert references[1]() is None
    finally:
        gc.enable()


def test_a_session_is_resumed(scene: Scene) -> None:
    async def main() -> None:
        ours, theirs = scene.certs.client_context(), scene.certs.server_context()
        session = None
        for expected in (False, True):
            transport, puller, peer = await scene.open(
                protocol=Puller(),
                server_side=False,
                context=ours,
                peer_context=theirs,
                session=session,
            )
            await peer.send(b"x")  # behind the tickets
            assert await puller.read() == b"x"
            ssl_object = transport.get_extra_info("ssl_object")
            assert ssl_object.session_reused is expected
            session = ssl_object.session
            assert transport.get_extra_info("alpn_protocol", "?") is None
            transport.close()
        with pytest.raises(ValueError, match="different SSLContext"):
            scene.start(server_side=False, session=session)

    run(scene.bench, main)
