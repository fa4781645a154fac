"""Several things at once."""

import asyncio
import concurrent.futures
import logging
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running import LOOPS, on_every_loop, run_on, turns
from tornadolike import gen
from tornadolike.concurrent import Future, create_future

APP = "tornadolike.application"


class Oops(Exception):
    pass


class Worse(Exception):
    pass


@gen.coroutine
def later(value, after=1):
    for _ in range(after):
        yield
    return value


@gen.coroutine
def fail(error, after=1):
    for _ in range(after):
        yield
    raise error


async def native(value):
    await asyncio.sleep(0)
    return value


# All of them


@on_every_loop
async def test_results_have_the_shape_of_the_children():
    assert await gen.multi([later(1, 5), later(2), native(3)]) == [1, 2, 3]
    assert await gen.multi({"a": later(1), "b": native(2)}) == {"a": 1, "b": 2}
    assert await gen.multi((later(1), native(2))) == [1, 2]
    assert await gen.multi(native(i) for i in range(3)) == [0, 1, 2]
    assert await gen.multi([[later(1)], {"a": [native(2)]}, None]) == [[1], {"a": [2]}, None]
    assert await gen.multi([gen.moment, gen._null_future, None]) == [None, None, None]


@on_every_loop
async def test_none_at_all():
    assert gen.multi([]).result() == []
    assert gen.multi({}).result() == {}


def test_other_names():
    assert gen.multi is gen.Multi is gen.multi_future


@on_every_loop
async def test_what_is_there_already_needs_no_turn():
    done = gen.maybe_future
    assert gen.multi([done(1), [done(2)]]).result() == [1, [2]]


@on_every_loop
async def test_they_run_at_the_same_time():
    gate = asyncio.Event()

    async def opens():
        gate.set()

    assert await gen.multi([gate.wait(), opens()]) == [True, None]


@on_every_loop
async def test_one_that_is_there_twice():
    future = create_future()
    both = gen.multi([future, future])
    future.set_result(1)
    assert await both == [1, 1]


@on_every_loop
async def test_the_children_of_threads():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        start = threading.Event()
        future = gen.multi([pool.submit(start.wait), later(2)])
        start.set()
        assert await future == [True, 2]


@on_every_loop
async def test_the_first_in_order_is_raised_and_the_others_are_logged(expect_log):
    children = [later(1), fail(Oops("first"), 5), fail(Worse(2)), fail(Worse(3), 3)]
    expected = expect_log(APP, "Multiple exceptions in yield list", count=2)
    with expected as log, pytest.raises(Oops, match="first"):
        await gen.multi(children)
    assert [record.exc_info[0] for record in log.matched] == [Worse, Worse]
    with expect_log(APP, "Multiple exceptions", count=1), pytest.raises(Oops):
        await gen.multi({"a": fail(Oops()), "b": fail(Worse())})


@on_every_loop
async def test_it_waits_for_all_of_them_though_one_has_failed():
    slow = create_future()
    both = gen.multi([fail(Oops()), slow])
    await turns(5)
    assert not both.done()
    slow.set_result(None)
    with pytest.raises(Oops):
        await both


@pytest.mark.parametrize("quiet", [Worse, (Worse, KeyError), Exception])
@on_every_loop
async def test_exceptions_that_are_not_logged(quiet):
    with pytest.raises(Oops):
        await gen.multi([fail(Oops()), fail(Worse()), fail(Worse())], quiet_exceptions=quiet)
    with pytest.raises(Oops):
        await gen.multi({1: fail(Oops()), 2: fail(Worse())}, quiet)


@on_every_loop
async def test_a_child_that_is_cancelled(expect_log):
    cancelled = create_future()
    cancelled.cancel()
    future = gen.multi([cancelled, later(1)])
    with pytest.raises(asyncio.CancelledError):
        await future
    assert not future.cancelled(), "as with asyncio.gather"
    with pytest.raises(Oops):
        await gen.multi([fail(Oops()), cancelled])
    with expect_log(APP, "Multiple exceptions", count=1), pytest.raises(asyncio.CancelledError):
        await gen.multi([cancelled, fail(Oops())])


@on_every_loop
async def test_cancelling_it_leaves_the_children_alone(expect_log):
    child = create_future()
    future = gen.multi([child, fail(Oops(), 3)])
    future.cancel()
    await turns()
    assert not child.done()
    child.set_result(1)
    with expect_log(APP, "Multiple exceptions in yield list", count=1):
        await turns(5)


@on_every_loop
async def test_a_child_that_is_none():
    with pytest.raises(gen.BadYieldError):
        gen.multi([3])
    with pytest.raises(gen.BadYieldError):
        gen.multi({"a": "b"})


ENDS = st.lists(
    st.tuples(st.sampled_from(["result", "oops", "worse", "cancel"]), st.integers(0, 3)),
    max_size=6,
)


