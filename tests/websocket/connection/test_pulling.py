"""Messages that are asked for."""

import asyncio

from tests.websocket.connection.bench import (
    Bench,
    in_loop,
    pong,
    text,
    turns,
)
from tests.websocket.helpers import BINARY, PING, TEXT, close, frame
from tornadolike.websocket.connection.delivering import AHEAD_LIMIT


class TestPulling:
    @in_loop
    async def test_open_is_the_whole_conversation(self):
        async def open():
            first = await bench.connection.receive()
            bench.connection.write_message(f"got {first}")
            assert await bench.connection.receive() == b"two"

        bench = await opened(open)
        bench.receive(frame(TEXT, b"one"))
        await turns()
        assert bench.transport.written == text("got one")
        bench.receive(frame(PING, b"p"))
        assert bench.transport.written == text("got one") + pong(b"p")
        bench.receive(frame(BINARY, b"two"))
        await turns()
        assert bench.transport.written == text("got one") + pong(b"p") + close(1000, mask=None)
        bench.receive(frame(TEXT, b"too late"), close(1000))
        await turns()
        assert bench.calls == [("ping", b"p"), ("close", 1000, None)]
        assert bench.connection._is_over()

    @in_loop
    async def test_answers_to_what_came_together_leave_together(self):
        async def open():
            while (message := await bench.connection.receive()) is not None:
                bench.connection.write_message(message)

        bench = await opened(open)
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"), frame(TEXT, b"c"))
        await turns()
        bench.receive(frame(TEXT, b"d"))
        await turns()
        assert bench.transport.writes == [text("a", "b", "c"), text("d")]
        bench.receive(close())
        await turns()
        assert bench.calls == [("close", None, None)]
        assert await bench.connection.receive() is None

    @in_loop
    async def test_what_was_read_before_the_end_is_there_after_it(self):
        bench = pulled()
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"), close(4000, b"bye"))
        assert bench.transport.written == close(4000, mask=None), "the Close frame is answered"
        assert bench.calls == [("close", 4000, "bye")]
        await turns()
        received = [await bench.connection.receive() for _ in range(4)]
        assert received == ["a", "b", None, None]

    @in_loop
    async def test_who_came_first_is_served_first_and_cancelling_loses_nothing(self):
        bench = pulled()
        first, second, third = (asyncio.create_task(bench.connection.receive()) for _ in range(3))
        await turns()
        second.cancel()
        bench.receive(frame(TEXT, b"1"))
        first.cancel()
        await turns(5)
        assert first.cancelled()
        assert await third == "1"
        last = asyncio.create_task(bench.connection.receive())
        await turns()
        bench.transport.lose()
        assert await last is None
        assert bench.calls == [("close", None, None)]

    @in_loop
    async def test_nobody_overtakes_one_who_was_woken(self):
        bench = pulled()
        first = asyncio.create_task(bench.connection.receive())
        await turns()
        second = asyncio.create_task(bench.connection.receive())
        bench.receive(
            frame(TEXT, b"1")
        )  # which wakes the first, but it is the second that runs now
        await turns()
        bench.receive(frame(TEXT, b"2"))
        assert [await first, await second] == ["1", "2"]
        bench.transport.lose()

    @in_loop
    async def test_nobody_overtakes_one_who_tells_of_a_ping_on_his_way(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait())
        bench.delegate.on_ping = lambda data: told.wait()
        told = asyncio.Event()
        bench.receive(frame(TEXT, b"callback"))
        bench.receive(frame(PING), frame(TEXT, b"1"), frame(TEXT, b"2"))
        first, second = (asyncio.create_task(bench.connection.receive()) for _ in range(2))
        await turns()
        assert not first.done()
        assert not second.done()
        told.set()
        assert [await first, await second] == ["1", "2"]
        gate.set()
        await turns()
        bench.transport.lose()

    @in_loop
    async def test_who_is_cancelled_when_it_is_his_turn_leaves_it_to_the_next(self):
        bench = pulled()
        line = [asyncio.create_task(bench.connection.receive()) for _ in range(4)]
        await turns()
        bench.receive(frame(TEXT, b"1"), frame(TEXT, b"2"))
        while not line[0].done():  # the second is the first of the line then, and has not run
            await asyncio.sleep(0)
        line[1].cancel()
        line[2].cancel()
        assert [await line[0], await line[3]] == ["1", "2"]
        assert line[1].cancelled()
        assert line[2].cancelled()
        bench.transport.lose()

    @in_loop
    async def test_a_reply_is_asked_for_in_a_callback(self):
        async def act(message):
            if message == "ask":
                bench.connection.write_message("?")
                reply = await bench.connection.receive()
                bench.connection.write_message(f"so: {reply}")

        bench = Bench(act)
        bench.receive(frame(TEXT, b"ask"))
        await turns()
        bench.receive(frame(TEXT, b"reply"), frame(TEXT, b"other"))
        await turns(5)
        assert bench.calls == ["ask", "other"]
        assert bench.transport.written == text("?", "so: reply")
        assert not bench.connection.is_closing()
        bench.transport.lose()

    @in_loop
    async def test_nobody_asks(self):
        bench = pulled()
        bench.receive(frame(BINARY, bytes(AHEAD_LIMIT)))
        assert not bench.transport.reading
        assert await bench.connection.receive() == bytes(AHEAD_LIMIT)
        waiting = asyncio.create_task(bench.connection.receive())
        await turns()
        assert bench.transport.reading
        bench.receive(frame(BINARY, bytes(AHEAD_LIMIT)), frame(TEXT, b"more"))
        bench.transport.lose()
        assert bench.calls == [("close", None, None)], "the end is told though nobody asks"
        assert await waiting == bytes(AHEAD_LIMIT)
        assert await bench.connection.receive() == "more"
        assert await bench.connection.receive() is None

    @in_loop
    async def test_waiting_for_the_end(self):
        bench = pulled()
        waiting = [asyncio.create_task(bench.connection.wait_closed()) for _ in range(2)]
        await turns()
        waiting[0].cancel()
        bench.receive(close())
        await turns(5)
        assert waiting[0].cancelled()
        assert waiting[1].done()
        await bench.connection.wait_closed()

    @in_loop
    async def test_open_fails(self):
        async def open():
            await bench.connection.receive()
            raise ZeroDivisionError

        bench = await opened(open)
        bench.receive(frame(TEXT, b"one"))
        await turns()
        assert bench.transport.written == close(1011, mask=None)
        assert [type(error) for error in bench.delegate.errors] == [ZeroDivisionError]
        bench.transport.lose()
        assert bench.calls == [("close", None, None)]


def pulled() -> Bench:
    """A connection without callbacks: a client's."""
    bench = Bench()
    bench.connection._stall = None
    bench.connection.start_pulled()
    return bench


async def opened(open) -> Bench:
    """A connection whose ``open`` has taken its first step."""

    async def open_later():
        await asyncio.sleep(0)
        await open()

    bench = Bench(open=open_later)
    await turns(1)
    return bench
