"""Items come out in their order, each exactly once, whoever waits, leaves or is cancelled."""

import asyncio

import pytest

from tests.running import HOUR, NOW, now, on_every_loop, on_jumping_clock, timers, turns
from tornadolike import gen, queues
from tornadolike.ioloop import IOLoop
from tornadolike.queues import LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull

KINDS = {"fifo": Queue, "priority": PriorityQueue, "lifo": LifoQueue}
each_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def test_the_names():
    assert set(queues.__all__) == {
        *("LifoQueue", "PriorityQueue", "Queue", "QueueEmpty", "QueueFull")
    }


@each_kind
def test_a_queue_can_be_made_and_filled_before_there_is_a_loop(make):
    IOLoop.clear_current()
    queue = make()
    queue.put_nowait(1)
    assert queue.get_nowait() == 1
    assert IOLoop.current(instance=False) is None


# Without waiting


@each_kind
def test_an_empty_queue(make):
    queue = make()
    assert queue.empty()
    assert not queue.full()
    assert queue.qsize() == 0
    assert queue.maxsize == 0
    with pytest.raises(QueueEmpty):
        queue.get_nowait()


@each_kind
def test_a_full_queue(make):
    queue = make(maxsize=2)
    assert queue.maxsize == 2
    queue.put_nowait(1)
    assert not queue.full()
    queue.put_nowait(2)
    assert queue.full()
    assert queue.qsize() == 2
    with pytest.raises(QueueFull):
        queue.put_nowait(3)
    queue.get_nowait()
    queue.put_nowait(3)
    with pytest.raises(AttributeError):
        queue.maxsize = 3


ORDERS = {"fifo": [3, 1, 2], "priority": [1, 2, 3], "lifo": [2, 1, 3]}


@pytest.mark.parametrize("kind", KINDS)
def test_the_order(kind):
    queue = KINDS[kind]()
    for item in (3, 1, 2):
        queue.put_nowait(item)
    assert [queue.get_nowait() for _ in range(3)] == ORDERS[kind]


def test_sizes_that_cannot_be():
    with pytest.raises(TypeError, match="maxsize can't be None"):
        Queue(maxsize=None)
    with pytest.raises(ValueError, match="maxsize can't be negative"):
        Queue(maxsize=-1)
    with pytest.raises(TypeError):
        Queue(maxsize="1")


@on_every_loop
async def test_a_size_that_is_no_whole_number():
    queue = Queue(maxsize=1.3)
    queue.put_nowait(1)
    await queue.put(2)
    putters = [queue.put(3), queue.put(4)]
    with pytest.raises(QueueFull):
        queue.put_nowait(5)
    assert [await queue.get() for _ in range(4)] == [1, 2, 3, 4]
    assert all(putter.done() for putter in putters)


def test_what_a_queue_looks_like(io_loop):
    queue = Queue(1)
    assert str(queue) == "<Queue maxsize=1>"
    assert repr(queue) == f"<Queue at {id(queue):#x} maxsize=1>"
    queue.get()
    assert str(queue) == "<Queue maxsize=1 getters[1]>"
    queue.put(1)
    queue.put(2)
    queue.put(3)
    assert str(queue) == "<Queue maxsize=1 queue=deque([2]) putters[1] tasks=2>"
    assert str(LifoQueue()) == "<LifoQueue maxsize=0>"
    assert isinstance(PriorityQueue(), Queue)


# Waiting


@each_kind
@on_every_loop
async def test_getters_are_served_in_order(make):
    queue = make()
    getters = [queue.get(), queue.get(HOUR), queue.get()]
    queue.put_nowait(1)
    assert [getter.done() for getter in getters] == [True, False, False]
    await queue.put(0)
    queue.put_nowait(2)
    assert [await getter for getter in getters] == [1, 0, 2]
    assert queue.empty()


