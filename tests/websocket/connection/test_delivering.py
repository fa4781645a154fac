"""Who is called when, and who waits for whom, on a transport of memory."""

import asyncio
import contextvars

import pytest

from tests.websocket.connection.bench import (
    Bench,
    in_loop,
    pong,
    text,
    turns,
)
from tests.websocket.helpers import BINARY, PING, PONG, TEXT, close, frame
from tornadolike.websocket.connection.delivering import AHEAD_LIMIT, TURN
from tornadolike.websocket.errors import WebSocketClosedError


class TestDelivery:
    @in_loop
    async def test_replies_to_one_read_leave_in_one_write(self):
        bench = Bench(lambda message: bench.connection.write_message(message.upper()))
        bench.receive(
            frame(TEXT, b"a"), frame(PING, b"1"), frame(TEXT, b"b"), frame(TEXT, b"c")[:-1]
        )
        assert bench.calls == ["a", ("ping", b"1"), "b"]
        assert bench.transport.writes == [text("A") + frame(PONG, b"1", mask=None) + text("B")]

    @in_loop
    async def test_a_coroutine_that_does_not_suspend_is_finished_at_once(self):
        seen = []

        async def act(message):
            seen.append(asyncio.current_task())
            async with asyncio.timeout(10):
                await bench.connection.write_message(message)

        bench = Bench(act)
        asyncio.get_running_loop().call_soon(bench.receive, frame(TEXT, b"a") + frame(TEXT, b"b"))
        await turns(1)
        assert bench.calls == ["a", "b"]
        assert bench.transport.writes == [text("a", "b")]
        assert None not in seen

    @in_loop
    async def test_one_callback_at_a_time(self):
        gates = [asyncio.Event() for _ in range(3)]

        async def act(message):
            await gates[int(message)].wait()
            bench.connection.write_message("done " + message)

        bench = Bench(act)
        bench.receive(frame(TEXT, b"0"), frame(TEXT, b"1"), frame(PING))
        await turns()
        assert bench.calls == ["0"]
        bench.receive(frame(TEXT, b"2"))
        assert bench.transport.reading
        gates[1].set()
        await turns()
        assert bench.calls == ["0"]
        gates[0].set()
        await turns(5)
        assert bench.calls == ["0", "1", ("ping", b""), "2"]
        gates[2].set()
        await turns()
        # The ping came with what was being delivered: its pong leaves with the answers to that.
        assert bench.transport.written == frame(PONG, mask=None) + text(
            "done 0", "done 1", "done 2"
        )

    @in_loop
    async def test_messages_wait_for_open(self):
        gate = asyncio.Event()
        calls = []

        async def open():
            calls.append("opening")
            await gate.wait()
            calls.append("open")

        bench = Bench(calls.append, open=open)
        bench.receive(frame(TEXT, b"early"))
        await turns()
        assert calls == ["opening"]
        gate.set()
        await turns()
        assert calls == ["opening", "open", "early"]

    @in_loop
    async def test_futures_are_waited_for(self):
        future = asyncio.get_running_loop().create_future()
        bench = Bench(lambda message: future)
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"))
        assert bench.calls == ["a"]
        future.set_result(None)
        await turns()
        assert bench.calls == ["a", "b"]

    @in_loop
    async def test_other_awaitables_are_waited_for(self):
        class Slow:
            def __await__(self):
                yield from asyncio.sleep(0).__await__()

        bench = Bench(lambda message: Slow())
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"))
        await turns(10)
        assert bench.calls == ["a", "b"]

    @in_loop
    async def test_many_messages_in_one_read_let_others_run(self):
        ticks = 0

        def tick():
            nonlocal ticks
            if len(bench.calls) < 10 * TURN:
                ticks += 1
                asyncio.get_running_loop().call_soon(tick)

        bench = Bench()
        asyncio.get_running_loop().call_soon(tick)
        bench.receive(frame(BINARY, b"x") * 10 * TURN)
        assert len(bench.calls) == TURN
        bench.receive(frame(TEXT, b"last"))
        assert not bench.transport.reading
        while len(bench.calls) <= 10 * TURN:
            await asyncio.sleep(0)
        assert bench.calls[-1] == "last"
        assert ticks >= 9
        assert bench.transport.reading

    @in_loop
    async def test_callbacks_share_the_context(self):
        variable = contextvars.ContextVar("variable", default="unset")

        async def open():
            variable.set("by open")

        def act(message):
            seen.append(variable.get())
            variable.set(message)

        seen = []
        bench = Bench(act, open=open)
        await turns()
        bench.receive(frame(TEXT, b"1"))
        bench.receive(frame(TEXT, b"2"))
        assert seen == ["by open", "1"]
        assert variable.get() == "unset"

    @in_loop
    async def test_a_delegate_may_change_its_mind(self):
        def act(message):
            bench.delegate.on_message = lambda message: bench.calls.append("second " + message)

        bench = Bench(act)
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"))
        assert bench.calls == ["a", "second b"]


