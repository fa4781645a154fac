"""Twice as much costs twice as much: proved by counting bytes and calls, not by clocks."""

import tracemalloc

import pytest

from tornadolike.iostream import buffer as buffer_module
from tornadolike.iostream import memory_stream_pair, write_queue
from tornadolike.iostream.reads import ReadUntil

SIZE = 1_000_000


class Counting(bytearray):
    """Notes how many bytes are copied into it, moved inside of it, and searched."""

    copied = moved = searched = 0

    def __init__(self, *args):
        super().__init__(*args)
        Counting.copied += len(self)

    def __iadd__(self, more):
        Counting.copied += len(more)
        return super().__iadd__(more)

    def __getitem__(self, where):
        return Counting(super().__getitem__(where))

    def __delitem__(self, where):
        if range(len(self))[where]:
            Counting.moved += len(self)
        super().__delitem__(where)

    def find(self, what, start=0):
        found = super().find(what, start)
        Counting.searched += (len(self) if found < 0 else found) - start
        return found


@pytest.fixture
def counted(monkeypatch):
    """``counted(function, *args)`` runs it and returns what was copied, moved and searched."""
    monkeypatch.setattr(buffer_module, "bytearray", Counting, raising=False)
    monkeypatch.setattr(write_queue, "bytearray", Counting, raising=False)

    def count(function, *args):
        Counting.copied = Counting.moved = Counting.searched = 0
        function(*args)
        return Counting.copied, Counting.moved, Counting.searched

    return count


@pytest.mark.parametrize("piece", [500, 4000, 70_000])
def test_searching_what_comes_in_pieces(counted, piece):
    def search(size):
        buffer = buffer_module.ReadBuffer()
        read = ReadUntil(b"\r\n", None)
        for _ in range(size // piece):
            buffer.append(b"x" * piece)
            assert read.take(buffer, True) is None
        buffer.append(b"\r\n")
        assert len(read.take(buffer, True)) == size // piece * piece + 2

    copied, moved, searched = counted(search, SIZE)
    assert copied <= 3 * SIZE
    assert searched <= 1.1 * SIZE
    assert moved <= 2 * SIZE


def test_many_lines_in_one_piece(counted):
    def lines(size):
        buffer = buffer_module.ReadBuffer()
        for _ in range(4):
            buffer.append(b"0123456789abcde\n" * (size // 64))
        while len(buffer):
            assert len(ReadUntil(b"\n", None).take(buffer, True)) == 16

    copied, moved, searched = counted(lines, SIZE)
    assert copied <= 4 * SIZE
    assert searched <= SIZE
    assert moved <= 2 * SIZE


def test_many_small_writes(counted):
    def write(size):
        queue = write_queue.WriteQueue()
        for _ in range(size // 10):
            queue.append(memoryview(b"0123456789"))
        offered = sent = 0
        while len(queue):
            views = queue.several(64)
            offered += len(views)
            taken = min(sum(map(len, views)), 1000)
            for view in views:
                view.release()
            queue.advance(taken)
            sent += taken
        assert sent == size
        assert offered <= size // 1000 * 64

    copied, moved, _ = counted(write, SIZE)
    assert copied <= 1.1 * SIZE
    assert moved == 0


def test_memory_of_a_large_read_and_a_large_write(run):
    """The bytes themselves, once for the writer's copy and twice while the reader joins its pieces."""

    async def main():
        data = bytearray(b"x" * (8 * SIZE))
        one, other = memory_stream_pair()
        tracemalloc.start()
        try:
            written = one.write(data)
            got = await other.read_bytes(len(data))
            await written
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(got) == len(data)
        assert peak < 3.2 * len(data)
        one.close()
        other.close()

    run(main)


def test_a_reader_that_does_not_read_costs_no_memory(run, pair):
    async def main():
        async with pair() as (reader, writer):
            reader.set_close_callback(lambda: None)
            data = b"x" * (8 * SIZE)
            tracemalloc.start()
            try:
                written = [writer.write(data) for _ in range(10)]
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert not written[-1].done()
            assert peak < SIZE  # they wait as they are
            reader.close()

    run(main)
