"""The marks, and who is told when they are passed; writes that come too late."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ioloop.transports.scripted import ReportingLoop, Writer
from tornadolike.ioloop.transports.flow import DROPS_UNSAID, HIGH_WATER, FlowControl


class Scales(FlowControl):
    """A transport of which a number waits."""

    def __init__(self) -> None:
        super().__init__()
        self._loop: Any = ReportingLoop()
        self._protocol = Writer()
        self.waiting = 0

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def becomes(self, waiting: int) -> list[str]:
        """What the protocol is told when so much waits."""
        before, self.waiting = self.waiting, waiting
        self._protocol.heard.clear()
        (self._pause_if_full if waiting > before else self._resume_if_room)(waiting)
        return list(self._protocol.heard)


class Roomy(Scales):
    _high_water = 1000
    _why_dropped = "it is a test"


@pytest.mark.parametrize(
    ("limits", "marks"),
    [
        ({}, (HIGH_WATER // 4, HIGH_WATER)),
        ({"high": 1000}, (250, 1000)),
        ({"low": 10}, (10, 40)),
        ({"high": 1000, "low": 10}, (10, 1000)),
        ({"high": 7, "low": 7}, (7, 7)),
        ({"high": 0}, (0, 0)),
        ({"low": 0}, (0, 0)),
    ],
)
def test_setting_marks(limits: dict[str, int], marks: tuple[int, int]) -> None:
    scales = Scales()
    assert scales.get_write_buffer_limits() == (HIGH_WATER // 4, HIGH_WATER)
    scales.set_write_buffer_limits(3, 2)
    scales.set_write_buffer_limits(**limits)
    assert scales.get_write_buffer_limits() == marks


@pytest.mark.parametrize(
    "limits", [{"high": 1, "low": 2}, {"high": 1, "low": -1}, {"high": -1}, {"low": -1}]
)
def test_marks_that_cannot_be(limits: dict[str, int]) -> None:
    scales = Scales()
    with pytest.raises(ValueError, match=r"high \(.*\) must be >= low \(.*\) must be >= 0"):
        scales.set_write_buffer_limits(**limits)
    assert scales.get_write_buffer_limits() == (HIGH_WATER // 4, HIGH_WATER)


def test_a_kind_of_transport_may_have_marks_of_its_own() -> None:
    roomy = Roomy()
    assert roomy.get_write_buffer_limits() == (250, 1000)
    roomy.set_write_buffer_limits(5)
    roomy.set_write_buffer_limits()
    assert roomy.get_write_buffer_limits() == (250, 1000)


def test_the_protocol_is_told_once_that_a_mark_is_passed() -> None:
    scales = Scales()
    scales.set_write_buffer_limits(high=100, low=20)
    assert scales.becomes(100) == []
    assert scales.becomes(101) == ["pause"]
    assert scales.becomes(500) == []
    assert scales.becomes(21) == []
    assert scales.becomes(20) == ["resume"]
    assert scales.becomes(0) == []


def test_a_lower_mark_counts_at_once() -> None:
    scales = Scales()
    scales.becomes(1000)
    scales.set_write_buffer_limits(high=1000)
    assert scales._protocol.heard == []
    for _ in range(2):
        scales.set_write_buffer_limits(high=999)
        assert scales._protocol.heard == ["pause"]


def test_a_higher_mark_counts_when_something_has_left() -> None:
    scales = Scales()
    scales.becomes(HIGH_WATER + 2)
    scales.set_write_buffer_limits(low=1 << 20)
    assert scales.becomes(HIGH_WATER + 1) == ["resume"]


@given(
    st.integers(0, 50), st.integers(0, 50), st.lists(st.integers(0, 120), min_size=1, max_size=40)
)
def test_paused_is_who_was_above_and_not_below_since(
    low: int, distance: int, sizes: list[int]
) -> None:
    scales = Scales()
    scales.set_write_buffer_limits(high=low + distance, low=low)
    paused = False
    for size in sizes:
        told = scales.becomes(size)
        was_paused, paused = paused, size > low + distance or (paused and size > low)
        assert told == ["pause"] * (paused > was_paused) + ["resume"] * (was_paused > paused)


def test_a_protocol_that_fails_at_a_mark_has_been_told() -> None:
    scales = Scales()
    scales._protocol.actions.update(pause=lambda: 1 / 0, resume=lambda: 1 / 0)
    scales.becomes(HIGH_WATER + 1)
    scales.becomes(0)
    scales.becomes(0)
    assert [report["message"] for report in scales._loop.reports] == [
        "protocol.pause_writing() failed",
        "protocol.resume_writing() failed",
    ]


def test_a_protocol_that_writes_as_soon_as_it_may_is_paused_again() -> None:
    scales = Scales()
    scales.becomes(HIGH_WATER + 1)
    scales._protocol.actions["resume"] = lambda: scales._pause_if_full(HIGH_WATER + 1)
    assert scales.becomes(0) == ["resume", "pause"]


@pytest.mark.parametrize(
    ("kind", "why"), [(Scales, "the transport is closed"), (Roomy, "it is a test")]
)
def test_who_keeps_writing_after_the_end_is_told(
    kind: type[Scales], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    scales = kind()
    for _ in range(DROPS_UNSAID):
        scales._drop()
    assert caplog.records == []
    scales._drop()
    scales._drop()
    assert [(record.name, record.levelname) for record in caplog.records] == [
        ("asyncio", "WARNING")
    ] * 2
    assert caplog.text.count(f"{scales!r}: data is dropped, {why}") == 2
