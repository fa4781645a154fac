"""The interpreter's own event-loop tests (``test.test_asyncio``) pass on our loop."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conformance.interpreter import exclusions

ROOT = Path(__file__).parent.parent.parent

MODULES = [
    "test_base_events",
    "test_buffered_proto",
    "test_context",
    "test_eager_task_factory",
    "test_events",
    "test_futures",
    "test_futures2",
    "test_locks",
    "test_pep492",
    "test_queues",
    "test_runners",
    "test_sendfile",
    "test_server",
    "test_sock_lowlevel",
    "test_ssl",
    "test_sslproto",
    "test_streams",
    "test_subprocess",
    "test_taskgroups",
    "test_tasks",
    "test_threads",
    "test_timeouts",
    "test_unix_events",
    "test_waitfor",
]


def run(module: str, tmp_path: Path, *options: str) -> tuple[dict[str, str], str, int]:
    """What became of each test of a module, what was printed, and the status."""
    outcomes = tmp_path / "outcomes.json"
    command = [sys.executable, "-m", "tests.conformance.interpreter", module, *options]
    done = subprocess.run(
        [*command, "--json", str(outcomes)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    return (json.loads(outcomes.read_text()) if outcomes.exists() else {}), said, done.returncode


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("module", MODULES)
def test_the_interpreters_tests_pass(module: str, tmp_path: Path) -> None:
    if find_spec(f"test.test_asyncio.{module}") is None:
        pytest.skip("this Python comes without its own tests, or has no such module")
    outcomes, said, status = run(module, tmp_path)
    assert status == 0, said[-20_000:]
    assert "passed" in outcomes.values(), said


def test_each_exclusion_has_a_reason() -> None:
    for exclusion in exclusions():
        assert len(exclusion.reason) > 20, exclusion
        assert exclusion.tests
        assert all(pattern.split(".")[0] in MODULES for pattern in exclusion.tests), exclusion


def test_a_failing_test_is_seen(tmp_path: Path) -> None:
    """The judge's own test: a loop that is broken does not pass."""
    code = (
        "import sys\n"
        "from tornadolike.ioloop import IOLoop\n"
        "IOLoop.call_later = lambda *arguments: 1 / 0\n"
        "from tests.conformance import interpreter\n"
        "sys.argv[1:] = ['test_events', '--only', 'EPoll*test_call_later']\n"
        "sys.exit(interpreter.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ERROR: test_call_later" in done.stderr
