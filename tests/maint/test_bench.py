"""The benchmarks run, and say what they should: a figure nobody can measure again is no figure."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

BENCH = Path(__file__).parents[2] / "maint" / "bench"


def run(program: str, *arguments: str, cache: Path) -> str:
    result = subprocess.run(
        [sys.executable, str(BENCH / program), *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={**os.environ, "BENCH_CACHE": str(cache)},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(shutil.which, ("wrk", "gcc", "taskset"))), reason="needs wrk, gcc and taskset"
)
def test_servers_are_measured_beside_the_limit(tmp_path: Path) -> None:
    jobs = "pipelined100,headers30"  # a second each; a script with an argument is in both
    arguments = ("run", "tornadolike", "--jobs", jobs, "--rounds", "1", "--seconds", "1")
    report = run("http_servers.py", *arguments, cache=tmp_path)
    for job in jobs.split(","):
        assert f"**{job}**" in report
    rows = re.findall(r"^\| (\w+) \| [\d,]+ \| [\d.]+ \| ([\d.]+) \|$", report, re.MULTILINE)
    assert [name for name, _ in rows] == ["limit", "tornadolike"] * 2
    assert all(ratio == "1.00" for name, ratio in rows if name == "limit")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("taskset"), reason="needs taskset")
def test_large_bodies_are_measured(tmp_path: Path) -> None:
    report = run("bodies.py", "tornadolike", "--rounds", "1", "--mebibytes", "8", cache=tmp_path)
    rows = re.findall(
        r"^\| tornadolike \| [\d,]+ \| [\d.]+ \| (-?[\d.]+) \|$", report, re.MULTILINE
    )
    assert len(rows) == 5
    assert all(float(grown) < 8 for grown in rows)


@pytest.mark.slow
@pytest.mark.skipif(not all(map(shutil.which, ("wrk", "taskset"))), reason="needs wrk and taskset")
def test_files_are_measured(tmp_path: Path) -> None:
    arguments = ("tornadolike", "--rounds", "1", "--seconds", "1", "--jobs", "1k,unchanged")
    report = run("static_files.py", *arguments, cache=tmp_path)
    rows = re.findall(r"^\| tornadolike \| [\d,]+ \| [\d.]+ \|  \|$", report, re.MULTILINE)
    assert len(rows) == 2


@pytest.mark.slow
@pytest.mark.skipif(not all(map(shutil.which, ("wrk", "taskset"))), reason="needs wrk and taskset")
def test_a_site_is_measured(tmp_path: Path) -> None:
    arguments = ("tornadolike", "--rounds", "1", "--rows", "user")
    report = run("site.py", *arguments, cache=tmp_path)
    assert re.findall(r"^\| `([a-z]+)`: [^|]+ \| [\d.]+ \|$", report, re.MULTILINE) == ["user"]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("taskset"), reason="needs taskset")
def test_idle_connections_are_weighed(tmp_path: Path) -> None:
    report = run("idle_connections.py", "tornadolike", "--connections", "500", cache=tmp_path)
    assert re.search(r"^\| tornadolike \| 500 \| [\d.]+ \| [\d.]+ \|$", report, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_streams_and_tls_are_measured(tmp_path: Path) -> None:
    kinds = ("tornadolike", "streams on asyncio")
    sizes = ("--mebibytes", "1", "--seconds", "0.1", "--connections", "20")
    arguments = ("--kinds", ",".join(kinds), "--rounds", "1", *sizes)
    report = run("wires.py", *arguments, cache=tmp_path)
    for job in ("transfer", "transfer_tls", "handshakes", "resumptions", "idle_tls"):
        assert f"**{job}**" in report
    rows = re.findall(r"^\| ([a-z][a-z ]+) \| [\d,.| ]+\|$", report, re.MULTILINE)
    assert rows == list(kinds) * 5


@pytest.mark.slow
@pytest.mark.skipif(not all(map(shutil.which, ("gcc", "taskset"))), reason="needs gcc and taskset")
def test_http_clients_are_measured(tmp_path: Path) -> None:
    kinds = "tornadolike;aiohttp"
    sizes = ("--rounds", "1", "--seconds", "0.1", "--mebibytes", "2")
    report = run("http_clients.py", kinds, *sizes, cache=tmp_path)
    tables = re.split(r"^\*\*(\w+)\*\*.*$", report, flags=re.MULTILINE)[1:]
    rows = {
        job: re.findall(r"^\| (\w+)(?: \| -?[\d,.]+)+ \| ([\d.]+) \|$", table, re.MULTILINE)
        for job, table in zip(tables[::2], tables[1::2], strict=True)
    }
    assert list(rows) == ["small", "large", "download", "script"]
    for measured in rows.values():
        assert [kind for kind, _ in measured] == kinds.split(";")
        assert measured[1][1] == "1.00"


@pytest.mark.slow
@pytest.mark.skipif(not all(map(shutil.which, ("wrk", "taskset"))), reason="needs wrk and taskset")
def test_watching_is_measured(tmp_path: Path) -> None:
    arguments = ("metrics", "--rounds", "1", "--seconds", "1", "--jobs", "pipelined")
    report = run("observability.py", *arguments, cache=tmp_path)
    rows = re.findall(r"^\| (\w+) \| [\d.]+ \| -?[\d.]+ \|$", report, re.MULTILINE)
    assert rows == ["nothing", "metrics"]


def test_access_logs_are_measured(tmp_path: Path) -> None:
    report = run("access_logs.py", "--lines", "100", "--rounds", "1", cache=tmp_path)
    rows = re.findall(r"^\| (\w+).* \| [\d.]+ \| [\d.]+ \|$", report, re.MULTILINE)
    assert rows[:4] == ["CombinedLog", "JSONLog", "logger", "logger"]


def test_signing_in_is_measured(tmp_path: Path) -> None:
    report = run("signing.py", "--seconds", "0.01", "--rounds", "1", cache=tmp_path)
    rows = re.findall(r"^\| ([\w ]+).* \| [\d,.]+ \|$", report, re.MULTILINE)
    assert rows[:3] == ["signed value", "the same with tornado", "encrypted value"]
    assert rows[-1] == "password hashed"


def test_template_engines_are_measured(tmp_path: Path) -> None:
    engines = "tornadolike;tornadolike, contextual;tornado"
    report = run("templates.py", engines, "--rounds", "1", "--seconds", "0.01", cache=tmp_path)
    rows = re.findall(r"^\| (\w.*?) \|(?: -?[\d.]+ \|){6}$", report, re.MULTILINE)
    assert rows == engines.split(";")


def test_routers_are_measured(tmp_path: Path) -> None:
    report = run("routing.py", "tornadolike;tornado", "--rounds", "1", cache=tmp_path)
    rows = re.findall(r"^\| (\w+) \|(?: [\d.]+ \|){9}$", report, re.MULTILINE)
    assert rows == ["tornadolike", "tornado"]


def test_a_missing_peer_is_named(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, str(BENCH / "idle_connections.py"), "nonesuch"],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={**os.environ, "BENCH_CACHE": str(tmp_path)},
    )
    assert result.returncode != 0
    assert "nonesuch" in result.stderr
    assert "Traceback" not in result.stderr
