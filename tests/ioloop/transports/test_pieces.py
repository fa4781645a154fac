"""Writing in pieces to a kernel that takes what a script says."""

import array
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ioloop.transports.scripted import ReportingLoop, Writer
from tornadolike.ioloop.transports.flow import DROPS_UNSAID, HIGH_WATER
from tornadolike.ioloop.transports.pieces import (
    MAX_PIECES,
    Piece,
    PieceWriter,
    drop_sent,
    unchanging,
    view_of,
)


class Desk(PieceWriter):
    """Writes to a kernel that at each call takes the next number of bytes of ``takes``, then all.

    An exception there is raised.
    """

    def __init__(self, *takes: int | Exception) -> None:
        super().__init__()
        self._loop: Any = ReportingLoop()
        self._protocol = Writer()
        self._closing = False
        self._lost = False
        self._send = self._take
        self.takes: Iterator[int | Exception] = iter(takes)
        self.taken = bytearray()
        self.calls: list[int] = []  # of the kernel: with how many pieces
        self.watched = False
        self.done = 0
        self.error: OSError | None = None

    def _take(self, data: Piece) -> int:
        return self._send_together([data])

    def _send_together(self, pieces: Iterable[Piece]) -> int:
        pieces = list(pieces)
        self.calls.append(len(pieces))
        data = b"".join(pieces)
        take = next(self.takes, len(data))
        if isinstance(take, Exception):
            raise take
        self.taken += data[:take]
        return min(take, len(data))

    def _update_events(self) -> None:
        self.watched = bool(self._waiting)

    def _all_sent(self) -> None:
        self.done += 1
        self._update_events()

    def _fail(self, error: OSError) -> None:
        self._lost = self._closing = True
        self._waiting = None
        self._waiting_size = 0
        self.error = error

    def is_writable(self) -> None:
        """The loop says so, as long as it is asked."""
        while self.watched and not self._lost:
            self._send_waiting()


WRITES = {
    "write": lambda desk, data: desk.write(data),
    "writelines": lambda desk, data: desk.writelines([data[:2], data[2:]]),
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
BLOCKED = (BlockingIOError(), InterruptedError())


# What the kernel takes


@each_write
def test_what_is_taken_at_once_does_not_wait(write: Any) -> None:
    desk = Desk()
    write(desk, b"at once")
    assert desk.taken == b"at once"
    assert len(desk.calls) == 1
    assert desk.get_write_buffer_size() == 0
    assert not desk.watched


@each_write
@pytest.mark.parametrize("take", [*BLOCKED, 0, 1, 2, 3])
def test_the_rest_waits(write: Any, take: int | Exception) -> None:
    desk = Desk(take)
    write(desk, b"in parts")
    taken = take if isinstance(take, int) else 0
    assert desk.taken == b"in parts"[:taken]
    assert desk.get_write_buffer_size() == 8 - taken
    assert desk.watched
    desk.is_writable()
    assert desk.taken == b"in parts"
    assert desk.get_write_buffer_size() == 0
    assert desk._taken == 8 - taken
    assert desk.done == 1


@each_write
def test_nothing_overtakes_what_waits(write: Any) -> None:
    desk = Desk(1)
    desk.write(b"first ")
    write(desk, b"second")
    assert desk.taken == b"f"
    desk.is_writable()
    assert desk.taken == b"first second"
    assert len(desk.calls) == 2  # together


def test_the_kernel_gets_as_many_pieces_as_it_takes() -> None:
    desk = Desk()
    desk.writelines([b"x"] * (2 * MAX_PIECES + 1))
    desk.is_writable()
    assert desk.calls == [MAX_PIECES, MAX_PIECES, 1]
    assert desk.taken == b"x" * (2 * MAX_PIECES + 1)


@given(
    st.lists(st.one_of(st.binary(max_size=9), st.lists(st.binary(max_size=9)))),
    st.lists(st.one_of(st.integers(0, 12), st.sampled_from(BLOCKED))),
    st.lists(st.booleans()),
)
def test_all_arrives_in_order_however_it_is_taken(
    writes: list[Any], takes: list[int | Exception], turns: list[bool]
) -> None:
    desk = Desk(*takes)
    written = b""
    turn = iter(turns)
    for data in writes:
        if isinstance(data, bytes):
            desk.write(data)
            written += data
        else:
            desk.writelines(data)
            written += b"".join(data)
        if desk.watched and next(turn, False):
            desk._send_waiting()
        assert written.startswith(desk.taken)
        assert desk.get_write_buffer_size() == len(written) - len(desk.taken)
        assert desk.watched == (desk.taken != written)
    desk.is_writable()
    assert desk.taken == written


# What is written


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: array.array("B", data)])
@each_write
def test_what_waits_does_not_change_when_the_caller_changes_it(write: Any, kind: Any) -> None:
    desk = Desk(1)
    mine = bytearray(b"before")
    data = kind(mine)
    write(desk, data)
    memoryview(data)[:] = b"after!"
    desk.is_writable()
    assert desk.taken == b"before"


