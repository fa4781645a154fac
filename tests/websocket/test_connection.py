"""The connection on a transport of memory: who is called when, who waits for whom, and how it ends."""

import asyncio
import contextvars
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from tests.websocket.helpers import BINARY, PING, PONG, TEXT, close, frame
from tornadolike.websocket.connection import CLOSE_TIMEOUT, CORK_LIMIT, TURN, WebSocketConnection
from tornadolike.websocket.errors import WebSocketClosedError
from tornadolike.websocket.protocol import Role, WebSocketCore

HIGH, LOW = 65536, 16384


class MemoryTransport(asyncio.Transport):
    """Keeps what is written until :meth:`take`, as a socket whose peer reads only then."""

    def __init__(self, protocol: WebSocketConnection, stuck: bool = False) -> None:
        super().__init__()
        self.protocol = protocol
        self.writes: list[bytes] = []
        self.stuck = stuck  # whether the peer does not read
        self.buffered = 0
        self.reading = True
        self.closing = False
        self.aborted = False
        self.ended = False
        self.lost = False
        self.loop = asyncio.get_running_loop()

    @property
    def written(self) -> bytes:
        return b"".join(self.writes)

    def write(self, data: bytes) -> None:
        assert not self.lost
        self.writes.append(bytes(data))
        if self.stuck:
            was, self.buffered = self.buffered, self.buffered + len(data)
            if was <= HIGH < self.buffered:
                self.protocol.pause_writing()

    def take(self) -> None:
        """The peer reads all there is."""
        paused, self.buffered = self.buffered > HIGH, 0
        if paused:
            self.protocol.resume_writing()
        if self.closing:
            self.lose()

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True
        if not self.buffered:
            self.loop.call_soon(self.lose)

    def abort(self) -> None:
        self.aborted = True
        self.loop.call_soon(self.lose)

    def lose(self, error: Exception | None = None) -> None:
        if not self.lost:
            self.closing = self.lost = True
            self.protocol.connection_lost(error)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class Clock:
    """A loop whose timers go off when the test says so."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.now = 0.0
        self.timers: list[tuple[float, asyncio.Handle]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loop, name)

    def call_later(self, delay: float, callback: Any, *args: Any) -> Any:
        handle = asyncio.Handle(callback, args, self.loop)
        self.timers.append((self.now + delay, handle))
        return handle

    def pending(self) -> list[asyncio.Handle]:
        return [handle for _, handle in self.timers if not handle.cancelled()]

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, in steps of a tenth."""
        end = self.now + seconds
        while self.now < end - 0.01:
            self.now += 0.1
            due = [timer for timer in self.timers if timer[0] <= self.now + 0.01]
            self.timers = [timer for timer in self.timers if timer not in due]
            for _, handle in due:
                if not handle.cancelled():
                    handle._run()
            await turns()


class Recorder:
    """A delegate that writes down what it is told; ``act`` may do something with messages."""

    def __init__(self, act: Callable[[Any], Any] | None = None) -> None:
        self.calls: list[Any] = []
        self.errors: list[BaseException] = []
        self.act = act

    def on_message(self, message: str | bytes) -> Any:
        self.calls.append(message)
        return self.act(message) if self.act is not None else None

    def on_ping(self, data: bytes) -> Any:
        self.calls.append(("ping", data))

    def on_pong(self, data: bytes) -> Any:
        self.calls.append(("pong", data))

    def on_ws_connection_close(self, code: int | None = None, reason: str | None = None) -> None:
        self.calls.append(("close", code, reason))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        self.errors.append(value)


class Bench:
    """One connection with everything around it."""

    def __init__(
        self, act: Any = None, *, stuck: bool = False, open: Any = None, **options: Any
    ) -> None:
        self.delegate = Recorder(act)
        context = contextvars.copy_context()
        core = WebSocketCore(Role.SERVER)
        self.connection = WebSocketConnection(self.delegate, core, context, **options)
        self.transport = MemoryTransport(self.connection, stuck)
        self.connection.connection_made(self.transport)
        self.clock = Clock(self.connection._loop)
        self.connection._loop = self.clock  # type: ignore[assignment]
        self.connection.start(open or (lambda: None))

    def receive(self, *frames: bytes) -> None:
        self.connection.data_received(b"".join(frames))

    @property
    def calls(self) -> list[Any]:
        return self.delegate.calls


def in_loop(test: Callable[..., Any]) -> Callable[..., Any]:
    """Run an asynchronous test on our loop."""

    def run(self: Any, io_loop: Any) -> None:
        io_loop.run_until_complete(asyncio.wait_for(test(self), 10))

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def text(*messages: str) -> bytes:
    return b"".join(frame(TEXT, message.encode(), mask=None) for message in messages)


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
        assert bench.transport.reading, "an idle peer costs no system call"
        bench.receive(frame(TEXT, b"2"))
        assert not bench.transport.reading
        gates[1].set()
        await turns()
        assert bench.calls == ["0"]
        gates[0].set()
        await turns(5)
        assert bench.calls == ["0", "1", ("ping", b""), "2"]
        assert not bench.transport.reading
        gates[2].set()
        await turns()
        assert bench.transport.reading
        assert bench.transport.written == text("done 0", "done 1") + frame(PONG, mask=None) + text(
            "done 2"
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
        await bench.clock.advance(CLOSE_TIMEOUT)
        assert bench.transport.aborted
        assert bench.calls == [("pong", b""), ("close", None, None)]

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
        bench.receive(frame(TEXT, b"b"))
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
