"""Where handlers find their templates, who keeps them, and when they are read again."""

import gc
import types
import weakref
from pathlib import Path
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.template import BaseLoader, DictLoader, ParseError
from tornadolike.web import Application, RequestHandler


def another(handler: RequestHandler, kind: type[RequestHandler] | None = None) -> Any:
    """A handler for the next request to the same application."""
    return (kind or type(handler))(handler.application, handler.request)


class Counting(DictLoader):
    """Counts how often it is told to forget."""

    resets = 0

    def reset(self) -> None:
        self.resets += 1
        super().reset()


# Where they are


def test_the_setting_says_where(tmp_path: Path) -> None:
    tmp_path.joinpath("page.html").write_text("from the setting")
    for path in (tmp_path, str(tmp_path)):
        handler = make_handler(settings={"template_path": path})
        assert handler.render_string("page.html") == b"from the setting"


def test_a_handler_may_say_where(tmp_path: Path) -> None:
    tmp_path.joinpath("page.html").write_text("mine")

    class Own(RequestHandler):
        def get_template_path(self) -> str:
            return str(tmp_path)

    assert make_handler(Own).render_string("page.html") == b"mine"


def author_module(folder: Path, source: str) -> Any:
    """What a Python file in ``folder`` defines."""
    folder.mkdir(exist_ok=True)
    module = types.ModuleType("authors")
    exec(compile(source, str(folder / "authors.py"), "exec"), module.__dict__)
    return module


HANDLER = """
from tornadolike.web import RequestHandler, UIModule

class Page(RequestHandler):
    def get(self):
        self.render("pages/page.html")

    async def post(self):
        await self.render_async("page.html")

    async def put(self):
        await self.render_stream("page.html")
"""

MODULE = """
from tornadolike.web import UIModule

class Part(UIModule):
    def render(self):
        return self.render_string("part.html")
"""


def test_without_a_setting_they_are_beside_the_code(tmp_path: Path) -> None:
    site = author_module(tmp_path / "site", HANDLER)
    parts = author_module(tmp_path / "parts", MODULE)
    page = "{% module Part() %}, {% module Template('part.html') %}"
    tmp_path.joinpath("site/pages").mkdir()
    tmp_path.joinpath("site/pages/page.html").write_text(page)
    tmp_path.joinpath("site/part.html").write_text("beside the handler")
    tmp_path.joinpath("parts/part.html").write_text("beside the module")
    handler = make_handler(site.Page, settings={"ui_modules": parts})
    handler.get()
    assert handler.request.connection.body == b"beside the module, beside the handler"


@pytest.mark.parametrize("method", ["post", "put"])
def test_beside_the_code_that_waits_too(tmp_path: Path, io_loop: Any, method: str) -> None:
    site = author_module(tmp_path, HANDLER)
    tmp_path.joinpath("page.html").write_text("beside")
    handler = make_handler(site.Page)
    sent = io_loop.create_future()
    sent.set_result(None)
    connection = handler.request.connection
    for name in ("respond", "write", "write_headers"):
        plain = getattr(connection, name)
        setattr(connection, name, lambda *args, plain=plain: plain(*args) or sent)
    io_loop.run_until_complete(getattr(handler, method)())
    assert connection.body == b"beside"


def test_a_template_that_is_nowhere(tmp_path: Path) -> None:
    handler = make_handler(settings={"template_path": str(tmp_path)})
    with pytest.raises(FileNotFoundError):
        handler.render_string("page.html")


# Which loader


def test_the_settings_of_the_loader(tmp_path: Path) -> None:
    tmp_path.joinpath("page.html").write_text("a  \n  b{{ '<' }}")
    at = {"template_path": str(tmp_path)}
    for settings, page in (
        ({}, b"a\nb&lt;"),
        ({"autoescape": None}, b"a\nb<"),
        ({"autoescape": "url_escape"}, b"a\nb%3C"),
        ({"template_whitespace": "all"}, b"a  \n  b&lt;"),
        ({"template_whitespace": "oneline"}, b"a b&lt;"),
    ):
        assert make_handler(settings=at | settings).render_string("page.html") == page


def test_escaping_by_context(tmp_path: Path) -> None:
    tmp_path.joinpath("page.html").write_text("<script>x = {{ value }}</script><p>{{ value }}</p>")
    settings = {"template_path": str(tmp_path), "autoescape": "contextual"}
    page = make_handler(settings=settings).render_string("page.html", value='</script>"')
    assert page.count(b"</script>") == 1
    assert page.endswith(b"<p>&lt;/script&gt;&quot;</p>")


def test_the_authors_loader() -> None:
    loader = DictLoader({"page.html": "{{ 1 + 1 }}"})
    handler = make_handler(settings={"template_loader": loader})
    assert handler.create_template_loader("nowhere") is loader
    assert handler.render_string("page.html") == b"2"


