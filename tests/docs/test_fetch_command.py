"""docs/fetch-command.rst: what it says to type is understood, and its table of statuses is the program's."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from tornadolike.cli import fetch
from tornadolike.cli.fetching import statuses

PAGE = (Path(__file__).parents[2] / "docs" / "fetch-command.rst").read_text()
OPTIONS = re.compile(r"(?<![\w-])--?[A-Za-z][a-z-]*")


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    fetch.add(commands)
    return commands.choices["fetch"]


def test_what_it_types_is_understood(parser):
    typed = re.findall(r"-m tornadolike fetch (.+)", PAGE.replace("\\\n", " "))
    typed = [line.partition("||")[0] for line in typed if "``" not in line]
    assert len(typed) > 5
    for line in typed:
        parser.parse_args(shlex.split(line.replace("\n", " ")))


def test_it_has_the_options_that_there_are(parser):
    known = {name for action in parser._actions for name in action.option_strings}
    told = {
        name
        for code in re.findall(r"``([^`]+)``", PAGE)
        if code.startswith("-")
        for name in OPTIONS.findall(code)
    }
    assert told - known == set()
    for action in parser._actions:
        assert (
            told & {*action.option_strings} or not action.option_strings or action.dest in {"help"}
        ), f"{action.option_strings} is not on the page"


def test_the_statuses():
    [table] = re.findall(r"^======== {2}=+\n((?:.+\n)+?)========", PAGE, re.MULTILINE)
    told = {int(number) for number in re.findall(r"^(\d+) ", table, re.MULTILINE)}
    known = {value for value in vars(statuses).values() if isinstance(value, int)}
    assert told == known | {status for _, status in statuses._OF_FAILURES}
