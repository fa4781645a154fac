"""Memory of compression that nobody uses is given back, on a clock that we turn."""

import gc

import pytest

from tornadolike.websocket.compression import idle as idle_module
from tornadolike.websocket.compression.deflate import (
    CompressionOptions,
    DeflateParameters,
    PerMessageDeflate,
)
from tornadolike.websocket.compression.idle import RELEASE_AFTER, release_when_idle
from tornadolike.websocket.outgoing import Role


class Timers:
    """Stands in for ``call_later``: keeps what is to be called."""

    def __init__(self) -> None:
        self.waiting = []
        self.soon = []

    def call_later(self, seconds, callback):
        assert seconds == RELEASE_AFTER
        self.waiting.append(callback)

    def call_soon(self, *callback):
        self.soon.append(callback)

    def turn(self) -> None:
        (callback,) = self.waiting
        self.waiting.clear()
        callback()


class Noted(PerMessageDeflate):
    """Says whether it was released."""

    released = 0

    def release(self) -> bool:
        self.released += 1
        return super().release()


@pytest.fixture
def timers(io_loop, monkeypatch):
    timers = Timers()
    monkeypatch.setattr(io_loop, "call_later", timers.call_later)
    monkeypatch.setattr(io_loop, "call_soon", timers.call_soon)
    return timers


def extension() -> Noted:
    made = Noted(Role.SERVER, DeflateParameters(), CompressionOptions(threshold=1))
    release_when_idle(made)
    return made


def test_released_when_idle(timers):
    busy, idle, unused = extension(), extension(), extension()
    assert not timers.waiting, "nothing to give back, so nobody waits"
    busy.encode(b"hello", False)
    idle.encode(b"hello", False)
    timers.turn()
    assert (busy.released, idle.released) == (0, 0), "they were just used"
    busy.encode(b"hello", False)
    timers.turn()
    assert (busy.released, idle.released) == (0, 1)
    timers.turn()
    assert (busy.released, idle.released, unused.released) == (1, 1, 0)
    assert not timers.waiting
    idle.encode(b"hello", False)
    timers.turn()
    timers.turn()
    assert (busy.released, idle.released) == (1, 2)
    assert not timers.waiting


def test_many_are_released_in_several_turns(timers, monkeypatch):
    monkeypatch.setattr(idle_module, "TURN", 2)
    many = [extension() for _ in range(5)]
    for one in many:
        one.encode(b"hello", False)
    timers.turn()
    timers.turn()
    counts = [sum(one.released for one in many)]
    while timers.soon:
        one = next(one for one in many if one.released)  # they are in no order
        one.encode(b"hello", False)  # which wakes no second timer
        callback, *arguments = timers.soon.pop()
        callback(*arguments)
        counts.append(sum(one.released for one in many))
    assert counts == [2, 4, 5]
    assert len(timers.waiting) == 1


def test_asked_again_when_it_was_no_time_for_it(timers):
    reader = extension()
    data = PerMessageDeflate(Role.CLIENT, DeflateParameters(), CompressionOptions()).encode(
        b"x" * 200, False
    )[1]
    reader.decode(data[:3], False, 1000)
    timers.turn()
    timers.turn()
    reader.decode(data[3:], True, 1000)
    timers.turn()
    timers.turn()
    assert reader.released == 2
    assert not timers.waiting


def test_who_has_gone_is_not_kept(timers):
    gone = extension()
    gone.encode(b"hello", False)
    del gone
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, Noted)]
    timers.turn()
    assert not timers.waiting
