"""What every store promises: functions that get one, and a clock that can be put forward."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tornadolike.stores import Store, StoreError

Later = Callable[[float], Awaitable[None]]
"""Lets so many seconds pass for the store."""


async def keeps_values(store: Store, name: str) -> None:
    assert await store.get(name) is None
    assert await store.set(name, b"\x00\xff", 60) is True
    assert await store.get(name) == b"\x00\xff"
    assert await store.get(f"{name}é") is None
    assert await store.set(name, b"", 60) is True
    assert await store.get(name) == b""
    assert await store.delete(name) is True
    assert await store.delete(name) is False
    assert await store.get(name) is None
    assert await store.set(f"{name}\x00é", b"nul", 60)
    assert await store.get(f"{name}\x00é") == b"nul"
    assert await store.get(f"{name}\x00") is None
    await store.delete(f"{name}\x00é")


async def sets_what_is_there(store: Store, name: str) -> None:
    assert await store.set(name, b"x", 60, instead_of=b"") is False
    assert await store.get(name) is None
    await store.set(name, b"\x00\xff", 60)
    assert await store.set(name, b"y", 60, instead_of=b"\x00") is False
    assert await store.set(name, b"", 60, instead_of=b"\x00\xff") is True
    assert await store.set(name, b"y", 60, instead_of=b"") is True
    assert await store.get(name) == b"y"
    done = await asyncio.gather(
        *(store.set(name, b"%d" % i, 60, instead_of=b"y") for i in range(20))
    )
    assert done.count(True) == 1
    assert await store.get(name) == b"%d" % done.index(True)
    await store.delete(name)
    assert await store.set(name, b"z", 60, instead_of=b"y") is False
    assert await store.touch(name, 60) is False
    assert await store.get(name) is None


async def lets_values_end(store: Store, name: str, later: Later) -> None:
    await store.set(name, b"x", 0.2)
    await store.set(f"{name}2", b"x", 0.2)
    assert await store.touch(f"{name}2", 100) is True
    await later(0.3)
    assert await store.get(name) is None
    assert await store.touch(name, 60) is False
    assert await store.set(name, b"x", 60, instead_of=b"x") is False
    assert await store.get(f"{name}2") == b"x"
    assert await store.touch(f"{name}2", 0.2) is True
    await later(0.3)
    assert await store.get(f"{name}2") is None


async def counts(store: Store, name: str, later: Later) -> None:
    total, left = await store.count(name, 0.4)
    assert total == 1
    assert 0 < left <= 0.41
    await later(0.1)
    total, left = await store.count(name, 100, by=5)
    assert total == 6
    assert 0 < left <= 0.31
    assert await store.get(name) == b"6"
    assert (await store.count(name, 100, by=0))[0] == 6
    await later(0.4)
    total, left = await store.count(name, 100)
    assert total == 1
    assert 99 < left <= 100.01
    assert (await store.count(name, 100, by=-3))[0] == -2
    await store.delete(name)
    sums = await asyncio.gather(*(store.count(name, 60) for _ in range(50)))
    assert sorted(total for total, _ in sums) == list(range(1, 51))
    await store.set(name, b"text", 60)
    with pytest.raises(StoreError, match="is no counter"):
        await store.count(name, 60)
    assert await store.get(name) == b"text"
    await store.delete(name)


async def refuses(store: Store, name: str) -> None:
    wrong: Any
    for wrong in (0, -1, float("inf"), float("nan"), 1e12):
        for call in (store.touch(name, wrong), store.set(name, b"", wrong)):
            with pytest.raises(ValueError, match="seconds"):
                await call
        with pytest.raises(ValueError, match="seconds"):
            await store.count(name, wrong)
    for wrong in (b"bytes", None):
        with pytest.raises(TypeError, match="the key of a store is a str"):
            await store.get(wrong)
    for wrong in ("text", None, bytearray(b"x")):
        with pytest.raises(TypeError, match="for a number of seconds"):
            await store.set("k", b"", "60")
        with pytest.raises(TypeError, match="a store keeps bytes"):
            await store.set(name, wrong, 60)
    for lone in (store.get("\ud800"), store.set("\ud800", b"", 60), store.delete("\ud800")):
        with pytest.raises(ValueError, match="lone surrogates"):
            await lone
    assert await store.get(name) is None


async def opens_again(store: Store, name: str) -> None:
    await store.close()
    await store.set(name, b"x", 60)
    assert await store.get(name) == b"x"
    await store.close()
    await store.close()
    async with store.lifetime(), store.lifetime():
        await store.set(name, b"x", 60)
    await store.delete(name)
    await store.close()
