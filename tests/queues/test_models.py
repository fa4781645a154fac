"""Queues against a model, with any operations in any order; and what they leave."""

import asyncio
import functools
import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running import HOUR, LOOPS, now, on_jumping_clock, run_on, timers, turns
from tornadolike.queues import LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull

KINDS = {"fifo": Queue, "priority": PriorityQueue, "lifo": LifoQueue}
each_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


# What is left


@pytest.mark.parametrize("end", ["get", "put"])
@pytest.mark.parametrize("how", ["time out", "cancel"])
@on_jumping_clock
async def test_those_who_have_left_are_forgotten(end, how):
    queue = Queue(1)
    if end == "put":
        queue.put_nowait(0)
        wait, line = functools.partial(queue.put, 1), queue._putters
    else:
        wait, line = queue.get, queue._getters
    stays = wait()
    for _ in range(1000):
        if how == "cancel":
            wait(HOUR).cancel()
        else:
            with pytest.raises(TimeoutError):
                await wait(now() + 1)
        assert len(line) == 1
    assert not stays.done()
    assert timers() == 0


@each_kind
def test_a_queue_is_no_circle(make, io_loop):
    gc.collect()
    gc.disable()
    try:
        queue = make(1)
        getter = queue.get()
        queue.put(1)
        queue.put(2)
        queue.put(3)
        queue.get(HOUR)
        queue.get(HOUR)
        queue.get(HOUR).cancel()
        del queue, getter
        assert gc.collect() == 0
    finally:
        gc.enable()


# Whatever happens


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["put", "put_nowait"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(["get", "get_nowait"]), st.none()),
        st.tuples(st.sampled_from(["cancel getter", "cancel putter"]), st.integers(0, 5)),
    ),
    max_size=50,
)


class Model:
    """A queue in its simplest words: lists that are searched."""

    def __init__(self, kind, maxsize):
        self.kind = kind
        self.maxsize = maxsize
        self.items = []
        self.getters = []
        self.putters = []
        self.got = {}

    def take(self):
        index = {"fifo": 0, "lifo": -1, "priority": self.items.index(min(self.items))}[self.kind]
        return self.items.pop(index)

    def settle(self):
        """Serve who can be served."""
        while True:
            if self.getters and self.items:
                self.got[self.getters.pop(0)] = self.take()
            elif self.putters and (not self.maxsize or len(self.items) < self.maxsize):
                self.items.append(self.putters.pop(0)[1])
            else:
                return


@given(kind=st.sampled_from(list(KINDS)), maxsize=st.integers(0, 3), operations=OPERATIONS)
def test_a_queue_does_what_its_model_does(kind, maxsize, operations):
    async def main():
        queue, model = KINDS[kind](maxsize), Model(kind, maxsize)
        getters, putters = [], []
        for operation, argument in operations:
            if operation in ("put", "put_nowait"):
                full = bool(maxsize) and len(model.items) >= maxsize
                if operation == "put":
                    putters.append(queue.put(argument))
                    model.putters.append((len(putters) - 1, argument))
                elif full:
                    with pytest.raises(QueueFull):
                        queue.put_nowait(argument)
                else:
                    queue.put_nowait(argument)
                    model.items.append(argument)
            elif operation == "get":
                getters.append(queue.get())
                # A waiting putter comes in before the item goes out: with priorities it may be his.
                if model.putters:
                    model.items.append(model.putters.pop(0)[1])
                model.getters.append(len(getters) - 1)
            elif operation == "get_nowait":
                if model.putters:
                    model.items.append(model.putters.pop(0)[1])
                if model.items:
                    assert queue.get_nowait() == model.take()
                else:
                    with pytest.raises(QueueEmpty):
                        queue.get_nowait()
            elif operation == "cancel getter" and argument < len(getters):
                getters[argument].cancel()
                if argument in model.getters:
                    model.getters.remove(argument)
            elif operation == "cancel putter" and argument < len(putters):
                putters[argument].cancel()
                model.putters = [entry for entry in model.putters if entry[0] != argument]
            model.settle()
            assert sorted(queue._queue) == sorted(model.items)
            assert queue.qsize() == len(model.items)
            assert queue.empty() == (not model.items)
            assert queue.full() == (bool(maxsize) and len(model.items) >= maxsize)
        for number, getter in enumerate(getters):
            if number in model.got:
                assert getter.result() == model.got[number]
            else:
                assert getter.cancelled() or number in model.getters
        waiting = {number for number, _ in model.putters}
        for number, putter in enumerate(putters):
            assert putter.cancelled() or putter.done() == (number not in waiting)

    run_on(LOOPS["IOLoop"], main())


@given(
    kind=st.sampled_from(list(KINDS)),
    maxsize=st.integers(0, 2),
    steps=st.lists(
        st.one_of(
            st.sampled_from(["put", "get", "turn"]),
            st.tuples(st.just("cancel"), st.integers(0, 9)),
        ),
        max_size=40,
    ),
)
def test_no_item_is_ever_lost_or_doubled(kind, maxsize, steps):
    """Tasks put and get, and are cancelled at any moment."""

    async def main():
        queue = KINDS[kind](maxsize)
        tasks, put, got = [], set(), []

        async def putting(number):
            await queue.put(number)
            put.add(number)

        async def getting():
            got.append(await queue.get())

        for number, step in enumerate(steps):
            if step == "put":
                tasks.append(asyncio.ensure_future(putting(number)))
            elif step == "get":
                tasks.append(asyncio.ensure_future(getting()))
            elif step == "turn":
                await asyncio.sleep(0)
            elif step[1] < len(tasks):
                tasks[step[1]].cancel()
        await turns(3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        left = list(queue._queue)
        everything = got + left
        assert len(everything) == len(set(everything))
        # (Who was cancelled when his item had just gone in does not know that it has.)
        assert put <= set(everything)
        assert queue._unfinished_tasks == len(everything)
        if kind == "fifo":
            assert left == sorted(left)

    run_on(LOOPS["IOLoop"], main())
