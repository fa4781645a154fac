"""UI modules and UI methods: what the settings name, and what pages get of them."""

import gc
import types
import weakref
from typing import Any

import pytest

from tests.web.helpers import make_handler
from tornadolike.template import DictLoader
from tornadolike.web import Application, RequestHandler, StaticFileHandler, UIModule
from tornadolike.web.ui_modules import methods_of, modules_of

PAGE = "<html><head></head><body>{%% %s %%}</body></html>"


class Unversioned(StaticFileHandler):
    @classmethod
    def get_version(cls, settings: Any, path: str) -> None:
        return None


# Addresses of files that are not there.
STATIC = {"static_path": "/srv", "static_handler_class": Unversioned}


def handler_for(templates: dict[str, str], **settings: Any) -> Any:
    return make_handler(settings={"template_loader": DictLoader(templates), **settings})


def rendered(templates: dict[str, str], name: str = "page.html", **settings: Any) -> str:
    """The page as it is sent."""
    handler = handler_for(templates, **settings)
    handler.render(name)
    page: bytes = handler.request.connection.body
    return page.decode()


class Greeting(UIModule):
    def render(self, name: str, mark: str = "!") -> str:
        return f"<p>Hello, {name}{mark}</p>"


class Rich(UIModule):
    def render(self) -> bytes:
        return b"<p>"

    def embedded_javascript(self) -> str:
        return "rich()"

    def javascript_files(self) -> list[str]:
        return ["rich.js", "/absolute.js", "rich.js", "https://example.com/?a&b"]

    def embedded_css(self) -> bytes:
        return b"p {}"

    def css_files(self) -> str:
        return "rich.css"

    def html_head(self) -> str:
        return "<meta>"

    def html_body(self) -> str:
        return "<footer>"


# The settings


def test_ui_modules_of_every_kind() -> None:
    module: Any = types.ModuleType("ui")
    module.Greeting, module.other, module.Base = Greeting, 7, object
    for setting in (module, {"Greeting": Greeting, "x": "y"}, [{"x": 1}, [module]]):
        assert modules_of(setting).keys() == {"Greeting", "Template", "linkify", "xsrf_form_html"}
    assert modules_of([{"A": Greeting}, {"A": Rich}])["A"] is Rich
    assert modules_of({"Template": Greeting})["Template"] is Greeting


def test_ui_methods_of_every_kind() -> None:
    def shout(handler: RequestHandler, text: str) -> str:
        return text.upper()

    module: Any = types.ModuleType("ui")
    module.shout, module._hidden, module.Large, module.number = shout, shout, shout, 7
    for setting in (module, {"shout": shout, "_hidden": shout, "Large": shout}, [[module], {}]):
        assert methods_of(setting) == {"shout": shout}


def test_settings_of_no_kind() -> None:
    for setting in (None, [None], 7, "module"):
        with pytest.raises(TypeError, match="a dict, a Python module or a list of them, not"):
            modules_of(setting)
        with pytest.raises(TypeError, match="a dict, a Python module or a list of them, not"):
            methods_of(setting)


def test_they_are_the_applications() -> None:
    application = Application(ui_modules={"Greeting": Greeting}, ui_methods={"f": len})
    assert application.ui_modules["Greeting"] is Greeting
    assert application.ui_methods == {"f": len}


# In templates


def test_a_module_is_called_by_its_tag() -> None:
    templates = {"page.html": "{% module Greeting('you', mark='?') %}"}
    page = rendered(templates, ui_modules={"Greeting": Greeting})
    assert page == "<p>Hello, you?</p>"


def test_the_tag_does_not_mind_who_takes_the_name_modules() -> None:
    templates = {"page.html": "{% set modules = 1 %}{% module Greeting('you') %}"}
    assert "Hello" in rendered(templates, ui_modules={"Greeting": Greeting})


def test_modules_can_be_called_by_their_namespace() -> None:
    templates = {"page.html": "{% raw modules.Greeting('a') %}{% raw modules['Greeting']('b') %}"}
    page = rendered(templates, ui_modules={"Greeting": Greeting})
    assert page == "<p>Hello, a!</p><p>Hello, b!</p>"


