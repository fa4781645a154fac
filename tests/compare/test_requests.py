"""The same requests to the same program, over Tornado and over us: the same answers, or a difference that is told."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.compare.frameworks import PROGRAMS

pytestmark = pytest.mark.once


@pytest.mark.parametrize("program", sorted(path.stem for path in PROGRAMS.glob("*.py")))
def test_the_same_answers(program: str, compare: Callable[..., Any]) -> None:
    complaints = compare(program)
    cases = importlib.import_module(f"tests.compare.tables.{program}").CASES
    found = [line for case in cases for line in complaints(case)]
    assert not found, "\n" + "\n".join(found)
