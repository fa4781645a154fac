"""Counting what comes within a time."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornadolike.stores import MemoryStore, memory
from tornadolike.stores.windows import SECOND, Limit, Standing, Window, whole_seconds

START = 600_000
"""Where a window of each of the lengths here begins, in seconds."""


def at(seconds: float) -> int:
    """The time of the day so many seconds behind :data:`START`."""
    return round((START + seconds) * SECOND)


def take_at(limit: Limit, times: Sequence[int]) -> list[Standing]:
    async def take() -> list[Standing]:
        window = Window(MemoryStore(), limit, "t:")
        return [await window.take("k", time) for time in times]

    with mock.patch.object(memory, "monotonic", return_value=0.0):  # nothing ends in the store
        return asyncio.run(take())


def take_all(limit: Limit, times: Sequence[float]) -> list[Standing]:
    return take_at(limit, [at(time) for time in times])


def allowed(limit: Limit, times: Sequence[float]) -> list[bool]:
    return [standing.allowed for standing in take_all(limit, times)]


def test_a_window_slides() -> None:
    minute = Limit(4, 60)
    assert allowed(minute, [0, 10, 20, 59, 59.9]) == [True, True, True, True, False]
    # Four came before, as if at 0, 15, 30 and 45: at 60 three of them are within the last minute, at 75 two.
    assert allowed(minute, [0, 0, 0, 0, 59.9, 60, 60, 74.9, 75, 75, 90, 90]) == (
        [True] * 4 + [False, True, False, False, True, False, True, False]
    )
    # What was refused does not count, and of what was long ago nothing is left.
    assert allowed(minute, [0] * 4 + [1] * 50 + [60]) == [True] * 4 + [False] * 50 + [True]
    assert allowed(minute, [0] * 4 + [120] * 5) == [True] * 8 + [False]


def test_how_somebody_stands() -> None:
    first, second, third = take_all(Limit(2, 60), [15, 20, 30])
    assert (first.remaining, first.seconds) == (1, 45)
    assert (second.remaining, second.seconds) == (0, 40)
    # As the next window begins, the first of the two is out of sight.
    assert (third.allowed, third.remaining, third.seconds) == (False, 0, 30)
    # Of the two of the window before the other one is that when half of this one is over.
    *_, fourth, fifth = take_all(Limit(2, 60), [15, 20, 61, 62.5])
    assert (fourth.allowed, fourth.remaining, fourth.seconds) == (True, 0, 59)
    assert (fifth.allowed, fifth.remaining, fifth.seconds) == (False, 0, 27.5)


def test_nobody_waits_longer_than_the_limits_own_time() -> None:
    # However early they came, and of however few.
    *_, last = take_all(Limit(30, 600), [0] * 31)
    assert (last.allowed, last.seconds) == (False, 600)
    assert allowed(Limit(1, 60), [0, 0, 59.999999, 60, 60, 119.999999, 120]) == [
        *[True, False, False],
        *[True, False, False],
        True,
    ]


TICK = 1 / SECOND
HISTORIES = st.lists(
    st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 90 * SECOND)), max_size=40
)
"""Microseconds from one to the next."""


@pytest.mark.once
@settings(max_examples=200)
@given(
    limit=st.builds(
        Limit,
        st.integers(1, 12),
        st.sampled_from([1, 10, 60, 0.1, 0.3, 1 / 3, TICK, 3 * TICK]) | st.floats(TICK, 100),
    ),
    start=st.integers(0, 2 * 10**15),
    steps=HISTORIES,
)
def test_who_is_refused_may_come_when_told_and_not_before(
    limit: Limit, start: int, steps: list[int]
) -> None:
    length = round(limit.seconds * SECOND)
    # As many as may come begin at once, so that some are refused of whatever length the window is.
    times = list(itertools.accumulate([0] * limit.requests + steps, initial=start))
    standings = take_at(limit, times)
    came = [time for time, standing in zip(times, standings, strict=True) if standing.allowed]
    for time in came:  # what is guessed may be wrong, but for no more than a window's worth
        within = [other for other in came if time - length < other <= time]
        assert len(within) <= 2 * limit.requests
    for index in [index for index, standing in enumerate(standings) if not standing.allowed][-3:]:
        until, seconds = times[: index + 1], standings[index].seconds
        wait = round(seconds * SECOND)
        assert 0 < wait <= length
        told = whole_seconds(seconds) * SECOND
        assert wait <= told < wait + SECOND
        now = times[index]
        assert take_at(limit, [*until, now + wait])[-1].allowed
        assert take_at(limit, [*until, now + told])[-1].allowed
        assert not take_at(limit, [*until, now + wait - 1])[-1].allowed


@given(st.integers(1, 366 * 86400 * SECOND))
def test_whole_seconds_of_microseconds_are_exact(wait: int) -> None:
    assert whole_seconds(wait / SECOND) == -(-wait // SECOND)


def test_a_counter_stays_until_the_next_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        nonlocal now
        window = Window(MemoryStore(), Limit(100, 60), "t:")
        for now in (*[START] * 100, START + 119):
            standing = await window.take("a", round(now * SECOND))
        # One of the hundred is still within the last minute.
        assert (standing.allowed, standing.remaining) == (True, 98)

    now = 0.0
    monkeypatch.setattr(memory, "monotonic", lambda: now)
    asyncio.run(main())


def test_keys_and_counting_again() -> None:
    async def main() -> None:
        store = MemoryStore()
        window = Window(store, Limit(1, 60), "t:")
        assert (await window.take("a", at(0))).allowed
        assert not (await window.take("a", at(0))).allowed
        assert (await window.take("b", at(0))).allowed
        await window.give_back("a", at(0))
        assert (await window.take("a", at(0))).allowed
        # Forgotten is what came in this window, and in the one before.
        pair = Window(store, Limit(2, 60), "t:")
        for time in (0, 0, 61):
            assert (await pair.take("a", at(time))).allowed
        assert not (await pair.take("a", at(61))).allowed
        await pair.forget("a", at(61))
        assert [(await pair.take("a", at(61))).allowed for _ in range(3)] == [True, True, False]
        # Those of other names and other limits count for themselves.
        assert (await Window(store, Limit(1, 60), "u:").take("a", at(0))).allowed
        assert (await Window(store, Limit(3, 60), "t:").take("a", at(0))).allowed

    asyncio.run(main())


def test_at_the_same_time_no_more_come_than_may() -> None:
    async def main() -> None:
        window = Window(MemoryStore(), Limit(5, 60), "t:")
        standings = await asyncio.gather(*(window.take("a", at(0)) for _ in range(20)))
        assert sum(standing.allowed for standing in standings) == 5

    asyncio.run(main())


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("100/minute", Limit(100, 60)),
        ("5/second", Limit(5, 1)),
        ("1/hour", Limit(1, 3600)),
        ("20/10 seconds", Limit(20, 10)),
        ("3/2 days", Limit(3, 172800)),
        (Limit(7, 0.5), Limit(7, 0.5)),
    ],
)
def test_limits_as_they_are_written(text: Any, limit: Limit) -> None:
    assert Limit.parse(text) == limit


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "100",
        "100/",
        "/minute",
        "100/fortnight",
        "-1/minute",
        "1.5/minute",
        "100 / minute",
        100,
        None,
    ],
)
def test_what_is_no_limit(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is no limit: write it like '100/minute'"):
        Limit.parse(wrong)


def test_limits_that_nobody_can_keep() -> None:
    for text in ("0/minute", "1/0 seconds", "1/367 days"):
        with pytest.raises(ValueError, match="a limit is"):
            Limit.parse(text)
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a limit is for a time"):
            Limit(1, seconds)


def test_seconds_for_clients() -> None:
    assert [whole_seconds(seconds) for seconds in (0.0, 0.2, 1.0, 1.01)] == [1, 1, 1, 2]
