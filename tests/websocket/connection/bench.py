"""A connection on a transport of memory."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

from tests.websocket.helpers import PONG, TEXT, frame
from tornadolike.websocket.connection import WebSocketConnection
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


def pong(data: bytes = b"") -> bytes:
    return frame(PONG, data, mask=None)
