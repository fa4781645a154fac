"""``python -m tornadolike templates check``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tornadolike.cli import main

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with two templates: one is right, and ``bad.html`` has an unknown name and a warning."""
    (tmp_path / "app/templates").mkdir(parents=True)
    (tmp_path / "app/program.py").write_text("self.render('good.html', user=1)\n")
    (tmp_path / "app/templates/good.html").write_text("{{ user }}")
    (tmp_path / "app/templates/bad.html").write_text("<p>{{ usr }}\n{% raw _(1) %}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_errors_are_printed_as_compilers_do(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "check", "app/templates"]) == 1
    assert capsys.readouterr().out == (
        "app/templates/bad.html:1:7: error: unknown name 'usr' [name]\n"
        "    <p>{{ usr }}\n"
        "          ^~~\n"
        "app/templates/bad.html:2:1: warning: this is put out as it is: nothing escapes it [unescaped]\n"
        "    {% raw _(1) %}\n"
        "    ^~~~~~~~~~~~~~\n"
        "1 error, 1 warning\n"
        "Names that the check cannot see are given with --names, a program elsewhere with --code.\n"
    )


def test_nothing_wrong_is_silence(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "app/templates/bad.html").unlink()
    assert main(["templates", "check", "app/templates"]) == 0
    assert capsys.readouterr() == ("", "")


def test_warnings_are_errors_if_strict(app: Path) -> None:
    arguments = ["templates", "check", "app/templates", "--names", "x, usr"]
    assert main(arguments) == 0
    assert main([*arguments, "--strict"]) == 1


def test_json_is_for_programs(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "check", "app/templates", "--format", "json"]) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert first == {
        "path": "app/templates/bad.html",
        "line": 1,
        "column": 7,
        "end_column": 10,
        "level": "error",
        "rule": "name",
        "message": "unknown name 'usr'",
        "text": "<p>{{ usr }}",
    }
    assert second["rule"] == "unescaped"
    (app / "app/templates/bad.html").unlink()
    assert main(["templates", "check", "app/templates", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_code_may_be_elsewhere(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "other").mkdir()
    (app / "other/x.py").write_text("self.render('bad.html', usr=1)")
    arguments = ["templates", "check", "app/templates", "--code"]
    assert main([*arguments, "other", "app/program.py"]) == 0
    assert main([*arguments, "other"]) == 1
    assert "good.html:1:4: error: unknown name 'user'" in capsys.readouterr().out


def test_code_is_here_if_the_templates_are(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(app / "app/templates")
    Path("x.py").write_text("self.render('good.html', user=1)\nself.render('bad.html', usr=1)\n")
    assert main(["templates", "check", "."]) == 0


def test_autoescape_is_the_loaders(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "app/templates/bad.html").unlink()
    arguments = ["templates", "check", "app/templates", "--strict", "--autoescape"]
    assert main([*arguments, "None"]) == 1
    assert "good.html:1:1: warning" in capsys.readouterr().out
    assert main([*arguments, "contextual"]) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere"], "nowhere is no directory"),
        (["app/program.py"], "app/program.py is no directory"),
        (["app/templates", "--code", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_checked_is_refused(
    app: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert main(["templates", "check", *arguments]) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["templates"], ["templates", "check"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert " is missing (" in capsys.readouterr().err


def test_code_that_cannot_be_read_is_told(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "app/odd.py").write_text("def (")
    assert main(["templates", "check", "app/templates", "--names", "usr"]) == 0
    assert "odd.py: not read: invalid syntax" in capsys.readouterr().err


def test_code_is_not_sought_in_a_place_for_everything(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(app / "app"))
    assert main(["templates", "check", "app/templates"]) == 1
    assert "unknown name 'user'" in capsys.readouterr().out


def test_it_is_told_if_names_cannot_be_known(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "app/open.py").write_text("self.render(page(), **found())")
    assert main(["templates", "check", "app/templates"]) == 0
    assert f"{app}/app/open.py:1: any template may get any name" in capsys.readouterr().err


def test_what_a_terminal_cannot_show_is_escaped(app: Path) -> None:
    (app / "app/templates/bad.html").write_text("é{{ 名 }}")
    command = [sys.executable, "-m", "tornadolike", "templates", "check", "app/templates"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert r"unknown name '\u540d'" in done.stdout


def test_it_is_a_program(app: Path) -> None:
    command = [sys.executable, "-m", "tornadolike", "templates", "check", "app/templates"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "1 error, 1 warning" in done.stdout
