"""The life of connections, as it is told."""

import asyncio
import dataclasses
import errno
import logging
import socket
import ssl
import subprocess
import sys
from typing import Any

import pytest

from tests.ioloop.transports.bench import Bench, Recorder, run
from tests.ioloop.transports.tls.scene import Scene
from tests.peers import reset
from tests.tls_certs import Certificates
from tornadolike.ioloop import ConnectionMoment, IOLoop, log_connections
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.memory import memory_pair
from tornadolike.ioloop.transports.pulling import PullProtocol


@pytest.fixture
def bench(io_loop: IOLoop) -> Any:
    made = Bench(io_loop)
    yield made
    for sock in made.sockets:
        sock.close()


@pytest.fixture
def scene(bench: Bench, certs: Certificates) -> Scene:
    return Scene(bench, certs)


@pytest.fixture
def moments(io_loop: IOLoop) -> list[ConnectionMoment]:
    told: list[ConnectionMoment] = []
    io_loop.trace_connections(told.append)
    return told


def story(moments: list[ConnectionMoment]) -> list[str]:
    return [
        f"{moment.what}: {moment.detail}" if moment.detail else moment.what for moment in moments
    ]


def test_a_life(bench: Bench, moments: list[ConnectionMoment]) -> None:
    async def main() -> None:
        before = bench.loop.time()
        transport, protocol, peer = bench.open()
        names = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        assert story(moments) == ["opened"]
        for word in (b"one", b"two"):
            peer.send(word)
            await protocol.has_data(word)
            protocol.heard.clear()
        assert story(moments) == ["opened", "first byte"]
        transport.close()
        await protocol.hears("lost")
        await bench.turns()
        assert story(moments) == ["opened", "first byte", "closed: by us"]
        assert {moment.number for moment in moments} == {1}
        assert {(moment.local, moment.peer) for moment in moments} == {names}
        for moment in moments:
            assert before <= moment.time <= bench.loop.time()
            assert moment.age == moment.time - moments[0].time
        with pytest.raises(dataclasses.FrozenInstanceError):
            moments[0].what = "never"  # type: ignore[misc]

    run(bench, main)


def test_connections_are_counted_and_the_others_are_not_told_of(
    bench: Bench, moments: list[ConnectionMoment]
) -> None:
    async def main() -> None:
        first, protocol, _ = bench.open()
        second, other, _ = bench.open()
        bench.loop.trace_connections(None)
        third, unknown, _ = bench.open()
        for transport in (first, second, third):
            transport.abort()
        for each in (protocol, other, unknown):
            await each.hears("lost")
        await bench.turns()
        assert [moment.number for moment in moments] == [1, 2, 1, 2]

    run(bench, main)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda transport, peer: peer.close(), "peer ended"),
        (lambda transport, peer: reset(peer), "reset"),
        (lambda transport, peer: transport.abort(), "by us"),
        (lambda transport, peer: (transport.write_eof(), peer.close()), "by us"),
    ],
)
def test_reasons_to_close(
    bench: Bench, moments: list[ConnectionMoment], end: Any, reason: str
) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        end(transport, peer)
        await protocol.hears("lost")
        await bench.turns()
        assert story(moments) == ["opened", f"closed: {reason}"]

    run(bench, main)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(errno.ETIMEDOUT, "x"), "time-out"),
        (OSError(errno.EHOSTUNREACH, "no route"), f"error: [Errno {errno.EHOSTUNREACH}] no route"),
        (BrokenPipeError(), "reset"),
    ],
)
def test_errors_are_reasons(
    bench: Bench, moments: list[ConnectionMoment], error: OSError, reason: str
) -> None:
    async def main() -> None:
        ours, theirs = bench.pair()

        class Broken(socket.socket):
            def send(self, *args: Any) -> int:
                raise error

        broken = Broken(fileno=ours.detach())
        broken.setblocking(False)
        protocol = Recorder()
        transport = SocketTransport(bench.loop, broken, protocol)
        transport.write(b"x")
        assert (await protocol.hears("lost"))[1] is error
        await bench.turns()
        assert story(moments) == ["opened", f"closed: {reason}"]
        theirs.close()

    run(bench, main)


def test_a_protocol_that_pulls(bench: Bench, moments: list[ConnectionMoment]) -> None:
    async def main() -> None:
        ours, peer = bench.pair()
        transport = SocketTransport(bench.loop, ours, PullProtocol())
        buffer = bytearray(10)
        assert transport.receive_into(buffer) is None
        peer.send(b"x")
        while transport.receive_into(buffer) is None:
            await asyncio.sleep(0)
        transport.send_now([b"a", b"b"])
        assert await bench.read(peer, 2) == b"ab"
        peer.close()
        while transport.receive_into(buffer) is None:
            await asyncio.sleep(0)
        transport.close()
        assert story(moments) == ["opened", "first byte", "closed: peer ended"]

    run(bench, main)


def test_tls(scene: Scene, moments: list[ConnectionMoment]) -> None:
    async def main() -> None:
        contexts = scene.certs.server_context(), scene.certs.client_context()
        for context in contexts:
            context.set_alpn_protocols(["http/1.1"])
        transport, protocol, peer = await scene.open(context=contexts[0], peer_context=contexts[1])
        for word in (b"one", b"two"):
            await peer.send(word)
            await protocol.has_data(word)
            protocol.heard.clear()
        await peer.goodbye()
        await protocol.hears("lost")
        await scene.bench.turns()
        cipher = transport.get_extra_info("cipher")[0]
        assert story(moments) == [
            "opened",
            "first byte",
            f"tls: TLSv1.3 {cipher} alpn=http/1.1",
            "first byte: encrypted",
            "closed: peer ended",
        ]

    run(scene.bench, main)


