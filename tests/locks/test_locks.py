"""Who waits, who is served, and that nothing is lost between them."""

import asyncio
import gc
import weakref

import pytest

from tests.running import HOUR, NOW, now, on_every_loop, on_jumping_clock, timers, turns
from tornadolike import gen, locks
from tornadolike.ioloop import IOLoop
from tornadolike.locks import BoundedSemaphore, Condition, Event, Lock, Semaphore


def test_the_names():
    names = {"BoundedSemaphore", "Condition", "Event", "Lock", "Semaphore"}
    assert set(locks.__all__) == names


def test_they_can_be_made_before_there_is_a_loop():
    IOLoop.clear_current()
    for make in (Condition, Event, Semaphore, BoundedSemaphore, Lock):
        make()
    assert IOLoop.current(instance=False) is None


# Condition


@on_every_loop
async def test_notify_wakes_those_who_have_waited_longest():
    condition = Condition()
    woken = []
    for number in range(5):
        condition.wait().add_done_callback(lambda _, number=number: woken.append(number))
    condition.notify()
    assert woken == [], "in the next turn"
    await turns()
    assert woken == [0]
    condition.notify(2)
    await turns()
    assert woken == [0, 1, 2]
    condition.notify_all()
    await turns()
    assert woken == [0, 1, 2, 3, 4]
    condition.notify()
    condition.notify_all()
    waiter = condition.wait()
    await turns()
    assert not waiter.done(), "a notification is not kept"


@on_every_loop
async def test_who_is_notified_gets_true():
    condition = Condition()
    asyncio.get_running_loop().call_soon(condition.notify)
    assert await condition.wait() is True
    asyncio.get_running_loop().call_soon(condition.notify)
    assert await condition.wait(HOUR) is True


@on_jumping_clock
async def test_who_waits_too_long_gets_false():
    condition = Condition()
    begun = now()
    assert await condition.wait(HOUR) is False
    assert await condition.wait(begun + 7200) is False
    assert now() == begun + 7200
    assert await condition.wait(0) is False
    other = condition.wait()
    condition.notify()
    assert await other is True, "who has left is skipped"


@on_every_loop
async def test_notify_counts_only_those_who_are_there():
    condition = Condition()
    cancelled, *others = [condition.wait() for _ in range(4)]
    cancelled.cancel()
    condition.notify(2)
    assert [waiter.done() for waiter in others] == [True, True, False]


@on_every_loop
async def test_a_notification_that_does_not_arrive_goes_to_the_next():
    condition = Condition()
    arrived = []

    async def wait(name):
        await condition.wait()
        arrived.append(name)

    first, second = [asyncio.ensure_future(wait(name)) for name in "ab"]
    await turns()
    condition.notify()
    first.cancel()
    await turns()
    assert first.cancelled()
    assert arrived == ["b"]
    await second


def test_what_a_condition_looks_like(io_loop):
    condition = Condition()
    assert repr(condition) == "<Condition>"
    condition.wait()
    condition.wait()
    assert repr(condition) == "<Condition waiters[2]>"


# Event


@on_every_loop
async def test_an_event():
    event = Event()
    assert not event.is_set()
    waiters = [event.wait(), event.wait(HOUR)]
    await turns()
    assert not any(waiter.done() for waiter in waiters)
    event.set()
    event.set()
    assert event.is_set()
    assert [await waiter for waiter in waiters] == [None, None]
    assert event.wait().done()
    assert await event.wait(0) is None
    event.clear()
    assert not event.is_set()
    waiter = event.wait()
    assert not waiter.done()
    event.set()
    event.clear()
    assert await waiter is None, "it was set while he waited"


@on_jumping_clock
async def test_an_event_that_does_not_come():
    event = Event()
    begun = now()
    for deadline in (HOUR, now() + 7200, NOW, 0):
        with pytest.raises(TimeoutError):
            await event.wait(deadline)
    assert now() == begun + 7200
    event.set()
    await event.wait(HOUR)


