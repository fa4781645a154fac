"""Tokens in a file of the user."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import LOOPS, on_every_loop, run_on, turns
from tornadolike.auth import FileTokens, Token

TOKEN = Token("access", refresh_token="refresh")
ROOT = Path(__file__).parents[3]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@on_every_loop
async def test_only_its_owner_can_read_it(tmp_path):
    before = os.umask(0)
    try:
        path = tmp_path / "config" / "tool" / "tokens.json"
        await FileTokens(path).save("ann", TOKEN)
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert json.loads(path.read_text())["ann"]["access_token"] == "access"
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "tokens.json",
        "tokens.json.lock",
    ]


@on_every_loop
async def test_looking_makes_nothing(tmp_path):
    assert await FileTokens(tmp_path / "tokens.json").load("ann") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("others", [0o640, 0o604, 0o620, 0o602, 0o666])
@on_every_loop
async def test_a_file_that_others_can_read(tmp_path, others):
    path = tmp_path / "tokens.json"
    tokens = FileTokens(path)
    await tokens.save("ann", TOKEN)
    path.chmod(others)
    for attempt in (tokens.load("ann"), tokens.save("ann", TOKEN), tokens.delete("ann")):
        with pytest.raises(PermissionError, match="chmod 600"):
            await attempt
    path.chmod(0o600)
    assert await tokens.load("ann") == TOKEN


@on_every_loop
async def test_a_file_of_somebody_else(tmp_path, monkeypatch):
    tokens = FileTokens(tmp_path / "tokens.json")
    await tokens.save("ann", TOKEN)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(PermissionError, match="belongs to another user"):
        await tokens.load("ann")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff\xfe", b" " * (1024 * 1024) + b"{}", b"[" * 100_000]
)
@on_every_loop
async def test_what_is_no_file_of_tokens(tmp_path, content):
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ValueError, match="is no file of tokens") as caught:
        await FileTokens(path).load("ann")
    assert "Expecting" not in str(caught.value)
    with pytest.raises(ValueError, match="is no file of tokens"):
        await FileTokens(path).save("ann", TOKEN)
    assert path.read_bytes() == content


@on_every_loop
async def test_what_is_written_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "tokens.json"
    tokens = FileTokens(path)
    await tokens.save("ann", TOKEN)

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await tokens.save("bob", TOKEN)
    assert await tokens.load("ann") == TOKEN
    assert await tokens.load("bob") is None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["tokens.json", "tokens.json.lock"]


def test_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FileTokens("~/x/tokens.json").path == tmp_path / "x" / "tokens.json"


@on_every_loop
async def test_who_is_cancelled_while_waiting(tmp_path):
    path = tmp_path / "tokens.json"
    async with FileTokens(path).exclusively("ann"):
        waiting = asyncio.create_task(FileTokens(path).save("ann", TOKEN))
        await turns(20)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])
    async with asyncio.timeout(50), FileTokens(path).exclusively("ann"):
        pass


@on_every_loop
async def test_tasks_with_one_object(tmp_path):
    tokens = FileTokens(tmp_path / "tokens.json")
    async with tokens.exclusively("ann"):
        other = asyncio.create_task(tokens.save("ann", Token("of another task")))
        await turns(20)
        assert await tokens.load("ann") is None
        await tokens.save("ann", TOKEN)
    assert await other
    assert (await tokens.load("ann")).access_token == "of another task"


COUNTING = """
import asyncio, sys
from tornadolike.auth import FileTokens, Token

async def main():
    tokens = FileTokens(sys.argv[1])
    for _ in range(5):
        async with tokens.exclusively("count"):
            before = await tokens.load("count")
            count = int(before.access_token) if before else 0
            await tokens.save("count", Token(str(count + 1)))
        await tokens.save(sys.argv[2], Token(sys.argv[2]))

asyncio.run(main())
"""


@pytest.mark.once
def test_processes_wait_for_each_other(tmp_path):
    path = tmp_path / "tokens.json"
    command = [sys.executable, "-c", COUNTING, str(path)]
    running = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("one", "two", "three")]
    assert [process.wait(50) for process in running] == [0, 0, 0]
    saved = json.loads(path.read_text())
    assert saved.keys() == {"count", "one", "two", "three"}
    assert saved["count"]["access_token"] == "15"


@pytest.mark.parametrize("loop_kind", LOOPS)
def test_one_loop_after_the_other(tmp_path, loop_kind):
    tokens = FileTokens(tmp_path / "tokens.json")

    async def crowd():
        await asyncio.gather(*[tokens.save(str(number), TOKEN) for number in range(3)])

    for _ in range(2):
        run_on(LOOPS[loop_kind], crowd())
