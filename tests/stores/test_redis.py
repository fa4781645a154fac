"""Values on a real server: gone and back, slow, given up, and who may not come in."""

import asyncio
import os
import shutil
import socket
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from tests.running import on_every_loop
from tests.stores import contract
from tests.stores.servers import running
from tornadolike.stores import RedisStore, StoreError

Later = Callable[[float], Awaitable[None]]


@pytest.fixture
def store(redis_url: str) -> RedisStore:
    return RedisStore(redis_url, prefix=f"tornadolike-{uuid.uuid4()}:")


async def later(seconds: float) -> None:
    """The server's clock cannot be put forward."""
    await asyncio.sleep(seconds)


@on_every_loop
async def test_the_contract(store: RedisStore) -> None:
    await contract.keeps_values(store, "a")
    await contract.sets_what_is_there(store, "b")
    await asyncio.gather(
        contract.lets_values_end(store, "c", later), contract.counts(store, "d", later)
    )
    await contract.refuses(store, "e")
    await contract.opens_again(store, "f")


@on_every_loop
async def test_a_client_of_ones_own(redis_url: str) -> None:
    prefix = f"tornadolike-{uuid.uuid4()}:"
    async with redis.asyncio.from_url(redis_url) as client:
        store = RedisStore(client, prefix=prefix)
        await store.set("a", b"x", 60)
        assert await client.get(f"{prefix}a") == b"x"
        assert 50_000 < await client.pttl(f"{prefix}a") <= 60_000
        await store.close()
        await store.delete("a")
        assert await client.get(f"{prefix}a") is None
    async with redis.asyncio.from_url(redis_url, decode_responses=True) as client:
        with pytest.raises(ValueError, match="decode_responses"):
            RedisStore(client)


def test_one_loop_after_another(store: RedisStore) -> None:
    async def first() -> None:
        await store.set("a", b"x", 60)
        await store.close()

    async def second() -> None:
        assert await store.get("a") == b"x"
        await store.delete("a")
        await store.close()

    asyncio.run(first())
    asyncio.run(second())


def test_two_loops_at_once(store: RedisStore) -> None:
    with asyncio.Runner() as one, asyncio.Runner() as other:
        for number in range(3):
            one.run(store.set("a", b"%d" % number, 60))
            assert other.run(store.get("a")) == b"%d" % number
        assert len(store._connections._clients) == 2
        other.run(store.close())
        assert one.run(store.get("a")) == b"2"
        one.run(store.delete("a"))
        one.run(store.close())


def test_a_forked_process_has_its_own_connections(store: RedisStore) -> None:
    async def child() -> bytes | None:
        try:
            return await store.get("a")
        finally:
            await store.close()

    with asyncio.Runner() as parent:
        parent.run(store.set("a", b"x", 60))
        pid = os.fork()
        if not pid:
            status = 1
            try:
                status = 0 if asyncio.Runner().run(child()) == b"x" else 2
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        assert parent.run(store.get("a")) == b"x"
        parent.run(store.delete("a"))
        parent.run(store.close())


@on_every_loop
async def test_nobody_gets_the_answer_of_another(store: RedisStore) -> None:
    """Not even when operations are given up while their answers are on the way."""
    for number in range(20):
        await store.set(str(number), b"%d" % number, 60)
    given_up = 0
    for turns in range(30):
        tasks = [asyncio.ensure_future(store.get(str(number))) for number in range(20)]
        for _ in range(turns % 10):
            await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        for number, found in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
            if isinstance(found, asyncio.CancelledError):
                given_up += 1
            else:
                assert found == b"%d" % number
    assert given_up
    for number in range(20):
        await store.delete(str(number))
    await store.close()


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
@on_every_loop
async def test_the_server_goes_and_comes_back(tmp_path: Path) -> None:
    with running(tmp_path) as address:
        store = RedisStore(address, timeout=5)
        await asyncio.gather(*(store.set(str(number), b"x", 60) for number in range(5)))
    for operation in (store.get("1"), store.set("1", b"", 60), store.touch("1", 60)):
        with pytest.raises(StoreError, match="whether the server is running"):
            await operation
    for operation in (store.delete("1"), store.count("1", 60)):
        with pytest.raises(StoreError, match="whether the server is running"):
            await operation
    with running(tmp_path):
        assert await store.get("1") is None
        assert await store.set("1", b"y", 60)
        assert await store.get("1") == b"y"
    with running(tmp_path):  # its connections are closed, and nobody has noticed
        assert (await store.count("n", 60))[0] == 1
        await store.close()


@on_every_loop
async def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        store = RedisStore(f"unix://{path}", timeout=0.1)
        began = asyncio.get_running_loop().time()
        with pytest.raises(StoreError, match=r"not answered within 0\.1 s|running"):
            await store.get("a")
        assert asyncio.get_running_loop().time() - began < 2
        await store.close()


@on_every_loop
async def test_a_server_that_talks_nonsense(tmp_path: Path) -> None:
    path = tmp_path / "nonsense.sock"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_unix_server(talk, path):
        store = RedisStore(f"unix://{path}")
        with pytest.raises(StoreError):
            await store.get("a")
        await store.close()


def test_no_password_is_told() -> None:
    async def main() -> None:
        store = RedisStore("redis://user:secret@127.0.0.1:1/0?password=secret")
        with pytest.raises(StoreError, match=r"redis://127\.0\.0\.1:1/0: ") as caught:
            await store.get("a")
        assert "secret" not in str(caught.value)
        await store.close()

    asyncio.run(main())


def test_wrong_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisStore("localhost:6379")
    with pytest.raises(ValueError, match="more than 0"):
        RedisStore("redis://localhost", timeout=0)
    with pytest.raises(ValueError, match="more than 0"):
        RedisStore("redis://localhost", max_connections=0)
    missing: Any = None
    monkeypatch.setitem(sys.modules, "redis.asyncio", missing)
    with pytest.raises(ImportError, match=r"pip install tornadolike\[redis\]"):
        RedisStore("redis://localhost")