@each_kind
@on_every_loop
async def test_putters_are_served_in_order(make):
    queue = make(1)
    putters = [queue.put(item, timeout) for item, timeout in ((0, None), (1, HOUR), (2, None))]
    assert [putter.done() for putter in putters] == [True, False, False]
    for number in (1, 2):
        queue.get_nowait()
        assert putters[number].done()
    assert [await putter for putter in putters] == [None, None, None]
    assert queue.qsize() == 1


@on_every_loop
async def test_a_put_needs_not_be_awaited():
    queue = Queue()
    queue.put(1)
    assert await queue.get() == 1


@each_kind
@on_jumping_clock
async def test_who_waits_too_long(make):
    queue = make(1)
    begun = now()
    for deadline in (HOUR, now() + 7200, NOW, 0):
        with pytest.raises(TimeoutError):
            await queue.get(deadline)
    assert now() == begun + 7200
    assert await queue.put(1, 0) is None
    for deadline in (HOUR, now() + 7200, NOW, 0):
        with pytest.raises(TimeoutError):
            await queue.put(2, timeout=deadline)
    assert now() == begun + 4 * 3600
    assert await queue.get(timeout=0) == 1
    assert queue.empty(), "what was not put in time is not put"
    queue.put_nowait(3)
    assert queue.get_nowait() == 3, "who has left gets nothing"


@each_kind
@on_jumping_clock
async def test_who_is_served_in_time_has_no_timer_left(make):
    before = timers()
    queue = make(1)
    getter = queue.get(HOUR)
    queue.put_nowait(1)
    assert await getter == 1
    queue.put_nowait(2)
    putter = queue.put(3, HOUR)
    assert timers() == before + 1
    queue.get_nowait()
    await putter
    assert timers() == before


@each_kind
@on_every_loop
async def test_who_is_cancelled_while_he_waits(make):
    queue = make(1)
    first, second = asyncio.ensure_future(queue.get()), queue.get()
    first.cancel()
    queue.put_nowait(1)
    assert await second == 1
    queue.put_nowait(2)
    first, second = queue.put(3), queue.put(4)
    first.cancel()
    assert {await queue.get(), await queue.get()} == {2, 4}
    assert second.done()
    assert queue.empty()


@pytest.mark.parametrize("others", [0, 1])
@each_kind
@on_every_loop
async def test_an_item_that_does_not_arrive_is_not_lost(make, others):
    """Its getter's task is cancelled between the hand-over and the task's next step."""
    queue = make()

    async def get():
        return await queue.get()

    task, *waiting = [asyncio.ensure_future(get()) for _ in range(1 + others)]
    await turns()
    queue.put_nowait("item")
    task.cancel()
    await turns()
    assert task.cancelled()
    if others:
        assert await waiting[0] == "item"
    else:
        assert queue.get_nowait() == "item"
    assert queue.empty()
    queue.task_done()
    with pytest.raises(ValueError, match="too many"):
        queue.task_done()


@pytest.mark.parametrize("kind", KINDS)
@on_every_loop
async def test_an_item_that_comes_back_is_the_next_again(kind):
    queue = KINDS[kind](2)

    async def get():
        return await queue.get()

    task = asyncio.ensure_future(get())
    await turns()
    queue.put_nowait(2)
    for item in (4, 3):
        queue.put_nowait(item)
    putter = queue.put(1)
    task.cancel()
    await turns()
    assert queue.qsize() == 3, "for once there is one too many"
    assert queue.full()
    assert not putter.done()
    assert queue.get_nowait() == 2
    assert not putter.done(), "and nobody comes in for it"
    got = [queue.get_nowait() for _ in range(3)]
    assert putter.done()
    assert got == {"fifo": [4, 3, 1], "priority": [1, 3, 4], "lifo": [1, 3, 4]}[kind]


@on_every_loop
async def test_a_time_out_of_asyncio_does_not_lose_an_item():
    queue = Queue()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.get(), 0.001)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await queue.get()
    queue.put_nowait(1)
    assert await queue.get() == 1


