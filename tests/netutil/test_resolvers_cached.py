"""A resolver with a memory."""

import asyncio
import gc
import socket
import threading
import weakref

import pytest

from tests.running import on_every_loop, on_jumping_clock, run_on, turns
from tornadolike import netutil
from tornadolike.ioloop import IOLoop
from tornadolike.netutil import CachedResolver, DefaultLoopResolver, OverrideResolver, Resolver

FIRST = [(socket.AF_INET, ("192.0.2.1", 80))]


class Scripted(Resolver):
    """Gives the answers of a script one after another (the last for ever), each after some seconds."""

    def initialize(self, *script, seconds=0.0):
        self.script = list(script)
        self.seconds = seconds
        self.asked = []
        self.ended = 0
        self.closed = False

    async def resolve(self, host, port, family=socket.AF_UNSPEC):
        self.asked.append((host, port, family))
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.ended += 1
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self):
        self.closed = True


def unknown():
    return socket.gaierror(socket.EAI_NONAME, "no such name")


# Remembering


@on_jumping_clock
async def test_an_answer_is_remembered_for_a_while():
    other = Scripted(FIRST, [])
    resolver = CachedResolver(other, ttl=30)
    assert await resolver.resolve("name.example", 80) == FIRST
    await asyncio.sleep(29)
    assert await resolver.resolve("name.example", 80) == FIRST
    assert other.asked == [("name.example", 80, socket.AF_UNSPEC)]
    await asyncio.sleep(1)
    assert await resolver.resolve("name.example", 80) == []


@on_jumping_clock
async def test_its_time_begins_when_it_comes():
    other = Scripted(FIRST, seconds=100)
    resolver = CachedResolver(other, ttl=30)
    await resolver.resolve("name.example", 80)
    await asyncio.sleep(29)
    await resolver.resolve("name.example", 80)
    assert len(other.asked) == 1


@on_every_loop
async def test_on_every_loop():
    other = Scripted(FIRST)
    resolver = CachedResolver(other)
    assert await resolver.resolve("name.example", 80) == FIRST
    assert await resolver.resolve("name.example", 80) == FIRST
    assert len(other.asked) == 1


def test_on_uvloop(uvloop):
    if uvloop is None:
        pytest.skip("uvloop is not installed")

    async def main():
        assert await CachedResolver(Scripted(FIRST)).resolve("name.example", 80) == FIRST

    run_on(uvloop.new_event_loop, main())


@on_every_loop
async def test_each_question_has_an_answer_of_its_own():
    """Ports too: another resolver may answer them differently."""
    mapping = {("a.example", 1): ("127.0.0.1", 11), ("a.example", 2): ("127.0.0.2", 22)}
    resolver = CachedResolver(OverrideResolver(DefaultLoopResolver(), mapping))
    for _ in range(2):
        assert await resolver.resolve("a.example", 1) == [(socket.AF_INET, ("127.0.0.1", 11))]
        assert await resolver.resolve("a.example", 2) == [(socket.AF_INET, ("127.0.0.2", 22))]
    other = Scripted(FIRST)
    resolver = CachedResolver(other)
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNSPEC):
        await resolver.resolve("name.example", 80, family)
    assert len(other.asked) == 3


@on_every_loop
async def test_who_changes_his_answer_changes_nobody_elses():
    resolver = CachedResolver(Scripted(list(FIRST)))
    for _ in range(3):
        answer = await resolver.resolve("name.example", 80)
        assert answer == FIRST
        answer.clear()


@on_every_loop
async def test_no_memory_at_all():
    other = Scripted(FIRST)
    resolver = CachedResolver(other, ttl=0)
    for _ in range(3):
        await resolver.resolve("name.example", 80)
    assert len(other.asked) == 3


@on_jumping_clock
async def test_the_oldest_answer_is_forgotten_when_there_are_too_many():
    other = Scripted(FIRST)
    resolver = CachedResolver(other, max_entries=2, ttl=10)
    for host in "aba":
        await resolver.resolve(host, 80)
    await resolver.resolve("c", 80)  # instead of a
    await resolver.resolve("b", 80)
    await resolver.resolve("a", 80)  # instead of b
    assert "".join(host for host, _, _ in other.asked) == "abca"


@on_jumping_clock
async def test_an_answer_that_was_renewed_is_not_the_oldest():
    other = Scripted(FIRST)
    resolver = CachedResolver(other, max_entries=2, ttl=10)
    await resolver.resolve("a", 80)
    await asyncio.sleep(5)
    await resolver.resolve("b", 80)
    await asyncio.sleep(6)
    await resolver.resolve("a", 80)
    await resolver.resolve("c", 80)  # instead of b
    await resolver.resolve("a", 80)
    assert "".join(host for host, _, _ in other.asked) == "abac"


@on_jumping_clock
async def test_what_is_over_takes_no_memory():
    resolver = CachedResolver(Scripted(FIRST), ttl=10)
    for number in range(100):
        await resolver.resolve(f"{number}.example", 80)
        await asyncio.sleep(1)
    (memory,) = resolver._memories.values()
    assert len(memory._answers) == 10
    assert not resolver._flights._flights


