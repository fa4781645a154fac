"""The traffic of WebSockets: clients that say numbers and want them back."""

import asyncio
import time
from dataclasses import dataclass

from .clients import PAUSE_WHEN_REFUSED, Course
from .tally import Loss
from .wire import PATIENCE, Gone, Refused, Wire

HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: site.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, CLOSE = 0x81, 0x88


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame of a client: its mask is zeros, by which the payload stays what it is."""
    return bytes([opcode, 0x80 | len(payload)]) + bytes(4) + payload


@dataclass
class Speaker:
    """One WebSocket after another: a message, its echo, a pause."""

    course: Course
    pause: float = 0.02
    """Seconds between an echo and the next message."""

    async def run(self) -> None:
        """Speak until the traffic ends, or the service has."""
        while not self.course.stopping.is_set():
            try:
                wire = await Wire.open(self.course.address)
            except Refused:
                if self.course.leaving.is_set():
                    return
                self.course.tally.refused += 1
                await asyncio.sleep(PAUSE_WHEN_REFUSED)
            except Gone as error:
                self.course.tally.sent += 1
                self.course.tally.lost.append(Loss(time.monotonic(), "websocket", 0, 0, str(error)))
            else:
                await self.opened(wire)

    async def opened(self, wire: Wire) -> None:
        """Shake hands, which is a request as others are, and then speak."""
        tally, began = self.course.tally, time.monotonic()
        tally.sent += 1
        try:
            async with asyncio.timeout(PATIENCE):
                wire.writer.write(HANDSHAKE)
                status, fields = await wire.head()
        except (OSError, asyncio.IncompleteReadError) as error:
            tally.lost.append(self.loss(wire, 0, repr(error)))
            wire.abort()
            return
        tally.answer("websocket", status, began)
        if status == 101:
            if "x-worker" in fields:
                tally.workers[int(fields["x-worker"].split()[0])] += 1
            await self.speak(wire)
        wire.abort()

    async def speak(self, wire: Wire) -> None:
        while not self.course.stopping.is_set():
            number = next(self.course.numbers)
            self.course.tally.messages += 1
            try:
                async with asyncio.timeout(PATIENCE):
                    goes_on = await self.echoed(wire, number)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.course.tally.messages_lost.append(self.loss(wire, number, repr(error)))
                return
            if not goes_on or await self.closed_within(wire, self.pause):
                return
        wire.writer.write(frame(CLOSE, b"\x03\xe9"))

    async def echoed(self, wire: Wire, number: int) -> bool:
        """Say it, and hear it; False if the server has closed."""
        tally = self.course.tally
        wire.writer.write(frame(TEXT, b"%d" % number))
        opcode, length = await wire.reader.readexactly(2)
        payload = await wire.reader.readexactly(length)
        if opcode == CLOSE:
            tally.crossed += 1
            self.say_goodbye(wire, payload)
            return False
        if payload != b"%d" % number:
            tally.wrong.append(f"websocket {number}: {payload!r}")
        tally.echoed += 1
        return True

    async def closed_within(self, wire: Wire, seconds: float) -> bool:
        """Wait; True if the server has closed the WebSocket meanwhile, in whatever manner."""
        try:
            async with asyncio.timeout(seconds):
                _, length = await wire.reader.readexactly(2)
            payload = await wire.reader.readexactly(length)
        except TimeoutError:
            return False
        except (OSError, asyncio.IncompleteReadError):
            self.course.tally.closes[1006] += 1
            return True
        self.say_goodbye(wire, payload)
        return True

    def say_goodbye(self, wire: Wire, payload: bytes) -> None:
        self.course.tally.closes[int.from_bytes(payload[:2], "big")] += 1
        wire.writer.write(frame(CLOSE, payload[:2]))

    def loss(self, wire: Wire, number: int, why: str) -> Loss:
        return Loss(time.monotonic(), "websocket", number, wire.port, why)
