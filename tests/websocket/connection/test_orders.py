"""Callbacks and pulling in whatever order: each message is had once, in its turn, and the end is told once and last."""

import asyncio
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.websocket.connection.test_delivering import Bench, turns
from tests.websocket.helpers import PING, TEXT, close, frame
from tornadolike.ioloop import IOLoop


class Play:
    """A peer that sends numbers, and a program that takes them in all ways there are."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.sent = 0
        self.got: list[str | bytes | None] = []
        self.gates: list[asyncio.Event] = []
        self.readers: list[asyncio.Task[None]] = []
        self.bench = Bench(self.on_message)

    def on_message(self, message):
        self.got.append(message)
        return None if self.chance.random() < 0.4 else self.answer()

    async def answer(self):
        what = self.chance.random()
        if what < 0.4:
            self.gates.append(asyncio.Event())
            await self.gates[-1].wait()
        elif what < 0.8:
            await self.read()
        else:
            self.start_reader()
            await asyncio.sleep(0)

    async def read(self):
        self.got.append(await self.bench.connection.receive())

    def start_reader(self):
        self.readers.append(asyncio.create_task(self.read()))

    async def arrive(self, data):
        """As the transport calls it: from the loop, and not while it is told to wait."""
        if self.bench.transport.reading:
            asyncio.get_running_loop().call_soon(self.bench.receive, data)
            await asyncio.sleep(0)

    async def send_some(self):
        data = b""
        for _ in range(self.chance.randrange(1, 4)):
            data += frame(TEXT, str(self.sent).encode()) + self.chance.choice([b"", frame(PING)])
            self.sent += 1
        cut = self.chance.randrange(len(data) + 1)
        for part in (data[:cut], data[cut:]):
            await self.arrive(part)

    async def step(self):
        what = self.chance.random()
        if what < 0.45:
            await self.send_some()
        elif what < 0.6:
            self.start_reader()
        elif what < 0.7 and self.readers:
            self.chance.choice(self.readers).cancel()
        elif what < 0.85 and self.gates:
            self.gates.pop(self.chance.randrange(len(self.gates))).set()
        else:
            await turns(self.chance.randrange(4))

    async def end(self):
        how = self.chance.choice(["close", "eof", "lost"])
        if how == "close":
            await self.arrive(close(1000))
        elif how == "eof":
            self.bench.connection.eof_received()
        if how != "close" or self.chance.random() < 0.5:
            self.bench.transport.lose()
        for _ in range(2 * self.sent + 10):
            while self.gates:
                self.gates.pop().set()
            await turns()
            if self.got[-1:] != [None]:
                self.start_reader()


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(5, 50))
def test_any_order(seed, steps):
    async def play():
        play = Play(Random(seed))
        for _ in range(steps):
            await play.step()
        await play.end()
        messages = [int(message) for message in play.got if message is not None]
        assert messages == list(range(play.sent))
        assert all(reader.done() for reader in play.readers)
        told = [call for call in play.bench.calls if call[0] == "close"]
        assert told == play.bench.calls[-1:]
        assert not play.bench.delegate.errors

    with asyncio.Runner(loop_factory=IOLoop) as runner:
        runner.run(asyncio.wait_for(play(), 10))
