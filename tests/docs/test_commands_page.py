"""docs/commands.rst: what is typed there shows what stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tornadolike.cli import COMMANDS

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "commands.rst").read_text()
BLOCK = re.compile(r"^\.\. code-block:: console\n\n((?:   .*\n|\n)+)", re.MULTILINE)
END = "-- end of a command --"


def typed():
    """Each command, and what is shown of it."""
    for block in BLOCK.findall(PAGE):
        for part in re.split(r"(?m)^   \$ ", block)[1:]:
            command, _, shown = part.partition("\n")
            yield command, re.sub(r"(?m)^   ", "", shown).rstrip()


def pattern(shown):
    """Three dots stand for something, in a line of their own for any lines."""
    lines = [
        r"(?:.*\n)*?.*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*")
        for line in shown.splitlines()
    ]
    return r"\n".join(lines)


@pytest.mark.slow
def test_what_is_typed(tmp_path):
    commands = [*typed()]
    assert len(commands) > 8
    program = [f'tornadolike() {{ "{sys.executable}" -m tornadolike "$@"; }}']
    for command, _ in commands:
        program += [command, f"echo '{END}'"]
    done = subprocess.run(
        ["bash", "-c", "\n".join(program)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    said = done.stdout.split(f"{END}\n")
    for (command, shown), output in zip(commands, said, strict=False):
        assert re.fullmatch(pattern(shown), output.rstrip()), f"$ {command}\n{output}"


def test_all_commands_are_there():
    table = PAGE.partition("``COMMAND --help``")[0]
    assert set(re.findall(r"(?m)^``(\w+)``  ", table)) == {*COMMANDS}
