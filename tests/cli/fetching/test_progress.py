"""The bar on long downloads."""

import io
import os

import pytest

from tornadolike.cli.fetching import progress
from tornadolike.cli.fetching.progress import ProgressBar


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def shown(monkeypatch):
    """``shown(steps, name)`` gives the pictures after these steps: (seconds, done, total)."""
    monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: os.terminal_size((80, 24)))

    def shown(steps, name="f.iso"):
        clock, stream = Clock(), io.StringIO()
        bar = ProgressBar(name, stream, clock)
        for seconds, done, total in steps:
            clock.now = 100.0 + seconds
            bar.show(done, total)
        bar.end()
        bar.end()
        return stream.getvalue().split("\r")[1:]

    return shown


def test_short_downloads_show_nothing(shown):
    assert shown([(0, 0, 10), (0.5, 5, 10), (0.9, 10, 10)]) == []


def test_long_ones(shown):
    pictures = shown([(0, 0, 4000), (2, 1000, 4000), (2.05, 1100, 4000), (4, 4000, 4000)])
    assert [picture.rstrip() for picture in pictures] == [
        "f.iso  25% [#####               ]  1.0 kB of 4.0 kB  500 bytes/s  0:06 left",
        "f.iso 100% [####################]  4.0 kB of 4.0 kB  1.0 kB/s  0:00 left",
    ]


def test_each_picture_covers_the_one_before(shown):
    first, second = shown([(0, 0, None), (2, 123_456, None), (4, 1_000_000, None)])
    assert first == "f.iso  123.5 kB  61.7 kB/s"
    assert second.rstrip(" \n") == "f.iso  1.0 MB  250.0 kB/s"
    assert len(second.rstrip("\n")) >= len(first)


def test_what_was_there_before_is_no_speed(shown):
    [picture] = shown([(0, 9000, 10_000), (2, 9500, 10_000)])
    assert "250 bytes/s" in picture
    assert " 95% " in picture


def test_names_do_what_they_like_elsewhere(shown):
    [picture] = shown([(0, 0, 0), (2, 5, 0)], "a\x1b[2J\n")
    assert picture.startswith("'a\\x1b[2J\\n'")


def test_lines_fit(shown):
    [picture] = shown([(0, 0, 10), (2, 5, 10)], "n" * 200)
    assert len(picture.rstrip("\n")) == 79
    assert picture.startswith("nnn")
    assert "n...  50% [" in picture
    assert picture.rstrip().endswith(" left")  # rather the name is cut than the figures
