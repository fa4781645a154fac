"""A report tells what is against the promise, and what is not."""

import pytest

from maint.production.reports import Report, table
from maint.production.tally import Loss, Tally


def tally_of(*, lost=0, messages_lost=0):
    tally = Tally(sent=10 + lost)
    for _ in range(10):
        tally.answer("kept", 200)
    tally.lost = [Loss(5.0, "kept", number, 1000 + number, "gone") for number in range(1, lost + 1)]
    tally.messages_lost = [
        Loss(5.0, "websocket", number, 2000 + number, "gone")
        for number in range(1, messages_lost + 1)
    ]
    return tally


def test_all_is_well():
    assert Report("nothing", tally_of()).faults == []


def test_what_was_in_the_hands_of_who_was_killed_is_no_fault():
    report = Report("kill", tally_of(lost=2, messages_lost=1), ports={1001, 2001}, since=4.0)
    (fault,) = report.faults
    assert fault == "lost: kept 2 from port 1002: gone"
    assert report.row()[4:6] == ("2", "1")
    assert report.row()[-2:] == ("1", "1")


def test_what_was_lost_before_is():
    assert len(Report("kill", tally_of(lost=1), ports={1001}, since=6.0).faults) == 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda tally: setattr(tally, "refused", 3), "3 connections were refused"),
        (lambda tally: tally.wrong.append("kept 1: b'2'"), "wrong: kept 1: b'2'"),
        (lambda tally: tally.answered.update([503]), "1 answers with status 503"),
        (lambda tally: tally.answered.clear(), "nothing was answered"),
    ],
)
def test_faults(change, fault):
    tally = tally_of()
    change(tally)
    tally.sent = tally.answered.total()
    assert Report("nothing", tally).faults == [fault]


def test_what_is_neither_answered_nor_lost():
    tally = tally_of()
    tally.sent += 1
    assert Report("nothing", tally).faults == [
        "11 sent are not what was answered and lost together"
    ]


def test_what_may_be():
    tally = tally_of()
    tally.refused = 1
    tally.answered[503] = tally.sent = 1
    tally.sent = tally.answered.total()
    assert Report("TERM", tally, may_refuse=True, may_fail=frozenset({503})).faults == []


def test_a_table():
    lines = table([Report("nothing", tally_of())]).splitlines()
    assert lines[0].startswith("| scenario | sent | answered |")
    assert lines[2].startswith("| nothing | 10 | 10 | 0 | 0 | 0 |")
