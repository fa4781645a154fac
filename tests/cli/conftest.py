"""What the tests of commands use."""

import sys
from collections.abc import Iterator

import pytest

from tests.programs.conftest import project

__all__ = ["project"]


@pytest.fixture(autouse=True)
def hook() -> Iterator[None]:
    """What is run here may fail, and the hook for that is for programs."""
    before = sys.excepthook
    yield
    sys.excepthook = before
