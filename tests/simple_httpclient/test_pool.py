"""Connections that are kept."""

import asyncio
import socket

import pytest

from tests.running import HOUR, on_every_loop, on_jumping_clock, timers, turns
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

    def close(self):
        self.usable = False
        self.pool.forget(self)


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
    assert pool.take("a") is second
    assert pool.take("a") is first
    assert pool.take("a") is None
    assert pool.take("c") is None
    assert pool.idle == 1
    assert pool.take("b") is other
    pool.keep(first)
    pool.keep(second)
    assert pool.take("a") is second
    pool.close()


@on_every_loop
async def test_what_has_ended_is_not_used():
    pool = Pool(Turns(1))
    first, second, third = kept(pool, 3)
    second.close()
    third.usable = False  # it is closing, and has not said so yet
    assert pool.take("a") is first
    assert pool.take("a") is None
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
        assert pool.take("a") is connection
        pool.keep(connection)
        assert timers() == 1
    assert connection.usable
    assert pool.take("a") is connection
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
    assert pool.take("a") is second
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
    assert pool.take("a") is connection
    pool.keep(connection)
    await asyncio.sleep(5)
    assert pool.take("a") is None
    assert not connection.usable
    assert len(pool) == 0


@on_jumping_clock
async def test_the_end_that_the_loop_has_not_heard_of_yet():
    here, there = socket.socketpair()
    with here, there:
        pool = Pool(Turns(1))
        connection = Fake(pool, "a", here)
        pool.keep(connection)
        await asyncio.sleep(2)
        assert pool.take("a") is connection
        pool.keep(connection)
        await asyncio.sleep(2)
        there.shutdown(socket.SHUT_WR)
        assert pool.take("a") is None
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


@pytest.mark.parametrize("options", [{"idle_timeout": -1}, {"max_idle": -1}, {"idle_timeout": float("nan")}])
def test_limits_that_make_no_sense(options):
    with pytest.raises(ValueError, match="0 or more"):
        Pool(Turns(1), **options)


def test_turns_go_back():
    all_turns = Turns(1)
    assert all_turns.take("a")
    Pool(all_turns).leave("a")
    assert all_turns.take("a")
