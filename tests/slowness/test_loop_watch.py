"""What is said while a loop is blocked."""

import asyncio
import re
import threading
import time

import pytest

import tornadolike
from tests.running import on_every_loop
from tornadolike.slowness import LoopWatch, loop_watch
from tornadolike.web import Application

SHORT = 0.05


def block_until(said, text, count=1):
    """Keeps the loop, until so many lines have this text in them."""
    end = time.monotonic() + 20
    while sum(text in message for message in said()) < count:
        assert time.monotonic() < end, said()
        time.sleep(0.005)


@on_every_loop
async def test_a_loop_that_is_blocked(caplog):
    with LoopWatch(SHORT) as watch:
        await asyncio.sleep(0)
        block_until(lambda: caplog.messages, "has been blocked")
        time.sleep(SHORT)  # it is said once
        while len(caplog.messages) < 2:
            await asyncio.sleep(0.01)
    first, second = caplog.messages
    assert re.match(r"The loop has been blocked for \d+\.\d\d s:\n", first)
    assert "in block_until\n    time.sleep(0.005)" in first
    assert "in test_a_loop_that_is_blocked\n" in first
    seconds = re.fullmatch(r"The loop was blocked for (\d+\.\d\d) s", second)
    assert float(seconds[1]) >= 2 * SHORT - 0.02
    assert watch._thread is None


class Machine:
    """Time and waiting, as the test has them: the loop's beats and the thread's looks."""

    def __init__(self, watch, steps):
        self.watch = watch
        self.steps = iter(steps)
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def wait(self, seconds):
        """Until the thread looks again: this late, and the loop has beaten meanwhile or not."""
        step = next(self.steps, None)
        if step is None:
            return True
        late, beats = step
        self.now += seconds + late
        if beats:
            self.watch._due = self.now + self.watch._interval
        return False


def messages_of(monkeypatch, caplog, steps):
    watch = LoopWatch(0.4)  # so that it looks every 0.1 s
    machine = Machine(watch, steps)
    monkeypatch.setattr(loop_watch, "time", machine)
    monkeypatch.setattr(watch, "_ended", machine)
    watch._due = machine.now + 0.1
    watch._watch(threading.get_ident())
    return [message.partition(":\n")[0] for message in caplog.messages]


def test_a_loop_that_turns(monkeypatch, caplog):
    assert messages_of(monkeypatch, caplog, [(0, True)] * 100) == []


def test_a_loop_that_is_late_but_not_for_long(monkeypatch, caplog):
    steps = [(0, False), (0, False), (0, False), (0, False), (0, True)] * 10
    assert messages_of(monkeypatch, caplog, steps) == []


def test_each_time_is_told_of_once(monkeypatch, caplog):
    blocked = [(0, True), *[(0, False)] * 20, (0, True), (0, True)]
    said = messages_of(monkeypatch, caplog, blocked * 2)
    assert said == ["The loop has been blocked for 0.40 s", "The loop was blocked for 2.00 s"] * 2


def test_a_process_that_stood_still(monkeypatch, caplog):
    """Whoever is to blame, the loop's stack of now says nothing about it."""
    said = messages_of(monkeypatch, caplog, [(0, True), (5, False), (0, True), (0, True)])
    assert said == [
        "No thread has run for 5.00 s: something in C keeps the interpreter, or the machine is busy"
    ]


def test_the_life_of_an_application():
    app = Application()
    app.lifetime(LoopWatch(60))

    async def main():
        for _ in range(2):
            async with app:
                assert "loop watch" in [thread.name for thread in threading.enumerate()]
            assert "loop watch" not in [thread.name for thread in threading.enumerate()]

    tornadolike.run(main())


@on_every_loop
async def test_one_watch_is_for_one_loop():
    with LoopWatch() as watch, pytest.raises(RuntimeError, match="watches a loop already"):
        watch.__enter__()


@pytest.mark.parametrize("seconds", [0, -1, 0.001, float("nan"), float("inf")])
def test_what_is_no_time(seconds):
    with pytest.raises(ValueError, match=r"seconds is 0\.01 to 3600"):
        LoopWatch(seconds)