@on_every_loop
async def test_who_does_not_wait_for_the_event_any_more():
    event = Event()
    waiter = event.wait()
    task = asyncio.ensure_future(asyncio.wait_for(event.wait(), 3600))
    await turns()
    waiter.cancel()
    task.cancel()
    await turns()
    event.set()
    assert waiter.cancelled()
    assert task.cancelled()


def test_what_an_event_looks_like():
    event = Event()
    assert repr(event) == "<Event clear>"
    event.set()
    assert repr(event) == "<Event set>"


# Semaphore


@on_every_loop
async def test_as_many_as_there_are_places():
    semaphore = Semaphore(2)
    assert semaphore.acquire().done()
    assert semaphore.acquire().done()
    third, fourth = semaphore.acquire(), semaphore.acquire()
    assert not third.done()
    semaphore.release()
    assert third.done()
    assert not fourth.done()
    semaphore.release()
    assert fourth.done()
    for _ in range(3):
        semaphore.release()
    for _ in range(3):
        assert semaphore.acquire().done(), "release() makes room that was not there"
    assert not semaphore.acquire().done()


@on_jumping_clock
async def test_who_waits_too_long_for_a_place():
    semaphore = Semaphore(1)
    await semaphore.acquire(HOUR)
    begun = now()
    for deadline in (HOUR, now() + 7200, NOW, 0):
        with pytest.raises(TimeoutError):
            await semaphore.acquire(deadline)
    assert now() == begun + 7200
    semaphore.release()
    assert semaphore.acquire(0).done()


@on_jumping_clock
async def test_who_gets_a_place_in_time_has_no_timer_left():
    semaphore = Semaphore(0)
    before = timers()
    first, second = semaphore.acquire(HOUR), semaphore.acquire(HOUR)
    assert timers() == before + 2
    semaphore.release()
    second.cancel()
    assert timers() == before
    assert first.done()


def test_places_that_cannot_be():
    for make in (Semaphore, BoundedSemaphore):
        with pytest.raises(ValueError, match="must be >= 0"):
            make(-1)
        assert make(value=0)


def test_what_a_semaphore_looks_like(io_loop):
    semaphore = Semaphore(2)
    assert repr(semaphore) == "<Semaphore [unlocked,value:2]>"
    semaphore.acquire()
    semaphore.acquire()
    assert repr(semaphore) == "<Semaphore [locked]>"
    semaphore.acquire()
    assert repr(semaphore) == "<Semaphore [locked,waiters:1]>"
    assert repr(BoundedSemaphore()) == "<BoundedSemaphore [unlocked,value:1]>"


@on_every_loop
async def test_a_bounded_semaphore_does_not_grow():
    semaphore = BoundedSemaphore(2)
    with pytest.raises(ValueError, match="released too many times"):
        semaphore.release()
    await semaphore.acquire()
    await semaphore.acquire()
    waiter = semaphore.acquire()
    semaphore.release()
    assert waiter.done()
    semaphore.release()
    semaphore.release()
    with pytest.raises(ValueError, match="released too many times"):
        semaphore.release()


# Semaphores and locks in statements


HOLDERS = {
    "semaphore": Semaphore,
    "bounded": BoundedSemaphore,
    "lock": Lock,
}
each_holder = pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS)


@each_holder
@on_every_loop
async def test_async_with(make):
    held = make()
    async with held as nothing:
        assert nothing is None
        waiter = held.acquire()
        assert not waiter.done()
    assert waiter.done()
    held.release()
    with pytest.raises(KeyError):
        async with held:
            raise KeyError("x")
    assert held.acquire().done()


@each_holder
@on_every_loop
async def test_with_in_a_decorated_coroutine(make):
    held = make()
    order = []

    @gen.coroutine
    def work(name):
        with (yield held.acquire()) as nothing:
            assert nothing is None
            order.append(name + " in")
            yield
            order.append(name + " out")

    await gen.multi([work("a"), work("b")])
    assert order == ["a in", "a out", "b in", "b out"]
    with await held.acquire():
        assert not held.acquire(NOW).done()
    await turns()


