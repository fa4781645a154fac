"""A pytest plugin for ./maint/test: repeats at the end how the checks before pytest ended.

So whoever reads only the end sees all of it, and the last line is still pytest's.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

VARIABLE = "TORNADOLIKE_CHECKS"


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """Print the lines of the other checks, where there were any."""
    results = os.environ.get(VARIABLE, "")
    if results:
        terminalreporter.write_sep("=", "the other checks")
        for result in results.splitlines():
            terminalreporter.write_line(result, red="FAILED" in result)
