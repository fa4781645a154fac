"""``python -m tornadolike completion``."""

import shutil
import subprocess

import pytest

from tornadolike.cli import COMMANDS, main, parser_of
from tornadolike.cli.completing import described


def script(shell, capsys):
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def completed(text, *words):
    """What bash offers for the last word."""
    program = (
        f'{text}\nCOMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n_tornadolike\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-uc", program, "bash", *words], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash(capsys):
    text = script("bash", capsys)
    assert completed(text, "tornadolike", "") >= {*COMMANDS, "--help", "--version"}
    assert completed(text, "tornadolike", "ro") == {"routes"}
    assert completed(text, "tornadolike", "--traceback", "ro") == {"routes"}
    assert completed(text, "tornadolike", "routes", "--m") == {"--match"}
    assert completed(text, "tornadolike", "routes", "main") == set()  # files
    assert completed(text, "tornadolike", "fetch", "--engine", "") == {"simple", "curl"}
    assert completed(text, "tornadolike", "fetch", "-o", "") == set()
    assert completed(text, "tornadolike", "templates", "ch") == {"check"}
    assert completed(text, "tornadolike", "templates", "check", "--format", "j") == {"json"}
    assert completed(text, "tornadolike", "completion", "") >= {"bash", "zsh", "fish"}


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_as_it_is_used(capsys, tmp_path):
    """By eval, in a shell that asks its own machinery what there is."""
    (tmp_path / "script").write_text(script("bash", capsys))
    program = f'eval "$(cat {tmp_path}/script)"; complete -p tornadolike'
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "complete -o default -F _tornadolike tornadolike\n"


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh here")
def test_zsh_takes_it(capsys):
    subprocess.run(["zsh", "-f", "-c", script("zsh", capsys)], check=True)


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish here")
def test_fish(capsys):
    program = script("fish", capsys) + "complete -C 'tornadolike ro'\n"
    done = subprocess.run(["fish", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("routes\t")


def test_what_is_written_for_the_others(capsys):
    assert script("zsh", capsys).endswith(script("bash", capsys))
    lines = script("fish", capsys).splitlines()
    assert all(line.startswith("complete -c tornadolike -n ") for line in lines)
    within = "complete -c tornadolike -n '__fish_seen_subcommand_from"
    assert f"{within} routes' -l json -d 'for programs'" in lines
    assert f"{within} fetch' -l engine -r -f -a 'simple curl' -d ''" in lines
    assert f"{within} completion' -f -a 'bash zsh fish'" in lines
    assert "-d 'show program\\'s version number and exit'" in "\n".join(lines)


def test_each_command_is_known():
    known = described(parser_of(*COMMANDS))
    assert tuple(known.commands) == COMMANDS
    assert all(command.about and command.options for command in known.commands.values())


def test_a_shell_that_is_not_known(capsys):
    assert main(["completion", "csh"]) == 2
    assert "invalid choice: 'csh'" in capsys.readouterr().err
