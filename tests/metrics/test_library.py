"""The author's figures of several processes."""

import os
import subprocess
import sys
from pathlib import Path

from tornadolike.metrics.library import families_in, forget

PROGRAM = """
from prometheus_client import Counter, Gauge, Histogram, Summary
Counter("orders", "Orders.", ["kind"]).labels("a").inc(2)
Histogram("size", "Sizes.", buckets=[1, 10]).observe(5)
Summary("weight", "Weights.").observe(3)
Gauge("living", "Lives.", multiprocess_mode="livesum").set(1)
Gauge("largest", "The most.", multiprocess_mode="max").set(7)
"""


def run(folder: Path) -> int:
    """Have a process count, and end; give its number."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment)
    assert process.wait() == 0
    return process.pid


def told(folder: Path) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families_in(folder)
        for sample in family.samples
    }


def test_what_ended_processes_have_counted_is_added_up(tmp_path: Path) -> None:
    pids = [run(tmp_path) for _ in range(3)]
    before = told(tmp_path)
    assert before["orders_total", "a"] == 6.0
    assert before["size_bucket", "10.0"] == before["size_bucket", "+Inf"] == 3.0
    assert (before["size_sum",], before["weight_sum",], before["living",]) == (15.0, 9.0, 3.0)
    for pid in (*pids[:2], pids[0]):
        forget(tmp_path, pid)
    assert told(tmp_path) == before | {("living",): 1.0}
    forget(tmp_path, pids[2])
    after = told(tmp_path)
    assert after == {key: value for key, value in before.items() if key != ("living",)}
    left = {path.name for path in tmp_path.glob("*.db")} - {f"gauge_max_{pid}.db" for pid in pids}
    assert left == {"counter_ended.db", "histogram_ended.db", "summary_ended.db"}


def test_there_is_nothing(tmp_path: Path) -> None:
    forget(tmp_path, 1)
    assert told(tmp_path) == {}
