"""Options of every kind, and programs that have some."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tornadolike.options import OptionParser

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def hook() -> Iterator[None]:
    """What is parsed here may fail, and the hook for that is for programs."""
    before = sys.excepthook
    yield
    sys.excepthook = before


@pytest.fixture
def options() -> OptionParser:
    return OptionParser()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run(source, *arguments, **environment)``: a program in a folder of its own."""

    def run(
        source: str, *arguments: str, flags: tuple[str, ...] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "site.py").write_text(source)
        kept = {
            name: os.environ[name] for name in ("PATH", "TORNADOLIKE_PURE") if name in os.environ
        }
        return subprocess.run(
            [sys.executable, *flags, "site.py", *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": ":".join(filter(None, sys.path)), **kept, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
