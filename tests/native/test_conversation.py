"""A WebSocket's connection over a socket, natively, beside the reference over another: what both say and do."""

import asyncio
import contextvars
import gc
import socket
import sys
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.http1_inputs import SECONDS, examples
from tests.native.references import needs_native
from tests.native.test_messages import PythonCore, streams
from tests.websocket.connection.bench import Bench, Recorder, in_loop, turns
from tests.websocket.helpers import BINARY, CONTINUATION, TEXT, frame
from tornadolike._native import references
from tornadolike.ioloop.transports.pieces import PieceWriter
from tornadolike.ioloop.transports.stream import SocketTransport
from tornadolike.websocket import PreparedMessage, WebSocketClosedError, broadcast
from tornadolike.websocket.connection import WebSocketConnection
from tornadolike.websocket.connection.sending import SendingConnection
from tornadolike.websocket.protocol import Role, WebSocketCore

pytestmark = [needs_native, pytest.mark.timeout(60 + 3 * SECONDS)]


class PythonTransport(SocketTransport):
    """One that the native connection does not know: it has to be asked for everything."""

    __slots__ = ()


class PythonConnection(WebSocketConnection):
    """The same with each step taken by the reference."""

    __slots__ = ()

    data_received = references.get("conversation.data_received")
    _deliver = references.get("conversation._deliver")
    _flush = references.get("conversation._flush")
    write_message = references.get("conversation.write_message")


class Pair:
    """A connection, and the socket of its peer."""

    def __init__(self, act: Any = None, *, reference: bool = False, **options: Any) -> None:
        ours, self.peer = socket.socketpair()
        ours.setblocking(False)
        self.peer.setblocking(False)
        self.delegate = Recorder(act and (lambda message: act(self.connection, message)))
        core = (PythonCore if reference else WebSocketCore)(Role.SERVER)
        kind = PythonConnection if reference else WebSocketConnection
        self.connection = kind(self.delegate, core, contextvars.copy_context(), **options)
        self.connection.close_timeout = 0.05
        loop: Any = asyncio.get_running_loop()
        self.transport = (PythonTransport if reference else SocketTransport)(
            loop, ours, self.connection
        )
        self.connection.start(lambda: None)
        self.heard = b""

    def hear(self) -> bytes:
        """What has come since."""
        data = b""
        try:
            while more := self.peer.recv(1 << 20):
                data += more
        except (BlockingIOError, ConnectionResetError):
            pass
        self.heard += data
        return data

    async def say(self, data: bytes) -> None:
        try:
            self.peer.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        await turns(4)
        self.hear()

    async def end(self) -> None:
        self.peer.close()
        await self.connection.wait_closed()


def answer(connection: Any, message: str | bytes) -> Any:
    """Does one thing or another, as the message says."""
    what = len(message) % 7
    if what == 0:
        return connection.write_message(message, isinstance(message, bytes))
    if what == 1:
        for word in ("one", "two ä", "three"):
            connection.write_message(word)
        return connection.write_message(PreparedMessage(b"four", binary=True))
    if what == 2:
        connection.write_ping(b"?")
        return None
    if what == 3:
        return _later(connection, message)
    if what == 4 and len(message) > 20:
        raise RuntimeError("the program failed")
    if what == 5 and len(message) > 20:
        connection.close(4000, "enough")
    if what == 6:
        connection.write_message("x" * 70_000)
    return None


async def _later(connection: Any, message: str | bytes) -> None:
    await asyncio.sleep(0)
    await connection.write_message(message, isinstance(message, bytes))


async def _talk(pieces: list[bytes], reference: bool, ping_interval: float) -> list[Any]:
    pair = Pair(answer, reference=reference, ping_interval=ping_interval)
    with mock.patch("tornadolike.websocket.connection.delivering.app_log"):
        for piece in pieces:
            await pair.say(piece)
        await turns(20)
        pair.hear()
        await pair.end()
    errors = [(type(error), str(error)) for error in pair.delegate.errors]
    return [pair.heard, pair.delegate.calls, errors]


@pytest.fixture(scope="module")
def loop() -> Any:
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        yield runner