@on_every_loop
async def test_items_that_cannot_be_compared_harm_nobody_else():
    queue = PriorityQueue(1)
    getter = queue.get()
    queue.put_nowait(1)
    assert await getter == 1
    queue.put_nowait(2)
    bad, good = queue.put("text"), queue.put(3)
    assert queue.get_nowait() == 2
    with pytest.raises(TypeError):
        await bad
    await good
    assert queue.get_nowait() == 3
    queue = PriorityQueue()
    queue.put_nowait(1)
    with pytest.raises(TypeError):
        queue.put_nowait("text")
    with pytest.raises(TypeError):
        queue.put("text")
    queue.task_done()
    with pytest.raises(ValueError, match="too many"):
        queue.task_done()


def test_an_item_that_can_be_compared_with_some_leaves_the_others_in_order():
    class Odd:
        def __init__(self, known):
            self.known = known

        def __lt__(self, other):
            if other < self.known:
                raise TypeError(f"{other} is too small for me")
            return True

    for known in range(16):
        queue = PriorityQueue()
        for item in (0, 8, 1, 9, 12, 2, 3, 10, 11, 13, 14, 4, 5, 6, 7):
            queue.put_nowait(item)
        with pytest.raises(TypeError):
            queue.put_nowait(Odd(known or 1))
        assert [queue.get_nowait() for _ in range(15)] == list(range(15))
        assert queue.empty()


# Working


@each_kind
@on_every_loop
async def test_join_waits_for_the_work_to_be_done(make):
    queue = make()
    assert queue.join().done()
    assert await queue.join(0) is None
    for item in range(3):
        queue.put_nowait(item)
    joiners = [queue.join(), queue.join(HOUR)]
    for _ in range(3):
        assert not any(joiner.done() for joiner in joiners)
        queue.get_nowait()
        queue.task_done()
    assert [await joiner for joiner in joiners] == [None, None]
    with pytest.raises(ValueError, match=r"task_done\(\) called too many times"):
        queue.task_done()


@on_jumping_clock
async def test_work_that_takes_too_long():
    queue = Queue()
    queue.put_nowait(1)
    for deadline in (HOUR, now() + 7200, NOW, 0):
        with pytest.raises(TimeoutError):
            await queue.join(deadline)
    queue.get_nowait()
    joiner = queue.join()
    queue.task_done()
    await joiner


@each_kind
@on_every_loop
async def test_a_loop_over_a_queue(make):
    queue = make()
    got = []

    async def consumer():
        async for item in queue:
            got.append(item)
            queue.task_done()

    consuming = asyncio.ensure_future(consumer())
    for item in range(3):
        await queue.put(item)
        await queue.join()
    assert got == [0, 1, 2]
    iterator = aiter(queue)
    assert aiter(iterator) is iterator
    consuming.cancel()
    await turns()
    assert consuming.cancelled()


@on_every_loop
async def test_producers_and_consumers():
    """Also with decorated coroutines; each item is worked on once."""
    queue = Queue(maxsize=3)
    got = []

    @gen.coroutine
    def consumer():
        while True:
            item = yield queue.get()
            got.append(item)
            yield
            queue.task_done()

    async def native_consumer():
        async for item in queue:
            got.append(item)
            queue.task_done()

    @gen.coroutine
    def producer(first):
        for item in range(first, first + 10):
            yield queue.put(item)

    consuming = [consumer(), asyncio.ensure_future(native_consumer())]
    await gen.multi([producer(0), producer(10)])
    await queue.join()
    assert sorted(got) == list(range(20))
    consuming[1].cancel()
    await turns()


# A queue of one's own


@on_every_loop
async def test_a_subclass_with_another_order():
    class Unique(Queue):
        def _init(self):
            self._queue = {}

        def _put(self, item):
            self._queue[item] = None

        def _get(self):
            return self._queue.popitem()[0]

    queue = Unique(2)
    for item in "aab":
        queue.put_nowait(item)
    assert queue.full()
    assert queue.get_nowait() == "b"

    async def get():
        return await queue.get()

    queue.get_nowait()
    task = asyncio.ensure_future(get())
    await turns()
    queue.put_nowait("c")
    task.cancel()
    await turns()
    assert queue.get_nowait() == "c"