def test_a_name_that_no_module_has() -> None:
    handler = handler_for({"page.html": "{% module Greting() %}", "other.html": "{% module X() %}"})
    handler.application.ui_modules["Greeting"] = Greeting
    with pytest.raises(AttributeError, match=r"no UI module Greting; did you mean Greeting\?"):
        handler.render("page.html")
    with pytest.raises(AttributeError, match="no UI module X; the setting ui_modules"):
        handler.render("other.html")


def test_a_module_needs_a_render() -> None:
    class Empty(UIModule):
        pass

    with pytest.raises(NotImplementedError, match="Empty needs a render"):
        rendered({"page.html": "{% module Empty() %}"}, ui_modules={"Empty": Empty})


def test_a_module_cannot_wait_but_the_template_can(io_loop: Any) -> None:
    class Later(UIModule):
        async def render(self) -> str:
            return ""

    with pytest.raises(
        TypeError, match=r"module Later cannot wait.*{% module Later\(await ...\) %}"
    ):
        rendered({"page.html": "{% module Later() %}"}, ui_modules={"Later": Later})

    async def name() -> str:
        return "you"

    templates = {"page.html": "{% module Greeting(await name()) %}"}
    handler = handler_for(templates, ui_modules={"Greeting": Greeting})
    making = handler.render_string_async("page.html", name=name)
    assert io_loop.run_until_complete(making) == b"<p>Hello, you!</p>"


def test_a_module_knows_its_handler() -> None:
    known = []

    class Knowing(UIModule):
        def render(self) -> bytes:
            known.append((self.handler, self.request, self.locale, self.current_user, self.ui.f()))
            return self.render_string("part.html", x="<")

    templates = {"page.html": "{% module Knowing() %}", "part.html": "{{ x }}"}
    handler = handler_for(
        templates, ui_modules={"Knowing": Knowing}, ui_methods={"f": lambda handler: handler}
    )
    handler.current_user = "me"
    assert handler.render_string("page.html") == b"&lt;"
    assert known == [(handler, handler.request, handler.locale, "me", handler)]


def test_a_page_has_one_object_of_a_module() -> None:
    made = []

    class Counted(UIModule):
        def __init__(self, handler: RequestHandler) -> None:
            super().__init__(handler)
            made.append(self)

        def render(self) -> str:
            return "."

    templates = {"page.html": "{% module Counted() %}{% module Counted() %}"}
    assert rendered(templates, ui_modules={"Counted": Counted}) == ".."
    assert len(made) == 1


def test_a_method_gets_the_handler() -> None:
    def method(handler: RequestHandler, number: int) -> str:
        return f"{handler.request.method} {number}"

    assert rendered({"page.html": "{{ method(7) }}"}, ui_methods={"method": method}) == "GET 7"


# What modules put into the page


def test_what_a_module_wants_is_put_into_the_page() -> None:
    page = rendered({"page.html": PAGE % "module Rich()"}, ui_modules={"Rich": Rich}, **STATIC)
    assert page == (
        '<html><head><link href="/static/rich.css" type="text/css" rel="stylesheet"/>\n'
        '<style type="text/css">\np {}\n</style>\n'
        "<meta>\n"
        "</head><body><p>"
        '<script src="/static/rich.js" type="text/javascript"></script>'
        '<script src="/absolute.js" type="text/javascript"></script>'
        '<script src="https://example.com/?a&amp;b" type="text/javascript"></script>\n'
        '<script type="text/javascript">\n//<![CDATA[\nrich()\n//]]>\n</script>\n'
        "<footer>\n"
        "</body></html>"
    )