@given(ends=ENDS, as_dict=st.booleans())
def test_any_mixture(ends, as_dict):
    async def main():
        loop = asyncio.get_running_loop()
        logged = []
        handler = logging.Handler()
        handler.emit = logged.append
        logger = logging.getLogger(APP)
        children = []
        for number, (kind, after) in enumerate(ends):
            child = create_future()
            complete = {
                "result": lambda child=child, number=number: child.set_result(number),
                "oops": lambda child=child: child.set_exception(Oops()),
                "worse": lambda child=child: child.set_exception(Worse()),
                "cancel": child.cancel,
            }[kind]
            if after:
                loop.call_later(after / 1e5, complete)
            else:
                complete()
            children.append(child)
        failures = [kind for kind, _ in ends if kind != "result"]
        logger.addHandler(handler)
        propagate, logger.propagate = logger.propagate, False
        shape = dict(enumerate(children)) if as_dict else children
        everything = gen.multi(shape, quiet_exceptions=Worse)
        await asyncio.wait([everything])
        logger.removeHandler(handler)
        logger.propagate = propagate
        if failures:
            kinds = {"oops": Oops, "worse": Worse, "cancel": asyncio.CancelledError}
            assert isinstance(everything.exception(), kinds[failures[0]])
        else:
            expected = list(range(len(ends)))
            assert everything.result() == (dict(enumerate(expected)) if as_dict else expected)
        assert len(logged) == failures[1:].count("oops")

    run_on(LOOPS["IOLoop"], main())


# Each as it comes


@on_every_loop
async def test_each_as_it_comes():
    slow, quick = create_future(), create_future()
    results = gen.WaitIterator(slow, quick)
    assert results.current_index is None
    assert results.current_future is None
    loop = asyncio.get_running_loop()
    loop.call_soon(quick.set_result, "quick")
    assert await results.next() == "quick"
    assert results.current_index == 1
    assert results.current_future is quick
    assert not results.done()
    loop.call_soon(slow.set_result, "slow")
    assert await results.next() == "slow"
    assert results.current_index == 0
    assert results.current_future is slow
    assert results.done()
    assert results.current_index is None
    assert results.current_future is None


@on_every_loop
async def test_each_by_name():
    results = gen.WaitIterator(a=later(1, 3), b=later(2), c=native(3))
    found = {}
    while not results.done():
        value = await results.next()
        found[results.current_index] = value
    assert found == {"a": 1, "b": 2, "c": 3}


@on_every_loop
async def test_those_that_are_there_come_in_order():
    done = [gen.maybe_future(number) for number in range(3)]
    results = gen.WaitIterator(*done)
    for number in range(3):
        assert results.next().result() == number
        assert results.current_index == number


@on_every_loop
async def test_in_a_decorated_coroutine():
    @gen.coroutine
    def f():
        found = []
        results = gen.WaitIterator(later(1, 3), fail(Oops()), [native(3)], None)
        while not results.done():
            try:
                found.append((yield results.next()))
            except Oops:
                found.append(results.current_index)
        return found

    assert sorted(await f(), key=str) == sorted([None, 1, [3], 1], key=str)


@on_every_loop
async def test_a_loop_over_them_ends_with_an_exception_and_goes_on_behind_it():
    results = gen.WaitIterator(later(1), fail(Oops(), 3), later(2, 6))
    found = []

    async def collect():
        async for result in results:
            found.append(result)  # noqa: PERF401 - what came before the exception counts

    with pytest.raises(Oops):
        await collect()
    await collect()
    assert found == [1, 2]
    assert results.done()


@on_every_loop
async def test_an_argument_that_is_there_twice():
    future = create_future()
    for results in (gen.WaitIterator(future, future), gen.WaitIterator(a=future, b=future)):
        indices = []
        if not future.done():
            asyncio.get_running_loop().call_soon(future.set_result, 1)
        while not results.done():
            assert await results.next() == 1
            indices.append(results.current_index)
        assert indices in ([0, 1], ["a", "b"])


@on_every_loop
async def test_arguments_of_threads():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        start = threading.Event()
        results = gen.WaitIterator(pool.submit(start.wait))
        asyncio.get_running_loop().call_soon(start.set)
        assert await results.next() is True


@on_every_loop
async def test_a_cancelled_argument_is_a_cancelled_result():
    cancelled = create_future()
    cancelled.cancel()
    results = gen.WaitIterator(cancelled, later(1))
    with pytest.raises(asyncio.CancelledError):
        await results.next()
    assert await results.next() == 1


@on_every_loop
async def test_who_gives_up_waiting_leaves_the_result_to_the_next():
    child = create_future()
    results = gen.WaitIterator(child)
    results.next().cancel()
    child.set_result(1)
    await turns()
    assert not results.done()
    assert results.next().result() == 1


@on_every_loop
async def test_who_asks_twice_gets_two():
    results = gen.WaitIterator(later(1), later(2, 2))
    first, second = results.next(), results.next()
    assert isinstance(first, Future)
    assert [await first, await second] == [1, 2]
    assert results.done()


@on_every_loop
async def test_asking_for_more_than_there_is():
    results = gen.WaitIterator()
    assert results.done()
    with pytest.raises(RuntimeError, match="ask done"):
        results.next()
    async for _ in results:
        pytest.fail("there is none")


def test_numbers_or_names_but_not_both():
    with pytest.raises(ValueError, match="args or kwargs, not both"):
        gen.WaitIterator(1, a=2)
