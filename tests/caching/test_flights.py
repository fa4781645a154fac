"""Who waits for whom."""

import asyncio

from tests.caching.test_entries import ENTRY
from tests.running import on_jumping_clock
from tornadolike.caching.flights import MAX_PASSING, Flights, Outcome


@on_jumping_clock
async def test_those_who_wait_are_told():
    flights = Flights(5.0)
    flight = flights.begin("key", object())
    waiting = [asyncio.create_task(flight.wait(5.0)) for _ in range(3)]
    await asyncio.sleep(0)
    flights.end("key", flight, ENTRY)
    flight.land(Outcome.LOST)  # too late
    assert await asyncio.gather(*waiting) == [ENTRY] * 3
    assert (len(flights), flight.handler) == (0, None)
    assert await flights.begin("key", object()).wait(5.0) is Outcome.NOT_KEPT


@on_jumping_clock
async def test_whom_one_may_wait_for():
    flights = Flights(5.0)
    assert flights.find("key", "1") is None
    flight = flights.begin("key", object())
    assert flights.find("key", "1") is flight  # it has not begun, and will do so behind us
    for begun, now, joins in (
        ("1", "1", True),
        ("1", "2", False),
        ("", None, True),
        ("", "1", False),
    ):
        flight.generation = begun
        assert (flights.find("key", now) is flight) is joins, (begun, now)
    flight.generation = "1"
    flight.began -= 5.1
    assert flights.find("key", "1") is None
    other = flights.begin("key", object())
    flights.end("key", flight, Outcome.LOST)
    assert flights.find("key", None) is other


def test_passing_is_remembered_for_a_while_and_for_so_many():
    flights = Flights(5.0)
    flights.let_pass("old", -1.0)
    assert not flights.passes("old")
    for number in range(MAX_PASSING + 1):
        flights.let_pass(str(number), 10.0)
    assert [flights.passes(str(number)) for number in (0, 1, MAX_PASSING)] == [False, True, True]
    flights.stop_passing("1")
    assert not flights.passes("1")
    assert len(flights._passing) == MAX_PASSING - 1
