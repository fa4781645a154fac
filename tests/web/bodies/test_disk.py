"""Files that threads write, and that are there when they are whole."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.running import on_every_loop, turns
from tornadolike.concurrent import in_thread
from tornadolike.web.bodies.disk import WRITE_SIZE, NewFile


@on_every_loop
async def test_a_thread_does_it() -> None:
    assert await in_thread(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 1, 0)


@on_every_loop
async def test_who_is_cancelled_waits_for_the_thread() -> None:
    """However often: what the thread works with may be closed behind."""
    gate = threading.Event()
    ended = threading.Event()

    def work() -> None:
        gate.wait(10)
        ended.set()
        raise ZeroDivisionError  # which is nobody's concern any more

    task = asyncio.ensure_future(in_thread(work))
    await turns()
    for _ in range(3):
        task.cancel()
        await turns()
    assert not task.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which threads open, write and rename."""
    seen: list[int] = []

    def watched(name: str) -> Callable[..., Any]:
        function = getattr(os, name)

        def call(*args: Any) -> Any:
            if isinstance(args[-1], memoryview | int) or name == "replace":  # not the loop's own
                seen.append(threading.get_ident())
            return function(*args)

        return call

    for name in ("open", "write", "replace"):
        monkeypatch.setattr(os, name, watched(name))
    return seen


@on_every_loop
async def test_a_new_file(tmp_path: Path, threads: list[int]) -> None:
    path = tmp_path / "f"
    async with NewFile(path) as file:
        for count in range(3):
            await file.write(b"x" * (WRITE_SIZE - 1))
            assert os.listdir(tmp_path) == [os.path.basename(file._part)]
            assert file.size == (WRITE_SIZE - 1) * (count + 1)
    assert path.read_bytes() == b"x" * 3 * (WRITE_SIZE - 1)
    assert os.listdir(tmp_path) == ["f"]
    assert len(threads) >= 4
    assert threading.get_ident() not in threads


@on_every_loop
async def test_a_short_name_in_this_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with NewFile("f" * 255):
        pass
    assert os.listdir() == ["f" * 255]


@on_every_loop
async def test_what_breaks_off_is_not_there(tmp_path: Path) -> None:
    async def write_and_fail() -> None:
        async with NewFile(tmp_path / "f") as file:
            await file.write(b"x" * WRITE_SIZE)
            raise ZeroDivisionError

    (tmp_path / "f").write_text("older")
    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_text() == "older"


@pytest.mark.parametrize(
    ("place", "error"), [("none/f", FileNotFoundError), ("f/f", NotADirectoryError), ("", OSError)]
)
def test_where_no_file_can_be(tmp_path: Path, place: str, error: type[OSError]) -> None:
    async def write() -> None:
        async with NewFile(tmp_path / place):
            pass

    (tmp_path / "f").touch()
    with pytest.raises(error):
        asyncio.run(write())
    assert os.listdir(tmp_path) == ["f"]
    assert [name for name in os.listdir(tmp_path.parent) if "upload-" in name] == []


@on_every_loop
async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    real_write = os.write

    def write(descriptor: int, data: memoryview) -> int:
        if not isinstance(data, memoryview):  # the loop's own
            return real_write(descriptor, data)
        if taken:
            raise OSError(28, "No space left on device")
        taken.append(len(data))
        return 1

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space"):
        async with NewFile(tmp_path / "f") as file:
            await file.write(b"x" * WRITE_SIZE)
    assert os.listdir(tmp_path) == []
