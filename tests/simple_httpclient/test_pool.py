"""Connections that are kept."""

import asyncio
import functools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ioloop.virtual import VirtualLoop
from tests.running import HOUR, now, on_every_loop, on_jumping_clock, run_on, timers, turns
from tornadolike.simple_httpclient.pool import IDLE_TIMEOUT, Pool
from tornadolike.simple_httpclient.turns import Turns


class Fake:
    """A connection, as the pool sees it; its transport, too."""

    def __init__(self, pool, key="a", sock=None):
        self.pool, self.key, self.sock = pool, key, sock
        self.idle_since = 0.0
        self.usable = True
        pool.add(self, self)

    def get_extra_info(self, name):
        assert name == "socket"
        return self.sock

    def abort(self):
        assert not self.usable

    def close(self):
        self.usable = False
        self.pool.forget(self)


def take(pool, key):
    return pool.take(key, now())


def kept(pool, count, key="a"):
    connections = [Fake(pool, key) for _ in range(count)]
    for connection in connections:
        pool.keep(connection)
    return connections


@on_every_loop
async def test_what_was_used_last_is_used_next():
    pool = Pool(Turns(1))
    first, second = kept(pool, 2)
    other = kept(pool, 1, "b")[0]
    assert (len(pool), pool.idle) == (3, 3)
    assert take(pool, "a") is second
    assert take(pool, "a") is first
    assert take(pool, "a") is None
    assert take(pool, "c") is None
    assert pool.idle == 1
    assert take(pool, "b") is other
    pool.keep(first)
    pool.keep(second)
    assert take(pool, "a") is second
    pool.close()


@on_every_loop
async def test_what_has_ended_is_not_used():
    pool = Pool(Turns(1))
    first, second, third = kept(pool, 3)
    second.close()
    third.usable = False  # it is closing, and has not said so yet
    assert take(pool, "a") is first
    assert take(pool, "a") is None
    assert len(pool) == 1
    first.close()
    first.close()
    assert len(pool) == 0
    pool.keep(first)  # too late
    assert pool.idle == 0


@on_jumping_clock
async def test_idle_connections_go():
    pool = Pool(Turns(1))
    (old,) = kept(pool, 1)
    await asyncio.sleep(IDLE_TIMEOUT - 1)
    assert timers() == 1
    (young,) = kept(pool, 1)
    assert timers() == 1
    await asyncio.sleep(2)
    assert (old.usable, young.usable) == (False, True)
    await asyncio.sleep(IDLE_TIMEOUT)
    assert not young.usable
    assert len(pool) == 0
    assert timers() == 0


@on_jumping_clock
async def test_a_connection_that_comes_back_is_young_again():
    pool = Pool(Turns(1), 10)
    (connection,) = kept(pool, 1)
    for _ in range(5):
        await asyncio.sleep(6)
        assert take(pool, "a") is connection
        pool.keep(connection)
        assert timers() == 1
    assert connection.usable
    assert take(pool, "a") is connection
    await asyncio.sleep(20)
    assert timers() == 0  # it does not tick for connections that are used
    assert connection.usable
    pool.close()


@on_jumping_clock
async def test_one_timer_does_for_many():
    pool = Pool(Turns(1), 10, max_idle=1000)
    ticks = 0
    sweep = pool._sweep

    def counted():
        nonlocal ticks
        ticks += 1
        sweep()

    pool._sweep = counted
    for _ in range(1000):
        kept(pool, 1)
        await asyncio.sleep(0.001)
    await asyncio.sleep(20)
    assert len(pool) == 0
    assert ticks < 10


@on_every_loop
async def test_the_oldest_goes_where_there_are_too_many():
    pool = Pool(Turns(1), max_idle=2)
    first, second = kept(pool, 2)
    assert take(pool, "a") is second
    pool.keep(second)
    (third,) = kept(pool, 1, "b")
    assert [each.usable for each in (first, second, third)] == [False, True, True]
    assert pool.idle == 2
    pool.close()


@pytest.mark.parametrize("options", [{"max_idle": 0}, {"idle_timeout": 0}])
@on_every_loop
async def test_none_is_kept(options):
    pool = Pool(Turns(1), **options)
    (connection,) = kept(pool, 1)
    assert not connection.usable
    assert len(pool) == 0


