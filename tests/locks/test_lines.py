"""Lines in which many wait and from which many leave."""

import asyncio
import gc
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running import HOUR, LOOPS, now, on_every_loop, on_jumping_clock, run_on, timers, turns
from tornadolike.locks import Condition, Event, Semaphore

# Lines


WAITS = {
    "condition": lambda: Condition().wait,
    "event": lambda: Event().wait,
    "semaphore": lambda: Semaphore(0).acquire,
}
each_wait = pytest.mark.parametrize("make", WAITS.values(), ids=WAITS)


@each_wait
@pytest.mark.parametrize("how", ["time out", "cancel", "task"])
@on_jumping_clock
async def test_those_who_have_left_are_forgotten(make, how):
    wait = make()
    line = wait.__self__._waiters
    stays = wait()
    before = timers()
    for _ in range(1000):
        if how == "time out":
            await asyncio.gather(wait(now() + 1), return_exceptions=True)
        elif how == "cancel":
            wait(HOUR).cancel()
        else:
            task = asyncio.ensure_future(asyncio.wait_for(wait(HOUR), 3600))
            await turns(2)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(line) == 1
    assert not stays.done()
    assert timers() == before
    gc.collect()


@on_jumping_clock
async def test_a_long_line_from_which_many_leave():
    semaphore = Semaphore(0)
    waiters = [semaphore.acquire(HOUR if number % 3 else None) for number in range(999)]
    await asyncio.sleep(3601)
    assert len(semaphore._waiters) < 2 * 333 + 1
    staying = [waiter for waiter in waiters if not waiter.done()]
    assert staying == waiters[::3]
    for waiter in staying:
        semaphore.release()
        assert waiter.done()
    for waiter in waiters:
        waiter.exception()


@on_every_loop
async def test_who_leaves_from_an_end_is_forgotten_at_once():
    semaphore = Semaphore(0)
    line = semaphore._waiters
    first, second, third, fourth = [semaphore.acquire() for _ in range(4)]
    second.cancel()
    assert list(line) == [first, second, third, fourth]
    first.cancel()
    assert list(line) == [third, fourth]
    fourth.cancel()
    assert list(line) == [third]
    third.cancel()
    assert list(line) == []
    assert line._empty_places == 0


@on_jumping_clock
async def test_a_deadline_that_is_none_puts_nobody_into_the_line():
    semaphore = Semaphore(0)
    with pytest.raises(TypeError):
        semaphore.acquire("soon")
    assert len(semaphore._waiters) == 0


@on_every_loop
async def test_in_debug_mode_a_waiter_tells_who_waits():
    asyncio.get_running_loop().set_debug(True)
    waiter = Event().wait()
    line = inspect.currentframe().f_lineno - 1
    assert f"created at {__file__}:{line}" in repr(waiter)


# Whatever happens to them


@given(
    places=st.integers(0, 3),
    steps=st.lists(
        st.one_of(
            st.just("acquire"),
            st.just("acquire with a deadline"),
            st.just("release"),
            st.just("turn"),
            st.tuples(st.just("cancel"), st.integers(0, 9)),
        ),
        max_size=40,
    ),
)
def test_no_place_is_ever_lost_or_made(places, steps):
    """Tasks acquire, are cancelled at any moment, and release what they got."""

    async def main():
        semaphore = Semaphore(places)
        tasks = []
        released = 0
        holding = []

        async def work(number, deadline):
            await semaphore.acquire(deadline)
            holding.append(number)

        for step in steps:
            if step == "acquire":
                tasks.append(asyncio.ensure_future(work(len(tasks), None)))
            elif step == "acquire with a deadline":
                tasks.append(asyncio.ensure_future(work(len(tasks), HOUR)))
            elif step == "release":
                semaphore.release()
                released += 1
            elif step == "turn":
                await asyncio.sleep(0)
            elif step[1] < len(tasks):
                tasks[step[1]].cancel()
        await turns(3)
        waiting = [task for task in tasks if not task.done()]
        free = semaphore._value
        assert free + len(holding) == places + released
        assert not (free and waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert semaphore._value == free

    run_on(LOOPS["IOLoop"], main())
