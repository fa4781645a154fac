"""Programs that pretend, for the tests of the scripts."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str, str], Path]:
    """`fake("python3.12", "echo 3.12.1")` puts a shell script of that name in `tmp_path/bin`."""

    def write(name: str, script: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write
