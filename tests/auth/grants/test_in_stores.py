"""Tokens in a store, encrypted."""

import asyncio
import time

import pytest

from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike.auth import StoreTokens, Token
from tornadolike.stores import MemoryStore

OLD, NEW = "5be1c07f2a934d68b0f1e2d3c4b5a697", "c0ffee11d4c3b2a190817263545f6e7d"
TOKEN = Token("very-secret-token", refresh_token="very-secret-refresh")


@on_every_loop
async def test_the_store_cannot_read_them():
    store = MemoryStore()
    await StoreTokens(store, OLD).save("ann", TOKEN)
    kept = await store.get("token:of:ann")
    assert kept
    assert b"very-secret" not in kept
    await StoreTokens(store, OLD).save("ann", TOKEN)
    assert await store.get("token:of:ann") != kept  # nor see that it is the same


@on_every_loop
async def test_nobody_gets_the_token_of_somebody_else():
    store = MemoryStore()
    await StoreTokens(store, OLD).save("ann", TOKEN)
    await store.set("token:of:eve", await store.get("token:of:ann"), 60)
    assert await StoreTokens(store, OLD).load("eve") is None


@pytest.mark.parametrize("value", [b"", b"\x01" * 60, b'{"access_token": "forged"}'])
@on_every_loop
async def test_what_was_not_sealed(value):
    store = MemoryStore()
    await store.set("token:of:ann", value, 60)
    assert await StoreTokens(store, OLD).load("ann") is None
    assert not await StoreTokens(store, OLD).save("ann", TOKEN, instead_of=TOKEN)


@on_every_loop
async def test_secrets_are_replaced():
    store = MemoryStore()
    await StoreTokens(store, OLD).save("ann", TOKEN)
    both = StoreTokens(store, [NEW, OLD])
    assert await both.load("ann") == TOKEN
    assert await both.save("ann", Token("next"), instead_of=TOKEN)
    assert await StoreTokens(store, OLD).load("ann") is None
    assert await StoreTokens(store, NEW).load("ann") == Token("next")


@pytest.mark.parametrize("secrets", ["short", [], [OLD, "short"], b"x"])
def test_weak_secrets(secrets):
    with pytest.raises(ValueError, match="secret"):
        StoreTokens(MemoryStore(), secrets)


@on_every_loop
async def test_two_kinds_in_one_store():
    store = MemoryStore()
    await StoreTokens(store, OLD, prefix="google:").save("ann", TOKEN)
    assert await StoreTokens(store, OLD, prefix="github:").load("ann") is None


class Clocked(MemoryStore):
    """Whose counters end by the clock of the loop."""

    def __init__(self):
        super().__init__()
        self.turns = {}

    async def count(self, key, seconds, by=1):
        now = asyncio.get_running_loop().time()
        total, end = self.turns.get(key, (0, now + seconds))
        if end <= now:
            total, end = 0, now + seconds
        self.turns[key] = total + by, end
        return total + by, end - now

    async def delete(self, key):
        return self.turns.pop(key, None) is not None or await super().delete(key)


@on_jumping_clock
async def test_who_dies_while_renewing():
    store, clock = Clocked(), asyncio.get_running_loop().time
    await store.count("token:renewing:ann", 60)  # and nobody ever ends it
    begun = clock()
    async with StoreTokens(store, OLD).exclusively("ann"):
        assert 60 <= clock() - begun < 61
    async with asyncio.timeout(1), StoreTokens(store, OLD).exclusively("bob"):
        pass


@on_jumping_clock
async def test_who_takes_too_long_does_not_end_the_turn_of_another():
    store, order = Clocked(), []

    async def renew(name, seconds):
        async with StoreTokens(store, OLD, renewing=10).exclusively("ann"):
            order.append(f"{name} begins")
            await asyncio.sleep(seconds)
        order.append(f"{name} ends")

    slow = asyncio.create_task(renew("slow", 12))
    await turns()
    second = asyncio.create_task(renew("second", 5))
    await asyncio.sleep(13)
    third = asyncio.create_task(renew("third", 1))
    await asyncio.gather(slow, second, third)
    assert order == [
        *("slow begins", "second begins", "slow ends"),
        *("second ends", "third begins", "third ends"),
    ]


@on_every_loop
async def test_who_is_cancelled_lets_the_next_in():
    store = MemoryStore()
    entered = asyncio.Event()

    async def stuck():
        async with StoreTokens(store, OLD).exclusively("ann"):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stuck())
    await entered.wait()
    task.cancel()
    await asyncio.wait([task])
    async with asyncio.timeout(50), StoreTokens(store, OLD).exclusively("ann"):
        pass


@on_every_loop
async def test_their_time():
    store = MemoryStore()
    with_end = StoreTokens(store, OLD, seconds=0.01)
    await with_end.save("ann", TOKEN)
    end = time.monotonic() + 50
    while await with_end.load("ann") is not None:
        assert time.monotonic() < end
        await asyncio.sleep(0.005)
