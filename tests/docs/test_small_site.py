"""docs/small-site.rst makes a site when it is followed to the letter, and the script on it tries that site."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.following import shown_files
from tests.docs.test_examples import PORT, free_port, wait_for
from tornadolike.cli import main as tool

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "small-site.rst"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page shows."""
    for name, text in shown_files(PAGE).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site is served, and the script knows where."""
    if not shutil.which("curl"):
        assert not os.environ.get("CI"), "curl is not installed"
        pytest.skip("curl is not installed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COOKIE_SECRET", secrets.token_hex(32))
    monkeypatch.setenv("BOARD_PASSWORD", "swordfish")
    port = free_port()
    for name in ("board.py", "try.sh"):
        file = folder / name
        assert PORT in file.read_text()
        file.write_text(file.read_text().replace(PORT, str(port)))
    log = folder / "output.txt"
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, folder / "board.py"], stderr=output)
    try:
        wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(10)
    assert "Traceback" not in log.read_text(), log.read_text()


def tried(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "try.sh"], cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.usefixtures("site")
def test_the_script_finds_that_all_is_well_and_what_is_not(folder: Path) -> None:
    done = tried(folder)
    assert (done.returncode, done.stdout) == (0, "all is well\n"), done
    (folder / "static" / "board.css").unlink()
    done = tried(folder)
    assert done.returncode != 0
    assert "all is well" not in done.stdout


def test_the_templates_fit_the_program(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool(["templates", "check", str(folder / "templates")]) == 0
    assert capsys.readouterr().out == ""