def test_a_loader_of_templates_of_another_kind() -> None:
    class Shouting:
        def generate(self, **names: Any) -> bytes:
            return str(names["word"]).upper().encode()

    loader = types.SimpleNamespace(load=lambda name: Shouting())
    handler = make_handler(settings={"template_loader": loader})
    assert handler.render_string("any", word="hello") == b"HELLO"


# Who keeps it


def test_a_loader_is_kept_for_the_application(tmp_path: Path) -> None:
    made = []

    class Page(RequestHandler):
        def create_template_loader(self, template_path: str) -> BaseLoader:
            made.append(template_path)
            return DictLoader({"page.html": "one"})

    handler = make_handler(Page, settings={"template_path": "here"})
    assert handler.render_string("page.html") == b"one"
    assert another(handler).render_string("page.html") == b"one"
    assert made == ["here"]
    make_handler(Page, settings={"template_path": "here"}).render_string("page.html")
    assert made == ["here", "here"]


def test_handlers_that_make_their_own_loaders_do_not_disturb_others(tmp_path: Path) -> None:
    class One(RequestHandler):
        def create_template_loader(self, template_path: str) -> BaseLoader:
            return DictLoader({"page.html": "one"})

    class Two(RequestHandler):
        pass

    tmp_path.joinpath("page.html").write_text("two")
    one = make_handler(One, settings={"template_path": str(tmp_path)})
    assert one.render_string("page.html") == b"one"
    assert another(one, Two).render_string("page.html") == b"two"


def test_applications_do_not_share_settings(tmp_path: Path) -> None:
    tmp_path.joinpath("page.html").write_text("{{ '<' }}")
    for autoescape, page in ((None, b"<"), ("xhtml_escape", b"&lt;"), (None, b"<")):
        settings = {"template_path": str(tmp_path), "autoescape": autoescape}
        assert make_handler(settings=settings).render_string("page.html") == page


def test_loaders_go_with_their_application(tmp_path: Path) -> None:
    tmp_path.joinpath("page.html").write_text("page")
    handler = make_handler(settings={"template_path": str(tmp_path)})
    handler.render_string("page.html")
    (loader,) = RequestHandler._template_loaders[handler.application].values()
    gone = weakref.ref(handler.application), weakref.ref(loader)
    del handler, loader
    gc.collect()  # the application, which its routers know
    gc.collect()  # what it had
    assert [ref() for ref in gone] == [None, None]


# When they are read again


def test_changes_are_not_looked_for(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    handler = make_handler(settings={"template_path": str(tmp_path)})
    assert handler.render_string("page.html") == b"old"
    page.write_text("longer")
    assert another(handler).render_string("page.html") == b"old"


@pytest.mark.parametrize("setting", [{"debug": True}, {"compiled_template_cache": False}])
def test_with_debug_they_are(tmp_path: Path, setting: dict[str, Any]) -> None:
    page = tmp_path / "page.html"
    page.write_text("old {% include part.html %}")
    part = tmp_path / "part.html"
    part.write_text("part")
    handler = make_handler(settings={"template_path": str(tmp_path), **setting})
    assert handler.render_string("page.html") == b"old part"
    page.write_text("longer {% include part.html %}")
    assert another(handler).render_string("page.html") == b"longer part"
    part.write_text("another part")
    assert another(handler).render_string("page.html") == b"longer another part"
    page.write_text("broken {{ }}")
    with pytest.raises(ParseError):
        another(handler).render_string("page.html")
    page.write_text("mended")
    assert another(handler).render_string("page.html") == b"mended"


def test_with_debug_the_cache_may_be_kept(tmp_path: Path) -> None:
    settings = {"debug": True, "compiled_template_cache": True, "template_path": str(tmp_path)}
    loader = make_handler(settings=settings).create_template_loader(str(tmp_path))
    assert not loader.auto_reload
    del settings["compiled_template_cache"]
    loader = make_handler(settings=settings).create_template_loader(str(tmp_path))
    assert loader.auto_reload


def test_the_authors_loader_forgets_once_in_a_request() -> None:
    loader = Counting({"page.html": "page"})
    settings = {"template_loader": loader, "compiled_template_cache": False}
    handler = make_handler(settings=settings)
    handler.render_string("page.html")
    handler.render_string("page.html")
    assert loader.resets == 1
    another(handler).render_string("page.html")
    assert loader.resets == 2


def test_a_loader_that_looks_for_changes_need_not_forget() -> None:
    loader = Counting({"page.html": "page"}, auto_reload=True)
    handler = make_handler(settings={"template_loader": loader, "debug": True})
    handler.render_string("page.html")
    assert loader.resets == 0


def test_debug_is_a_setting_of_templates_as_well() -> None:
    assert Application(debug=True).settings["compiled_template_cache"] is False
    assert "compiled_template_cache" not in Application().settings
    given = Application(debug=True, compiled_template_cache=True)
    assert given.settings["compiled_template_cache"] is True
