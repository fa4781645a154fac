"""What a connection does when its own side has something to say, and who is told when it is over."""

import asyncio
from typing import Any

import pytest

from tests.running import on_every_loop
from tests.websocket.connection.bench import HIGH, Bench, in_loop, turns
from tests.websocket.helpers import PING, TEXT, close, frame
from tests.websocket.peer import Peer
from tests.websocket.test_broadcasting import Full, connection
from tornadolike.web import Application
from tornadolike.websocket import WebSocketClosedError, WebSocketHandler
from tornadolike.websocket.connection.delivering import TURN
from tornadolike.websocket.connection.sending import CORK_LIMIT


@on_every_loop
async def test_a_write_that_failed_is_told_of_at_once() -> None:
    """Who writes and waits in a loop would never let the loop tell it."""

    class Failing(Full):
        def write(self, data: object) -> None:
            self.ended = True

    one = connection(Failing())
    waiting = one.write_message("hello")
    with pytest.raises(WebSocketClosedError):
        await waiting
    one.connection_lost(None)


def test_functions_that_are_called_at_the_end(serve: Any) -> None:
    heard: list[str] = []
    kept: list[Any] = []

    class Handler(WebSocketHandler):
        def open(self) -> None:  # type: ignore[override]
            assert self.ws_connection is not None
            kept.append(self.ws_connection)
            for word in ("one", "two"):
                self.ws_connection.call_at_end(lambda word=word: heard.append(word))

        def on_close(self) -> None:
            heard.append("on_close")

    server = serve(Application([("/", Handler)]))
    with Peer(server) as peer:
        peer.send(close(1000))
        assert peer.close_code() == 1000
        assert peer.ended()
    server.call(lambda: None)
    assert heard == ["on_close", "one", "two"]
    with pytest.raises(WebSocketClosedError, match="over"):
        kept[0].call_at_end(print)


class TestBackPressure:
    @in_loop
    async def test_awaiting_a_write_waits_for_the_peer(self):
        bench = Bench(stuck=True)
        await bench.connection.write_message("x" * (HIGH - 4))
        waiting = asyncio.ensure_future(bench.connection.write_message("y"))
        other = asyncio.ensure_future(bench.connection.write_message("z"))
        await turns()
        assert not waiting.done()
        assert not other.done()
        other.cancel()
        await turns()
        assert other.cancelled()
        assert not waiting.done(), "cancelling one that waits leaves the others alone"
        bench.transport.take()
        await waiting
        bench.transport.lose()

    @in_loop
    async def test_whoever_waits_learns_that_the_connection_is_lost(self):
        bench = Bench(stuck=True)
        written = bench.connection.write_message(bytes(HIGH + 1), binary=True)
        waiting = asyncio.ensure_future(written)
        await turns()
        bench.transport.lose()
        with pytest.raises(WebSocketClosedError):
            await waiting
        with pytest.raises(WebSocketClosedError):
            await written

    @in_loop
    async def test_a_peer_that_does_not_read_is_not_listened_to(self):
        """The handler waits for nothing, and yet it is the peer who waits."""
        bench = Bench(lambda message: bench.connection.write_message(message * 10000), stuck=True)
        for _ in range(10):
            bench.receive(frame(TEXT, b"x") * 100)
        assert bench.transport.buffered <= 2 * HIGH + 10000
        assert not bench.transport.reading
        # It reads on, and all is answered in the end.
        while len(bench.calls) < 1000:
            bench.transport.take()
            await turns()
        bench.transport.take()
        await turns()
        assert bench.transport.reading
        assert len(bench.transport.written) == 1000 * 10004
        bench.transport.lose()

    @in_loop
    async def test_big_replies_do_not_pile_up_in_the_cork(self):
        bench = Bench(
            lambda message: bench.connection.write_message(bytes(CORK_LIMIT), binary=True)
        )
        bench.receive(frame(TEXT, b"x") * 5)
        assert len(bench.transport.writes) == 5
        bench.transport.lose()

    @in_loop
    async def test_an_awaited_write_inside_the_cork(self):
        async def act(message):
            for _ in range(100):
                await bench.connection.write_message(bytes(10000), binary=True)
                highest.append(bench.transport.buffered)

        highest = []
        bench = Bench(act, stuck=True)
        bench.receive(frame(TEXT, b"x"))
        while len(highest) < 100:
            bench.transport.take()
            await turns()
        assert max(highest) <= 2 * HIGH + 10000
        bench.transport.lose()

    @in_loop
    async def test_pings_are_answered_by_one_pong_while_the_peer_does_not_read(self):
        bench = Bench(stuck=True)
        bench.connection.write_message(bytes(HIGH + 1), binary=True)
        size = bench.transport.buffered
        for number in range(1000):
            bench.receive(frame(PING, b"%d" % number))
            bench.transport.reading = True  # as if it did not mind
            bench.connection._reading_paused = False
        assert bench.transport.buffered == size
        bench.transport.take()
        await turns()
        assert bench.transport.buffered < 10000
        bench.transport.lose()

    @in_loop
    async def test_what_has_arrived_is_delivered_after_the_loss(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait() if message == "a" else None)
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"), close(4000, b"bye"))
        bench.transport.lose(ConnectionResetError())
        assert bench.connection.is_closing()
        assert bench.calls == ["a"]
        gate.set()
        await turns()
        assert bench.calls == ["a", "b", ("close", 4000, "bye")]

    @in_loop
    async def test_a_loss_while_others_have_their_turn(self):
        bench = Bench()
        bench.receive(frame(TEXT, b"x") * (TURN + 1))
        bench.transport.lose()
        assert len(bench.calls) == TURN
        await turns()
        assert bench.calls[TURN:] == ["x", ("close", None, None)]

    @in_loop
    async def test_a_loss_while_the_peer_is_waited_for(self):
        bench = Bench(
            lambda message: bench.connection.write_message(bytes(HIGH + 1), binary=True), stuck=True
        )
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"), frame(PING), close(1000))
        assert bench.calls == ["a"]
        bench.delegate.act = None
        bench.transport.lose()
        assert bench.calls == ["a", "b", ("ping", b""), ("close", 1000, None)]
