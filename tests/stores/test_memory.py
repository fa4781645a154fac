"""Values in this process: bounds, and what goes first."""

from collections.abc import Awaitable, Callable

import pytest

from tests.running import on_every_loop
from tests.stores import contract
from tornadolike.stores import MemoryStore, StoreError, memory

Later = Callable[[float], Awaitable[None]]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    now = [1000.0]
    monkeypatch.setattr(memory, "monotonic", lambda: now[0])

    async def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


@on_every_loop
async def test_the_contract(later: Later) -> None:
    store = MemoryStore()
    await contract.keeps_values(store, "a")
    await contract.sets_what_is_there(store, "b")
    await contract.lets_values_end(store, "c", later)
    await contract.counts(store, "d", later)
    await contract.refuses(store, "e")
    await contract.opens_again(store, "f")


@on_every_loop
async def test_the_least_recently_used_goes() -> None:
    store = MemoryStore(max_entries=3)
    for key in "abc":
        await store.set(key, b"", 60)
    await store.get("a")
    await store.touch("b", 60)
    await store.set("d", b"", 60)
    assert await store.get("c") is None
    assert len(store) == 3


@on_every_loop
async def test_the_bytes_are_bounded() -> None:
    store = MemoryStore(max_bytes=10_000)
    for number in range(100):
        await store.set(str(number), bytes(1000), 60)
        assert store.size <= 10_000
    assert len(store) == 7
    assert await store.get("99")
    await store.set("99", b"", 60)
    assert store.size == 6 * (1002 + memory.ENTRY_SIZE) + 2 + memory.ENTRY_SIZE
    with pytest.raises(StoreError, match="max_bytes=10000"):
        await store.set("98", bytes(10_000), 60)
    await store.close()
    assert store.size == len(store) == 0
    for bounds in ({"max_entries": 0}, {"max_bytes": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            MemoryStore(**bounds)


@on_every_loop
async def test_what_has_ended_makes_room_first(later: Later) -> None:
    store = MemoryStore(max_entries=3)
    await store.set("stays", b"", 100)
    await store.set("ends", b"", 1)
    await store.set("moved", b"", 1)
    await store.touch("moved", 100)
    await later(2)
    await store.set("new", b"", 100)
    assert [
        key for key in ("stays", "ends", "moved", "new") if await store.get(key) is not None
    ] == [
        "stays",
        "moved",
        "new",
    ]
    await store.set("new", b"", 10)
    await later(20)
    assert len(store) == 2
    await later(200)
    assert len(store) == 0
    assert store.size == 0


@on_every_loop
async def test_its_memory_does_not_grow_by_use(later: Later) -> None:
    store = MemoryStore()
    for number in range(10_000):
        await store.set("same", b"%d" % number, 60)
        await store.delete("other")
        await store.set("other", b"", 60 - number / 1000)
    assert len(store._ends) < 2 * memory._SPARE_ENDS
    await later(61)
    assert len(store) == 0
    assert not store._ends
