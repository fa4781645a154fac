"""What is kept is asked for once, and again when it is old, and not too often."""

import asyncio
import dataclasses
import math
import threading
import traceback

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.running import on_every_loop, turns
from tornadolike.auth import OAuthError, ProviderUnavailableError
from tornadolike.auth.openid import keeping
from tornadolike.auth.openid.keeping import Keeping, Kept
from tornadolike.httputil import HTTPHeaders

PROMPT = 10
TIMES = Keeping(default=100, shortest=10, longest=1000, stale=500, pause=30, failure_pause=2)


class Clock:
    now = 5000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(keeping, "monotonic", clock)
    return clock


class Provider:
    """Answers with a number that grows; or not, while ``gate`` is closed; or fails with ``error``."""

    def __init__(self):
        self.asked = 0
        self.error = None
        self.headers = HTTPHeaders()
        self.gate = None

    async def __call__(self):
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.asked, self.headers


@pytest.fixture
def provider():
    return Provider()


@pytest.fixture
def kept(provider, clock):
    return Kept(provider, TIMES, "the number")


@on_every_loop
async def test_it_is_asked_for_when_it_is_needed_and_when_it_is_old(kept, provider, clock):
    assert provider.asked == 0
    assert [await kept.get() for _ in range(3)] == [1, 1, 1]
    clock.now += 99
    assert await kept.get() == 1
    clock.now += 1
    assert [await kept.get() for _ in range(3)] == [2, 2, 2]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("", 100),
        ("public", 100),
        ("max-age=50", 50),
        ("public, MAX-AGE=50, must-revalidate", 50),
        ('max-age="50"', 50),
        ("max-age=0", 10),
        ("max-age=99999", 1000),
        ("max-age=9999999999", 1000),
        ("max-age=99999999999999999999", 100),
        ("max-age=-5", 100),
        ("max-age=", 100),
        ("s-maxage=50", 100),
        ("x-max-age=50", 100),
        ("no-store", 10),
        ("no-cache, max-age=50", 10),
        ("max-age=50,no-store", 10),
        ("no-storey", 100),
    ],
)
def test_how_long_it_is_kept_is_said_within_bounds(said, seconds):
    assert TIMES.lifetime(HTTPHeaders({"Cache-Control": said})) == seconds


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"pause": -1}, ValueError),
        ({"stale": math.nan}, ValueError),
        ({"default": "3600"}, TypeError),
        ({"patience": None}, TypeError),
        ({"shortest": 20, "longest": 10}, ValueError),
    ],
    ids=str,
)
def test_times_that_are_none(wrong, error):
    assert Keeping(shortest=10, longest=10)
    with pytest.raises(error):
        Keeping(**wrong)


@on_every_loop
async def test_the_headers_count(kept, provider, clock):
    provider.headers["Cache-Control"] = "max-age=40"
    await kept.get()
    clock.now += 40
    assert await kept.get() == 2


@on_every_loop
async def test_who_asks_at_the_same_time_shares_one_question(kept, provider):
    provider.gate = asyncio.Event()
    askers = [asyncio.ensure_future(kept.get()) for _ in range(5)]
    askers += [asyncio.ensure_future(kept.get_anew()) for _ in range(5)]
    await turns()
    provider.gate.set()
    assert await asyncio.gather(*askers) == [1] * 10


