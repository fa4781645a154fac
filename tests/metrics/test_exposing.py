"""What a scrape gets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge

from tests.metrics.helpers import figures, of
from tornadolike.metrics import forget_process, scrape
from tornadolike.metrics.exposing import exposed
from tornadolike.metrics.tables import CPU, REFUSALS, Snapshot

SNAPSHOT: Snapshot = {REFUSALS: {("400",): [2.0]}, CPU: {(): [7.25]}}

PROGRAM = """
import sys
from prometheus_client import Counter, Gauge
from tornadolike.metrics.store import Store
store = Store({}, 10)
store.count("refusals", ("400",), 3.0)
store.set("connections", 4.0)
Counter("orders", "Orders.").inc(5)
Gauge("guests", "Guests.", multiprocess_mode="livesum").set(6)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("text/html", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.1", "application/openmetrics"),
    ],
)
def test_formats(accept: str, content_type: str) -> None:
    found, text = exposed(lambda: (SNAPSHOT, []), accept, registry=CollectorRegistry())
    assert found.startswith(content_type)
    assert text.endswith(b"# EOF\n") == ("openmetrics" in content_type)
    assert b'http_server_refusals_total{status="400"} 2.0' in text


def test_the_authors_own_figures_are_told_and_ours_are_ours() -> None:
    registry = CollectorRegistry()
    Counter("orders", "Orders.", registry=registry).inc(3)
    Counter("http_server_refusals", "What we call it.", ["status"], registry=registry)
    _, text = exposed(lambda: (SNAPSHOT, []), registry=registry)
    assert figures(text)["orders_total"] == 3.0
    assert text.count(b"# TYPE http_server_refusals_total ") == 1


def test_what_several_processes_use() -> None:
    registry = CollectorRegistry()
    Gauge("process_cpu_seconds", "Of this one.", registry=registry).set(1)
    _, text = exposed(lambda: (SNAPSHOT, [os.getpid(), os.getpid()]), registry=registry)
    _, one = exposed(lambda: (SNAPSHOT, [os.getpid()]), registry=registry)
    assert figures(text)["process_cpu_seconds_total"] == 7.25
    found, single = figures(text), figures(one)
    memory = "process_resident_memory_bytes"
    assert 1.5 * single[memory] < found[memory] < 2.5 * single[memory]
    assert found["process_start_time_seconds"] == single["process_start_time_seconds"]
    assert found["process_max_fds"] == single["process_max_fds"]


def test_a_supervisor_tells_of_its_workers(tmp_path: Path) -> None:
    names = ("TORNADOLIKE_METRICS_DIR", "PROMETHEUS_MULTIPROC_DIR")
    environment = os.environ | dict.fromkeys(names, str(tmp_path))
    command = [sys.executable, "-c", PROGRAM]
    workers = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
        both = figures(scrape(folder=tmp_path)[1])
        workers[0].kill()
        workers[0].wait()
        forget_process(workers[0].pid, tmp_path)
        left = figures(scrape(folder=tmp_path)[1])
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    names = (
        *("http_server_refusals_total('400',)", "orders_total"),
        *("http_server_connections", "guests"),
    )
    assert [both[name] for name in names] == [6.0, 10.0, 8.0, 12.0]
    assert [left[name] for name in names] == [6.0, 10.0, 4.0, 6.0]
    assert of(scrape(folder=tmp_path)[1], "http_server_connections") == {"": 0.0}


def test_there_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORNADOLIKE_METRICS_DIR", raising=False)
    with pytest.raises(ValueError, match="is not set"):
        scrape()
    with pytest.raises(ValueError, match="nowhere"):
        forget_process(1, tmp_path / "nowhere")
