"""The Python files of a program."""

import warnings
from pathlib import Path

import pytest

from tornadolike.template.checking import sources
from tornadolike.template.checking.sources import parse_python, python_files


@pytest.fixture
def program(tmp_path: Path) -> Path:
    for name in (
        *("main.py", "pages/about.py", "pages/about.html", ".hidden/a.py"),
        *("env/pyvenv.cfg", "env/lib/b.py", "lib/site-packages/c.py", "node_modules/d.py"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_what_is_not_the_programs_is_left_out(program: Path) -> None:
    names = [path.relative_to(program).as_posix() for path in python_files([program])]
    assert names == ["main.py", "pages/about.py"]


def test_each_file_is_given_once(program: Path) -> None:
    (program / "pages/same.py").symlink_to(program / "main.py")
    paths = python_files([program / "main.py", program, program / "pages"])
    assert [path.name for path in paths] == ["main.py", "about.py"]


def test_a_file_is_taken_whatever_it_is_called(program: Path) -> None:
    assert python_files([program / "pages/about.html"]) == [program / "pages/about.html"]


def test_a_path_that_is_not_there(program: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        python_files([program, program / "nothing"])
    assert caught.value.filename == str(program / "nothing")


def test_too_many_files(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 1)
    with pytest.raises(ValueError, match="more than 1 files of Python"):
        python_files([program])


def test_what_python_would_warn_of_is_passed_over() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parse_python(b"'\\d'", Path("a.py"))
    assert caught == []


@pytest.mark.parametrize("source", [b"a b", b"# coding: nothing\n", b"\xff"])
def test_what_is_no_python(source: bytes) -> None:
    with pytest.raises(SyntaxError):
        parse_python(source, Path("a.py"))
