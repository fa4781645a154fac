"""docs/faults.rst knows all scenarios, and no others, and all columns of the table."""

import re
from pathlib import Path

from maint.production.reports import COLUMNS
from maint.production.scenarios import SCENARIOS

PAGE = (Path(__file__).parents[2] / "docs" / "faults.rst").read_text()


def test_all_scenarios_are_there():
    assert re.findall(r"^``([\w-]+)``  ", PAGE, re.MULTILINE) == list(SCENARIOS)


def test_what_is_called_is_there():
    commands = re.findall(r"maint\.production run ([\w -]+)", PAGE)
    assert len(commands) >= 2
    for command in commands:
        assert set(command.partition("--")[0].split()) <= set(SCENARIOS)


def test_all_columns_are_explained():
    explained = PAGE.partition("column   ")[2].partition("What is done")[0]
    assert all(column.removesuffix(" ms") in explained for column in COLUMNS)
