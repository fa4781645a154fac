"""Loaders: names, what is kept, what is loaded anew, and where packages keep their templates."""

import os
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tornado.template

from tornadolike.template import (
    BaseLoader,
    DictLoader,
    Loader,
    PackageLoader,
    ParseError,
    Template,
)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "templates"
    write(
        root,
        {
            "base.html": "<{% block body %}{% end %}>",
            "page.html": '{% extends "base.html" %}{% block body %}{% include "parts/one.html" %}{% end %}',
            "parts/one.html": 'one {% include "two.html" %}',
            "parts/two.html": "two {{ n }}",
            "parts/up.html": '{% include "../parts/two.html" %}',
        },
    )
    write(tmp_path, {"secret.txt": "secret", "templates-too/near.html": "near"})
    return root


class TestNames:
    def test_are_relative_to_the_template_that_says_them(self, folder: Path) -> None:
        assert Loader(folder).load("page.html").generate(n=1) == b"<one two 1>"
        assert Loader(folder).load("parts/up.html").generate(n=2) == b"two 2"

    @pytest.mark.parametrize("name", ["parts/../base.html", "./base.html", "parts//../base.html"])
    def test_have_one_form(self, folder: Path, name: str) -> None:
        loader = Loader(folder)
        assert loader.load(name) is loader.load("base.html")

    @pytest.mark.parametrize(
        ("name", "parent"),
        [
            ("a.html", None),
            ("a.html", "b.html"),
            ("a.html", "sub/b.html"),
            ("../a.html", "sub/b.html"),
            ("a.html", "<string>"),
            ("a.html", "/elsewhere/b.html"),
            ("/elsewhere/a.html", "sub/b.html"),
            ("/elsewhere/a.html", None),
        ],
    )
    @pytest.mark.parametrize("kind", ["Loader", "DictLoader"])
    def test_are_resolved_as_in_tornado(self, kind: str, name: str, parent: str | None) -> None:
        source: Any = "/root" if kind == "Loader" else {}
        ours = {"Loader": Loader, "DictLoader": DictLoader}[kind](source)
        theirs = getattr(tornado.template, kind)(source)
        assert ours.resolve_path(name, parent) == theirs.resolve_path(name, parent)

    @pytest.mark.parametrize("reload", [False, True])
    @pytest.mark.parametrize(
        "name",
        ["../secret.txt", "parts/../../secret.txt", "..", "../templates-too/near.html"],
    )
    def test_never_lead_out_of_the_root(self, folder: Path, name: str, reload: bool) -> None:
        loader = Loader(folder, auto_reload=reload)
        with pytest.raises(FileNotFoundError, match="leads out of"):
            loader.load(name)
        with pytest.raises(FileNotFoundError, match="leads out of"):
            loader.load(f"../{name}", parent_path="parts/one.html")
        with pytest.raises(FileNotFoundError, match="leads out of"):
            Template(f'{{% include "{name}" %}}', loader=loader)

    def test_that_are_absolute_are_taken_as_they_are(self, folder: Path) -> None:
        outside = folder.parent / "secret.txt"
        assert Loader(folder).load(str(outside)).generate() == b"secret"

    def test_may_be_links_that_the_author_made(self, folder: Path) -> None:
        (folder / "link.html").symlink_to(folder.parent / "secret.txt")
        assert Loader(folder).load("link.html").generate() == b"secret"

    def test_are_listed(self, folder: Path) -> None:
        write(folder, {".hidden/x.html": "", "parts/.y.swp": ""})
        expected = ["base.html", "page.html", "parts/one.html", "parts/two.html", "parts/up.html"]
        assert Loader(folder).list_templates() == expected
        assert DictLoader({"b": "", "a": ""}).list_templates() == ["a", "b"]


class TestMissing:
    def test_file_says_where_it_was_sought_and_what_is_like_it(self, folder: Path) -> None:
        with pytest.raises(FileNotFoundError) as raised:
            Loader(folder).load("parts/too.html")
        assert f"No template 'parts/too.html' in {folder}" in str(raised.value)
        assert "did you mean 'parts/two.html'?" in str(raised.value)
        assert raised.value.filename == str(folder / "parts/too.html")

    def test_root_is_no_other_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"No template 'a\.html'"):
            Loader(tmp_path / "nowhere").load("a.html")

    def test_key_says_what_is_like_it(self) -> None:
        with pytest.raises(KeyError, match=r"no template 'bse\.html'.*did you mean 'base\.html'\?"):
            DictLoader({"base.html": ""}).load("bse.html")

    def test_is_not_what_it_should_have_been(self, folder: Path) -> None:
        (folder / "link.html").symlink_to("nowhere")
        with pytest.raises(FileNotFoundError, match=r"No template 'link\.html' in [^(]*$"):
            Loader(folder).load("link.html")

    def test_is_looked_for_again(self, folder: Path) -> None:
        loader = Loader(folder)
        with pytest.raises(FileNotFoundError):
            loader.load("new.html")
        write(folder, {"new.html": "new"})
        assert loader.load("new.html").generate() == b"new"


