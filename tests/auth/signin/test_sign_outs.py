"""Who has signed out elsewhere."""

import asyncio
import time
from typing import Any

import pytest

from tests.auth.failing_store import Failing
from tornadolike import ioloop
from tornadolike.auth import Logout, SignOuts
from tornadolike.stores import MemoryStore, StoreError

ISSUER = "https://id.example.com"
THEN = time.time() - 100


def covered(logout: Logout, *who: Any, since: float = THEN) -> bool:
    async def main() -> bool:
        sign_outs = SignOuts(MemoryStore())
        assert await sign_outs.add(logout)
        return await sign_outs.covers(*who, since=since)

    return ioloop.run(main())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("subject", "session_id", "ended"),
    [
        # of a token           (ann, 1)  (ann, 2)  (ann, ?)  (bob, 3)
        ("ann", "1", [True, False, True, False]),
        (None, "1", [True, False, False, False]),
        ("ann", None, [True, True, True, False]),
    ],
)
def test_whom_a_logout_covers(
    subject: str | None, session_id: str | None, ended: list[bool]
) -> None:
    logout = Logout(ISSUER, subject, session_id, "j")
    sessions = [("ann", "1"), ("ann", "2"), ("ann", None), ("bob", "3")]
    assert [covered(logout, ISSUER, *session) for session in sessions] == ended
    assert not any(covered(logout, "https://other.example", *session) for session in sessions)


def test_who_signs_in_again_is_not_covered() -> None:
    logout = Logout(ISSUER, "ann", None, "j")
    assert covered(logout, ISSUER, "ann", "1", since=time.time() - 1)
    assert not covered(logout, ISSUER, "ann", "1", since=time.time() + 10)


def test_names_are_not_mixed_up() -> None:
    assert not covered(Logout(ISSUER, "a", None, "j"), ISSUER, "b", "a")
    assert not covered(Logout(ISSUER, None, "a", "j"), ISSUER, "a", "b")
    assert not covered(Logout(ISSUER, '"a', 'b"', "j"), ISSUER, "a", "b")


def test_a_token_counts_once() -> None:
    async def main() -> None:
        sign_outs = SignOuts(MemoryStore())
        assert await sign_outs.add(Logout(ISSUER, "ann", None, "j"))
        assert not await sign_outs.add(Logout(ISSUER, "bob", None, "j"))
        assert not await sign_outs.covers(ISSUER, "bob", since=THEN)
        assert await sign_outs.add(Logout("https://other.example", "ann", None, "j"))

    ioloop.run(main())


@pytest.mark.parametrize("number", range(1, 5))
def test_a_logout_that_could_not_be_kept_may_be_told_again(number: int) -> None:
    async def main() -> None:
        sign_outs = SignOuts(Failing(number))
        logout = Logout(ISSUER, "ann", "1", "j")
        with pytest.raises(StoreError):
            await sign_outs.add(logout)
        assert await sign_outs.add(logout)
        assert await sign_outs.covers(ISSUER, "ann", "1", since=THEN)
        assert not await sign_outs.add(logout)

    ioloop.run(main())


def test_of_several_at_a_time_one_is_new() -> None:
    async def main() -> list[bool]:
        sign_outs = SignOuts(MemoryStore())
        logout = Logout(ISSUER, "ann", "1", "j")
        return await asyncio.gather(*[sign_outs.add(logout) for _ in range(5)])

    assert sorted(ioloop.run(main())) == [False, False, False, False, True]


def test_what_is_kept_tells_nobody() -> None:
    async def main() -> None:
        store = MemoryStore()
        await SignOuts(store, seconds=60).add(Logout(ISSUER, "ann@example.com", "1" * 10_000, "j"))
        assert len(store) == 3
        assert all(len(key) == 72 and "ann" not in key for key in store._entries)

    ioloop.run(main())


def test_wrong_times() -> None:
    for seconds in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="seconds"):
            SignOuts(MemoryStore(), seconds)


def test_one_that_could_not_be_remembered_may_come_again() -> None:
    class Fails(MemoryStore):
        fails = True

        async def set(self, *args: Any, **options: Any) -> bool:
            if self.fails:
                raise StoreError("the store is down")
            return await super().set(*args, **options)

    async def main() -> None:
        store, logout = Fails(), Logout(ISSUER, "ann", None, "j")
        sign_outs = SignOuts(store)
        with pytest.raises(StoreError):
            await sign_outs.add(logout)
        store.fails = False
        assert await sign_outs.add(logout)
        assert await sign_outs.covers(ISSUER, "ann", since=THEN)
        assert not await sign_outs.add(logout)

    ioloop.run(main())
