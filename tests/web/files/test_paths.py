"""Files are opened where they may be, whatever happens between two looks at them."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import Site
from tornadolike.web import HTTPError, StaticFileHandler
from tornadolike.web.files import paths
from tornadolike.web.files.paths import check_inside, open_below, open_regular, resolved


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("a")
    (tmp_path / "secret.txt").write_text("secret")
    return root


def opened(root: Path, name: str = "a.txt") -> str | None:
    """The real path of what is opened, if it may be."""
    found = open_below([str(root)], str(root / name))
    if found is None:
        return None
    with found.file:
        assert os.path.samestat(found.state, os.stat(found.path))
        return found.path


def before_opening(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    really_open = os.open

    def open_it(path: Any, *args: Any) -> int:
        act()
        return really_open(path, *args)

    monkeypatch.setattr(os, "open", open_it)


@pytest.fixture(params=["by the system", "by the path"])
def located(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the system tells where an open file is."""
    if request.param == "by the system":
        return True
    really_read = os.readlink

    def read(path: Any, *args: Any) -> Any:
        if str(path).startswith("/proc/self/fd/"):
            raise FileNotFoundError(path)
        return really_read(path, *args)

    monkeypatch.setattr(os, "readlink", read)
    return False


def test_links_lead_inside_only(root: Path, located: bool) -> None:
    (root / "link").symlink_to("a.txt")
    (root / "out").symlink_to("../secret.txt")
    (root.parent / "current").symlink_to("root")
    assert opened(root) == str(root / "a.txt")
    assert opened(root, "link") == str(root / "a.txt")
    assert opened(root, "out") is None
    assert opened(root, "../secret.txt") is None
    assert opened(root.parent / "current", "link") == str(root / "a.txt")


def test_a_link_that_takes_the_place_of_a_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exchange() -> None:
        (root / "a.txt").unlink()
        (root / "a.txt").symlink_to("../secret.txt")

    before_opening(monkeypatch, exchange)
    assert opened(root) is None


def test_a_fifo_that_takes_the_place_of_a_file_does_not_block(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exchange() -> None:
        (root / "a.txt").unlink()
        os.mkfifo(root / "a.txt")

    before_opening(monkeypatch, exchange)
    with pytest.raises(HTTPError, match=r"403.*is not a file"):
        opened(root)


def test_a_file_that_goes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        before_opening(patch, (root / "a.txt").unlink)
        with pytest.raises(HTTPError, match="404"):
            opened(root)
    (root / "b.txt").write_text("b")
    really_read = os.readlink

    def read(path: Any) -> str:
        (root / "b.txt").unlink()
        return really_read(path)

    monkeypatch.setattr(os, "readlink", read)
    with pytest.raises(HTTPError, match="404"):
        opened(root, "b.txt")


def test_a_name_like_that_of_a_file_that_has_gone(root: Path) -> None:
    (root / "b (deleted)").write_text("b")
    assert opened(root, "b (deleted)") == str(root / "b (deleted)")


def test_what_the_system_lacks_is_no_fault_of_the_path(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = errno.EMFILE

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    before_opening(monkeypatch, fail)
    with pytest.raises(HTTPError, match=r"503.* is not opened: Too many open files"):
        opened(root)
    number = errno.EIO
    with pytest.raises(OSError, match=os.strerror(number)):
        opened(root)


def test_a_directory_that_is_another_one_now(root: Path) -> None:
    current = root.parent / "current"
    current.symlink_to("root")
    assert opened(current) == str(root / "a.txt")
    # A new release, to which the same link leads.
    release = root.parent / "release"
    release.mkdir()
    (release / "a.txt").write_text("new")
    current.unlink()
    current.symlink_to("release")
    assert opened(current) == str(release / "a.txt")
    (release / "old").symlink_to("../root/a.txt")
    assert opened(current, "old") is None
    # The same directory at another place.
    release.rename(root.parent / "moved")
    current.unlink()
    current.symlink_to("moved")
    assert opened(current) == str(root.parent / "moved" / "a.txt")


def test_few_directories_are_remembered(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MAX_REMEMBERED_DIRECTORIES", 2)
    for name in "abcd":
        (root / name).mkdir()
        (root / name / "x").touch()
        assert opened(root / name, "x") == str(root / name / "x")
    assert len(paths._directories._known) <= 2


def test_streams_of_files_are_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_inside(["/root"], "/root/a:b", "a:b") == "/root/a:b"
    monkeypatch.setattr(paths, "NAMES_HAVE_STREAMS", True)
    assert check_inside(["c:/root"], "c:/root/a", "a") == "c:/root/a"
    with pytest.raises(HTTPError, match="is not a file"):
        check_inside(["c:/root"], "c:/root/a:b", "a:b")


def test_no_more_is_opened_than_files(root: Path) -> None:
    for path in ("/dev/zero", str(root)):
        with pytest.raises(HTTPError, match="is not a file"):
            open_regular(path)
    with pytest.raises(HTTPError, match="404"):
        open_regular(str(root / "a.txt\0"))


def test_directories_may_be_path_objects(site: Callable[..., Site], root: Path) -> None:
    (root / "out").symlink_to("../secret.txt")
    rules = {"path": root, "allowed_symlink_directory": root.parent}
    served = site((r"/(.*)", StaticFileHandler, rules), static_path=root)
    assert served.ask("GET /out").text == "secret"
    assert served.ask("GET /static/a.txt").text == "a"
    assert served.ask("GET /static/out").status == 403


def test_a_relative_directory_is_where_we_are(
    site: Callable[..., Site], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = site((r"/(.*)", StaticFileHandler, {"path": "root"}))
    monkeypatch.chdir(root.parent)
    assert served.ask("GET /a.txt").text == "a"
    (root / "root").mkdir()
    monkeypatch.chdir(root)
    assert served.ask("GET /a.txt").status == 404


def test_resolved(root: Path) -> None:
    (root / "here").symlink_to(".")
    (root / "out").symlink_to(root.parent)
    (root / "broken").symlink_to("../nowhere")
    (root / "circle").symlink_to("circle")
    (root / "sub").mkdir()
    for name in (
        *("", "a.txt", "a.txt/x", "x", "x/y/z", "x/../a.txt", "sub/../x/../../y", "here/here/x"),
        *("out", "out/secret.txt", "out/x/y", "broken", "broken/x", "circle", "circle/x"),
        "/".join(["sub", "x"] * 3000),
    ):
        path = os.path.join(root, name)
        assert resolved(path) == os.path.realpath(path)
    assert resolved("/") == "/"
    assert resolved("/not/there") == "/not/there"


def test_a_long_path_is_resolved_quickly(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    really_ask = os.lstat

    def ask(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        asked.append(path)
        return really_ask(path, *args, **kwargs)

    monkeypatch.setattr(os, "lstat", ask)
    resolved(os.path.join(root, "/".join("x" * 4000)))
    assert 0 < len(asked) < 100
