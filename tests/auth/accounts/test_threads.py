"""Work in threads, a little at a time."""

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.running import on_every_loop, turns
from tornadolike.auth.accounts.threads import Threads, TooBusyError


class Work:
    """What runs until it is let go."""

    def __init__(self, result: Any = None) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.result = result

    def __call__(self) -> Any:
        self.begun.set()
        self.may_end.wait()
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


async def until(event: threading.Event) -> None:
    await asyncio.get_running_loop().run_in_executor(None, event.wait)


@on_every_loop
async def test_a_few_at_a_time_and_in_order() -> None:
    threads = Threads(2, 10)
    order: list[int] = []
    first, second = Work(1), Work(2)
    tasks = [asyncio.create_task(threads.run(work)) for work in (first, second)]
    tasks += [
        asyncio.create_task(threads.run(lambda n=n: order.append(n)))  # type: ignore[misc]
        for n in range(5)
    ]
    await until(first.begun)
    await until(second.begun)
    await turns()
    assert order == []
    first.may_end.set()
    await asyncio.wait(tasks[2:])
    assert order == list(range(5))
    second.may_end.set()
    assert [await task for task in tasks[:2]] == [1, 2]


@on_every_loop
async def test_for_how_many_there_is_no_room() -> None:
    threads = Threads(1, 1)
    work = Work("done")
    running = asyncio.create_task(threads.run(work))
    await until(work.begun)
    waiting = asyncio.create_task(threads.run(lambda: "waited"))
    await turns()
    with pytest.raises(TooBusyError) as refused:
        await threads.run(lambda: None)
    assert refused.value.status_code == 503
    assert refused.value.retry_after == 5
    work.may_end.set()
    assert (await running, await waiting) == ("done", "waited")


@on_every_loop
async def test_who_is_cancelled_while_waiting_makes_room() -> None:
    threads = Threads(1, 1)
    work, never = Work(), threading.Event()
    running = asyncio.create_task(threads.run(work))
    await until(work.begun)
    for _ in range(3):
        waiting = asyncio.create_task(threads.run(never.set))
        await turns()
        waiting.cancel()
        await asyncio.wait([waiting])
        await turns()
    last = asyncio.create_task(threads.run(lambda: "last"))
    await turns()
    work.may_end.set()
    assert (await running, await last) == (None, "last")
    assert not never.is_set()


@on_every_loop
async def test_who_is_cancelled_at_work_keeps_its_place_until_that_is_done() -> None:
    threads = Threads(1, 1)
    work, other = Work(), Work("other")
    running = asyncio.create_task(threads.run(work))
    await until(work.begun)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    waiting = asyncio.create_task(threads.run(other))
    await turns()
    assert not other.begun.is_set()
    other.may_end.set()
    work.may_end.set()
    assert await waiting == "other"


@on_every_loop
async def test_what_is_raised_is_raised_and_others_go_on() -> None:
    threads = Threads(1, 5)
    failing = Work(ValueError("no"))
    failing.may_end.set()
    first = asyncio.create_task(threads.run(failing))
    second = asyncio.create_task(threads.run(lambda: 2))
    with pytest.raises(ValueError, match="no"):
        await first
    assert await second == 2


def test_one_for_several_loops_one_after_another() -> None:
    threads = Threads(1, 10)

    async def main() -> list[int]:
        return await asyncio.gather(*(threads.run(lambda n=n: n) for n in range(4)))  # type: ignore[misc]

    assert [asyncio.run(main()) for _ in range(3)] == [[0, 1, 2, 3]] * 3


def test_without_threads_it_says_so_and_stays_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(1, 0)

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", start)
            with pytest.raises(RuntimeError, match="can't start"):
                await threads.run(lambda: None)
        assert await threads.run(lambda: "again") == "again"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("running", "waiting", "error"),
    [(0, 1, ValueError), (1, -1, ValueError), ("1", 1, TypeError), (1, None, TypeError)],
)
def test_what_is_no_number(running: Any, waiting: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        Threads(running, waiting)


@settings(max_examples=40)
@given(
    running=st.integers(1, 3),
    waiting=st.integers(0, 5),
    plan=st.lists(
        st.sampled_from(["add", "add", "add", "fail", "turn"]) | st.integers(0, 39), max_size=40
    ),
)
def test_whatever_is_cancelled_nothing_stays_behind(
    running: int, waiting: int, plan: list[str | int]
) -> None:
    """A number in the plan is that of a task to cancel. Nothing is drawn later: what ends a draw would end ``main``."""
    threads = Threads(running, waiting)

    def fail() -> None:
        raise ValueError("no")

    async def main() -> None:
        tasks: list[asyncio.Task[Any]] = []
        for step in plan:
            if isinstance(step, int):
                for task in tasks[step : step + 1]:
                    task.cancel()
            elif step == "turn":
                await asyncio.sleep(0)
            else:
                tasks.append(asyncio.ensure_future(threads.run(fail if step == "fail" else list)))
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result == [] or isinstance(
                result, (asyncio.CancelledError, TooBusyError, ValueError)
            )
        while threads._running:  # of some that were cancelled at work
            await asyncio.sleep(0)
        assert not threads._waiting
        assert await threads.run(lambda: "again") == "again"

    asyncio.run(main())


def test_several_loops_at_the_same_time() -> None:
    threads = Threads(2, 1000)
    most, at_work, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal most, at_work
        with lock:
            at_work += 1
            most = max(most, at_work)
        with lock:
            at_work -= 1

    async def main() -> None:
        await asyncio.gather(*(threads.run(work) for _ in range(50)))

    loops = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(3)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    assert 0 < most <= 2
    assert at_work == 0


FORKS = """
import asyncio, os, sys, threading, warnings

from tornadolike.auth.accounts.threads import Threads

warnings.simplefilter("ignore")  # Python's, of forks with threads
threads = Threads(1, 1)
begun, may_end = threading.Event(), threading.Event()

def work():
    begun.set()
    may_end.wait()

parent = threading.Thread(target=lambda: asyncio.run(threads.run(work)))
parent.start()
begun.wait()
with threads._lock:
    child = os.fork()
if child == 0:
    os._exit(asyncio.run(threads.run(lambda: 7)))
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
may_end.set()
parent.join()
assert asyncio.run(threads.run(lambda: 8)) == 8
sys.exit(status)
"""


@pytest.mark.once
def test_a_fork_has_all_places_free() -> None:
    """Though the threads that have them, and perhaps the lock, are not there."""
    run = subprocess.run([sys.executable, "-c", FORKS], timeout=60, check=False)
    assert run.returncode == 7
