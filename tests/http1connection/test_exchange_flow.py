"""How much of a message comes at once in an exchange over a stream, and who waits for whom."""

import asyncio
import gzip

from tests.http1connection.exchanges import GENERAL, Told, requested, response_to
from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike.iostream import memory_stream_pair


@on_jumping_clock
async def test_no_piece_is_larger_than_wanted():
    body = bytes(range(100))
    coded = gzip.compress(body * 10)
    for text, params, expected in (
        (b"Content-Length: 100\r\n\r\n" + body, {}, body),
        (b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + body + b"\r\n0\r\n\r\n", {}, body),
        (
            b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(coded), coded),
            {"decompress": True},
            body * 10,
        ),
    ):
        for wait in (lambda: None, lambda: asyncio.sleep(0)):
            told = Told(data_received=wait)
            usable, here, _ = await response_to(
                b"HTTP/1.1 200 OK\r\n" + text, told, end=False, chunk_size=7, **params
            )
            assert usable
            assert told.body == expected
            assert max(map(len, told.pieces)) <= 7
            here.close()


@on_jumping_clock
async def test_content_codings_come_off():
    coded = gzip.compress(b"x" * 1000)
    text = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        len(coded),
        coded,
    )
    told = Told()
    _, here, _ = await response_to(text, told, end=False, decompress=True, max_body_size=1000)
    assert told.body == b"x" * 1000
    assert told.heads[0][1]["X-Consumed-Content-Encoding"] == "gzip"
    here.close()
    told = Told()
    _, here, _ = await response_to(text, told, end=False)
    assert told.body == coded
    here.close()


@on_jumping_clock
async def test_a_bomb_does_not_go_off(expect_log):
    coded = gzip.compress(bytes(10_000_000))
    text = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        len(coded),
        coded,
    )
    told = Told()
    with expect_log(GENERAL, "Malformed HTTP message"):
        usable, *_ = await response_to(text, told, decompress=True, max_body_size=100_000)
    assert usable is False
    assert len(told.body) <= 100_000
    assert told.ends == ["closed"]


@on_jumping_clock
async def test_who_makes_us_wait_makes_the_peer_wait():
    here, there = memory_stream_pair(capacity=1000)
    connection = requested(here, chunk_size=500)
    connection.finish()
    written = there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(100_000))
    go_on = asyncio.Event()
    told = Told(data_received=go_on.wait)
    reading = asyncio.ensure_future(connection.read_response(told))
    await asyncio.sleep(10)
    assert len(told.body) <= 500
    assert not written.done()
    go_on.set()
    assert await reading is True
    assert len(told.body) == 100_000
    here.close()


@on_every_loop
async def test_tiny_chunks_come_together_and_let_others_run():
    here, there = memory_stream_pair(capacity=1 << 20)
    connection = requested(here)
    connection.finish()
    count = 5000
    there.write(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * count
        + b"0\r\n\r\n"
    )
    await turns()
    made = 0

    async def count_turns():
        nonlocal made
        while True:
            made += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count_turns())
    told = Told()
    assert await connection.read_response(told) is True
    assert told.body == b"x" * count
    assert len(told.pieces) < 10
    assert made > 10
    counting.cancel()
    here.close()
