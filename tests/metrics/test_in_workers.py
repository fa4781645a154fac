"""A site of two workers, as Prometheus sees it."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.metrics.helpers import figures

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(180)]

PATIENCE = 60.0
ROOT = Path(__file__).parents[2]
PROMETHEUS = shutil.which("prometheus")

PROGRAM = """
import os
from prometheus_client import Counter
from tornadolike.metrics import Metrics
from tornadolike.web import Application

orders = Counter("orders", "Orders.")
app = Application()
Metrics(app, path="/metrics")


@app.get("/who")
def who(handler):
    orders.inc()
    handler.write(str(os.getpid()))


@app.get("/users/{number:int}")
def user(handler, number):
    handler.write(str(number))
"""

CONFIGURATION = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""


class Process:
    """A program that serves, and what it says."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._said = folder / f"{Path(command[0]).name}.log"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder}"},
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def said(self) -> str:
        return self._said.read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until it says so."""
        return until(lambda: re.search(pattern, self.said), self)


def until(look: Callable[[], Any], process: Process) -> Any:
    """Wait until there is something; what the process has said is shown if it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, process.said
        time.sleep(0.02)
    return found


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Process]:
    (tmp_path / "shop.py").write_text(PROGRAM)
    command = [*(sys.executable, "-m", "tornadolike", "run", "shop:app"), "--workers", "2"]
    with Process(tmp_path, *command, "--port", "0") as process:
        yield process


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
        return text


def test_nothing_decreases_when_a_worker_is_killed(workers: Process) -> None:
    url = workers.wait_for(r"served on (http://\S+) by 2 workers")[1]
    asked = [int(get(f"{url}/who")) for _ in range(20)]
    os.kill(asked[-1], signal.SIGKILL)
    workers.wait_for("killed by SIGKILL")
    asked += [int(get(f"{url}/who")) for _ in range(20)]
    found = figures(get(f"{url}/metrics"))
    assert found["http_server_requests_total('GET', '/who', '200')"] == 40.0
    assert found["orders_total"] == 40.0
    # Whoever answers tells of all that are there: also of the new one, which nobody may have asked yet.
    until(lambda: figures(get(f"{url}/metrics"))["process_open_fds"] > 15, workers)


@pytest.mark.skipif(PROMETHEUS is None, reason="no Prometheus is installed")
def test_a_real_prometheus(workers: Process, tmp_path: Path) -> None:
    url = workers.wait_for(r"served on (http://\S+) by 2 workers")[1]
    for number in range(30):
        get(f"{url}/users/{number}")
    with contextlib.suppress(urllib.error.HTTPError):
        get(f"{url}/nowhere")
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(CONFIGURATION.format(port=urllib.parse.urlsplit(url).port))
    port = free_port()
    command = [
        str(PROMETHEUS),
        f"--config.file={configuration}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
    ]

    def asked(query: str) -> dict[str, float]:
        address = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}"
        try:
            answer = json.loads(get(address))
        except OSError:  # it is not there yet
            return {}
        return {
            " ".join(one["metric"].get(name, "") for name in ("method", "route", "status")): float(
                one["value"][1]
            )
            for one in answer["data"]["result"]
        }

    with Process(tmp_path, *command) as prometheus:
        until(lambda: asked('up{job="shop"} == 1'), prometheus)
        counted = until(lambda: asked('http_server_requests_total{route!="/metrics"}'), prometheus)
        assert counted == {"GET /users/{number:int} 200": 30.0, "GET none 404": 1.0}
        name = 'http_server_request_duration_seconds_bucket{route="/users/{number:int}"}'
        slowest = asked(f"histogram_quantile(1, {name})")
        assert 0 < slowest["GET /users/{number:int} "] <= 10
        targets = json.loads(get(f"http://127.0.0.1:{port}/api/v1/targets"))
        assert [one["lastError"] for one in targets["data"]["activeTargets"]] == [""]
        kinds = json.loads(get(f"http://127.0.0.1:{port}/api/v1/metadata"))["data"]
        assert kinds["http_server_request_duration_seconds"][0]["type"] == "histogram"
        until(lambda: asked("event_loop_lag_seconds_count > 0"), prometheus)
