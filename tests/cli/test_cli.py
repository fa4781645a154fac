"""``python -m tornadolike``: its commands."""

import subprocess
import sys
from pathlib import Path

import pytest

from tornadolike.cli import COMMANDS, main

FOLDER = Path(sys.modules["tornadolike.cli"].__file__).parent


def test_each_module_is_a_command():
    assert set(COMMANDS) == {path.stem for path in FOLDER.glob("*.py")} - {
        "__init__",
        "failing",
        "loading",
    }


@pytest.mark.parametrize("arguments", [[], ["--help"], ["nothing"]])
def test_all_commands_are_told(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == (0 if "--help" in arguments else 2)
    said = "".join(capsys.readouterr())
    if "--help" in arguments:
        assert all(command in said for command in COMMANDS)


def test_a_command_does_not_import_what_others_need():
    program = (
        "import sys; from tornadolike.cli import main\n"
        "try: main(['templates', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'tornadolike.cli.fetch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
