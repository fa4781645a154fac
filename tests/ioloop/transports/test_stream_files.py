"""Parts of files among what a transport writes."""

import asyncio
import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest

from tests.ioloop.transports.bench import Bench, Recorder, run
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports.files import FilePart, FileSending, UnreadableFile
from tornadolike.ioloop.transports.memory import memory_pair

DATA = os.urandom(300_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(DATA)
    return tmp_path / "file"


def part(path: Path, offset: int = 0, count: int = len(DATA)) -> FilePart:
    with path.open("rb") as file:
        return FilePart(file, offset, count)


def descriptors(path: Path) -> int:
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            continue
    return links.count(str(path))


def refusing(code: int) -> Any:
    def sendfile(*arguments: int) -> int:
        raise OSError(code, os.strerror(code))

    return sendfile


@pytest.mark.parametrize("kernel", [True, False], ids=["sent", "read"])
@pytest.mark.parametrize("send_buffer", [0, 4096], ids=["fast", "slow"])
def test_files_and_bytes_leave_in_order(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch, kernel: bool, send_buffer: int
) -> None:
    if not kernel:
        monkeypatch.setattr(os, "sendfile", refusing(errno.EINVAL))

    async def main() -> None:
        transport, protocol, peer = bench.open(send_buffer)
        transport.write_file(b"head", part(path), b"tail")
        transport.write(b"more" * 5000)
        transport.write_file(b"", part(path, 7, 1000), b"")
        memory = FilePart(io.BytesIO(DATA), 5, 90_000)
        transport.write_file(b"x" * 100, memory, b"")
        transport.writelines([b"l", b"ast"])
        expected = (b"head" + DATA + b"tail" + b"more" * 5000 + DATA[7:1007] + b"x" * 100) + DATA[
            5:90_005
        ]
        expected += b"last"
        waiting = transport.get_write_buffer_size()
        assert transport.has_file_waiting() is (waiting > 0)
        assert waiting <= len(expected)
        transport.close()
        assert await bench.read_all(peer) == expected
        await protocol.hears("lost")
        assert ("pause" in protocol.names, "resume" in protocol.names) == (waiting > 65536,) * 2
        assert descriptors(path) == 0

    run(bench, main)


def test_the_end_of_our_side_comes_behind_a_file(bench: Bench, path: Path) -> None:
    async def main() -> None:
        transport, _, peer = bench.open(4096)
        transport.write_file(b"", part(path), b"")
        transport.write_eof()
        with pytest.raises(RuntimeError, match="after write_eof"):
            transport.write_file(b"", part(path), b"")
        assert await bench.read_all(peer) == DATA
        assert not transport.is_closing()
        transport.abort()
        await bench.turns()
        assert descriptors(path) == 0

    run(bench, main)


def test_what_is_sent_by_the_loop_comes_behind_it(bench: Bench, path: Path) -> None:
    """And meanwhile nothing else may be written."""

    async def main() -> None:
        transport, _, peer = bench.open(4096)
        transport.write_file(b"", part(path), b"|")
        with path.open("rb") as file:
            sending = asyncio.ensure_future(transport.send_file(made := FileSending(file, 0, 9)))
        await bench.turns()
        with pytest.raises(RuntimeError, match="sendfile is in progress"):
            transport.write_file(b"", part(path), b"")
        assert await bench.read(peer, len(DATA) + 10) == DATA + b"|" + DATA[:9]
        await sending
        made.end()
        transport.abort()
        await bench.turns()
        assert descriptors(path) == 0

    run(bench, main)


def test_a_file_for_a_connection_that_is_over(bench: Bench, path: Path) -> None:
    async def main() -> None:
        transport, protocol, peer = bench.open(4096)
        transport.write_file(b"", part(path), b"")
        assert descriptors(path) == 1
        transport.abort()
        assert descriptors(path) == 0
        transport.write_file(b"", part(path), b"")
        assert descriptors(path) == 0
        await protocol.hears("lost")

        transport, protocol, peer = bench.open(4096)
        transport.write_file(b"", part(path), b"")
        peer.close()
        assert isinstance((await protocol.hears("lost"))[1], ConnectionError)
        assert descriptors(path) == 0

    run(bench, main)


@pytest.mark.parametrize(
    "sendfile",
    [os.sendfile, refusing(errno.EINVAL), refusing(errno.EIO)],
    ids=["sent", "read", "bad"],
)
def test_a_file_that_cannot_be_read(
    bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch, sendfile: Any
) -> None:
    monkeypatch.setattr(os, "sendfile", sendfile)

    async def main() -> None:
        transport, protocol, peer = bench.open()
        transport.write_file(b"head", part(path, 0, len(DATA) + 1), b"tail")
        assert isinstance((await protocol.hears("lost"))[1], UnreadableFile)
        with pytest.raises(ConnectionResetError):
            await bench.read_all(peer)
        assert descriptors(path) == 0

    run(bench, main)


def test_without_a_socket(io_loop: IOLoop, path: Path) -> None:
    async def main() -> None:
        here, there = Recorder(), Recorder()
        here.transport, there.transport = memory_pair(io_loop, here, there)
        here.transport.write_file(b"head", part(path), b"tail")
        here.transport.close()
        await there.has_data(b"head" + DATA + b"tail")
        there.transport.abort()
        assert descriptors(path) == 0

    io_loop.run_sync(main)