class TestFailures:
    @in_loop
    async def test_an_exception_closes_with_1011(self):
        bench = Bench(lambda message: 1 / 0)
        bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"), frame(PING))
        assert bench.calls == ["a"]
        assert [type(error) for error in bench.delegate.errors] == [ZeroDivisionError]
        assert bench.transport.written == close(1011, mask=None)
        assert not bench.transport.closing
        bench.receive(frame(TEXT, b"c"), close(1011))
        await turns()
        assert bench.transport.lost
        assert bench.calls == ["a", ("close", 1011, None)]

    @pytest.mark.parametrize("how", ["at once", "later", "in open", "in open later"])
    def test_an_exception_in_a_coroutine(self, how, io_loop):
        async def act(message=""):
            if "later" in how:
                await asyncio.sleep(0)
            raise ZeroDivisionError

        async def test():
            bench = Bench(None if "open" in how else act, open=act if "open" in how else None)
            bench.receive(frame(TEXT, b"a"), frame(TEXT, b"b"))
            await turns(5)
            assert bench.calls == ([] if "open" in how else ["a"])
            assert [type(error) for error in bench.delegate.errors] == [ZeroDivisionError]
            assert bench.transport.written == close(1011, mask=None)
            bench.receive(close(1011))
            await turns()
            assert bench.calls[-1] == ("close", 1011, None)

        io_loop.run_until_complete(test())

    @in_loop
    async def test_an_exception_in_open(self):
        def open():
            raise ZeroDivisionError

        bench = Bench(open=open)
        assert len(bench.delegate.errors) == 1
        assert bench.transport.written == close(1011, mask=None)
        bench.receive(frame(TEXT, b"a"))
        bench.transport.lose()
        assert bench.calls == [("close", None, None)]

    @in_loop
    async def test_an_exception_in_the_close_callback(self):
        bench = Bench()
        bench.delegate.on_ws_connection_close = lambda code, reason: 1 / 0
        bench.receive(close(1000))
        await turns()
        assert len(bench.delegate.errors) == 1
        assert bench.transport.written == close(1000, mask=None)
        assert bench.transport.lost

    @in_loop
    async def test_exceptions_in_ping_callbacks(self):
        bench = Bench()
        bench.delegate.on_ping = lambda data: 1 / 0
        bench.receive(frame(PING), frame(PING))
        assert len(bench.delegate.errors) == 1
        assert bench.transport.written == frame(PONG, mask=None) + close(1011, mask=None)
        bench.transport.lose()

    @in_loop
    async def test_a_result_that_makes_no_sense(self):
        bench = Bench(lambda message: 5)
        bench.receive(frame(TEXT, b"a"))
        assert "expected None or an awaitable" in str(bench.delegate.errors[0])
        assert bench.transport.written == close(1011, mask=None)
        bench.transport.lose()

    @in_loop
    async def test_learning_that_the_peer_is_gone_is_no_fault(self):
        gate = asyncio.Event()

        async def act(message):
            await gate.wait()
            await bench.connection.write_message("too late")

        bench = Bench(act)
        bench.receive(frame(TEXT, b"a"))
        bench.transport.lose(ConnectionResetError())
        gate.set()
        await turns()
        assert bench.delegate.errors == []
        assert bench.calls == ["a", ("close", None, None)]

    @in_loop
    async def test_another_connection_that_is_gone_is_a_fault(self):
        other = Bench()
        other.transport.lose()
        bench = Bench(lambda message: other.connection.write_message("hello"))
        bench.receive(frame(TEXT, b"a"))
        assert [type(error) for error in bench.delegate.errors] == [WebSocketClosedError]
        bench.transport.lose()

    @in_loop
    async def test_cancelled_by_something_it_waits_for(self):
        async def act(message):
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

        bench = Bench(act)
        bench.receive(frame(TEXT, b"a"))
        await turns()
        assert [type(error) for error in bench.delegate.errors] == [asyncio.CancelledError]
        assert bench.transport.written == close(1011, mask=None)
        bench.transport.lose()

    @in_loop
    async def test_cancelled_because_the_program_ends(self):
        tasks = []

        async def act(message):
            tasks.append(asyncio.current_task())
            await asyncio.sleep(100)

        bench = Bench(act)
        bench.receive(frame(TEXT, b"a"))
        await turns()
        tasks[0].cancel()
        await turns()
        assert bench.delegate.errors == []
        assert bench.transport.written == close(1001, mask=None)
        bench.transport.lose()