class TestCache:
    def test_keeps_templates_until_reset(self, folder: Path) -> None:
        loader = Loader(folder)
        first = loader.load("parts/two.html")
        write(folder, {"parts/two.html": "changed"})
        assert loader.load("parts/two.html") is first
        loader.reset()
        assert loader.load("parts/two.html").generate() == b"changed"
        assert first.generate(n=1) == b"two 1"

    def test_gives_all_threads_the_same(self, folder: Path) -> None:
        made = []

        class Counting(Loader):
            def _create_template(self, name: str) -> Template:
                made.append(name)
                return super()._create_template(name)

        loader = Counting(folder)
        barrier = threading.Barrier(8)
        loaded = []

        def load() -> None:
            barrier.wait()
            loaded.append(loader.load("page.html"))

        finish = [threading.Thread(target=load) for _ in range(8)]
        for thread in finish:
            thread.start()
        for thread in finish:
            thread.join()
        assert len(loaded) == 8
        assert len(set(map(id, loaded))) == 1
        assert sorted(made) == ["base.html", "page.html", "parts/one.html", "parts/two.html"]

    def test_is_reset_and_reloaded_while_threads_render(self, folder: Path) -> None:
        loader = Loader(folder, auto_reload=True)
        stop = threading.Event()
        wrong: list[object] = []

        def render() -> None:
            while not stop.is_set():
                try:
                    page = loader.load("page.html").generate(n=1)
                except Exception as error:
                    wrong.append(error)
                    return
                if page not in (b"<one two 1>", b"<one three 1>"):
                    wrong.append(page)
                    return

        threads = [threading.Thread(target=render) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(60):
            text = ("two {{ n }}", "three {{ n }}")[turn % 2]
            fresh = folder / "parts/.fresh"
            fresh.write_text(text)
            fresh.replace(folder / "parts/two.html")
            if turn % 5 == 0:
                loader.reset()
            loader.load("page.html")
        stop.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert loader.load("page.html").generate(n=1) == b"<one three 1>"


class TestAutoReload:
    @pytest.fixture
    def loader(self, folder: Path) -> Loader:
        return Loader(folder, auto_reload=True)

    def test_gives_the_same_while_nothing_changes(self, loader: Loader) -> None:
        page = loader.load("page.html")
        loader.load("parts/one.html")
        loader.load("base.html")
        assert loader.load("page.html") is page

    @pytest.mark.parametrize(
        ("name", "text", "page"),
        [
            ("parts/two.html", "three {{ n }}", b"<one three 1>"),
            ("parts/one.html", "only one", b"<only one>"),
            ("base.html", "[{% block body %}{% end %}]", b"[one two 1]"),
            ("page.html", '{% extends "base.html" %}', b"<>"),
        ],
    )
    @pytest.mark.parametrize("before", [[], ["parts/one.html"], ["base.html", "parts/two.html"]])
    @pytest.mark.parametrize("after", [[], ["parts/one.html"], ["base.html", "parts/two.html"]])
    def test_sees_what_any_of_its_files_says(
        self,
        loader: Loader,
        folder: Path,
        name: str,
        text: str,
        page: bytes,
        before: list[str],
        after: list[str],
    ) -> None:
        for other in before:
            loader.load(other)
        old = loader.load("page.html")
        write(folder, {name: text})
        for other in after:
            loader.load(other)
        assert loader.load("page.html").generate(n=1) == page
        assert loader.load("page.html") is loader.load("page.html")
        assert old.generate(n=1) == b"<one two 1>"

    def test_sees_a_file_that_was_put_in_the_place_of_another(
        self, loader: Loader, folder: Path
    ) -> None:
        two = folder / "parts/two.html"
        loader.load("page.html")
        times = two.stat()
        fresh = folder / "fresh"
        fresh.write_text("owt {{ n }}")  # as long as it was
        os.utime(fresh, ns=(times.st_atime_ns, times.st_mtime_ns))
        fresh.replace(two)
        assert loader.load("page.html").generate(n=1) == b"<one owt 1>"

    def test_raises_the_error_until_it_is_mended(self, loader: Loader, folder: Path) -> None:
        old = loader.load("page.html")
        write(folder, {"parts/two.html": "{{ n"})
        for _ in range(2):
            with pytest.raises(ParseError) as raised:
                loader.load("page.html")
            assert raised.value.filename == str(folder / "parts/two.html")
        assert old.generate(n=1) == b"<one two 1>"
        assert loader.load("base.html").generate() == b"<>"
        write(folder, {"parts/two.html": "mended {{ n }}"})
        assert loader.load("page.html").generate(n=1) == b"<one mended 1>"

    def test_keeps_the_good_one_while_there_is_an_error(self, folder: Path) -> None:
        texts = {"a": "good"}
        loader = DictLoader(texts, auto_reload=True)
        good = loader.load("a")
        texts["a"] = "{{ bad"
        with pytest.raises(ParseError):
            loader.load("a")
        texts["a"] = "good"
        assert loader.load("a") is good

    def test_sees_that_a_file_is_gone_and_back(self, loader: Loader, folder: Path) -> None:
        loader.load("page.html")
        (folder / "parts/two.html").unlink()
        with pytest.raises(FileNotFoundError, match=r"two\.html"):
            loader.load("page.html")
        write(folder, {"parts/two.html": "back"})
        assert loader.load("page.html").generate() == b"<one back>"

    def test_follows_other_names_after_a_change(self, loader: Loader, folder: Path) -> None:
        loader.load("page.html")
        write(folder, {"parts/one.html": '{% include "three.html" %}', "parts/three.html": "3"})
        assert loader.load("page.html").generate() == b"<3>"
        write(folder, {"parts/three.html": "three"})
        assert loader.load("page.html").generate() == b"<three>"

    def test_sees_a_change_between_two_readings_of_a_file(self) -> None:
        texts = {"a": '{% include "b" %}{% include "c" %}{% include "b" %}', "b": "1", "c": "-"}

        class Changing(DictLoader):
            def _create_template(self, name: str) -> Template:
                template = super()._create_template(name)
                if name == "c":
                    texts["b"] = "2"
                return template

        loader = Changing(texts, auto_reload=True)
        assert loader.load("a").generate() in (b"1-1", b"1-2", b"2-2")
        assert loader.load("a").generate() == b"2-2"

    @pytest.mark.parametrize("name", ["a", "b"])
    def test_sees_a_change_while_it_reads(self, name: str) -> None:
        texts = {"a": '{% include "b" %}', "b": "1"}

        class Changing(DictLoader):
            def _create_template(self, name: str) -> Template:
                template = super()._create_template(name)
                texts["b"] = "2"
                return template

        loader = Changing(texts, auto_reload=True)
        assert loader.load(name).generate() == b"1"
        assert loader.load(name).generate() == b"2"

    def test_is_ready_when_it_is_switched_on_late(self) -> None:
        texts = {"a": "1"}
        loader = DictLoader(texts)
        loader.load("a")
        loader.auto_reload = True
        texts["a"] = "2"
        assert loader.load("a").generate() == b"2"

    def test_asks_each_file_once(self, folder: Path) -> None:
        asked: list[str] = []

        class Asking(Loader):
            def fingerprint(self, name: str) -> object:
                asked.append(name)
                return super().fingerprint(name)

        loader = Asking(folder, auto_reload=True)
        for _ in range(2):
            asked.clear()
            loader.load("page.html")
            expected = ["base.html", "page.html", "parts/one.html", "parts/two.html"]
            assert sorted(asked) == expected

    def test_of_templates_that_include_one_another_goes_on(self) -> None:
        texts = {"a": '{% include "b" %}', "b": '{% include "a" %}'}
        loader = DictLoader(texts, auto_reload=True)
        for name in ("a", "b", "a"):
            with pytest.raises(ParseError, match="includes itself"):
                loader.load(name)
        texts["b"] = "b"
        assert loader.load("a").generate() == b"b"

    def test_is_off_by_default(self, folder: Path) -> None:
        assert Loader(folder).auto_reload is False


class TestOwnLoader:
    class Database(BaseLoader):
        """As people write it for Tornado."""

        def __init__(self, rows: dict[str, str], **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.rows = rows

        def resolve_path(self, name: str, parent_path: str | None = None) -> str:
            return name

        def _create_template(self, name: str) -> Template:
            return Template(self.rows[name], name=name, loader=self)

    @pytest.mark.parametrize("reload", [False, True])
    def test_needs_two_methods(self, reload: bool) -> None:
        rows = {"a": "a{% include 'b' %}", "b": "b"}
        loader = self.Database(rows, auto_reload=reload)
        assert loader.load("a").generate() == b"ab"
        rows["b"] = "changed"
        assert loader.load("a").generate() == b"ab"
        loader.reset()
        assert loader.load("a").generate() == b"achanged"

    def test_reloads_if_it_tells_fingerprints(self) -> None:
        class Reloading(self.Database):  # type: ignore[misc, name-defined]
            def fingerprint(self, name: str) -> object:
                return self.rows[name]

        rows = {"a": "a{% include 'b' %}", "b": "b"}
        loader = Reloading(rows, auto_reload=True)
        loader.load("a")
        rows["b"] = "changed"
        assert loader.load("a").generate() == b"achanged"

    def test_gives_its_settings_to_templates(self) -> None:
        loader = self.Database(
            {"a.html": "{{ x }}  {{ double(2) }}"},
            autoescape=None,
            namespace={"double": lambda n: 2 * n},
            whitespace="all",
        )
        assert loader.load("a.html").generate(x="<") == b"<  4"

    def test_has_to_have_them(self) -> None:
        with pytest.raises(NotImplementedError):
            BaseLoader().load("a")
        with pytest.raises(NotImplementedError):
            BaseLoader().list_templates()


PACKAGE = {
    "__init__.py": "",
    "templates/a.html": "a{% include 'sub/b.html' %}",
    "templates/sub/b.html": "b{% include '/c.html' %}",
    "templates/c.html": "c",
    "secret.html": "secret",
}


class TestPackageLoader:
    @pytest.fixture(params=["files", "zip"])
    def package(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[str]:
        name = f"pages_of_{request.param}"
        if request.param == "zip":
            place = tmp_path / "app.zip"
            with zipfile.ZipFile(place, "w") as archive:
                for path, text in PACKAGE.items():
                    archive.writestr(f"{name}/{path}", text)
        else:
            place = tmp_path
            write(tmp_path / name, PACKAGE)
        monkeypatch.syspath_prepend(place)
        yield name
        sys.modules.pop(name, None)

    def test_finds_what_comes_with_a_package(self, package: str) -> None:
        loader = PackageLoader(package)
        assert loader.load("a.html").generate() == b"abc"
        assert loader.load("a.html") is loader.load("./a.html")
        assert PackageLoader(sys.modules[package]).load("c.html").generate() == b"c"
        assert PackageLoader(package, "templates/sub").list_templates() == ["b.html"]

    def test_lists_it(self, package: str) -> None:
        assert PackageLoader(package).list_templates() == ["a.html", "c.html", "sub/b.html"]

    def test_never_leaves_its_directory(self, package: str) -> None:
        for name in ("../secret.html", "/../secret.html", "sub/../../secret.html"):
            with pytest.raises(FileNotFoundError, match="leads out of"):
                PackageLoader(package).load(name)

    def test_says_what_is_missing(self, package: str) -> None:
        with pytest.raises(FileNotFoundError, match=r"did you mean 'sub/b\.html'\?"):
            PackageLoader(package).load("sub/bb.html")
        with pytest.raises(
            FileNotFoundError, match=f"no directory 'pages' of the package '{package}'"
        ):
            PackageLoader(package, "pages")
        with pytest.raises(ModuleNotFoundError):
            PackageLoader(package + "_not")

    @pytest.mark.parametrize("name", ["", "a\0.html", "x" * 300, "a.html/x", "sub"])
    def test_names_that_no_file_can_have_are_not_found(self, package: str, name: str) -> None:
        with pytest.raises(FileNotFoundError, match="No template"):
            PackageLoader(package).load(name)

    def test_errors_name_the_file(self, package: str) -> None:
        path = PackageLoader(package).path_of("sub/b.html")
        assert path.endswith(f"{package}/templates/sub/b.html")

    def test_reloads_files(self, package: str, tmp_path: Path) -> None:
        loader = PackageLoader(package, auto_reload=True)
        old = loader.load("a.html")
        assert loader.load("a.html") is old
        if package.endswith("files"):
            write(tmp_path / package, {"templates/c.html": "changed"})
            assert loader.load("a.html").generate() == b"abchanged"


@pytest.mark.parametrize("auto_reload", [False, True])
@pytest.mark.parametrize(
    "name", ["", ".", "a\0.html", "\ud800", "x" * 300, "x/" * 3000, "index.html/x", "parts"]
)
def test_names_that_no_file_can_have_are_not_found(
    tmp_path: Path, name: str, auto_reload: bool
) -> None:
    write(tmp_path, {"index.html": "", "parts/row.html": ""})
    loader = Loader(tmp_path, auto_reload=auto_reload)
    with pytest.raises(FileNotFoundError, match="No template"):
        loader.load(name)
    assert loader.templates == {}
