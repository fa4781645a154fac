"""What is promised of a site in production, kept under traffic: nobody is refused, and nothing lost.

But for what was in the hands of a process that was killed. These are the short versions of
``python -m maint.production run``.
"""

import asyncio
import shutil
import sys

import pytest

from maint.production.scenarios import SCENARIOS, Stage
from maint.production.service import LOG
from maint.production.traffic import Mix

pytestmark = [
    pytest.mark.once,
    pytest.mark.production,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


KINDS = {"kept", "fresh", "slow", "upload", "websocket"}
MIX = Mix(kept=4, fresh=2, slow=2, uploads=1, speakers=2)
SHORT = [
    "worker-killed",
    "reload",
    "successor",
    "logs",
    "block",
    "supervisor-killed",
    pytest.param(
        "redis",
        marks=pytest.mark.skipif(
            not shutil.which("redis-server"), reason="redis-server is not installed"
        ),
    ),
]
"""Those that are not played here differ little from one that is."""


@pytest.mark.parametrize("name", SHORT)
def test_all_are_answered(name, tmp_path):
    report = asyncio.run(SCENARIOS[name](Stage(tmp_path, mix=MIX)))
    assert not report.faults, (tmp_path / LOG).read_text()
    assert {kind for kind, status in report.tally.answered_to if status < 400} >= KINDS
