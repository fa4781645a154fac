"""Pings that ask whether the peer is there, on a transport of memory."""

import asyncio

from tests.websocket.connection.bench import (
    HIGH,
    Bench,
    in_loop,
    turns,
)
from tests.websocket.helpers import BINARY, PING, PONG, TEXT, close, frame
from tornadolike.websocket.connection.delivering import AHEAD_LIMIT
from tornadolike.websocket.connection.sending import CLOSE_TIMEOUT


class TestPings:
    @in_loop
    async def test_pings_while_the_peer_answers(self):
        bench = Bench(ping_interval=10.0, ping_timeout=10.0)
        await bench.clock.advance(9.9)
        assert not bench.transport.writes
        for _ in range(4):
            await bench.clock.advance(0.1)
            assert bench.transport.writes == [frame(PING, mask=None)]
            bench.transport.writes.clear()
            bench.receive(frame(PONG))
            await bench.clock.advance(9.9)
        assert not bench.transport.writes
        bench.receive(close())
        await turns()
        assert bench.transport.writes == [close(mask=None)]
        assert bench.clock.pending() == []

    @in_loop
    async def test_a_peer_that_does_not_answer(self):
        bench = Bench(ping_interval=10.0, ping_timeout=2.0)
        await bench.clock.advance(10.0)
        bench.receive(frame(PONG))
        await bench.clock.advance(10.0)
        assert bench.transport.writes == [frame(PING, mask=None)] * 2
        await bench.clock.advance(1.9)
        assert not bench.connection.is_closing()
        await bench.clock.advance(0.1)
        assert bench.connection.is_closing()
        assert bench.transport.writes[2:] == [close(1000, b"ping timed out", mask=None)]
        assert bench.transport.aborted, "who is dead is not waited for"
        assert bench.calls == [("pong", b""), ("close", None, None)]
        assert bench.clock.pending() == []

    @in_loop
    async def test_a_peer_that_need_not_answer(self):
        bench = Bench(ping_interval=10.0)
        await bench.clock.advance(100.0)
        assert bench.transport.written == frame(PING, mask=None) * 10
        assert not bench.connection.is_closing()
        bench.transport.lose()

    @in_loop
    async def test_a_slow_message_is_a_sign_of_life(self):
        bench = Bench(ping_interval=10.0, ping_timeout=10.0)
        for byte in frame(BINARY, bytes(100))[:20]:
            bench.receive(bytes((byte,)))
            await bench.clock.advance(5.0)
        assert not bench.connection.is_closing()
        bench.transport.lose()

    @in_loop
    async def test_a_peer_whose_answer_we_could_not_read_is_not_blamed(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait(), ping_interval=10.0, ping_timeout=10.0)
        bench.receive(frame(TEXT, b"a"))
        bench.receive(frame(BINARY, bytes(AHEAD_LIMIT)))
        assert not bench.transport.reading
        await bench.clock.advance(100.0)
        assert not bench.connection.is_closing()
        gate.set()
        await turns()
        assert bench.transport.reading
        await bench.clock.advance(20.0)
        assert bench.connection.is_closing(), "now it is silent itself"
        bench.transport.lose()

    @in_loop
    async def test_a_peer_that_does_not_read(self):
        """It gets no more pings, and is closed although it may go on talking."""
        bench = Bench(
            lambda message: bench.connection.write_message(bytes(HIGH), binary=True),
            stuck=True,
            ping_interval=10.0,
            ping_timeout=10.0,
        )
        bench.receive(frame(TEXT, b"a"))
        bench.receive(frame(TEXT, b"b"))
        await bench.clock.advance(20.0)
        assert bench.connection.is_closing()
        assert frame(PING, mask=None) not in bench.transport.writes
        await bench.clock.advance(CLOSE_TIMEOUT)
        assert bench.transport.aborted
        assert bench.calls[-1] == ("close", None, None)

    @in_loop
    async def test_a_peer_that_reads_slowly_lives(self):
        bench = Bench(stuck=True, ping_interval=10.0, ping_timeout=10.0)
        for _ in range(10):
            bench.connection.write_message(bytes(HIGH + 1), binary=True)
            await bench.clock.advance(9.0)
            bench.transport.take()
        assert not bench.connection.is_closing()
        bench.transport.lose()

    @in_loop
    async def test_an_idle_connection_has_no_timer(self):
        bench = Bench()
        bench.receive(frame(TEXT, b"x"))
        assert bench.clock.timers == []
