"""Names by which what is kept is invalidated."""

from dataclasses import replace

from tests.caching.helpers import SlowStore
from tests.caching.test_entries import ENTRY
from tests.running import on_every_loop
from tornadolike.caching.generations import Generations, path_token
from tornadolike.stores import MemoryStore


async def kept(generations, *names):
    """An entry with these names, as it is kept when nothing happens meanwhile."""
    generation, tokens = await generations.begin(names)
    return await generations.settle(replace(ENTRY, generation=generation, tokens=tokens))


async def is_good(generations, entry):
    generation = await generations.current()
    return generation is not None and await generations.is_good(entry, generation)


@on_every_loop
async def test_names_are_invalidated_for_all_who_share_the_store():
    store = SlowStore()
    ours, theirs = Generations(store), Generations(store)
    entries = [await kept(ours, "a"), await kept(theirs, "b"), await kept(ours, "a", "b")]
    for generations in (ours, theirs):
        assert [await is_good(generations, entry) for entry in entries] == [True, True, True]
    await theirs.invalidate(["a", "never heard of"])
    for generations in (ours, theirs):
        assert [await is_good(generations, entry) for entry in entries] == [False, True, False]
    assert await is_good(ours, await kept(theirs, "a"))


@on_every_loop
async def test_what_is_invalidated_while_its_handler_is_at_work_is_not_kept():
    for known_before in (False, True):
        generations = Generations(MemoryStore())
        if known_before:
            await kept(generations, "a")
        generation, tokens = await generations.begin(["a"])
        await generations.invalidate(["a"])
        entry = replace(ENTRY, generation=generation, tokens=tokens)
        assert await generations.settle(entry) is None
        # But what has other names is.
        other = replace(ENTRY, generation=generation, tokens={"b": ""})
        assert await is_good(generations, await generations.settle(other))


@on_every_loop
async def test_nothing_comes_back_that_the_store_has_forgotten():
    store = MemoryStore()
    generations = Generations(store)
    entry = await kept(generations, "a")
    key = next(key for key in store._entries if key.endswith(":a"))
    await generations.invalidate(["a"])
    await store.delete(key)
    assert not await is_good(generations, entry)
    await store.close()
    assert not await is_good(generations, entry)
    assert await generations.settle(entry) is None


@on_every_loop
async def test_nothing_is_written_for_what_is_not_kept():
    store = MemoryStore()
    await Generations(store).begin(["a", "b"])
    assert len(store) == 0


def test_paths_share_their_tokens():
    tokens = {path_token(f"/{number}\udcff") for number in range(20_000)}
    assert len(tokens) <= 1024
    assert path_token("/a") == path_token("/a")
