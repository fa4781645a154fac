"""Files that take their place when they are whole."""

import asyncio
import json
import os
import stat
import threading

import pytest

from tests.running import on_every_loop
from tornadolike.httpclient.part_files import WRITE_SIZE, PartFile

STATE = {"url": "http://x/", "validator": '"1"'}


class StopHere(Exception):
    """What ends a block early."""


async def broken_off(path, data, state, keep=True):
    async def write():
        async with PartFile(path, keep) as part:
            await part.begin(state)
            await part.write(data)
            raise StopHere

    with pytest.raises(StopHere):
        await write()


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("size", [0, 1, WRITE_SIZE, WRITE_SIZE * 3 + 1])
@on_every_loop
async def test_it_is_there_when_it_is_whole(tmp_path, keep, size):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    data = os.urandom(size)
    async with PartFile(path, keep) as part:
        await part.begin(STATE)
        for start in range(0, size, 100_000):
            await part.write(data[start : start + 100_000])
        assert part.size == size
        assert path.read_bytes() == b"old"
        await part.finish()
    assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["file"]


@on_every_loop
async def test_what_is_broken_off_leaves_nothing(tmp_path):
    path = tmp_path / "file"
    await broken_off(path, b"some", STATE, keep=False)
    await broken_off(path, b"some", None)
    assert os.listdir(tmp_path) == []


@on_every_loop
async def test_unless_it_is_kept(tmp_path):
    path = tmp_path / "file"
    await broken_off(path, b"some", STATE)
    assert sorted(os.listdir(tmp_path)) == ["file.part", "file.part.json"]
    async with PartFile(path, keep=True) as part:
        assert (part.size, part.state) == (4, STATE)
        await part.write(b" more")
        await part.finish()
    assert path.read_bytes() == b"some more"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("noted", ["", "{", "[]", '{"url": 5}', "\xff"])
@on_every_loop
async def test_a_part_of_which_nothing_is_known(tmp_path, noted):
    (tmp_path / "file.part").write_bytes(b"what?")
    if noted:
        (tmp_path / "file.part.json").write_text(noted, encoding="latin-1")
    async with PartFile(tmp_path / "file", keep=True) as part:
        assert part.state is None
        await part.begin(STATE)
        assert json.loads((tmp_path / "file.part.json").read_text()) == STATE
        await part.write(b"new")
        await part.finish()
    assert (tmp_path / "file").read_bytes() == b"new"


@on_every_loop
async def test_two_do_not_write_the_same(tmp_path):
    async with PartFile(tmp_path / "file", keep=True) as part:
        await part.begin(STATE)
        with pytest.raises(BlockingIOError, match="another download"):
            await PartFile(tmp_path / "file", keep=True).__aenter__()
        async with PartFile(tmp_path / "file") as other:  # it has a file of its own
            await other.begin(None)
            await other.write(b"other")
            await other.finish()
        await part.finish()
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.parametrize("keep", [False, True])
@on_every_loop
async def test_who_is_cancelled_while_it_is_opened_leaves_nothing(tmp_path, monkeypatch, keep):
    opened, gate = threading.Event(), threading.Event()
    open_it = PartFile._open

    def slow(part):
        open_it(part)
        opened.set()
        assert gate.wait(10)

    monkeypatch.setattr(PartFile, "_open", slow)
    entering = asyncio.ensure_future(PartFile(tmp_path / "file", keep).__aenter__())
    while not opened.is_set():
        await asyncio.sleep(0)
    entering.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert os.listdir(tmp_path) == []


@on_every_loop
async def test_rights_and_links_stay(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    async with PartFile(tmp_path / "link") as part:
        await part.begin(None)
        await part.write(b"new")
        await part.finish()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


@on_every_loop
async def test_what_is_no_file_is_written_to():
    """Above all, /dev/null stays what it is."""
    reading, writing = os.pipe()
    try:
        for path in ("/dev/null", f"/dev/fd/{writing}"):
            async with PartFile(path) as part:
                await part.begin(None)
                await part.write(b"for a pipe")
                await part.finish()
        assert os.read(reading, 100) == b"for a pipe"
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    finally:
        os.close(reading)
        os.close(writing)


@on_every_loop
async def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a directory"):
        await PartFile(tmp_path).__aenter__()
    with pytest.raises(FileNotFoundError):
        await PartFile(tmp_path / "missing" / "file").__aenter__()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is full")
@on_every_loop
async def test_a_full_disk():
    async with PartFile("/dev/full") as part:
        await part.write(b"x")
        with pytest.raises(OSError, match="No space left"):
            await part.finish()


@pytest.mark.parametrize("ending", [".part", ".part.json"])
@pytest.mark.parametrize("kind", ["link", "dangling", "hard link", "pipe"])
@on_every_loop
async def test_what_others_have_put_there_is_not_touched(tmp_path, ending, kind):
    """In a folder where others write, the names of parts are known beforehand."""
    victim, trap = tmp_path / "victim", tmp_path / f"file{ending}"
    victim.write_bytes(b"precious")
    if kind == "hard link":
        os.link(victim, trap)
    elif kind == "pipe":
        os.mkfifo(trap)
    else:
        trap.symlink_to(victim if kind == "link" else tmp_path / "new")

    async def write():
        async with PartFile(tmp_path / "file", keep=True) as part:
            await part.begin(STATE)
            await part.write(b"some")

    with pytest.raises(OSError, match=r"file\.part"):
        await write()
    assert victim.read_bytes() == b"precious"
    assert not (tmp_path / "new").exists()


@on_every_loop
async def test_the_beginning_is_not_somebody_elses(tmp_path, monkeypatch):
    path = tmp_path / "file"
    await broken_off(path, b"some", STATE)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(PermissionError, match=r"file\.part"):
        await broken_off(path, b"more", STATE)
    assert (tmp_path / "file.part").read_bytes() == b"some"


@on_every_loop
async def test_what_is_remembered_is_bounded(tmp_path):
    path = tmp_path / "file"
    await broken_off(path, b"some", STATE)
    (tmp_path / "file.part.json").write_text(json.dumps({**STATE, "more": "x" * 1_000_000}))
    async with PartFile(path, keep=True) as part:
        assert part.state is None
