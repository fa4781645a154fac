"""Processes that run out of descriptors: who is served already goes on, the rest recovers."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tls_certs import Certificates

SCRIPT = Path(__file__).with_name("out_of_descriptors.py")
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tcp", "tls", "http", "https"])
def test_running_out_of_descriptors_and_recovering(certs: Certificates, kind: str) -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", str(SCRIPT), kind, certs.server, certs.ca],
        capture_output=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        text=True,
        timeout=50,
    )
    assert process.stdout == "fine\n", process.stderr
    lines = process.stderr.splitlines()
    assert all("Accepting" in line for line in lines), process.stderr
