"""The interface: what a store of one's own gets."""

from typing import Any

import pytest

from tests.running import on_every_loop
from tornadolike.stores import MemoryStore, RedisStore, SQLiteStore, Store


@on_every_loop
async def test_the_last_life_closes() -> None:
    closed = []

    class Own(MemoryStore):
        async def close(self) -> None:
            closed.append(self)

    store = Own()
    async with store.lifetime(object()):
        async with store.lifetime():
            pass
        assert closed == []
    assert closed == [store]
    with pytest.raises(ZeroDivisionError):
        async with store.lifetime():
            raise ZeroDivisionError
    assert closed == [store, store]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda wrong: MemoryStore(max_entries=wrong), "max_entries"),
        (lambda wrong: MemoryStore(max_bytes=wrong), "max_bytes"),
        (lambda wrong: SQLiteStore("x.db", timeout=wrong), "timeout"),
        (lambda wrong: SQLiteStore("x.db", max_bytes=wrong), "max_bytes"),
        (lambda wrong: RedisStore("redis://x", timeout=wrong), "timeout"),
        (lambda wrong: RedisStore("redis://x", max_connections=wrong), "max_connections"),
        (lambda wrong: RedisStore(wrong), "redis://host:6379/0"),
    ],
)
def test_arguments_of_another_kind_are_told_at_once(make: Any, name: str) -> None:
    for wrong in (None, b"10", [1], True):
        with pytest.raises(TypeError, match=name):
            make(wrong)


def test_all_that_is_abstract_is_asked_for() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Store()  # type: ignore[abstract]
