"""When requests are due."""

from tornadolike.cli.benching.pacing import Pace


def test_as_many_as_are_answered():
    now = 5.0
    pace = Pace(lambda: now, count=2)
    pace.begin()
    assert pace.take() == 5.0
    now = 6.0
    assert pace.take() == 6.0
    assert pace.take() is None


def test_a_rate_does_not_wait_for_who_is_late():
    now = 10.0
    pace = Pace(lambda: now, rate=4)
    pace.begin()
    now = 99.0
    assert [pace.take() for _ in range(3)] == [10.0, 10.25, 10.5]