@on_every_loop
async def test_forgetting_everything():
    other = Scripted(FIRST, [])
    resolver = CachedResolver(other)
    await resolver.resolve("name.example", 80)
    resolver.clear()
    assert await resolver.resolve("name.example", 80) == []


@on_jumping_clock
async def test_an_answer_to_a_question_from_before_is_not_remembered():
    other = Scripted(FIRST, [], seconds=1)
    resolver = CachedResolver(other)
    before = asyncio.ensure_future(resolver.resolve("name.example", 80))
    await turns()
    resolver.clear()
    assert await before == FIRST
    assert await resolver.resolve("name.example", 80) == []


# Errors


@on_jumping_clock
async def test_that_there_is_no_address_is_remembered_briefly():
    for nothing in ([], unknown()):
        other = Scripted(nothing, FIRST)
        resolver = CachedResolver(other)
        for _ in range(3):
            if nothing:
                with pytest.raises(socket.gaierror, match="no such name"):
                    await resolver.resolve("name.example", 80)
            else:
                assert await resolver.resolve("name.example", 80) == []
            await asyncio.sleep(0.3)
        assert len(other.asked) == 1
        await asyncio.sleep(0.2)
        assert await resolver.resolve("name.example", 80) == FIRST


@on_jumping_clock
async def test_an_error_after_an_answer_takes_its_place():
    resolver = CachedResolver(Scripted(FIRST, unknown(), FIRST), ttl=10, error_ttl=5)
    await resolver.resolve("name.example", 80)
    await asyncio.sleep(10)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await resolver.resolve("name.example", 80)
    await asyncio.sleep(5)
    assert await resolver.resolve("name.example", 80) == FIRST


@on_every_loop
async def test_errors_need_not_be_remembered():
    resolver = CachedResolver(Scripted(unknown(), FIRST), error_ttl=0)
    with pytest.raises(socket.gaierror):
        await resolver.resolve("name.example", 80)
    assert await resolver.resolve("name.example", 80) == FIRST


@on_every_loop
async def test_an_error_in_the_program_is_not_remembered():
    resolver = CachedResolver(Scripted(ZeroDivisionError(), FIRST), error_ttl=100)
    with pytest.raises(ZeroDivisionError):
        await resolver.resolve("name.example", 80)
    assert await resolver.resolve("name.example", 80) == FIRST


class Held:
    """What a caller has in hand."""


@on_every_loop
async def test_a_remembered_error_holds_nobody():
    seen = []

    class Unknown(Resolver):
        async def resolve(self, *question):
            held = Held()
            seen.append(weakref.ref(held))
            raise unknown()

    resolver = CachedResolver(Unknown(), error_ttl=100)
    raised = []

    async def ask():
        held = Held()
        try:
            await resolver.resolve("name.example", 80)
        except OSError as error:
            raised.append(error)
        seen.append(weakref.ref(held))

    await ask()
    await ask()
    assert raised[0] is not raised[1]
    raised.clear()
    gc.collect()
    assert [each() for each in seen] == [None, None, None]


@on_every_loop
async def test_an_error_that_cannot_be_made_again():
    class Strange(OSError):
        def __init__(self, number, *, text):
            super().__init__(number, text)

    for number, kind in ((None, OSError), (111, ConnectionRefusedError)):
        resolver = CachedResolver(Scripted(Strange(number, text="strange")))
        with pytest.raises(OSError, match="strange") as caught:
            await resolver.resolve("name.example", 80)
        assert type(caught.value) is kind


# Asking


@on_every_loop
async def test_who_asks_the_same_meanwhile_gets_the_same_answer():
    other = Scripted(FIRST, seconds=0.01)
    resolver = CachedResolver(other, ttl=0)
    answers = await asyncio.gather(*(resolver.resolve("name.example", 80) for _ in range(5)))
    assert answers == [FIRST] * 5
    assert len(other.asked) == 1
    answers[0].clear()
    assert answers[1] == FIRST


@pytest.mark.parametrize("error", [unknown(), ZeroDivisionError()], ids=["OSError", "other"])
@on_every_loop
async def test_who_asks_the_same_meanwhile_gets_the_same_error(error):
    resolver = CachedResolver(Scripted(error, seconds=0.01))
    asking = [resolver.resolve("name.example", 80) for _ in range(3)]
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(error)] * 3


@pytest.mark.parametrize("who", [0, 1, 2])
@on_jumping_clock
async def test_who_gives_up_leaves_the_others_waiting(who):
    other = Scripted(FIRST, seconds=10)
    resolver = CachedResolver(other)
    asking = [asyncio.ensure_future(resolver.resolve("name.example", 80)) for _ in range(3)]
    await asyncio.sleep(1)
    asking[who].cancel()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers.pop(who), asyncio.CancelledError)
    assert answers == [FIRST, FIRST]
    assert len(other.asked) == 1


