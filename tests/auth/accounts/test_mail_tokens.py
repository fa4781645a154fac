"""Tokens of links in mails: whom they are for, how long, and how often."""

import asyncio
import re
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from tornadolike.auth.accounts.mail_tokens import (
    DEFAULT_MAX_AGE_SECONDS,
    LONGEST_AGE_SECONDS,
    LONGEST_SUBJECT,
    MailTokens,
    State,
)
from tornadolike.stores import MemoryStore, StoreError
from tornadolike.web import create_encrypted_value

SECRET = "3c6e0b8a9c15224a8228b9a98ca1531d"
OTHER = "b1946ac92492d2347c6235b4d2611184"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)


class Clock:
    def __init__(self) -> None:
        self.now = 1_500_000_000.0

    def __call__(self) -> float:
        return self.now


def read(tokens: MailTokens, token: str, bound_to: Any = None) -> str | None:
    return asyncio.run(tokens.read(token, bound_to=bound_to))


@pytest.mark.once
@hypothesis.given(subject=TEXTS, state=st.one_of(st.none(), TEXTS, st.binary(max_size=99)))
def test_what_is_made_is_read(subject: str, state: State | None) -> None:
    tokens = MailTokens("reset", SECRET)
    token = tokens.make(subject, bound_to=state)
    assert re.fullmatch("[A-Za-z0-9_-]{67,}", token)
    assert read(tokens, token, state) == subject
    assert read(tokens, token, state) == subject  # as often as one looks
    assert read(MailTokens("confirm", SECRET), token, state) is None
    assert read(MailTokens("reset", OTHER), token, state) is None
    assert read(tokens, token, "another state") is None
    assert read(tokens, token, lambda _: None) is None


def test_it_ends() -> None:
    clock = Clock()
    tokens = MailTokens("reset", SECRET, clock=clock)
    token = tokens.make("alice")
    clock.now += DEFAULT_MAX_AGE_SECONDS
    assert read(tokens, token) == "alice"
    clock.now += 1
    assert read(tokens, token) is None
    longer = MailTokens("reset", SECRET, max_age_seconds=7200, clock=clock)
    assert read(longer, token) == "alice"


def test_bound_to_what_changes() -> None:
    """A password is set once with it, and each sooner token has done its work as well."""
    hashes = {"alice": "$argon2id$old", "bob": "$argon2id$bobs"}
    tokens = MailTokens("reset", SECRET)
    made = [tokens.make("alice", bound_to=hashes["alice"]) for _ in range(3)]

    async def found_in_time(name: str) -> str | None:
        await asyncio.sleep(0)
        return hashes.get(name)

    lookup: Any
    for lookup in (hashes.get, found_in_time):
        assert [read(tokens, token, lookup) for token in made] == ["alice"] * 3
    hashes["alice"] = "$argon2id$new"
    for lookup in (hashes.get, found_in_time):
        assert [read(tokens, token, lookup) for token in made] == [None] * 3
    token = tokens.make("alice", bound_to=hashes["alice"])
    del hashes["alice"]
    assert read(tokens, token, found_in_time) is None
    assert read(tokens, tokens.make("", bound_to=""), "") == ""


def test_what_it_is_bound_to_cannot_be_forgotten() -> None:
    tokens = MailTokens("reset", SECRET)
    with pytest.raises(TypeError, match="this token is bound"):
        read(tokens, tokens.make("alice", bound_to="hash"))
    # Nor is one that was made before they were bound.
    assert read(tokens, tokens.make("alice"), "hash") is None
    # What has moved from one to the other is not the same.
    token = tokens.make("ali", bound_to="cehash")
    for subject, state in (("alice", "hash"), ("ali", "hash"), ("al", "icehash")):
        assert read(tokens, token, state) is None, subject


def test_once_by_a_store() -> None:
    async def main() -> None:
        clock = Clock()
        store = MemoryStore()
        tokens = MailTokens("confirm", SECRET, store=store, clock=clock)
        token, other = tokens.make("a@example.com"), tokens.make("a@example.com")
        assert await tokens.read(token) == "a@example.com"
        used = await asyncio.gather(*(tokens.use(token) for _ in range(5)))
        assert sorted(used, key=str) == [None] * 4 + ["a@example.com"]
        assert await tokens.read(token) is None
        assert await tokens.use(token) is None
        again = MailTokens("confirm", SECRET, store=store, clock=clock)
        assert await again.use(token) is None
        # Each has its own end.
        assert await tokens.read(other) == "a@example.com"
        bound = tokens.make("alice", bound_to="x")
        assert await tokens.use(bound, bound_to="y") is None
        assert await tokens.use(bound, bound_to="x") == "alice"
        clock.now += DEFAULT_MAX_AGE_SECONDS + 1
        assert await tokens.use(other) is None

    asyncio.run(main())


