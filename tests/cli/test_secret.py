"""``python -m tornadolike secret``."""

import re
import subprocess
import sys

import pytest

from tornadolike.cli import main
from tornadolike.web.cookies.secrets import COMMAND, weakness


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["secret", *arguments]) == 0
    said = capsys.readouterr()
    assert not said.err
    return said.out


def test_it_prints_one(capsys: pytest.CaptureFixture[str]) -> None:
    made = {printed(capsys) for _ in range(20)}
    assert len(made) == 20
    for secret in made:
        assert re.fullmatch(r"[0-9a-f]{64}\n", secret)
        assert weakness(secret.strip().encode()) is None


def test_its_size_and_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}\n", printed(capsys, "--bytes", "16"))
    named = printed(capsys, "--env", "COOKIE_SECRET", "--bytes", "20")
    assert re.fullmatch(r"COOKIE_SECRET=[0-9a-f]{40}\n", named)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--bytes", "15"], "16 to 1024 bytes"),
        (["--bytes", "1025"], "16 to 1024 bytes"),
        (["--bytes", "many"], "many"),
        (["--env", "A=B"], "a variable has letters"),
        (["--env", "1A"], "a variable has letters"),
        (["--env", "A\nB"], "a variable has letters"),
        (["more"], "secret has no further argument more"),
    ],
)
def test_what_cannot_be_meant(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["secret", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_the_command_that_messages_name() -> None:
    """It is quick, and needs nothing of ours."""
    made = subprocess.run(
        [sys.executable, *COMMAND.split()[1:]], check=True, capture_output=True, text=True
    )
    assert re.fullmatch(r"[0-9a-f]{64}\n", made.stdout)
