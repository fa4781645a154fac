"""What is yielded for nothing but a turn of the loop; tracebacks without our frames."""

import traceback

import pytest

from tornadolike import gen
from tornadolike.gen.yielding import drop_frames


def test_a_moment_looks_like_a_future_that_is_done():
    for nothing in (gen.moment, gen._null_future):
        assert nothing.done()
        assert not nothing.cancelled()
        assert nothing.result() is None
        assert nothing.exception() is None
        assert nothing.__doc__
        assert gen.convert_yielded(nothing) is nothing
    assert repr(gen.moment) == "gen.moment"
    assert gen.convert_yielded(None) is gen.moment
    assert gen.moment is not gen._null_future


def test_only_our_frames_at_the_head_go():
    def fails():
        raise KeyError("x")

    with pytest.raises(KeyError) as caught:
        fails()
    assert drop_frames(caught.value) is caught.value
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names == ["test_only_our_frames_at_the_head_go", "fails"]
    assert drop_frames(KeyError("never raised")).__traceback__ is None
