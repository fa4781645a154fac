"""./maint/demo: which demos there are, and what becomes of the command line."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from maint import _demo
from maint._env import Environment, Failure

pytestmark = pytest.mark.once


@pytest.fixture
def demos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_demo, "ROOT", tmp_path)
    for name, files in {
        "chat": {"__init__.py": '"""A chat.\n\nLong."""', "__main__.py": '"""How it starts."""'},
        "hello": {"__main__.py": '"""Says hello."""'},
        "broken": {"__main__.py": "("},
        "library": {"__init__.py": '"""Not a demo."""'},
    }.items():
        folder = tmp_path / "demos" / name
        folder.mkdir(parents=True)
        for file, source in files.items():
            (folder / file).write_text(source)
    return tmp_path


def test_the_list(demos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _demo._demo(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "broken",
        "chat         A chat.",
        "hello        Says hello.",
    ]


def test_a_demo_that_is_not_there(demos: Path) -> None:
    with pytest.raises(Failure, match="no demo called 'chess'") as caught:
        _demo._demo(["chess"])
    assert caught.value.status == 2
    assert str(caught.value).endswith("There are: broken, chat, hello.")


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("", "demos.chat --port 8888 --address 127.0.0.1"),
        ("--port 0 hello", "demos.hello --port 0 --address 127.0.0.1"),
        ("--address=::1", "demos.chat --port 8888 --address ::1"),
        ("--tls hello", "demos.hello --port 8888 --address 127.0.0.1 --tls"),
        ("chat --por 1 x", "demos.chat --port 8888 --address 127.0.0.1 --por 1 x"),
        ("hello -v -- --help --", "demos.hello --port 8888 --address 127.0.0.1 -v --help --"),
    ],
)
def test_what_the_demo_gets(
    demos: Path, monkeypatch: pytest.MonkeyPatch, line: str, module: str
) -> None:
    became: list[str] = []

    def become(environment: Environment, words: Sequence[str]) -> int:
        assert environment.extras == ("demos",)  # what the demos import beside the standard library
        became.append(" ".join(words))
        return 0

    monkeypatch.setattr(_demo, "_become", become)
    monkeypatch.setattr(Environment, "prepare", lambda self, fresh: None)
    assert _demo._demo(line.split()) == 0
    assert became == [module]


@pytest.mark.parametrize("port", ["65536", "-1", "http", "٣", ""])
def test_a_port_that_is_none(demos: Path, capsys: pytest.CaptureFixture[str], port: str) -> None:
    with pytest.raises(SystemExit) as caught:
        _demo._demo([f"--port={port}"])
    assert caught.value.code == 2
    assert "is not a port: a number from 0 to 65535" in capsys.readouterr().err


def test_the_demo_takes_over_the_process(demos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execve", lambda path, words, env: calls.append((path, words)))
    monkeypatch.chdir("/")
    environment = Environment("demo", _demo.Interpreter("python3", (3, 11, 2)))
    _demo._become(environment, ["demos.chat", "--port", "1"])
    python = str(environment.python)
    assert calls == [(python, [python, "-m", "demos.chat", "--port", "1"])]
    assert Path.cwd() == demos
