"""The files of a new project."""

import pytest

from tornadolike.cli.skeleton.names import Names
from tornadolike.cli.skeleton.writing import FILES, write_project
from tornadolike.programs.failing import Failure


def test_all_of_them_are_written(tmp_path):
    (tmp_path / ".git").mkdir()
    written = write_project(tmp_path, Names("my-site"))
    assert len(written) == len([*FILES.rglob("*.txt")])
    assert {path.suffix for path in FILES.rglob("*") if path.is_file()} == {".txt"}
    shown = {str(path.relative_to(tmp_path)) for path in written}
    assert shown >= {".gitignore", "my_site/app.py", "deploy/my-site.service", "Dockerfile"}
    for path in written:
        text = path.read_text()
        assert "@p" not in text.replace("@pytest", "")
        assert "@PREFIX" not in text


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path, tmp_path / "file"):
        with pytest.raises(Failure, match="is there already"):
            write_project(folder, Names("x"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"
