"""docs/testing-with-pytest.rst: its tests pass, and what it names is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.following import shown_files
from tornadolike.pytest_plugin import fixtures, settings
from tornadolike.testing.limits import DEFAULT_TIMEOUT

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "testing-with-pytest.rst"
TEXT = PAGE.read_text()


def test_its_files(tmp_path: Path) -> None:
    files = shown_files(PAGE)
    for name, source in files.items():
        (tmp_path / name).write_text(source)
    configuration = re.search(r"code-block:: ini\n\n((?:   .*\n)+)", TEXT)
    assert configuration
    (tmp_path / "pytest.ini").write_text(re.sub("(?m)^   ", "", configuration[1]))
    command = [sys.executable, "-m", "pytest", "-q", "-Werror", "-ptornadolike.pytest_plugin"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    tests = sum(source.count("def test_") for source in files.values())
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"\n{tests} passed" in done.stdout


def test_every_fixture_has_its_place() -> None:
    told = set(re.findall(r"``(\w+)``", TEXT))
    assert {name for name in fixtures.NAMES if not name.startswith("_")} - told == set()


def test_the_numbers() -> None:
    assert f"may take {DEFAULT_TIMEOUT:g} seconds" in TEXT
    assert f"tornadolike_check = {' '.join(settings.CHECKS)}\n" in TEXT
