"""Where the bytes of bodies come from."""

import io
import os
import threading

import pytest

from tests.running import on_every_loop
from tornadolike.httpclient.sources import READ_SIZE, source_of

DATA = os.urandom(READ_SIZE + 1000)


async def all_of(source):
    return b"".join([piece async for piece in source.pieces()])


class Again:
    """An iterable that can be iterated over again."""

    def __iter__(self):
        yield from [b"a", b"b"]


class AgainLater:
    """The same for ``async for``."""

    async def __aiter__(self):
        yield b"a"
        yield b"b"


async def generator():
    yield b"a"
    yield b"b"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize(
    ("make", "size", "repeatable"),
    [
        (lambda: b"ab", 2, True),
        (lambda: bytearray(b"ab"), 2, True),
        (lambda: memoryview(b"ab"), 2, True),
        (lambda: io.BytesIO(b"ab"), 2, True),
        (lambda: iter([b"a", b"b"]), None, False),
        (Again, None, True),
        (AgainLater, None, True),
        (generator, None, False),
    ],
)
@on_every_loop
async def test_what_gives_bytes(make, size, repeatable):
    source = source_of(make())
    assert (source.size, source.name, source.repeatable) == (size, None, repeatable)
    assert await all_of(source) == b"ab"
    if repeatable:
        assert await all_of(source) == b"ab"
    else:
        with pytest.raises(RuntimeError, match="only once"):
            await all_of(source)


@on_every_loop
async def test_paths(path):
    source = source_of(path)
    assert (source.size, source.name, source.repeatable) == (len(DATA), "file.bin", True)
    for _ in range(2):
        assert await all_of(source) == DATA


@on_every_loop
async def test_files_are_given_from_where_they_stand(path):
    with path.open("rb") as file:
        file.seek(10)
        source = source_of(file)
        assert (source.size, source.name) == (len(DATA) - 10, "file.bin")
        for _ in range(2):
            assert await all_of(source) == DATA[10:]
        assert not file.closed


@on_every_loop
async def test_a_pipe_is_read_once():
    reading, writing = os.pipe()
    os.write(writing, b"ab")
    os.close(writing)
    with open(reading, "rb") as file:
        source = source_of(file)
        assert (source.size, source.name, source.repeatable) == (None, None, False)
        assert await all_of(source) == b"ab"
        with pytest.raises(RuntimeError, match="only once"):
            await all_of(source)


@on_every_loop
async def test_threads_read():
    seen = set()

    class Watched(io.BytesIO):
        def read(self, size=-1):
            seen.add(threading.get_ident())
            return super().read(size)

    assert await all_of(source_of(Watched(b"ab"))) == b"ab"
    assert seen
    assert threading.get_ident() not in seen


@on_every_loop
async def test_what_has_grown_or_shrunk_meanwhile(path):
    source = source_of(path)
    path.write_bytes(DATA + b"more")
    assert await all_of(source) == DATA
    path.write_bytes(DATA[:-10])
    with pytest.raises(EOFError, match="shorter: 10 bytes"):
        await all_of(source)


@on_every_loop
async def test_who_stops_in_between_leaves_nothing_open(path):
    pieces = source_of(path).pieces()
    assert await pieces.__anext__()
    await pieces.aclose()  # the fixture of all tests looks for open descriptors

    closed = []

    async def watched():
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    pieces = source_of(watched()).pieces()
    await pieces.__anext__()
    await pieces.aclose()
    assert closed


@pytest.mark.parametrize("content", ["text", "/etc/passwd", 5, None, io.StringIO("text")])
def test_what_could_mean_two_things_is_refused(content):
    with pytest.raises(TypeError):
        source_of(content)


def test_paths_are_looked_at_early(tmp_path):
    with pytest.raises(FileNotFoundError):
        source_of(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        source_of(tmp_path)
    (tmp_path / "secret").touch(0)
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):
            source_of(tmp_path / "secret")