@each_holder
@on_every_loop
async def test_plain_with_is_refused(make):
    held = make()
    with pytest.raises(RuntimeError, match=f"Use 'async with' .* for {make.__name__}"):
        held.__enter__()
    with pytest.raises(RuntimeError, match="Use 'async with'"):
        held.__exit__(None, None, None)


@each_holder
@on_every_loop
async def test_first_come_first_served(make):
    held = make()
    order = []

    async def work(number):
        async with held:
            order.append(number)
            await turns(number % 3)

    await gen.multi([work(number) for number in range(10)])
    assert order == list(range(10))
    assert held.acquire().done()


@each_holder
@on_every_loop
async def test_who_is_cancelled_while_he_waits(make):
    held = make()
    await held.acquire()
    first, second, third = [asyncio.ensure_future(held.acquire()) for _ in range(3)]
    first.cancel()
    third.cancel()
    held.release()
    await second
    held.release()
    assert held.acquire().done()


@pytest.mark.parametrize("others", [0, 1])
@each_holder
@on_every_loop
async def test_who_is_cancelled_when_he_has_just_got_it(make, others):
    """Between the hand-over and the next step of his task: he must not take it to his grave."""
    held = make()
    await held.acquire()

    async def work():
        async with held:
            pytest.fail("this task was cancelled")

    async def wait():
        await held.acquire()
        return "mine"

    task = asyncio.ensure_future(work())
    await turns()
    waiting = [asyncio.ensure_future(wait()) for _ in range(others)]
    await turns()
    held.release()
    task.cancel()
    await turns()
    assert task.cancelled()
    if others:
        assert [await each for each in waiting] == ["mine"]
        held.release()
    assert held.acquire().done()
    assert not held.acquire().done()


@each_holder
@on_every_loop
async def test_a_coroutine_that_is_closed_leaves_the_line(make):
    held = make()
    await held.acquire()

    async def work():
        await held.acquire()

    coroutine = work()
    coroutine.send(None)
    other = held.acquire()
    coroutine.close()
    held.release()
    assert other.done()


@each_holder
@on_every_loop
async def test_a_time_out_of_asyncio_does_not_lose_a_place(make):
    held = make()
    await held.acquire()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(held.acquire(), 0.001)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001), held:
            pass
    held.release()
    assert held.acquire().done()


@each_holder
def test_a_holder_is_no_circle(make, io_loop):
    gc.collect()
    gc.disable()
    try:
        held = make()
        held.acquire().result()
        held.acquire(HOUR).cancel()
        held.release()
        del held
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["lock", "event", "condition"])
@on_jumping_clock
async def test_a_time_out_is_no_circle(kind):
    """Nor is a cancellation: what is on the stack then goes at once."""
    lock = Lock()
    await lock.acquire()
    wait = {"lock": lock.acquire, "event": Event().wait, "condition": Condition().wait}[kind]
    witnesses = []

    async def work(timeout):
        witness = {1}
        witnesses.append(weakref.ref(witness))
        await wait(timeout)
        return len(witness)

    gc.collect()
    gc.disable()
    try:
        for timeout in (HOUR, None):
            task = asyncio.ensure_future(work(timeout))
            await turns()
            if timeout is None:
                task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()
            del task
            await turns()
        assert [witness() for witness in witnesses] == [None, None]
    finally:
        gc.enable()


# Lock


@on_every_loop
async def test_a_lock():
    lock = Lock()
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        lock.release()
    await lock.acquire()
    waiter = lock.acquire(HOUR)
    assert not waiter.done()
    with pytest.raises(TimeoutError):
        await lock.acquire(NOW)
    lock.release()
    await waiter
    lock.release()
    with pytest.raises(RuntimeError, match="release unlocked lock") as caught:
        lock.release()
    assert caught.value.__suppress_context__
    assert repr(lock) == "<Lock _block=<BoundedSemaphore [unlocked,value:1]>>"
