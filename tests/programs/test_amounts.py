"""Sizes and times, as people read them."""

import pytest

from tornadolike.programs.amounts import size_text, time_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (999.7, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (2.5e9, "2.5 GB"),
        (3e15, "3000.0 TB"),
    ],
)
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (3725, "1:02:05")])
def test_times(seconds, text):
    assert time_text(seconds) == text
