"""What every storage promises, and tokens as JSON."""

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running import on_every_loop
from tornadolike.auth import FileTokens, MemoryTokens, StoreTokens, Token, TokenStorage
from tornadolike.auth.grants.storage import decode, encode, from_bytes, to_bytes
from tornadolike.stores import MemoryStore

SECRET = "b1f9c0a27d3e4f5860718293a4b5c6d7"
TOKEN = Token(
    "access", "bearer", 1234.5678, "a b", "refresh", "header.claims.signature", {"x": [1, {"y": 2}]}
)
OTHER = Token("other")


@pytest.fixture(params=["memory", "store", "file"])
def storage(request, tmp_path):
    return {
        "memory": MemoryTokens,
        "store": lambda: StoreTokens(MemoryStore(), SECRET),
        "file": lambda: FileTokens(tmp_path / "tokens.json"),
    }[request.param]()


@on_every_loop
async def test_what_is_kept(storage):
    assert await storage.load("ann") is None
    assert await storage.save("ann", TOKEN)
    assert await storage.load("ann") == TOKEN
    assert await storage.load("bob") is None
    assert await storage.save("bob", OTHER)
    assert await storage.save("ann", OTHER)
    assert await storage.load("ann") == OTHER
    await storage.delete("ann")
    await storage.delete("ann")
    assert await storage.load("ann") is None
    assert await storage.load("bob") == OTHER


@on_every_loop
async def test_instead_of_another(storage):
    assert not await storage.save("ann", TOKEN, instead_of=OTHER)
    assert await storage.load("ann") is None
    await storage.save("ann", TOKEN)
    assert not await storage.save("ann", OTHER, instead_of=OTHER)
    assert await storage.load("ann") == TOKEN
    assert await storage.save("ann", OTHER, instead_of=TOKEN)
    assert await storage.load("ann") == OTHER


@pytest.mark.parametrize("key", ["", "a/b", "../x", "ключ", "renewing:ann", "x" * 1000, "a\nb"])
@on_every_loop
async def test_any_text_is_a_key(storage, key):
    async with storage.exclusively("ann"):
        await storage.save(key, TOKEN)
    assert await storage.load(key) == TOKEN
    assert await storage.load("ann") is None


@on_every_loop
async def test_who_renews_may_save(storage):
    async with storage.exclusively("ann"):
        assert await storage.save("ann", TOKEN)
        assert await storage.load("ann") == TOKEN
        assert await storage.save("ann", OTHER, instead_of=TOKEN)
        await storage.delete("ann")


@on_every_loop
async def test_an_error_lets_the_next_in(storage):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            async with storage.exclusively("ann"):
                raise ZeroDivisionError
    async with asyncio.timeout(50), storage.exclusively("ann"):
        pass


@pytest.mark.parametrize("kind", ["store", "file"])
@on_every_loop
async def test_one_at_a_time(kind, tmp_path):
    """Several processes have an object each, and see the same behind it."""
    store = MemoryStore()
    new = {
        "store": partial(StoreTokens, store, SECRET),
        "file": partial(FileTokens, tmp_path / "tokens.json"),
    }[kind]
    inside, most, done = 0, 0, 0

    async def renew(storage):
        nonlocal inside, most, done
        async with storage.exclusively("ann"):
            inside += 1
            most = max(most, inside)
            before = await storage.load("ann")
            count = int(before.access_token) if before else 0
            await storage.save("ann", Token(str(count + 1)))
            inside -= 1
            done += 1

    await asyncio.gather(*[renew(new()) for _ in range(4)])
    assert (most, done) == (1, 4)
    assert (await new().load("ann")).access_token == "4"


class Nothing(TokenStorage):
    """The least that one of one's own has."""

    async def load(self, key):
        return None

    async def save(self, key, token, *, instead_of=None):
        return instead_of is None

    async def delete(self, key):
        pass


@on_every_loop
async def test_by_default_nobody_waits():
    async with Nothing().exclusively("a"), Nothing().exclusively("a"):
        pass


texts = st.none() | st.text(min_size=1)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
tokens = st.builds(
    Token,
    st.text(min_size=1),
    st.text(min_size=1),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    texts,
    texts,
    texts,
    st.dictionaries(st.text(), jsons, max_size=3),
)


@pytest.mark.once
@given(tokens)
def test_tokens_as_json(token):
    assert from_bytes(to_bytes(token)) == token


@pytest.mark.parametrize(
    "saved", [b"", b"[]", b"null", b"{}", b'{"access_token": 7}', b"\xff", b'"access_token"']
)
def test_what_is_no_token(saved):
    assert from_bytes(saved) is None


def test_what_later_versions_add():
    assert decode({**encode(TOKEN), "later": 1}) == TOKEN


def test_an_answer_that_json_has_not():
    with pytest.raises(TypeError):
        to_bytes(Token("x", answer={"when": object()}))
