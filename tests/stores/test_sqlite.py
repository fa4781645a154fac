"""Values in a file: restarts, other processes, files that are none."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

import tornadolike
from tests.running import on_every_loop
from tests.stores import contract
from tornadolike.stores import MemoryStore, SQLiteStore, Store, StoreError, memory, sqlite

Later = Callable[[float], Awaitable[None]]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    now = [1_700_000_000.0]
    monkeypatch.setattr(sqlite, "time", lambda: now[0])

    async def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


@on_every_loop
async def test_the_contract(tmp_path: Path, later: Later) -> None:
    store = SQLiteStore(tmp_path / "values")
    await contract.keeps_values(store, "a")
    await contract.sets_what_is_there(store, "b")
    await contract.lets_values_end(store, "c", later)
    await contract.counts(store, "d", later)
    await contract.refuses(store, "e")
    await contract.opens_again(store, "f")


@on_every_loop
async def test_a_restart_is_survived(tmp_path: Path, later: Later) -> None:
    path = tmp_path / "values"
    before = SQLiteStore(str(path))
    await before.set("stays", b"1", 100)
    await before.set("ends", b"1", 10)
    await before.close()
    await later(20)
    after = SQLiteStore(path)
    assert await after.get("stays") == b"1"
    assert await after.get("ends") is None
    await after.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@on_every_loop
async def test_what_has_ended_is_removed(tmp_path: Path, later: Later) -> None:
    store = SQLiteStore(tmp_path / "values")
    for number in range(20):
        await store.set(str(number), b"", 1)
    await later(sqlite.REMOVE_SECONDS + 1)
    await store.count("new", 100)
    await store.close()
    rows = sqlite3.connect(tmp_path / "values")
    assert rows.execute("SELECT key FROM entries").fetchall() == [(b"new",)]
    rows.close()


@on_every_loop
async def test_several_count_together(tmp_path: Path) -> None:
    stores = [SQLiteStore(tmp_path / "values") for _ in range(3)]
    found = await asyncio.gather(*(store.count("n", 60) for _ in range(30) for store in stores))
    assert sorted(total for total, _ in found) == list(range(1, 91))
    done = await asyncio.gather(
        *(store.set("n", b"%d" % i, 60, instead_of=b"90") for i, store in enumerate(stores))
    )
    assert done.count(True) == 1
    assert await stores[1].get("n") == b"%d" % done.index(True)
    for store in stores:
        await store.close()


@on_every_loop
async def test_what_is_behind_it_fails(tmp_path: Path) -> None:
    (tmp_path / "torn").write_bytes(b"no database at all, but quite long" * 100)
    (tmp_path / "folder").mkdir()
    for path, advice in (
        (tmp_path / "torn", "move the file away"),
        (tmp_path / "nowhere" / "values", "whether its folder is there"),
        (tmp_path / "folder", "whether its folder is there"),
    ):
        store = SQLiteStore(path)
        with pytest.raises(StoreError, match=advice):
            await store.get("a")
        with pytest.raises(StoreError, match=advice):
            await store.set("a", b"", 60)
        await store.close()


@on_every_loop
async def test_it_recovers(tmp_path: Path) -> None:
    """A file that could not be opened is tried again."""
    store = SQLiteStore(tmp_path / "folder" / "values")
    with pytest.raises(StoreError, match="folder"):
        await store.get("a")
    (tmp_path / "folder").mkdir()
    assert await store.set("a", b"x", 60)
    await store.close()


@on_every_loop
async def test_a_file_that_is_torn_while_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_torn(file: Any, key: str) -> bytes | None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    store = SQLiteStore(tmp_path / "values")
    await store.set("a", b"x", 60)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite._File, "get", find_torn)
        with pytest.raises(StoreError, match="move the file away"):
            await store.get("a")
    for file in tmp_path.iterdir():
        file.unlink()
    assert await store.get("a") is None
    assert (tmp_path / "values").exists(), "it is a new one"
    await store.close()


@on_every_loop
async def test_a_lock_is_waited_for_so_long(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "values", timeout=0.05)
    await store.set("a", b"x", 60)
    other = sqlite3.connect(tmp_path / "values", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"another process .*timeout="):
        await store.set("a", b"y", 60)
    with pytest.raises(StoreError, match=r"another process .*timeout="):
        await store.count("n", 60)
    assert await store.get("a") == b"x"
    other.execute("ROLLBACK")
    other.close()
    assert await store.set("a", b"y", 60)
    assert (await store.count("n", 60))[0] == 1
    await store.close()


@on_every_loop
async def test_it_counts_what_others_have_counted_while_it_waited(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "values")
    await store.count("n", 60)
    other = sqlite3.connect(tmp_path / "values", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE entries SET value = x'39'")
    counting = asyncio.ensure_future(store.count("n", 60))
    await asyncio.sleep(0.02)  # by when it waits, as a rule
    other.execute("COMMIT")
    other.close()
    assert (await counting)[0] == 10
    await store.close()


@on_every_loop
async def test_the_file_is_bounded(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "values", max_bytes=100_000)
    filling = (store.set(str(number), os.urandom(3000), 60) for number in range(100))
    with pytest.raises(StoreError, match="max_bytes="):
        await asyncio.gather(*filling)
    assert await store.get("0")
    await store.close()
    assert (tmp_path / "values").stat().st_size <= 100_000


@on_every_loop
async def test_who_does_not_wait_for_it_disturbs_nobody(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "values")
    given_up = [asyncio.ensure_future(store.set(str(number), b"x", 60)) for number in range(10)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    assert await store.set("a", b"y", 60)
    assert await store.get("a") == b"y"
    await store.close()


@on_every_loop
async def test_used_while_it_is_closed(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "values")
    for _ in range(20):
        await asyncio.gather(
            store.set("a", b"x", 60), store.close(), store.get("a"), store.get("a")
        )
    assert await store.get("a") == b"x"
    await store.close()


def test_many_open_it_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        for number in range(10):
            stores = [SQLiteStore(tmp_path / f"values{number}") for _ in range(6)]
            await asyncio.gather(*(store.count("n", 60) for store in stores))
            assert await stores[0].get("n") == b"6"
            await asyncio.gather(*(store.close() for store in stores))

    tornadolike.run(main())


def test_a_forked_process_opens_its_own(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "values")

    async def parent() -> None:
        await store.set("a", b"x", 60)

    async def child() -> None:
        assert await store.get("a") == b"x"
        await store.set("a", b"child", 60)
        await store.close()

    tornadolike.run(parent())
    pid = os.fork()
    if not pid:
        status = 1
        try:
            tornadolike.run(child())
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0

    async def again() -> None:
        assert await store.get("a") == b"child"
        await store.close()

    tornadolike.run(again())


KEYS = strategies.sampled_from("ab")
SECONDS = strategies.sampled_from([1.0, 5.0, 50.0])
VALUES = strategies.sampled_from([b"", b"7", b"x"])
OPERATIONS = (
    strategies.tuples(strategies.just("get"), KEYS)
    | strategies.tuples(strategies.just("set"), KEYS, VALUES, SECONDS)
    | strategies.tuples(strategies.just("replace"), KEYS, VALUES, SECONDS, VALUES)
    | strategies.tuples(strategies.just("touch"), KEYS, SECONDS)
    | strategies.tuples(strategies.just("delete"), KEYS)
    | strategies.tuples(strategies.just("count"), KEYS, SECONDS)
    | strategies.tuples(strategies.just("later"), SECONDS)
)


async def told(store: Store, operation: tuple[Any, ...]) -> Any:
    """What an operation gives."""
    name, *arguments = operation
    try:
        if name == "replace":
            *arguments, before = arguments
            return await store.set(*arguments, instead_of=before)
        return await getattr(store, name)(*arguments)
    except StoreError:
        return "no counter"


@hypothesis.settings(max_examples=40)
@hypothesis.given(strategies.lists(OPERATIONS, max_size=12))
def test_it_does_what_a_store_in_memory_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operations: list[tuple[Any, ...]]
) -> None:
    now = [1_700_000_000.0]
    monkeypatch.setattr(sqlite, "time", lambda: now[0])
    monkeypatch.setattr(memory, "monotonic", lambda: now[0])

    async def main() -> None:
        one, other = MemoryStore(), SQLiteStore(tmp_path / "same")
        for key in "ab":
            await other.delete(key)
        for operation in operations:
            if operation[0] == "later":
                now[0] += operation[1]
            else:
                assert await told(one, operation) == await told(other, operation), operation
        await other.close()

    asyncio.run(main())


def test_wrong_arguments() -> None:
    for path in (":memory:", "", "a\x00b"):
        with pytest.raises(ValueError, match=r"MemoryStore\(\)"):
            SQLiteStore(path)
    with pytest.raises(ValueError, match="more than 0"):
        SQLiteStore("a", timeout=0)
    with pytest.raises(ValueError, match="more than 0"):
        SQLiteStore("a", max_bytes=0)
