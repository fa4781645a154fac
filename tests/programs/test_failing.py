"""Failures of commands."""

from tornadolike.programs.failing import Failure, meant, tell


def test_a_failure_is_one_line(capsys):
    assert Failure("a\nb\x1b[0m").text == "a\\nb\\x1b[0m"
    assert tell(Failure("é is wrong", "  details\n", status=3)) == 3
    assert capsys.readouterr().err == "tornadolike: é is wrong\n  details\n"


def test_nobody_listens(monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    assert tell(Failure("no")) == 2


def test_what_was_meant():
    assert meant("rutes", ["routes", "run"]) == "; did you mean 'routes'?"
    assert meant("x", ["routes", "run"]) == ""
