"""Time-outs for very many things, to the nearest tick."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornadolike.ioloop import Deadlines, IOLoop

from .virtual import VirtualLoop


class Thing:
    """Notes when it expired; may do something then."""

    def __init__(self, loop, deadline=math.inf, then=None):
        self.loop = loop
        self.deadline = deadline
        self.bucket = Deadlines.NOWHERE
        self.then = then
        self.expired = []

    def deadline_passed(self):
        assert self.bucket == Deadlines.NOWHERE
        self.expired.append(self.loop.now)
        if self.then is not None:
            self.then()


@pytest.fixture
def deadlines(virtual):
    return Deadlines(virtual, resolution=0.5)


def run_until(virtual, moment):
    virtual.call_at(moment, virtual.stop)
    virtual.start()


def waiting_timers(virtual):
    return [entry for entry in virtual._timers if not entry[2].cancelled()]


def is_empty(deadlines):
    return not deadlines._buckets and deadlines._timer is None


@pytest.mark.parametrize("deadline", [1000.0, 1000.2, 1000.5, 1003.3, 1003.5, 4000.0, 9000.1])
@pytest.mark.parametrize("start", [1000.0, 1000.3])
def test_it_expires_after_its_deadline_and_soon(virtual, deadlines, deadline, start):
    virtual.now = start
    thing = Thing(virtual, deadline)
    deadlines.add(thing)
    run_until(virtual, deadline + 10)
    (expired,) = thing.expired
    assert max(deadline, start) <= expired <= max(deadline, start) + deadlines.resolution
    assert is_empty(deadlines)
    assert not waiting_timers(virtual)


@given(
    start=st.floats(0, 1e7),
    resolution=st.sampled_from([0.1, 0.25, 0.3, 0.5, 1.0, 7.0]),
    delays=st.lists(st.floats(-1, 300), min_size=1, max_size=10),
)
@settings(max_examples=50)
def test_never_early_and_late_by_one_resolution_at_most(start, resolution, delays):
    loop = VirtualLoop(start)
    try:
        deadlines = Deadlines(loop, resolution)
        things = [Thing(loop, start + delay) for delay in delays]
        for thing in things:
            deadlines.add(thing)
        run_until(loop, start + max(0.0, *delays) + 3 * resolution)
        for thing in things:
            (expired,) = thing.expired
            due = max(thing.deadline, start)
            assert due <= expired
            assert expired <= due + resolution + 1e-6
        assert is_empty(deadlines)
    finally:
        loop.close()
        IOLoop.clear_current()


def test_a_deadline_moved_back_costs_nothing_and_is_kept(virtual, deadlines):
    thing = Thing(virtual, 1002.0)
    deadlines.add(thing)
    virtual.call_at(1001.9, setattr, thing, "deadline", 1005.0)
    virtual.call_at(1004.9, setattr, thing, "deadline", 1008.0)
    run_until(virtual, 1020.0)
    (expired,) = thing.expired
    assert 1008.0 <= expired <= 1008.5


def test_a_deadline_moved_forward_is_kept_if_it_is_told(virtual, deadlines):
    thing = Thing(virtual, 1050.0)
    deadlines.add(thing)

    def hurry():
        thing.deadline = 1004.0
        deadlines.add(thing)

    virtual.call_at(1002.0, hurry)
    run_until(virtual, 1100.0)
    (expired,) = thing.expired
    assert 1004.0 <= expired <= 1004.5


def test_never_is_never(virtual, deadlines):
    thing = Thing(virtual)
    deadlines.add(thing)
    run_until(virtual, 10_000.0)
    assert thing.expired == []
    thing.deadline = 10_001.0
    deadlines.add(thing)
    run_until(virtual, 10_002.0)
    assert len(thing.expired) == 1


def test_within_the_horizon_a_nearer_deadline_need_not_be_told(virtual):
    deadlines = Deadlines(virtual, resolution=0.5, horizon=10.0)
    thing = Thing(virtual)
    deadlines.add(thing)
    virtual.call_at(1025.0, setattr, thing, "deadline", 1035.0)
    run_until(virtual, 1100.0)
    (expired,) = thing.expired
    assert 1035.0 <= expired <= 1035.5
    assert is_empty(deadlines)


def test_what_is_forgotten_does_not_expire(virtual, deadlines):
    thing = Thing(virtual, 1002.0)
    deadlines.discard(thing)  # is nowhere: no error
    deadlines.add(thing)
    deadlines.discard(thing)
    deadlines.discard(thing)
    run_until(virtual, 1010.0)
    assert thing.expired == []
    assert is_empty(deadlines)


def test_forgetting_one_of_a_bucket_leaves_the_others(virtual, deadlines):
    things = [Thing(virtual, 1002.0) for _ in range(3)]
    for thing in things:
        deadlines.add(thing)
    deadlines.discard(things[0])
    run_until(virtual, 1010.0)
    assert [len(thing.expired) for thing in things] == [0, 1, 1]


def test_adding_twice_expires_once(virtual, deadlines):
    thing = Thing(virtual, 1002.0)
    deadlines.add(thing)
    deadlines.add(thing)
    run_until(virtual, 1010.0)
    assert len(thing.expired) == 1


def test_while_there_is_nothing_no_timer_runs(virtual, deadlines):
    assert not waiting_timers(virtual)
    for start in (1000.0, 2000.3):
        virtual.now = start
        deadlines.add(Thing(virtual, start + 2))
        assert len(waiting_timers(virtual)) == 1
        run_until(virtual, start + 5)
        assert not waiting_timers(virtual)


def test_what_expires_may_be_added_again(virtual, deadlines):
    def again():
        if len(thing.expired) < 3:
            thing.deadline = virtual.now + 2
            deadlines.add(thing)

    thing = Thing(virtual, 1002.0, again)
    deadlines.add(thing)
    run_until(virtual, 1050.0)
    assert len(thing.expired) == 3
    assert is_empty(deadlines)


def test_one_that_expires_may_forget_the_others(virtual, deadlines):
    """All are in one bucket; the first that is told takes the others out."""

    def discard_others():
        for thing in things:
            deadlines.discard(thing)

    things = [Thing(virtual, 1002.0, discard_others) for _ in range(5)]
    for thing in things:
        deadlines.add(thing)
    run_until(virtual, 1010.0)
    assert sum(len(thing.expired) for thing in things) == 1
    assert is_empty(deadlines)


def test_one_that_expires_may_move_the_others(virtual, deadlines):
    def move_others():
        for thing in things:
            if thing.deadline == 1002.0 and not thing.expired:
                thing.deadline = 1004.0
                deadlines.add(thing)

    things = [Thing(virtual, 1002.0, move_others) for _ in range(5)]
    for thing in things:
        deadlines.add(thing)
    run_until(virtual, 1010.0)
    assert all(len(thing.expired) == 1 for thing in things)
    assert sorted(thing.expired[0] for thing in things)[1:] == [1004.5] * 4


def test_one_that_fails_takes_nobody_with_it(virtual, deadlines, expect_log):
    def fail():
        raise ValueError

    things = [Thing(virtual, 1002.0, fail) for _ in range(3)] + [Thing(virtual, 1005.0)]
    for thing in things:
        deadlines.add(thing)
    with expect_log("asyncio", "Exception at the deadline of <.*Thing", count=3):
        run_until(virtual, 1010.0)
    assert all(len(thing.expired) == 1 for thing in things)
    assert is_empty(deadlines)


@pytest.mark.parametrize("things", [1, 100])
def test_after_a_long_sleep_all_that_is_overdue_expires_at_once(virtual, deadlines, things):
    """More ticks have passed than there are buckets, or fewer; either way none is left out."""
    all_things = [Thing(virtual, 1001.0 + number) for number in range(things)]
    all_things.append(Thing(virtual, 50_000.0))
    for thing in all_things:
        deadlines.add(thing)

    def sleep():
        virtual.now += 20_000.0

    virtual.call_soon(sleep)
    run_until(virtual, 21_001.0)
    for thing in all_things[:-1]:
        assert len(thing.expired) == 1
        assert 21_000.0 <= thing.expired[0] <= 21_000.5
    assert all_things[-1].expired == []
    deadlines.discard(all_things[-1])


def test_the_time_of_the_last_tick_is_at_hand(virtual, deadlines):
    deadlines.add(Thing(virtual, 1010.0))
    seen = []
    for moment in (1001.0, 1003.3, 1005.9):
        virtual.call_at(moment, lambda: seen.append(virtual.now - deadlines.now))
    run_until(virtual, 1020.0)
    assert all(0.0 <= late <= 0.5 for late in seen)


def test_many_things_cost_one_timer(virtual, deadlines):
    things = [Thing(virtual, 1000.0 + number % 30) for number in range(10_000)]
    for thing in things:
        deadlines.add(thing)
    assert len(waiting_timers(virtual)) == 1
    run_until(virtual, 1040.0)
    assert all(len(thing.expired) == 1 for thing in things)