def test_nothing_is_copied_that_need_not_be() -> None:
    desk = Desk(1)
    desk.write(b"x")
    first, second = b"1" * 1000, b"2" * 1000
    desk.takes = iter([10])
    desk.writelines([first, second])
    assert desk._waiting[0].obj is first
    assert desk._waiting[1] is second


def test_a_buffer_of_larger_items_counts_in_bytes() -> None:
    desk = Desk(3)
    desk.write(array.array("I", [1, 2]))  # type: ignore[arg-type]
    assert desk.get_write_buffer_size() == 5
    desk.writelines([array.array("I", [3])])
    desk.is_writable()
    assert desk.taken == array.array("I", [1, 2, 3]).tobytes()


@pytest.mark.parametrize("nothing", [b"", bytearray(), memoryview(b"")])
def test_nothing_is_not_written(nothing: Any) -> None:
    desk = Desk()
    desk.write(nothing)
    desk.writelines([])
    desk.writelines([nothing, nothing])
    assert desk.calls == []
    desk.writelines(iter([nothing, b"x", nothing]))
    assert desk.calls == [1]


@pytest.mark.parametrize("wrong", ["text", "", 1, None, [], memoryview(b"abcd")[::2]])
def test_only_bytes_can_be_written(wrong: Any) -> None:
    desk = Desk()
    name = type(wrong).__name__
    with pytest.raises(TypeError, match=f"not '{name}'"):
        desk.write(wrong)
    with pytest.raises(TypeError, match=f"not '{name}'"):
        desk.writelines([b"fine", wrong])
    assert desk.calls == []


# Flow


def test_the_marks_are_minded() -> None:
    desk = Desk(0)
    desk.write(b"x" * HIGH_WATER)
    assert desk._protocol.heard == []
    desk.write(b"x")
    assert desk._protocol.heard == ["pause"]
    desk.takes = iter([HIGH_WATER * 3 // 4, 1])
    desk._send_waiting()
    assert desk._protocol.heard == ["pause"]
    desk._send_waiting()
    assert desk._protocol.heard == ["pause", "resume"]


def test_what_is_written_when_there_is_room_again_comes_behind() -> None:
    desk = Desk(0)
    desk.set_write_buffer_limits(0)
    desk._protocol.actions["resume"] = lambda: desk.write(b" last")
    desk.write(b"first")
    desk.takes = iter([5, 2])
    desk._send_waiting()
    assert desk.done == 0
    desk._protocol.actions.clear()
    desk.is_writable()
    assert desk.taken == b"first last"
    assert desk.done == 1


# The end


@each_write
def test_what_may_not_be_written_is_refused(write: Any) -> None:
    desk = Desk()
    desk._refusal = "not now"
    with pytest.raises(RuntimeError, match="not now"):
        write(desk, b"data")
    assert desk.calls == []


@each_write
def test_a_write_that_fails(write: Any) -> None:
    desk = Desk(error := BrokenPipeError())
    write(desk, b"data")
    assert desk.error is error
    assert desk.get_write_buffer_size() == 0
    assert not desk.watched


def test_a_write_that_fails_later() -> None:
    desk = Desk(1, 1, error := BrokenPipeError())
    desk.set_write_buffer_limits(0)
    desk.write(b"data")
    desk.is_writable()
    assert desk.error is error
    assert desk.done == 0
    assert desk._protocol.heard == ["pause"]


def test_a_protocol_that_ends_it_when_there_is_room() -> None:
    desk = Desk(0)
    desk.set_write_buffer_limits(0)
    desk._protocol.actions["resume"] = lambda: desk._fail(BrokenPipeError())
    desk.write(b"data")
    desk._send_waiting()
    assert desk.done == 0


@each_write
def test_late_writes_are_dropped(write: Any, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk._closing = True
    for _ in range(DROPS_UNSAID + 2):
        write(desk, b"late")
        write(desk, b"")
    assert desk.calls == []
    assert caplog.text.count("data is dropped") == 2


# The parts


def test_views_are_of_single_bytes() -> None:
    view = view_of(array.array("H", [1, 2, 3]))
    assert (view.format, len(view)) == ("B", 6)


def test_what_nobody_can_change_is_not_copied() -> None:
    data = b"data"
    assert unchanging(data) is data
    assert unchanging(view := memoryview(data)[1:]) is view
    assert type(unchanging(memoryview(bytearray(b"data")))) is bytes


def test_dropping_what_is_sent() -> None:
    pieces: deque[Piece] = deque([b"ab", b"cde", b"f"])
    drop_sent(pieces, 0)
    assert [bytes(piece) for piece in pieces] == [b"ab", b"cde", b"f"]
    drop_sent(pieces, 3)
    assert [bytes(piece) for piece in pieces] == [b"de", b"f"]
    drop_sent(pieces, 2)
    assert [bytes(piece) for piece in pieces] == [b"f"]
    drop_sent(pieces, 1)
    assert not pieces