def test_another_spelling_is_not_another_token() -> None:
    """Base64 has bits to spare, and Python reads past what is none."""

    async def main() -> None:
        tokens = MailTokens("confirm", SECRET, store=MemoryStore())
        for size in range(4):
            token = tokens.make("x" * size)
            assert await tokens.use(token) is not None
            for other in (
                token,
                token + "=",
                token + "==",
                token[:9] + "." + token[9:],
                f" {token}",
            ):
                assert await tokens.use(other) is None
            for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
                assert await tokens.use(token[:-1] + last) is None

    asyncio.run(main())


def test_a_store_that_is_down() -> None:
    """Better nobody than the same one twice."""

    class Down(MemoryStore):
        async def get(self, key: str) -> bytes | None:
            raise StoreError("down")

    tokens = MailTokens("confirm", SECRET, store=Down())
    token = tokens.make("alice")
    for reading in (tokens.read, tokens.use):
        with pytest.raises(StoreError):
            asyncio.run(reading(token))
    assert asyncio.run(tokens.use("nonsense")) is None


def test_a_store_has_no_tokens() -> None:
    async def main() -> None:
        store = MemoryStore()
        keys: list[str] = []
        counted = store.count

        async def count(key: str, seconds: float, by: int = 1) -> tuple[int, float]:
            keys.append(key)
            return await counted(key, seconds, by)

        store.count = count  # type: ignore[method-assign]
        tokens = MailTokens("confirm", SECRET, store=store)
        token = tokens.make("alice")
        await tokens.use(token)
        assert len(keys) == 1
        assert token not in keys[0]

    asyncio.run(main())


@hypothesis.given(
    st.one_of(st.text(), st.text("ABCabc019-_", min_size=60, max_size=90), st.just("\ud800"))
)
def test_whatever_comes(token: str) -> None:
    assert read(MailTokens("reset", SECRET), token, lambda _: "hash") is None


def test_secrets_are_exchanged() -> None:
    token = MailTokens("reset", SECRET).make("alice")
    secret: Any
    for secret, number in (([OTHER, SECRET], None), ({1: SECRET, 2: OTHER}, 2)):
        both = MailTokens("reset", secret, key_version=number)
        assert read(both, token) == "alice"
        assert read(MailTokens("reset", OTHER), both.make("bob")) == "bob"


def test_a_cookie_is_no_token() -> None:
    value = create_encrypted_value(SECRET, "reset", b"\0alice")
    assert read(MailTokens("reset", SECRET), value) is None


def test_wrong_arguments() -> None:
    wrong: Any
    for wrong, error, text in (
        (("", SECRET), ValueError, "a purpose is"),
        ((7, SECRET), ValueError, "a purpose is"),
        (("reset", "short"), ValueError, "Tokens for 'reset'.*less than 16"),
        (("reset", None), TypeError, "a secret is"),
        (("reset", {1: SECRET}), ValueError, "no secret of key_version None"),
    ):
        with pytest.raises(error, match=text):
            MailTokens(*wrong)
    for seconds in (0, -1, float("nan"), LONGEST_AGE_SECONDS + 1):
        with pytest.raises(ValueError, match="max_age_seconds is more than 0"):
            MailTokens("reset", SECRET, max_age_seconds=seconds)
    with pytest.raises(TypeError, match="is a Store"):
        MailTokens("reset", SECRET, store="redis://")  # type: ignore[arg-type]
    tokens = MailTokens("reset", SECRET)
    with pytest.raises(TypeError, match="the subject of a token is a str, not int"):
        tokens.make(42)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a token is bound to a str or bytes, not int"):
        tokens.make("42", bound_to=42)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"at most {LONGEST_SUBJECT} bytes"):
        tokens.make("é" * (LONGEST_SUBJECT // 2) + "x")
    with pytest.raises(RuntimeError, match="needs a store"):
        asyncio.run(tokens.use(tokens.make("alice")))
    assert SECRET not in repr(vars(tokens))