@on_jumping_clock
async def test_what_the_server_has_said_of_its_patience():
    pool = Pool(Turns(1))
    (connection,) = kept(pool, 1)
    pool.limit(connection, 5)
    await asyncio.sleep(4)
    assert take(pool, "a") is connection
    pool.keep(connection)
    await asyncio.sleep(5)
    assert take(pool, "a") is None
    assert not connection.usable
    assert len(pool) == 0
    assert pool._patience == {}


@on_jumping_clock
async def test_the_end_that_the_loop_has_not_heard_of_yet():
    here, there = socket.socketpair()
    with here, there:
        pool = Pool(Turns(1))
        connection = Fake(pool, "a", here)
        pool.keep(connection)
        await asyncio.sleep(2)
        assert take(pool, "a") is connection
        pool.keep(connection)
        await asyncio.sleep(2)
        there.shutdown(socket.SHUT_WR)
        assert take(pool, "a") is None
        assert not connection.usable


@on_every_loop
async def test_closing():
    pool = Pool(Turns(1))
    idle = kept(pool, 3)
    used = Fake(pool)
    pool.close_idle()
    assert [each.usable for each in (*idle, used)] == [False, False, False, True]
    assert pool._timer is None
    (again,) = kept(pool, 1)
    pool.close()
    assert not used.usable
    assert not again.usable
    pool.close()
    late = Fake(pool)
    pool.keep(late)
    assert not late.usable
    await turns()


@on_jumping_clock
async def test_a_timer_outlives_nothing():
    pool = Pool(Turns(1))
    kept(pool, 3)
    pool.close_idle()
    assert timers() == 0
    kept(pool, 1)
    await asyncio.sleep(HOUR.total_seconds())
    assert timers() == 0


@pytest.mark.parametrize(
    "options", [{"idle_timeout": -1}, {"max_idle": -1}, {"idle_timeout": float("nan")}]
)
def test_limits_that_make_no_sense(options):
    with pytest.raises(ValueError, match="0 or more"):
        Pool(Turns(1), **options)


def test_turns_go_back():
    all_turns = Turns(1)
    assert all_turns.take("a")
    Pool(all_turns).leave("a")
    assert all_turns.take("a")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["make", "take", "take", "keep", "keep", "lose", "later", "idle"]),
        st.integers(0, 5),
    ),
    max_size=50,
)


@given(STEPS, st.integers(0, 3))
def test_nobody_gets_what_another_one_has(steps, most):
    """Whatever happens: what is taken was kept, for the same, is not old, and is taken once."""

    async def play():
        pool = Pool(Turns(1), 10, most)
        made, used = [], []
        for step, number in steps:
            key = "ab"[number % 2]
            if step == "make":
                made.append(Fake(pool, key))
                used.append(made[-1])
            elif step == "take" and (found := take(pool, key)) is not None:
                assert found.key == key
                assert found not in used
                assert found.usable
                assert now() - found.idle_since < 11
                used.append(found)
            elif step == "keep" and used:
                pool.keep(used.pop(number % len(used)))
            elif step == "lose" and made:
                gone = made[number % len(made)]
                gone.close()
                used = [each for each in used if each is not gone]
            elif step == "later":
                await asyncio.sleep(number)
                for each in used:
                    assert each.usable
            elif step == "idle":
                pool.close_idle()
            alive = [each for each in made if each.usable]
            assert len(pool) == len(alive)
            assert pool.idle == len(alive) - len(used) <= most
        pool.close()
        assert len(pool) == 0
        assert pool._by_key == {}

    run_on(functools.partial(VirtualLoop, make_current=False), play())


@on_every_loop
async def test_room_for_one_more():
    """Connections that are drained have no turn: with those that are idle they are no more than may be idle."""
    all_turns = Turns(5)
    pool = Pool(all_turns, max_idle=2)
    busy = [Fake(pool) for _ in range(3)]
    for _ in busy:
        assert all_turns.take("a")
    assert pool.has_room()
    pool.leave("a")
    assert pool.has_room()
    pool.leave("a")
    assert not pool.has_room()
    busy[0].close()
    assert pool.has_room()
    pool.close()
    assert not pool.has_room()
    assert not Pool(Turns(1), idle_timeout=0).has_room()