def _new_loop() -> Any:
    from tornadolike.ioloop import IOLoop

    return IOLoop(make_current=False)


@examples(250)
@given(streams(), st.data(), st.sampled_from((0.0, 100.0)))
def test_they_say_the_same(
    loop: Any, said: bytes, draw: st.DataObject, ping_interval: float
) -> None:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(said)), max_size=5)))
    pieces = [said[start:end] for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    ours, theirs = (
        loop.run(_talk(pieces, reference, ping_interval)) for reference in (False, True)
    )
    assert ours == theirs


class TestOverASocket:
    @in_loop
    async def test_the_transport_is_not_asked(self) -> None:
        """(Else all would work, and nobody would notice what it costs.)"""
        pair = Pair(lambda connection, message: connection.write_message(message))
        with (
            mock.patch.object(PieceWriter, "write", side_effect=AssertionError),
            mock.patch.object(SocketTransport, "_on_events", side_effect=AssertionError),
        ):
            await pair.say(frame(TEXT, b"one"))
            await pair.say(frame(TEXT, b"two") + frame(TEXT, b"three"))
            pair.connection.write_message(PreparedMessage("four"))
            pair.hear()
        await pair.end()
        assert pair.heard == b"\x81\x03one\x81\x03two\x81\x05three\x81\x04four"

    @in_loop
    async def test_a_class_with_methods_of_its_own(self) -> None:
        heard: list[bytes] = []

        class Own(WebSocketConnection):
            __slots__ = ()

            def data_received(self, data: bytes) -> None:
                heard.append(data)
                super().data_received(data)

        with mock.patch(f"{__name__}.WebSocketConnection", Own):
            pair = Pair(lambda connection, message: connection.write_message(message))
        await pair.say(frame(TEXT, b"one"))
        assert heard == [frame(TEXT, b"one")]
        assert pair.heard == b"\x81\x03one"
        await pair.end()

    @in_loop
    async def test_a_message_in_many_reads(self) -> None:
        pair = Pair(ping_interval=100)
        payload = bytes(range(256)) * 4096
        for opcode, data in ((BINARY, payload), (TEXT, ("ä€😀x" * 100_000).encode())):
            said = frame(opcode, data)
            for start in range(0, len(said), 100_003):
                await pair.say(said[start : start + 100_003])
        await pair.say(frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b" * 500)[:200])
        await pair.say(frame(CONTINUATION, b"b" * 500)[200:])
        assert pair.delegate.calls == [payload, "ä€😀x" * 100_000, "a" + "b" * 500]
        assert pair.connection._keepalive.heard
        await pair.end()

    @in_loop
    async def test_a_peer_that_does_not_read(self) -> None:
        pair = Pair(lambda connection, message: connection.write_message("x" * 100_000))
        for _ in range(40):
            await pair.say(b"")
            pair.peer.send(frame(TEXT, b"more"))
            await asyncio.sleep(0)
        unsent = pair.connection.unsent
        assert unsent == pair.transport.get_write_buffer_size()
        while len(pair.delegate.calls) < 40:
            await asyncio.sleep(0)
            pair.hear()
        while pair.connection.unsent:
            await asyncio.sleep(0)
            pair.hear()
        pair.hear()
        assert len(pair.heard) == 40 * (100_000 + 10)
        await pair.end()

    @in_loop
    async def test_bounded_while_nobody_reads(self) -> None:
        pair = Pair(lambda connection, message: connection.write_message("x" * 100_000))
        pair.peer.sendall(frame(TEXT, b"more") * 100)
        await turns(50)
        assert 0 < len(pair.delegate.calls) < 100
        assert pair.connection._writing_paused
        await pair.end()

    @in_loop
    async def test_a_callback_that_closes(self) -> None:
        def act(connection: Any, message: str) -> None:
            connection._transport.abort()

        pair = Pair(act)
        await pair.say(frame(TEXT, b"one") + frame(TEXT, b"two"))
        assert pair.heard == b""
        await pair.connection.wait_closed()
        with pytest.raises(WebSocketClosedError):
            pair.connection.write_message("more")
        pair.connection(1)  # what was still reported
        assert pair.delegate.calls[:2] == ["one", "two"]
        pair.peer.close()

    @in_loop
    async def test_a_callback_that_delivers_to_another(self) -> None:
        """The room of what was received is shared: it must be empty before anybody is called."""
        others: list[Pair] = []

        def act(connection: Any, message: str) -> Any:
            for other in others:
                other.peer.send(frame(TEXT, b"inner"))
                other.connection(1)
            return connection.write_message(message)

        pair = Pair(act)
        others.append(Pair(lambda connection, message: connection.write_message(message + "!")))
        await pair.say(frame(TEXT, b"outer") + frame(TEXT, b"again"))
        others[0].hear()
        assert pair.heard == b"\x81\x05outer\x81\x05again"
        assert others[0].heard == b"\x81\x06inner!" * 2
        await pair.end()
        await others[0].end()

    @in_loop
    async def test_a_transport_that_was_replaced(self) -> None:
        pair = Pair()
        fake = mock.Mock()
        fake.get_write_buffer_size.return_value = 7
        pair.connection._transport = fake
        pair.connection.write_message("hello")
        fake.write.assert_called_once_with(b"\x81\x05hello")
        assert pair.connection.unsent == 7
        broadcast([pair.connection], "all")
        pair.connection(1)
        fake._on_events.assert_called_once_with(1)
        pair.connection._transport = pair.transport
        await pair.end()

    @in_loop
    async def test_nothing_is_kept(self) -> None:
        pair = Pair(lambda connection, message: connection.write_message(message))
        prepared = PreparedMessage("word")
        said, before = frame(TEXT, b"some words"), (0, 0, 0)
        for turn in range(3):
            pair.delegate.calls.clear()
            for _ in range(4_000):
                pair.peer.send(said)
                pair.connection(1)
                pair.connection.write_message(prepared)
                assert pair.peer.recv(100) == b"\x81\x0asome words\x81\x04word"
            pair.delegate.calls.clear()
            gc.collect()
            now = (
                sys.getrefcount(pair.connection),
                sys.getrefcount(pair.transport),
                len(gc.get_objects()),
            )
            if turn:
                assert now[:2] == before[:2]
                assert abs(now[2] - before[2]) < 100
            before = now
        await pair.end()


class TestToAll:
    @in_loop
    async def test_as_the_reference(self) -> None:
        class Own(WebSocketConnection):
            __slots__ = ()

            def write_message(self, message: Any, binary: bool = False) -> Any:
                raise RuntimeError("not to me")

        def targets() -> list[Any]:
            benches = [Bench(), Bench(stuck=True), Bench(), Bench()]
            benches[1].connection.write_message("x" * 200)
            benches[2].connection.close()
            own = Own(Recorder(), WebSocketCore(Role.SERVER), contextvars.copy_context())
            return [None, *(bench.connection for bench in benches), own]

        for most in (0, 100, 1 << 70, 150.5, float("inf")):
            found = []
            for send in (
                references["conversation.send_to_all"],
                sys.modules[broadcast.__module__].send_to_all,
            ):
                all_of_them = targets()
                sent, gone, slow, failed = send(all_of_them, PreparedMessage("hi"), most)
                places = [all_of_them.index(one) for one in slow]
                errors = [(all_of_them.index(one), str(error)) for one, error in failed]
                written = [one._transport and one._transport.written for one in all_of_them[1:-1]]
                found.append((sent, gone, places, errors, written))
            assert found[0] == found[1]

    @in_loop
    async def test_methods_that_were_replaced(self) -> None:
        bench = Bench()
        with mock.patch.object(SendingConnection, "write_message") as write:
            broadcast([bench.connection], "hi")
        assert write.call_count == 1
        with mock.patch.object(SendingConnection, "unsent", 1 << 40):
            assert broadcast([bench.connection], "hi", limit=0).sent == 0


def test_what_was_never_initialised_is_no_danger() -> None:
    connection = WebSocketConnection.__new__(WebSocketConnection)
    for call in (lambda: connection.write_message("a"), connection._flush, connection._deliver):
        with pytest.raises((AttributeError, TypeError)):
            call()
    with pytest.raises((AttributeError, TypeError)):
        connection.data_received(b"a")
