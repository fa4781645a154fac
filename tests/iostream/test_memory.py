"""memory_stream_pair: what is special about it; the table of stream tests has the rest."""

import asyncio

import pytest

from tornadolike.iostream import StreamClosedError, memory_stream_pair


def test_options(run):
    async def main():
        one, other = memory_stream_pair(max_buffer_size=1000)
        assert one.max_buffer_size == other.max_buffer_size == 1000
        assert one.socket is other.socket is None
        assert one.fileno() is None
        one.set_nodelay(True)
        one.close()
        other.close()
        with pytest.raises(ValueError, match="chunk"):
            memory_stream_pair(chunk=0)

    run(main)


def test_byte_by_byte(run):
    async def main():
        one, other = memory_stream_pair(chunk=1)
        written = one.write(b"hello\n")
        assert await other.read_bytes(100, partial=True) == b"h"
        assert await other.read_until(b"\n") == b"ello\n"
        await written
        one.close()
        assert await other.read_until_close() == b""

    run(main)


def test_what_is_under_way_is_bounded(run):
    async def main():
        one, other = memory_stream_pair(capacity=10)
        written = one.write(b"x" * 25)
        assert len(one._write_buffer) == 15
        assert await other.read_bytes(25) == b"x" * 25
        await written
        one.close()
        with pytest.raises(StreamClosedError):
            await other.read_bytes(1)

    run(main)


def test_it_is_the_same_each_time(run):
    sizes = []

    async def main():
        one, other = memory_stream_pair(capacity=1000, chunk=300)

        async def write():
            for size in (1, 700, 2_000, 50):
                await one.write(b"x" * size)
            one.close()

        async def read():
            got = []
            try:
                while True:
                    got.append(len(await other.read_bytes(10_000, partial=True)))
            except StreamClosedError:
                return got

        sizes.append((await asyncio.gather(write(), read()))[1])

    run(main)
    run(main)
    assert sizes[0] == sizes[1]
    assert sum(sizes[0]) == 2751
