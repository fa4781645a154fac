"""Pages with UI modules: the same bytes from Tornado and from us."""

from types import SimpleNamespace
from typing import Any

import pytest
import tornado.httputil
import tornado.template
import tornado.web
from hypothesis import given
from hypothesis import strategies as st

from tests.web.helpers import make_handler
from tornadolike.template import DictLoader
from tornadolike.web import UIModule

PIECES = {
    "embedded_javascript": st.sampled_from([None, "", "a()", b"b()"]),
    "javascript_files": st.sampled_from(
        [None, "a.js", b"b.js", [], ["/a.js", "http://x/y?a&b", "a.js"]]
    ),
    "embedded_css": st.sampled_from([None, "a {}", b"b {}"]),
    "css_files": st.sampled_from([None, "a.css", ["b.css", "a.css", "https://x/"]]),
    "html_head": st.sampled_from([None, "<meta>", b"<link>"]),
    "html_body": st.sampled_from([None, "<footer>", b"<hr>"]),
}
MODULES = st.lists(st.fixed_dictionaries({}, optional=PIECES), max_size=3)
FRAGMENTS = """<head>|</head>|<body>|</body>|</html>|text|\n|{{ method(handler) }}
|{% module M0() %}|{% module M1() %}|{% module Template('part.html') %}"""
SHAPES = st.lists(st.sampled_from(FRAGMENTS.split("|")), max_size=10).map("".join)
WHOLE = SHAPES.map(lambda body: f"<html><head></head><body>{body}</body></html>")
PART = (
    "{{ set_resources(css_files='part.css', html_body='<i>', javascript_files=['/p.js', 'q.js']) }}"
)


def modules(base: type[Any], answers: list[dict[str, Any]]) -> dict[str, type[Any]]:
    """A UI module of each framework's that gives these answers."""
    made = {}
    for number, answer in enumerate(answers):
        methods: dict[str, Any] = {
            name: lambda self, value=value: value for name, value in answer.items()
        }
        methods["render"] = lambda self, number=number: f"<b>{number}</b>"
        made[f"M{number}"] = type(f"M{number}", (base,), methods)
    return made


def outcome(handler: Any) -> bytes | type[Exception]:
    """The page as it is finished, or how that went wrong."""
    finished: list[bytes] = []
    handler.finish = finished.append
    try:
        handler.render("page.html")
    except (ValueError, AttributeError) as error:
        return type(error)
    return finished[0]


@pytest.fixture(scope="module")
def static_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with the files that are named above: their addresses have versions."""
    directory = tmp_path_factory.mktemp("static")
    for name in ("a.js", "b.js", "q.js", "a.css", "b.css", "part.css"):
        (directory / name).write_text(name)
    return str(directory)


@given(st.one_of(SHAPES, WHOLE), MODULES)
def test_the_same_pages(static_path: str, page: str, answers: list[dict[str, Any]]) -> None:
    templates = {"page.html": page, "part.html": PART}
    settings = {"static_path": static_path, "ui_methods": {"method": lambda handler, other: 7}}
    ours = make_handler(
        settings={
            **settings,
            "ui_modules": modules(UIModule, answers),
            "template_loader": DictLoader(templates),
        }
    )
    theirs = tornado.web.RequestHandler(
        tornado.web.Application(
            ui_modules=modules(tornado.web.UIModule, answers),
            template_loader=tornado.template.DictLoader(templates),
            **settings,
        ),
        tornado.httputil.HTTPServerRequest(
            start_line=tornado.httputil.RequestStartLine("GET", "/", "HTTP/1.1"),
            headers=tornado.httputil.HTTPHeaders({"Host": "127.0.0.1"}),
            connection=SimpleNamespace(set_close_callback=lambda callback: None),  # type: ignore[arg-type]
        ),
    )
    tornado.web.RequestHandler._template_loaders.clear()
    assert outcome(ours) == outcome(theirs)