@on_jumping_clock
async def test_the_last_to_give_up_takes_the_question_back():
    other = Scripted(FIRST, seconds=10)
    resolver = CachedResolver(other)
    asking = [asyncio.ensure_future(resolver.resolve("name.example", 80)) for _ in range(2)]
    await asyncio.sleep(1)
    for each in asking:
        each.cancel()
    await asyncio.wait(asking)
    assert other.ended == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert await resolver.resolve("name.example", 80) == FIRST


@on_jumping_clock
async def test_who_comes_while_a_question_is_being_taken_back_asks_anew():
    class Slow(Scripted):
        async def resolve(self, *question):
            try:
                return await super().resolve(*question)
            except asyncio.CancelledError:
                await asyncio.sleep(5)
                raise

    other = Slow(FIRST, seconds=10)
    resolver = CachedResolver(other)
    first = asyncio.ensure_future(resolver.resolve("name.example", 80))
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.sleep(1)
    assert not first.done()
    second = asyncio.ensure_future(resolver.resolve("name.example", 80))
    await asyncio.sleep(5)
    assert first.cancelled()  # and its end did not take the second one's place
    third = asyncio.ensure_future(resolver.resolve("name.example", 80))
    assert await asyncio.gather(second, third) == [FIRST, FIRST]
    assert len(other.asked) == 2


@on_jumping_clock
async def test_a_time_out_of_one_is_not_the_others():
    other = Scripted(FIRST, seconds=10)
    resolver = CachedResolver(other)
    patient = asyncio.ensure_future(resolver.resolve("name.example", 80))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await resolver.resolve("name.example", 80)
    assert await patient == FIRST


def test_tasks_that_start_at_once(io_loop):
    """Their first step is taken before anybody knows of them."""
    if not hasattr(asyncio, "eager_task_factory"):
        pytest.skip("they exist since Python 3.12")

    class Quick(Scripted):
        async def resolve(self, *question):
            self.asked.append(question)
            return FIRST

    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        other = Quick(FIRST)
        resolver = CachedResolver(other, ttl=0)
        for count in range(1, 4):
            assert await resolver.resolve("name.example", 80) == FIRST
            assert len(other.asked) == count
            await turns()
        assert not resolver._flights._flights

    io_loop.run_sync(main)


# Loops


def test_each_loop_remembers_on_its_own():
    other = Scripted(FIRST)
    resolver = CachedResolver(other)

    async def main():
        for _ in range(2):
            assert await resolver.resolve("name.example", 80) == FIRST

    for count in range(1, 4):
        run_on(IOLoop, main())
        assert len(other.asked) == count
    IOLoop.clear_current()
    gc.collect()
    assert len(resolver._memories) == 0


def test_two_loops_at_once():
    """Each waits for its own question."""
    other = Scripted(FIRST)
    both = threading.Barrier(2, timeout=10)
    resolver = CachedResolver(other)
    answers = []

    class Meeting(Resolver):
        async def resolve(self, *question):
            await asyncio.get_running_loop().run_in_executor(None, both.wait)
            return await other.resolve(*question)

    resolver.resolver = Meeting()

    async def main():
        answers.append(await resolver.resolve("name.example", 80))

    new_loop = lambda: IOLoop(make_current=False)  # noqa: E731 (one of several)
    thread = threading.Thread(target=run_on, args=(new_loop, main()))
    thread.start()
    run_on(new_loop, main())
    thread.join(10)
    assert answers == [FIRST, FIRST]
    assert len(other.asked) == 2


def test_a_loop_that_was_closed_while_it_asked(expect_log):
    resolver = CachedResolver(Scripted(FIRST, seconds=100))

    async def ask():
        await resolver.resolve("name.example", 80)

    loop = IOLoop(make_current=False)
    task = loop.create_task(ask())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert len(resolver._memories) == 1
    resolver.resolver = Scripted(FIRST)
    run_on(lambda: IOLoop(make_current=False), ask())
    with expect_log("asyncio", "Task was destroyed but it is pending"):
        del task, loop
        gc.collect()
    assert len(resolver._memories) == 0


# Settings


def test_it_can_be_the_configured_one():
    netutil.Resolver.configure("tornadolike.netutil.CachedResolver", ttl=7)
    try:
        resolver = Resolver()
        assert type(resolver) is CachedResolver
        assert type(resolver.resolver) is DefaultLoopResolver
        assert resolver.ttl == 7
    finally:
        Resolver.configure(None)


@pytest.mark.parametrize(
    "options",
    [{"ttl": -1}, {"error_ttl": -0.1}, {"ttl": float("nan")}, {"max_entries": 0}],
    ids=str,
)
def test_settings_that_make_no_sense(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        CachedResolver(**options)


@on_every_loop
async def test_closing_forgets_and_closes_the_other():
    other = Scripted(FIRST)
    resolver = CachedResolver(other)
    await resolver.resolve("name.example", 80)
    resolver.close()
    assert other.closed
    assert not resolver._memories


@on_every_loop
async def test_a_real_name():
    resolver = CachedResolver()
    assert (socket.AF_INET, ("127.0.0.1", 80)) in await resolver.resolve("localhost", 80)
    resolver.close()
