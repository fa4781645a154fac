"""The command says what was found, and its status whether that is as promised."""

import sys
from collections import Counter

import pytest

from maint.production import __main__ as command
from maint.production.reports import Report
from maint.production.service import NotInTime
from maint.production.tally import Tally


def call(monkeypatch, scenarios, *arguments):
    monkeypatch.setattr(command, "SCENARIOS", scenarios)
    monkeypatch.setattr(sys, "argv", ["production", *arguments])
    return command.main()


async def good(stage):
    """All goes well."""
    return Report("a good one", Tally(sent=3, answered=Counter({200: 3})), notes=["so be it"])


async def bad(stage):
    """Somebody is refused."""
    (stage.folder / "service.log").write_text("what it said\n")
    return Report("a bad one", Tally(sent=1, refused=1, answered=Counter({200: 1})))


async def late(stage):
    """It has no end."""
    (stage.folder / "service.log").write_text("what it said\n")
    raise NotInTime("another worker")


def test_what_there_is(monkeypatch, capsys):
    assert call(monkeypatch, {"good": good, "bad": bad}, "list") == 0
    assert capsys.readouterr().out.split("\n")[0].split("  ")[0] == "good"


def test_all_promises_are_kept(monkeypatch, capsys):
    assert call(monkeypatch, {"good": good}, "run") == 0
    said = capsys.readouterr().out
    assert "| a good one | 3 | 3 | 0 |" in said
    assert "a good one: so be it" in said


@pytest.mark.parametrize(
    ("play", "fault"),
    [
        (bad, "a bad one: FAULT: 1 connections were refused"),
        (late, "name: FAULT: it has not happened: another worker"),
    ],
)
def test_some_are_not(monkeypatch, capsys, play, fault):
    assert call(monkeypatch, {"name": play, "good": good}, "run", "name", "good") == 1
    said = capsys.readouterr()
    assert fault in said.out
    assert "| a good one |" in said.out
    assert "what it said" in said.err
