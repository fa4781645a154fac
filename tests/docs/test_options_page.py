"""docs/options.rst: what its terminals show is what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tornadolike.log import define_logging_options
from tornadolike.options import OptionParser

PAGE = (Path(__file__).parents[2] / "docs" / "options.rst").read_text()
ROOT = Path(__file__).parents[2]


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"^\.\. code-block:: {kind}\n((?:   .*\n|\n)+)", PAGE, re.M)
    return [re.sub(r"^   ", "", block, flags=re.M).strip() + "\n" for block in found]


@pytest.mark.parametrize("session", blocks("console"))
def test_a_terminal(session: str, tmp_path: Path) -> None:
    source = blocks("python")[0].partition("\n\n")[2]
    (tmp_path / "site.py").write_text(source)
    (tmp_path / "python").symlink_to(sys.executable)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join([str(ROOT), *filter(None, sys.path)]),
    }
    shown = ""
    for command in re.findall(r"^\$ (.*)\n", session, re.M):
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        shown += f"$ {command}\n{done.stdout}"
    assert shown == session


def test_there_are_terminals() -> None:
    assert len(blocks("console")) == 2


def test_its_toml_is_read(tmp_path: Path) -> None:
    options = OptionParser()
    define_logging_options(options)
    options.define("port", 1)
    options.define("hosts", multiple=True)
    options.define("database.url", type=str)
    (toml,) = blocks("toml")
    path = tmp_path / "site.toml"
    path.write_text(toml)
    options.parse_config_file(path, final=False)
    assert (options.port, options.hosts[0]) == (9000, "a.example")
    assert options.log_file_prefix == "/var/log/site.log"
