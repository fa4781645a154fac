"""The files that programs have, and the servers that are asked the same."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.compare.cases import Case, answer_of, complaints
from tests.compare.frameworks import running

FILES = {
    "index.html": b"<p>index</p>",
    "text.txt": b"0123456789" * 10,
    "empty.txt": b"",
    "style.css": b"p { color: red }\n",
    "data.bin": bytes(range(256)),
    "archive.tar.gz": b"\x1f\x8b not really",
    "name with space.txt": b"space",
    "größe.txt": b"umlaut",
    ".hidden": b"hidden",
    "sub/index.html": b"<p>sub</p>",
    "sub/deep/page.html": b"<p>deep</p>",
    "no-index/page.html": b"<p>page</p>",
    "templates/page.html": b"<h1>{{ title }}</h1>{% for n in items %}<li>{{ n }}</li>{% end %}",
    "templates/modules.html": b"""<html><head></head><body>{% module Shout("a & b") %}{% module linkify(text) %}
{% module Template("part.html", n=1) %}{% module Template("part.html", n=2) %}{{ shouted("method") }}
{{ static_url("text.txt") }} {{ reverse_url("page") }} {{ handler.request.path }} {{ _("translated") }}
{% module xsrf_form_html() %}{{ current_user }}{% raw xsrf_form_html() %}</body></html>""",
    "templates/part.html": b"{{ set_resources(embedded_css='p { color: red }', javascript_files='a.js') }}{{ n }}",
    "templates/base.html": b"<title>{% block title %}base{% end %}</title>{% block body %}{% end %}",
    "templates/child.html": b"{% extends base.html %}{% block body %}{% for n in items %}{{ n }},{% end %}{% end %}",
    "templates/languages.html": b"""{{ _("Hello") }}, {{ locale.code }}, {{ _("%d thing", "%d things", 2) % 2 }}""",
    "languages/de.csv": b""""Hello","Hallo"
"%d thing","%d Ding","singular"
"%d things","%d Dinge","plural"
""",
    "languages/es.csv": b'"Hello","Hola"',
    "languages/es_MX.csv": b'"Goodbye","Adios"',
    "languages/pt_BR.csv": '"Hello","Ol\u00e1"'.encode(),
    "languages/fa.csv": '"Hello","\u0633\u0644\u0627\u0645"'.encode(),
    "templates/broken.html": b"{% if %}",
    "templates/fails.html": b"{{ 1 / 0 }}",
}
MODIFIED = 1_600_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files, for programs that need some."""
    for name, content in FILES.items():
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "files" / "link.txt").symlink_to("text.txt")
    (tmp_path / "files" / "escape.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path


@pytest.fixture
def compare(folder: Path) -> Iterator[Callable[[str], Callable[[Case], list[str]]]]:
    """``compare("files")`` serves that program by Tornado and by us; what it gives asks both, and complains."""
    with ExitStack() as servers:

        @cache
        def serve(program: str) -> Callable[[Case], list[str]]:
            theirs, ours = (
                servers.enter_context(running(program, package, folder))
                for package in ("tornado", "tornadolike")
            )
            return lambda case: complaints(case, answer_of(theirs, case), answer_of(ours, case))

        yield serve
