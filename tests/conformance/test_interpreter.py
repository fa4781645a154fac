"""The interpreter's own event-loop tests (``test.test_asyncio``) pass on our loop."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conformance.interpreter import exclusions

ROOT = Path(__file__).parent.parent.parent

# Those that take longest are begun first.
MODULES = [
    "test_tasks",
    "test_subprocess",
    "test_ssl",
    "test_events",
    "test_taskgroups",
    "test_sslproto",
    "test_base_events",
    "test_buffered_proto",
    "test_context",
    "test_eager_task_factory",
    "test_futures",
    "test_futures2",
    "test_locks",
    "test_pep492",
    "test_queues",
    "test_runners",
    "test_sendfile",
    "test_server",
    "test_sock_lowlevel",
    "test_streams",
    "test_threads",
    "test_timeouts",
    "test_unix_events",
    "test_waitfor",
]
AT_ONCE = 3


class Runs:
    """The runs of some modules, a few at once, since most of the time they wait."""

    def __init__(self, modules: Iterable[str], folder: Path) -> None:
        self.folder = folder
        self.waiting = list(modules)
        self.begun: dict[str, subprocess.Popen[bytes]] = {}

    def begin_next(self) -> None:
        module = self.waiting.pop(0)
        command = [sys.executable, "-m", "tests.conformance.interpreter", module]
        outcomes = self.folder / f"{module}.json"
        # Into files, as a pipe would be a descriptor that one test opens and another closes.
        with (self.folder / f"{module}.txt").open("wb") as said:
            self.begun[module] = subprocess.Popen(
                [*command, "--json", str(outcomes)], cwd=ROOT, stdout=said, stderr=said
            )

    def result(self, module: str) -> tuple[dict[str, str], str, int]:
        """What became of each test of a module, what was printed, and the status."""
        while module in self.waiting or self.begun[module].poll() is None:
            going_on = [run for run in self.begun.values() if run.poll() is None]
            if self.waiting and len(going_on) < AT_ONCE:
                self.begin_next()
            else:
                time.sleep(0.02)
        outcomes = self.folder / f"{module}.json"
        said = (self.folder / f"{module}.txt").read_text(errors="replace")
        status = self.begun[module].returncode
        return (json.loads(outcomes.read_text()) if outcomes.exists() else {}), said, status

    def end(self) -> None:
        for run in self.begun.values():
            run.kill()
            run.wait()


def exists(module: str) -> bool:
    return find_spec(f"test.test_asyncio.{module}") is not None


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runs]:
    """Those of the modules whose tests were chosen."""
    chosen = {
        item.callspec.params.get("module")
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.module is request.module
        and hasattr(item, "callspec")
    }
    modules = (module for module in MODULES if module in chosen and exists(module))
    runs = Runs(modules, tmp_path_factory.mktemp("interpreter"))
    yield runs
    runs.end()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("module", MODULES)
def test_the_interpreters_tests_pass(module: str, runs: Runs) -> None:
    if not exists(module):
        pytest.skip("this Python comes without its own tests, or has no such module")
    outcomes, said, status = runs.result(module)
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