def test_how_it_is_put_there_may_be_overridden() -> None:
    class Own(RequestHandler):
        def render_linked_js(self, js_files: Any) -> str:
            return f"[js {list(js_files)}]"

        def render_embed_js(self, js_embed: Any) -> bytes:
            return b"[%b]" % js_embed[0]

        def render_linked_css(self, css_files: Any) -> str:
            return f"[css {css_files}]"

        def render_embed_css(self, css_embed: Any) -> bytes:
            return b"[%b]" % css_embed[0]

    loader = DictLoader({"page.html": PAGE % "module Rich()"})
    settings = {"template_loader": loader, "ui_modules": {"Rich": Rich}}
    handler = make_handler(Own, settings=settings)
    handler.render("page.html")
    page = handler.request.connection.body.decode()
    assert "[css ['rich.css']]\n[p {}]\n<meta>\n</head>" in page
    assert "\n[rich()]\n<footer>\n</body>" in page


def test_a_page_without_a_place_for_it() -> None:
    with pytest.raises(ValueError, match="the page has no </body>"):
        rendered({"page.html": "{% module Rich() %}"}, ui_modules={"Rich": Rich}, **STATIC)


def test_modules_of_parts_count() -> None:
    handler = handler_for(
        {"part.html": "{% module Rich() %}", "page.html": PAGE % "raw part"},
        ui_modules={"Rich": Rich},
        **STATIC,
    )
    handler.render("page.html", part=handler.render_string("part.html"))
    assert b"rich.css" in handler.request.connection.body


def test_an_error_page_has_not_what_the_failed_page_wanted() -> None:
    class Sorry(RequestHandler):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.render("sorry.html")

    templates = {"page.html": "{% module Rich() %}{{ 1 / 0 }}", "sorry.html": "sorry"}
    settings = {"template_loader": DictLoader(templates), "ui_modules": {"Rich": Rich}}
    handler = make_handler(Sorry, settings=settings)
    with pytest.raises(ZeroDivisionError):
        handler.render("page.html")
    handler.send_error(500)
    assert handler.request.connection.body == b"sorry"


def test_a_page_with_modules_keeps_nobody_alive() -> None:
    handler = handler_for({"page.html": PAGE % "module Rich()"}, ui_modules={"Rich": Rich})
    handler.settings.update(STATIC)
    gone = weakref.ref(handler)
    gc.collect()
    gc.disable()
    try:
        handler.render("page.html")
        del handler
        assert gone() is None
    finally:
        gc.enable()


# The modules that every application has

ENTRY = """{{ set_resources(embedded_css="e {}", css_files=["/base.css", "/e.css"], javascript_files="/e.js",
embedded_javascript="e()", html_head="<meta>", html_body="<hr>") }}<p>{{ entry }}</p>"""


def test_a_template_as_a_module() -> None:
    page = "<head></head><body>{% for n in range(2) %}{% module Template('entry.html', entry=n) %}{% end %}</body>"
    assert rendered({"page.html": page, "entry.html": ENTRY}) == (
        '<head><link href="/base.css" type="text/css" rel="stylesheet"/>'
        '<link href="/e.css" type="text/css" rel="stylesheet"/>\n'
        '<style type="text/css">\ne {}\n</style>\n<meta>\n</head>'
        "<body><p>0</p><p>1</p>"
        '<script src="/e.js" type="text/javascript"></script>\n'
        '<script type="text/javascript">\n//<![CDATA[\ne()\n//]]>\n</script>\n<hr>\n</body>'
    )


def test_a_template_as_a_module_has_names_of_its_own() -> None:
    templates = {"page.html": "{% set x = 1 %}{% module Template('part.html') %}"}
    handler = handler_for(templates | {"part.html": "{{ x }}"})
    with pytest.raises(NameError, match="x"):
        handler.render("page.html", x=2)


def test_resources_must_not_change() -> None:
    templates = {
        "page.html": "{% for n in range(2) %}{% module Template('part.html', n=n) %}{% end %}",
        "part.html": "{{ set_resources(css_files=str(n)) }}",
    }
    with pytest.raises(ValueError, match=r"part.html called set_resources\(\) with something else"):
        rendered(templates)


def test_links_are_made_of_text() -> None:
    templates = {"page.html": "{% module linkify('<http://example.com>', shorten=True) %}"}
    assert rendered(templates) == '&lt;<a href="http://example.com">http://example.com</a>&gt;'
