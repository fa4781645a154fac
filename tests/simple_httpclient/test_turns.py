"""Whose turn it is."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running import on_every_loop, turns
from tornadolike.simple_httpclient.turns import Turns


class Queue:
    """Those who ask for a turn, each in a task."""

    def __init__(self, all_turns):
        self.turns = all_turns
        self.served = []
        self.tasks = {}

    async def ask(self, name, key):
        async def wait():
            if not self.turns.take(key):
                await self.turns.wait(key)
            self.served.append(name)

        self.tasks[name] = asyncio.create_task(wait())
        await turns(2)

    async def cancel(self, name):
        self.tasks[name].cancel()
        await asyncio.wait([self.tasks[name]])

    async def give_back(self, *keys):
        for key in keys:
            self.turns.give_back(key)
        await turns()


@on_every_loop
async def test_who_comes_first_is_served_first():
    queue = Queue(Turns(2))
    for number in range(5):
        await queue.ask(number, "a" if number % 2 else "b")
    assert queue.served == [0, 1]
    assert queue.turns.waiting == ["b", "a", "b"]
    await queue.give_back("a")
    assert queue.served == [0, 1, 2]
    await queue.give_back("b", "b")
    assert queue.served == [0, 1, 2, 3, 4]
    await queue.give_back("a", "b")
    assert queue.turns.taken == {}
    assert queue.turns.waiting == []


@on_every_loop
async def test_a_full_host_keeps_nobody_who_goes_elsewhere():
    queue = Queue(Turns(3, 1))
    for name, key in enumerate("aaabc"):
        await queue.ask(name, key)
    assert queue.served == [0, 3, 4]
    await queue.give_back("b")  # room in all, but not at a
    assert queue.served == [0, 3, 4]
    await queue.ask(5, "d")
    assert queue.served == [0, 3, 4, 5]
    await queue.give_back("a")
    assert queue.served == [0, 3, 4, 5, 1]
    await queue.give_back("a")
    assert queue.served == [0, 3, 4, 5, 1, 2]
    await queue.give_back("a", "c", "d")
    assert queue.turns.taken == {}


@on_every_loop
async def test_between_hosts_too_it_is_the_first_who_is_served():
    queue = Queue(Turns(1, 1))
    for name, key in enumerate("aabba"):
        await queue.ask(name, key)
    for key in "aabb":
        await queue.give_back(key)
    assert queue.served == [0, 1, 2, 3, 4]


@on_every_loop
async def test_who_gives_up_has_no_turn():
    queue = Queue(Turns(1))
    for name, key in enumerate("abac"):
        await queue.ask(name, key)
    await queue.cancel(1)
    await queue.cancel(2)
    assert queue.turns.waiting == ["c"]
    await queue.give_back("a")
    assert queue.served == [0, 3]
    await queue.give_back("c")
    assert queue.turns.taken == {}


@on_every_loop
async def test_who_gives_up_as_his_turn_comes_hands_it_on():
    queue = Queue(Turns(1))
    for name in range(3):
        await queue.ask(name, "a")
    queue.turns.give_back("a")
    queue.tasks[1].cancel()
    await turns()
    assert queue.served == [0, 2]
    assert queue.turns.taken == {"a": 1}


@on_every_loop
async def test_who_has_given_up_a_moment_ago_is_passed_over():
    queue = Queue(Turns(1))
    for name in range(4):
        await queue.ask(name, "a")
    queue.tasks[1].cancel()
    queue.turns.give_back("a")
    queue.tasks[3].cancel()
    await turns()
    assert queue.served == [0, 2]
    assert queue.turns.waiting == []


@on_every_loop
async def test_more_turns():
    all_turns = Turns(1)
    queue = Queue(all_turns)
    for name in range(4):
        await queue.ask(name, "a")
    all_turns.most = 3
    await turns()
    assert queue.served == [0, 1, 2]
    all_turns.most = 1
    await queue.give_back("a", "a")
    assert queue.served == [0, 1, 2]
    await queue.give_back("a")
    assert queue.served == [0, 1, 2, 3]


@on_every_loop
async def test_nobody_is_served_any_more():
    queue = Queue(Turns(1))
    for name in range(3):
        await queue.ask(name, "a")
    queue.turns.refuse_all(lambda: LookupError("closed"))
    queue.tasks[2].cancel()
    await asyncio.wait(queue.tasks.values())
    assert isinstance(queue.tasks[1].exception(), LookupError)
    assert queue.tasks[2].cancelled()
    await queue.give_back("a")
    assert queue.served == [0]
    assert queue.turns.taken == {}


@pytest.mark.parametrize("limits", [(0,), (-1, 3), (3, 0)])
def test_limits_that_make_no_sense(limits):
    with pytest.raises(ValueError, match="1 or more"):
        Turns(*limits)
    with pytest.raises(ValueError, match="1 or more"):
        Turns(1).most = 0


class Model:
    """The same as a list that is looked through from its beginning."""

    def __init__(self, most, per_host):
        self.most, self.per_host = most, per_host
        self.taken, self.waiting = [], []

    def serve(self):
        for name, key in list(self.waiting):
            if len(self.taken) < self.most and self.taken.count(key) < self.per_host:
                self.waiting.remove((name, key))
                self.taken.append(key)
                yield name


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "cancel", "back"]), st.integers(0, 3)), max_size=60
)


@given(STEPS, st.integers(1, 4), st.integers(1, 3))
def test_as_a_simple_queue_would(steps, most, per_host):
    async def play():
        queue, model = Queue(Turns(most, per_host)), Model(most, per_host)
        served = []
        for name, (step, number) in enumerate(steps):
            if step == "ask":
                await queue.ask(name, number)
                model.waiting.append((name, number))
            elif step == "cancel" and model.waiting:
                gone = model.waiting.pop(number % len(model.waiting))
                await queue.cancel(gone[0])
            elif step == "back" and model.taken:
                key = model.taken.pop(number % len(model.taken))
                await queue.give_back(key)
            served += model.serve()
            assert queue.served == served
            assert queue.turns.waiting == [key for _, key in model.waiting]
            assert sum(queue.turns.taken.values()) == len(model.taken)
        for task in queue.tasks.values():
            task.cancel()
        await asyncio.wait(queue.tasks.values()) if queue.tasks else None

    asyncio.run(play())