@on_every_loop
async def test_who_is_cancelled_leaves_the_others_waiting(kept, provider):
    provider.gate = asyncio.Event()
    first, second = (asyncio.ensure_future(kept.get()) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    assert first.cancelled()
    assert not second.done()
    provider.gate.set()
    assert await second == 1
    assert provider.asked == 1


@on_every_loop
async def test_when_all_have_given_up_the_next_asks_at_once(kept, provider, clock):
    provider.gate = asyncio.Event()
    askers = [asyncio.ensure_future(kept.get()) for _ in range(2)]
    await turns()
    for asker in askers:
        asker.cancel()
    await turns()
    provider.gate.set()
    assert await kept.get() == 2
    # The same when there is an answer that has become much too old.
    clock.now += 100 + 500
    provider.gate = asyncio.Event()
    asker = asyncio.ensure_future(kept.get())
    await turns()
    asker.cancel()
    late = asyncio.ensure_future(kept.get())  # while the other one still ends
    await turns()
    provider.gate.set()
    assert await late == 4


@on_every_loop
async def test_a_time_limit_of_one_who_asks_is_only_his(kept, provider):
    provider.gate = asyncio.Event()
    other = asyncio.ensure_future(kept.get())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(kept.get(), 0.001)
    provider.gate.set()
    assert await other == 1


@on_every_loop
async def test_without_an_answer_the_failure_is_told_and_it_is_soon_asked_again(
    kept, provider, clock
):
    provider.error = ProviderUnavailableError("down")
    for _ in range(5):
        with pytest.raises(ProviderUnavailableError, match="down"):
            await kept.get()
    assert provider.asked == 1
    clock.now += 1.9
    with pytest.raises(ProviderUnavailableError):
        await kept.get_anew()
    assert provider.asked == 1
    clock.now += 0.1
    provider.error = None
    assert await kept.get() == 2


@on_every_loop
async def test_each_who_asks_gets_a_failure_of_his_own(kept, provider):
    provider.error = OAuthError("invalid_client", "no", "https://a.example", x=1)
    raised = []
    for _ in range(20):
        with pytest.raises(OAuthError) as caught:
            await kept.get()
        raised.append(caught.value)
    assert len({id(error) for error in raised}) == 20
    assert {len(traceback.extract_tb(error.__traceback__)) for error in raised[1:]} == {
        len(traceback.extract_tb(raised[1].__traceback__))
    }
    assert [vars(error) for error in raised] == [vars(provider.error)] * 20


@on_every_loop
async def test_an_old_answer_is_used_while_the_provider_fails_but_not_for_ever(
    kept, provider, clock, expect_log
):
    await kept.get()
    clock.now += 100
    provider.error = ProviderUnavailableError("down")
    with expect_log("tornadolike.general", "the number cannot be asked for again: down", count=1):
        assert [await kept.get() for _ in range(9)] == [1] * 9
    assert provider.asked == 2
    clock.now += 29.9
    assert await kept.get() == 1
    assert provider.asked == 2
    clock.now += 0.1
    with expect_log("tornadolike.general", "cannot be asked", count=1):
        assert await kept.get() == 1
    assert provider.asked == 3
    clock.now += 470
    with pytest.raises(ProviderUnavailableError, match="down"):
        await kept.get()
    provider.error = None
    clock.now += 2
    assert await kept.get() == 5


@on_every_loop
async def test_nobody_waits_long_for_a_slow_provider_while_there_is_an_old_answer(provider, clock):
    kept = Kept(provider, dataclasses.replace(TIMES, patience=0.001), "the number")
    await kept.get()
    clock.now += 100
    provider.gate = asyncio.Event()
    assert [await kept.get() for _ in range(3)] == [1, 1, 1]
    anew = asyncio.ensure_future(kept.get_anew())
    await turns()
    anew.cancel()  # who is cancelled does not end what goes on for others
    await turns()
    assert provider.asked == 2
    flight = kept._flights.find(None)
    provider.gate.set()
    await flight.task
    assert [await kept.get() for _ in range(3)] == [2, 2, 2]


@on_every_loop
async def test_a_flood_of_who_wants_it_anew_is_no_flood_of_questions(kept, provider, clock):
    await kept.get()
    assert [await kept.get_anew() for _ in range(100)] == [
        2
    ] * 100  # nobody has wanted it anew before
    clock.now += 29.9
    assert await kept.get_anew() == 2
    clock.now += 0.1
    assert [await kept.get_anew() for _ in range(100)] == [3] * 100
    # What was learnt so counts as new.
    clock.now += 99
    assert await kept.get() == 3


@on_every_loop
async def test_what_was_asked_because_it_was_old_lets_nobody_wait_who_wants_it_anew(
    kept, provider, clock
):
    await kept.get()
    clock.now += 100
    assert [await kept.get(), await kept.get_anew(), await kept.get_anew()] == [2, 3, 3]


@on_every_loop
async def test_while_the_provider_fails_that_is_no_reason_to_ask_at_once(
    kept, provider, clock, expect_log
):
    await kept.get()
    clock.now += 100
    provider.error = ProviderUnavailableError("down")
    with expect_log("tornadolike.general", "the number cannot be asked for again", count=1):
        await kept.get()
        assert await kept.get_anew() == 1
        clock.now += 29.9
        assert await kept.get_anew() == 1
    provider.error = None
    clock.now += 0.1
    assert await kept.get_anew() == 3


@on_every_loop
async def test_what_is_no_failure_of_the_provider_is_not_kept(kept, provider):
    provider.error = ZeroDivisionError("a mistake")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await kept.get()
    assert provider.asked == 2
    provider.error = None
    assert await kept.get() == 3


def test_loops_share_what_they_know_one_after_the_other(kept, provider):
    assert [asyncio.run(kept.get()) for _ in range(3)] == [1, 1, 1]
    assert not kept._flights._flights


def test_a_loop_that_has_ended_in_the_middle_of_a_question_is_forgotten(kept, provider):
    loop = asyncio.new_event_loop()

    async def begin():
        provider.gate = asyncio.Event()
        asker = asyncio.ensure_future(kept.get())
        await turns()
        return asker

    asker = loop.run_until_complete(begin())
    (flight,) = kept._flights._flights[loop].values()
    loop.close()
    provider.gate = None
    assert asyncio.run(kept.get()) == 2
    assert loop not in kept._flights._flights
    for task in (asker, flight.task):  # whose coroutines would complain that nobody ended them
        task._log_destroy_pending = False
        task.get_coro().close()


def test_loops_in_several_threads_ask_by_themselves(kept, provider):
    barrier = threading.Barrier(2)
    answers = []

    async def ask():
        barrier.wait(PROMPT)
        answers.append(await kept.get())

    threads = [threading.Thread(target=lambda: asyncio.run(ask())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PROMPT)
    assert len(answers) == 2
    assert set(answers) <= {1, 2}


STEPS = st.lists(
    st.sampled_from(["get", "anew", "works", "fails"])
    | st.sampled_from([0.5, 2, 29, 31, 99, 101, 499, 700]),
    max_size=40,
)


@pytest.mark.once
@hypothesis.settings(max_examples=200)
@hypothesis.given(STEPS)
def test_whatever_happens_in_whatever_order(steps):
    """Against the rules themselves: what comes is the last answer, while it is good or may still be used; and between
    two questions there is a pause, which is short only where nothing is known. Who wants it anew waits for no other
    pause than that of his like, while nothing has failed."""
    clock, provider = Clock(), Provider()
    kept = Kept(provider, TIMES, "the number")
    answered = asked = forced = -math.inf
    value, has_failed = None, False

    async def walk():
        nonlocal answered, asked, forced, value, has_failed
        for step in steps:
            if step == "works":
                provider.error = None
            elif step == "fails":
                provider.error = ProviderUnavailableError("down")
            elif not isinstance(step, str):
                clock.now += step
            else:
                before = provider.asked
                is_usable = clock.now < answered + TIMES.default + TIMES.stale
                is_good = clock.now < answered + TIMES.default
                last = forced if step == "anew" and is_usable and not has_failed else asked
                pause = TIMES.pause if is_usable else TIMES.failure_pause
                try:
                    got = await (kept.get() if step == "get" else kept.get_anew())
                except ProviderUnavailableError:
                    got = None
                if provider.asked > before:
                    assert provider.asked == before + 1
                    assert not (is_good and step == "get")
                    assert clock.now >= last + pause
                    asked, has_failed = clock.now, provider.error is not None
                    forced = clock.now if step == "anew" else forced
                    if provider.error is None:
                        answered, value, is_usable = clock.now, provider.asked, True
                elif step == "anew" or not is_good:
                    assert clock.now < last + pause
                assert got == (value if is_usable else None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "monotonic", clock)
        asyncio.run(walk())
