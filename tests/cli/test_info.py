"""``python -m tornadolike info``."""

import json
import platform
import sys

import pytest

from tornadolike import __version__, _native
from tornadolike.cli import info, main


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    said = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    assert said["tornadolike"].strip() == __version__
    assert said["core"].strip().startswith(_native.described())
    assert ("modules" in said) == _native.RUNNING
    assert sys.executable in said["Python"]


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["tornadolike"] == __version__
    assert said["python"].endswith(platform.python_version())
    assert (said["native"], said["reason"]) == (_native.RUNNING, _native.REASON)
    assert said["modules"] == (list(_native.MODULES) if _native.RUNNING else [])
    assert said["poller"] in {"epoll", "kqueue", "select"}


def test_accelerators(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"json": ("tornadolike-of-nowhere", "JSON"), "nowhere": ("nowhere", "nothing")}
    monkeypatch.setattr(info, "ACCELERATORS", known)
    main(["info"])
    assert "accelerators: json ? (JSON)\n" in capsys.readouterr().out
    monkeypatch.setattr(info, "ACCELERATORS", {"nowhere": ("nowhere", "nothing")})
    main(["info"])
    assert "accelerators: none of nowhere\n" in capsys.readouterr().out