class TestLookingAhead:
    @in_loop
    async def test_pings_are_answered_while_a_callback_runs(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait())
        bench.receive(frame(TEXT, b"a"))
        bench.receive(frame(PING, b"1"))
        bench.receive(frame(TEXT, b"b"), frame(PING, b"2"))
        assert bench.transport.written == pong(b"1") + pong(b"2")
        assert bench.calls == ["a"]
        gate.set()
        await turns(5)
        assert bench.calls == ["a", ("ping", b"1"), "b", ("ping", b"2")]
        assert bench.connection._ahead is None
        bench.transport.lose()

    @in_loop
    async def test_pings_that_came_with_the_message_are_answered_at_once(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait())
        bench.receive(frame(TEXT, b"a"), frame(PING, b"1"), frame(TEXT, b"b"), frame(PING, b"2"))
        assert bench.transport.written == pong(b"1") + pong(b"2")
        assert bench.calls == ["a"]
        gate.set()
        await turns(5)
        assert bench.calls == ["a", ("ping", b"1"), "b", ("ping", b"2")]
        bench.transport.lose()

    @in_loop
    async def test_a_close_frame_waits_for_who_is_still_answering(self):
        gate = asyncio.Event()

        async def act(message):
            await gate.wait()
            await bench.connection.write_message("answer to " + message)

        bench = Bench(act)
        bench.receive(frame(TEXT, b"a"))
        bench.receive(frame(PING, b"p"), frame(TEXT, b"b"), close(1000))
        assert bench.transport.written == pong(b"p")
        assert not bench.connection.is_closing()
        gate.set()
        await turns(8)
        assert bench.transport.written == (
            pong(b"p") + text("answer to a", "answer to b") + close(1000, mask=None)
        )
        assert bench.calls == ["a", ("ping", b"p"), "b", ("close", 1000, None)]

    @in_loop
    async def test_there_is_a_bound(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait())
        bench.receive(frame(TEXT, b"a"))
        for _ in range(AHEAD_LIMIT // 64 - 1):
            bench.receive(frame(TEXT))
        assert bench.transport.reading, "many empty messages count, too"
        bench.receive(frame(TEXT))
        assert not bench.transport.reading
        gate.set()
        await turns()
        while len(bench.calls) < AHEAD_LIMIT // 64 + 1:
            await turns()
        assert bench.transport.reading
        bench.transport.lose()

    @in_loop
    async def test_half_a_frame_stops_nothing(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait())
        bench.receive(frame(TEXT, b"a"))
        for byte in frame(PING, b"slow"):
            assert bench.transport.reading
            bench.receive(bytes((byte,)))
        assert bench.transport.written == pong(b"slow")
        bench.receive(close(1000)[:-1])
        assert bench.transport.reading
        bench.receive(close(1000)[-1:])
        assert not bench.transport.reading
        gate.set()
        await turns()
        assert bench.calls[-1] == ("close", 1000, None)

    @in_loop
    async def test_a_peer_that_breaks_the_protocol_is_told_at_once(self):
        gate = asyncio.Event()
        bench = Bench(lambda message: gate.wait())
        bench.receive(frame(TEXT, b"a"))
        bench.receive(frame(TEXT, b"b", mask=None))
        assert bench.transport.written[:4] == frame(8, b"\x03\xea" + b"x" * 28, mask=None)[:4]
        assert bench.calls == ["a"]
        gate.set()
        await turns()
        assert bench.calls == ["a", ("close", None, None)]
        bench.transport.lose()