def test_tls_resumed(scene: Scene, moments: list[ConnectionMoment]) -> None:
    async def main() -> None:
        ours, theirs = scene.certs.client_context(), scene.certs.server_context()
        session = None
        for _ in range(2):
            transport, protocol, peer = await scene.open(
                server_side=False, context=ours, peer_context=theirs, session=session
            )
            await peer.send(b"x")
            await protocol.has_data(b"x")
            session = transport.get_extra_info("ssl_object").session
            transport.close()
            await peer.receive()
            await peer.goodbye()
            await protocol.hears("lost")
        await scene.bench.turns()
        told = [moment.detail for moment in moments if moment.what == "tls"]
        assert [detail.endswith(" resumed") for detail in told] == [False, True]
        assert [moment.detail for moment in moments if moment.what == "closed"] == ["by us"] * 2

    run(scene.bench, main)


def test_tls_that_fails(scene: Scene, moments: list[ConnectionMoment]) -> None:
    async def main() -> None:
        _, _, peer, waiter = scene.start()
        peer.sock.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ssl.SSLError):
            await waiter
        _, _, _, waiter = scene.start(ssl_handshake_timeout=0.01)
        with pytest.raises(ConnectionAbortedError):
            await waiter
        _, protocol, peer = await scene.open()
        peer.sock.send(b"this is no record")
        await protocol.hears("lost")
        await scene.bench.turns()
        closed = [moment.detail for moment in moments if moment.what == "closed"]
        assert closed[0].startswith("TLS failure: we gave up: the client speaks plain HTTP")
        assert closed[1] == "time-out"
        assert (
            closed[2]
            == "TLS failure: we gave up: the client does not speak TLS: is this the right port?"
        )

    run(scene.bench, main)


def test_memory(io_loop: IOLoop, moments: list[ConnectionMoment]) -> None:
    async def main() -> None:
        first, second = Recorder(), Recorder()
        here, there = memory_pair(io_loop, first, second)
        here.write(b"x")
        await second.has_data(b"x")
        here.close()
        await second.hears("lost")
        assert there.is_closing()

    io_loop.run_sync(main)
    assert [(moment.number, moment.what, moment.detail) for moment in moments] == [
        (1, "opened", ""),
        (2, "opened", ""),
        (2, "first byte", ""),
        (1, "closed", "by us"),
        (2, "closed", "peer ended"),
    ]
    assert moments[0].local == moments[1].peer == ("memory", moments[0].local[1])


def test_a_tracer_that_fails(bench: Bench, expect_log: Any) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open()
        peer.send(b"x")
        await protocol.has_data(b"x")
        transport.abort()
        await protocol.hears("lost")
        await bench.turns()

    bench.loop.trace_connections(lambda moment: 1 / 0)
    with expect_log("asyncio", "the tracer of connections failed on ConnectionMoment", count=3):
        run(bench, main)


def test_in_guest_mode() -> None:
    async def main() -> list[str]:
        loop = IOLoop.current()
        moments: list[ConnectionMoment] = []
        loop.trace_connections(moments.append)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        protocol = Recorder()
        SocketTransport(loop, ours, protocol)
        theirs.send(b"x")
        await protocol.has_data(b"x")
        theirs.close()
        await protocol.hears("lost")
        await asyncio.sleep(0)
        return story(moments)

    assert asyncio.run(main()) == ["opened", "first byte", "closed: peer ended"]


def test_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tornadolike.wire")
    here, there = ("192.0.2.1", 80), ("192.0.2.2", 1234)
    log_connections(ConnectionMoment("opened", 100.0, 0.0, 7, here, there, ""))
    log_connections(ConnectionMoment("closed", 101.5, 1.5, 7, here, there, "reset"))
    assert caplog.messages == [
        "connection 7 (('192.0.2.1', 80), peer ('192.0.2.2', 1234)) opened after 0.000000 s",
        "connection 7 (('192.0.2.1', 80), peer ('192.0.2.2', 1234)) closed (reset) after 1.500000 s",
    ]


def test_names_make_no_lines_of_their_own_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tornadolike.wire")
    log_connections(ConnectionMoment("opened", 100.0, 0.0, 7, "/run/ours", "/a\nforged", ""))
    assert caplog.messages == [
        "connection 7 ('/run/ours', peer '/a\\nforged') opened after 0.000000 s"
    ]


def test_by_a_variable_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "from tornadolike.ioloop import IOLoop, log_connections\n"
        "tracing = IOLoop().tracing\n"
        "print(tracing is not None and tracing.tracer is log_connections)"
    )
    for value, expected in (("1", "True"), ("0", "False"), ("", "False")):
        monkeypatch.setenv("TORNADOLIKE_TRACE_WIRES", value)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        assert done.stdout.decode().strip() == expected


@pytest.mark.parametrize("logging_is_set_up", [False, True])
def test_what_the_variable_asks_for_is_seen_once(
    monkeypatch: pytest.MonkeyPatch, logging_is_set_up: bool
) -> None:
    monkeypatch.setenv("TORNADOLIKE_TRACE_WIRES", "1")
    program = (
        "import asyncio, logging, socket, tornadolike\n"
        "from tornadolike.iostream import IOStream\n"
        "async def main():\n"
        f"    {logging_is_set_up} and logging.basicConfig(level=logging.WARNING)\n"
        "    ours, theirs = socket.socketpair()\n"
        "    IOStream(ours).close()\n"
        "    theirs.close()\n"
        "tornadolike.run(main())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 2
    assert "connection 1" in lines[0]
    assert "opened" in lines[0]
    assert "closed (by us)" in lines[1]
