"""The write queue: order, sizes, and whose memory it is."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike.iostream.write_queue import AT_ONCE, SMALL, TOGETHER, WriteQueue


@pytest.fixture
def futures():
    """``future()`` makes one."""
    loop = asyncio.new_event_loop()
    yield loop.create_future
    loop.close()


def drain(queue, at_once=10**9):
    got = []
    while len(queue):
        with queue.first() as view:
            piece = bytes(view[:at_once])
        got.append(piece)
        queue.advance(len(piece))
    return got


def test_small_pieces_are_put_together():
    queue = WriteQueue()
    for number in range(100):
        queue.append(memoryview(b"%02d" % number))
    assert len(queue) == 200
    assert drain(queue) == [b"".join(b"%02d" % number for number in range(100))]
    assert len(queue) == 0


def test_what_is_put_together_does_not_grow_for_ever():
    queue = WriteQueue()
    for _ in range(1000):
        queue.append(memoryview(b"x" * (SMALL - 1)))
    pieces = drain(queue)
    assert len(pieces) > 10
    assert all(TOGETHER <= len(piece) < TOGETHER + SMALL for piece in pieces[:-1])


def test_large_pieces_that_cannot_change_are_not_copied():
    data = b"x" * SMALL
    queue = WriteQueue()
    queue.append(memoryview(data))
    with queue.first() as view:
        assert view.obj is data


@pytest.mark.parametrize("size", [1, SMALL])
@pytest.mark.parametrize("readonly", [True, False])
def test_memory_that_can_change_is_copied(size, readonly):
    memory = bytearray(b"x" * size)
    queue = WriteQueue()
    with memoryview(memory) as view, view.toreadonly() as frozen:
        queue.append(frozen if readonly else view)
    memory[:] = b"y" * size
    memory.clear()
    assert drain(queue) == [b"x" * size]


def test_a_piece_outlives_the_view_it_was_given_as():
    queue = WriteQueue()
    with memoryview(b"x" * SMALL) as view:
        queue.append(view)
    assert drain(queue) == [b"x" * SMALL]


def test_a_small_piece_behind_one_that_is_partly_written():
    queue = WriteQueue()
    queue.append(memoryview(b"abc"))
    queue.advance(2)
    queue.append(memoryview(b"def"))
    assert drain(queue) == [b"cdef"]


def test_no_more_pieces_are_given_than_may_leave_at_once():
    queue = WriteQueue()
    for _ in range(10):
        queue.append(memoryview(b"x" * (AT_ONCE // 2)))
    assert len(queue.several(64)) == 2
    queue.advance(AT_ONCE // 2 - 1)
    assert [len(view) for view in queue.several(2)] == [1, AT_ONCE // 2]


def test_promises_are_kept_in_order(futures):
    queue = WriteQueue()
    first, nothing, cancelled, second = (futures() for _ in range(4))
    queue.append(memoryview(b"abc"))
    queue.promise(first)
    queue.promise(nothing)
    queue.append(memoryview(b"d"))
    queue.promise(cancelled)
    queue.append(memoryview(b"ef"))
    queue.promise(second)
    cancelled.cancel()
    queue.advance(2)
    queue.keep_promises()
    assert not first.done()
    queue.advance(1)
    queue.keep_promises()
    assert first.done()
    assert nothing.done()
    assert not second.done()
    assert queue.clear() == [cancelled, second]


def test_clear(futures):
    queue = WriteQueue()
    future = futures()
    queue.append(memoryview(b"abc"))
    queue.advance(1)
    queue.promise(future)
    assert queue.clear() == [future]
    assert len(queue) == 0
    queue.append(memoryview(b"xyz"))
    assert drain(queue) == [b"xyz"]


@given(
    st.lists(
        st.integers(0, 9 * SMALL)
        | st.tuples(st.integers(1, 2 * SMALL), st.sampled_from([bytes, bytearray]))
    )
)
def test_against_a_plain_string_of_bytes(steps):
    queue, model, next_byte = WriteQueue(), b"", 0
    for step in steps:
        if isinstance(step, tuple):
            size, kind = step
            next_byte = (next_byte + 1) % 256
            data = bytes([next_byte]) * size
            with memoryview(kind(data)) as view:
                queue.append(view)
            model += data
        elif model:
            views = queue.several(3)
            assert 1 <= len(views) <= 3
            together = b"".join(views)
            for view in views:
                view.release()
            assert model.startswith(together)
            size = min(step, len(together))
            queue.advance(size)
            model = model[size:]
        assert len(queue) == len(model)
    assert b"".join(drain(queue, 1000)) == model
