"""aiofiles, files through the loop's executor, on our loop."""

import asyncio
from pathlib import Path

import aiofiles
import aiofiles.os
import aiofiles.tempfile


async def test_write_and_read(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    async with aiofiles.open(path, "w") as file:
        await file.writelines(f"line {number}\n" for number in range(100))
    async with aiofiles.open(path) as file:
        assert [line async for line in file] == [f"line {number}\n" for number in range(100)]
    assert (await aiofiles.os.stat(path)).st_size == path.stat().st_size
    await aiofiles.os.remove(path)
    assert not path.exists()


async def test_many_at_once(tmp_path: Path) -> None:
    async def write(number: int) -> None:
        async with aiofiles.open(tmp_path / str(number), "wb") as file:
            await file.write(b"x" * number)

    await asyncio.gather(*(write(number) for number in range(50)))
    assert [(tmp_path / str(n)).stat().st_size for n in range(50)] == list(range(50))


async def test_temporary_file() -> None:
    async with aiofiles.tempfile.TemporaryFile("w+") as file:
        await file.write("hello")
        await file.seek(0)
        assert await file.read() == "hello"
