"""Messages are accounted for as requests are."""

import asyncio
import itertools

import pytest

from maint.production.clients import Course
from maint.production.websockets import Speaker
from tests.production.servers import serving

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nX-Worker: 77 1\r\n\r\n"


def speak(handle):
    """Have somebody speak to such a server, whose first connection is given to ``handle``; others echo once.

    The traffic ends behind the first echo of another connection. The tally.
    """

    async def main():
        connections = itertools.count()

        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            if not next(connections):
                await handle(reader, writer)
                return
            writer.write(SWITCHING)
            writer.write(echo(await message(reader)))
            course.stopping.set()
            assert await message(reader) in (b"\x03\xe9", None)

        async with serving(serve) as address:
            course = Course(address)
            await Speaker(course).run()
        return course.tally

    return asyncio.run(main())


async def message(reader):
    try:
        _, length = await reader.readexactly(2)
        return (await reader.readexactly(4 + (length & 0x7F)))[4:]
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def echo(payload):
    return bytes([0x81, len(payload)]) + payload


GOING_AWAY = b"\x88\x02\x03\xe9"


def test_an_echo_and_then_a_close():
    async def handle(reader, writer):
        writer.write(SWITCHING)
        writer.write(echo(await message(reader)) + GOING_AWAY)
        assert await message(reader) == b"\x03\xe9"

    tally = speak(handle)
    assert (tally.messages, tally.echoed, tally.crossed) == (2, 2, 0)
    assert (tally.closes, tally.messages_lost) == ({1001: 1}, [])
    assert (tally.sent, tally.answered) == (2, {101: 2})


def test_a_message_that_meets_a_close():
    async def handle(reader, writer):
        writer.write(SWITCHING)
        await message(reader)
        writer.write(GOING_AWAY)
        await message(reader)

    tally = speak(handle)
    assert (tally.messages, tally.echoed, tally.crossed) == (2, 1, 1)
    assert (tally.closes, tally.messages_lost) == ({1001: 1}, [])


def test_a_message_that_is_lost():
    async def handle(reader, writer):
        writer.write(SWITCHING)
        await message(reader)

    tally = speak(handle)
    assert (tally.messages, tally.echoed, tally.crossed) == (2, 1, 0)
    assert [loss.kind for loss in tally.messages_lost] == ["websocket"]


def test_a_connection_that_ends_without_a_word():
    async def handle(reader, writer):
        writer.write(SWITCHING)
        writer.write(echo(await message(reader)))

    tally = speak(handle)
    assert (tally.messages, tally.echoed) == (2, 2)
    assert tally.closes[1006] + len(tally.messages_lost) == 1


def test_another_echo():
    async def handle(reader, writer):
        writer.write(SWITCHING)
        await message(reader)
        writer.write(echo(b"?") + GOING_AWAY)

    assert speak(handle).wrong == ["websocket 1: b'?'"]


@pytest.mark.parametrize("said", [b"", SWITCHING[:20]])
def test_a_handshake_without_an_answer_is_lost(said):
    async def handle(reader, writer):
        writer.write(said)

    tally = speak(handle)
    assert (tally.sent, tally.answered, len(tally.lost)) == (2, {101: 1}, 1)


def test_a_handshake_that_is_declined():
    async def handle(reader, writer):
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")

    assert speak(handle).answered == {503: 1, 101: 1}
