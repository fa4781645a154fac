"""How a connection ends, on a transport of memory."""

import asyncio
import gc
import weakref

import pytest

from tests.websocket.connection.bench import (
    Bench,
    in_loop,
    text,
    turns,
)
from tests.websocket.helpers import TEXT, close, frame
from tornadolike.websocket.connection.sending import CLOSE_TIMEOUT
from tornadolike.websocket.errors import WebSocketClosedError


class TestEnd:
    @in_loop
    async def test_the_peer_closes(self):
        bench = Bench(lambda message: bench.connection.write_message(message))
        bench.receive(frame(TEXT, b"a"), close(3000, b"bye"), frame(TEXT, b"b"))
        assert bench.calls == ["a", ("close", 3000, "bye")]
        assert bench.transport.writes == [text("a") + close(3000, mask=None)]
        assert bench.connection.is_closing()
        await turns()
        assert bench.transport.lost
        assert not bench.transport.aborted
        with pytest.raises(WebSocketClosedError):
            bench.connection.write_message("c")
        with pytest.raises(WebSocketClosedError):
            bench.connection.write_ping(b"")
        bench.connection.close()
        assert bench.calls == ["a", ("close", 3000, "bye")]

    @in_loop
    async def test_we_close(self):
        bench = Bench()
        bench.connection.close(1000, "done")
        assert bench.connection.is_closing()
        assert bench.transport.written == close(1000, b"done", mask=None)
        with pytest.raises(WebSocketClosedError):
            bench.connection.write_message("c")
        bench.receive(frame(TEXT, b"crossed"), close(1000))
        await turns()
        assert bench.calls == ["crossed", ("close", 1000, None)]
        assert bench.transport.lost

    @in_loop
    async def test_going_away(self):
        bench = Bench()
        bench.connection.going_away()
        assert bench.transport.written == close(1001, mask=None)
        bench.receive(close(1001))
        await turns()
        assert bench.transport.lost

    @in_loop
    async def test_a_peer_that_does_not_answer_our_close(self):
        bench = Bench()
        bench.connection.close()
        await bench.clock.advance(CLOSE_TIMEOUT - 0.1)
        assert bench.calls == []
        await bench.clock.advance(0.1)
        assert bench.transport.aborted
        assert bench.calls == [("close", None, None)]
        assert bench.clock.pending() == []

    @in_loop
    async def test_a_peer_that_closes_and_does_not_read(self):
        bench = Bench(stuck=True)
        bench.connection.write_message("x")
        bench.receive(close(1000))
        assert bench.calls == [("close", 1000, None)], (
            "nobody waits for the transport to hear of it"
        )
        await bench.clock.advance(CLOSE_TIMEOUT)
        assert bench.transport.aborted
        assert bench.calls == [("close", 1000, None)]

    @in_loop
    async def test_no_timer_is_left_after_the_end(self):
        bench = Bench(ping_interval=1.0, ping_timeout=1.0)
        bench.receive(close(1000))
        await turns()
        assert bench.transport.lost
        assert bench.clock.pending() == []

    @in_loop
    async def test_a_peer_that_vanishes(self):
        bench = Bench()
        bench.transport.lose(ConnectionResetError())
        assert bench.calls == [("close", None, None)]
        with pytest.raises(WebSocketClosedError):
            bench.connection.write_message("x")
        with pytest.raises(WebSocketClosedError):
            bench.connection.write_ping(b"x")
        bench.connection.set_nodelay(True)
        bench.connection.connection_lost(None)
        assert bench.calls == [("close", None, None)]

    @in_loop
    async def test_a_peer_that_ends_without_a_close(self):
        bench = Bench()
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"half")[:-1])
        bench.connection.eof_received()
        await turns()
        assert bench.transport.lost
        assert bench.calls == ["a", ("close", None, None)]

    @in_loop
    async def test_the_end_while_a_callback_runs(self):
        gate = asyncio.Event()

        async def act(message):
            await gate.wait()
            bench.calls.append(bench.connection.is_closing())

        bench = Bench(act)
        bench.receive(frame(TEXT, b"a"))
        bench.connection.eof_received()
        await turns()
        assert bench.calls == ["a"], "the close callback is the last"
        gate.set()
        await turns()
        assert bench.calls == ["a", True, ("close", None, None)]

    @in_loop
    async def test_a_peer_that_breaks_the_protocol(self):
        bench = Bench(lambda message: bench.connection.write_message(message))
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"\xff"), frame(TEXT, b"b"))
        assert bench.calls == ["a", ("close", None, None)]
        reason = b"text is not UTF-8"
        assert bench.transport.written == text("a") + close(1007, reason, mask=None)
        # The reason gets to the peer although it goes on talking.
        assert bench.transport.ended
        assert not bench.transport.closing
        bench.receive(frame(TEXT, b"c") * 1000)
        bench.connection.eof_received()
        await turns()
        assert bench.transport.lost
        assert bench.calls == ["a", ("close", None, None)]

    @in_loop
    async def test_a_peer_that_breaks_the_protocol_and_vanishes(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait())
        bench.receive(frame(TEXT, b"a"), b"\xff\xff")
        bench.transport.lose()
        gate.set()
        await turns()
        assert bench.calls == ["a", ("close", None, None)]
        assert bench.clock.pending() == []

    @in_loop
    async def test_a_peer_that_breaks_the_protocol_and_goes_on_for_ever(self):
        bench = Bench()
        bench.receive(b"\xff\xff")
        for _ in range(int(CLOSE_TIMEOUT)):
            assert not bench.transport.lost
            bench.receive(b"more")
            await bench.clock.advance(1.0)
        assert bench.transport.aborted

    @in_loop
    async def test_a_transport_that_cannot_end_one_side(self):
        bench = Bench()
        bench.transport.can_write_eof = lambda: False
        bench.receive(b"\xff\xff")
        await turns()
        assert bench.transport.lost

    @in_loop
    async def test_bad_codes_are_refused_early(self):
        bench = Bench()
        with pytest.raises(ValueError, match="1005"):
            bench.connection.close(1005)
        assert not bench.connection.is_closing()
        bench.transport.lose()

    @in_loop
    async def test_nothing_is_left_to_the_collector(self):
        benches = [Bench(lambda message: benches[0].connection.write_message(message))]
        benches[0].receive(frame(TEXT, b"a"), close(1000))
        await turns()
        benches[0].transport.protocol = None
        delegate = weakref.ref(benches[0].delegate)
        gc.disable()
        try:
            benches.clear()
            await turns()
            assert delegate() is None
        finally:
            gc.enable()
