"""Messages out of templates, through Babel itself."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po

METHOD = "tornadolike.template.extraction:extract"
ROOT = Path(__file__).parent.parent.parent


class Named(io.BytesIO):
    name = "templates/page.html"


def messages(
    text: str | bytes, keywords: Any = DEFAULT_KEYWORDS, **options: Any
) -> list[tuple[Any, ...]]:
    """Line, message (or singular and plural), comments, context: as Babel has them for a template."""
    file = Named(text if isinstance(text, bytes) else text.encode())
    return list(extract(METHOD, file, keywords, ["Translators:", "NOTE"], options))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ _("Hello") }}', ("Hello", None)),
        ("{{ _('It''s') }}", ("Its", None)),
        ('{{ _("a" "b" + "c") }}', ("abc", None)),
        ('{{ _("a %d", "b %d", n) }}', (("a %d", "b %d"), None)),
        ('{{ locale.translate("x") }}', ("x", None)),
        ('{{ handler.locale.translate("x", "xs", len(x)) }}', (("x", "xs"), None)),
        ('{{ locale.translate("x", count=n, plural_message="xs") }}', (("x", "xs"), None)),
        ('{{ locale.translate(count=n, plural_message="xs", message="x") }}', (("x", "xs"), None)),
        ('{{ pgettext("menu", "Open") }}', ("Open", "menu")),
        ('{{ locale.pgettext("menu", "Open") }}', ("Open", "menu")),
        ('{{ pgettext("law", "the %d", "many %d", 2) }}', (("the %d", "many %d"), "law")),
        ('{{ pgettext("law", "the", count=2, plural_message="many") }}', (("the", "many"), "law")),
        ('{{ gettext("x") }}', ("x", None)),
        ('{{ ngettext("x", "xs", n) }}', (("x", "xs"), None)),
        ('{{ npgettext("c", "x", "xs", n) }}', (("x", "xs"), "c")),
        ('{{ _("Grüße, 世界") }}', ("Grüße, 世界", None)),
        ('{% raw _("x") %}', ("x", None)),
        ('{% module Box(_("x")) %}', ("x", None)),
        ('{% if f(_("x")) %}{% end %}', ("x", None)),
        ('{% if a %}{% elif _("x") %}{% end %}', ("x", None)),
        ('{% for a in _("x") %}{% end %}', ("x", None)),
        ('{% while _("x") %}{% end %}', ("x", None)),
        ('{% set a = {"k": [_("x")]} %}', ("x", None)),
        ('{% apply wrap(_("x")) %}{% end %}', ("x", None)),
        ('{% block a %}{% try %}{% except E as e %}{{ _("x") }}{% end %}{% end %}', ("x", None)),
        ('{% async for a in b %}{{ await show(_("x")) }}{% end %}', ("x", None)),
        ('{{ "%s" % (lambda: _("x"))() }}', ("x", None)),
    ],
)
def test_what_is_a_message(text: str, expected: tuple[Any, Any]) -> None:
    [(_, message, _, context)] = messages(text)
    assert (message, context) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{ _(name) }}",
        '{{ _(f"a {b}") }}',
        '{{ _("a" + b) }}',
        '{{ _(b"a") }}',
        "{{ _() }}",
        "{{ _(*a) }}",
        '{{ _(*a, "b") }}',
        '{{ pgettext(c, "x") if 0 else pgettext("c", x) }}',
        '{{ other("a") }}',
        '{{ table["_"]("a") }}',
        '{# {{ _("a") }} #}',
        '{{! _("a") }}',
        'text _("a")',
        '{{ locale.translate(x, "a") }}',
        "{{ translate }}",
    ],
)
def test_what_is_none(text: str) -> None:
    assert [each for each in messages(text) if each[1] != "x"] == []


def test_messages_come_in_their_order_with_their_lines() -> None:
    text = '{{ _("1") }}\n\n{{ _("2"), _(\n"3") }}{% if _("4") %}\n{{ _("5") }}{% elif _("6") %}{% end %}'
    found = [(line, message) for line, message, _, _ in messages(text)]
    assert found == [(1, "1"), (3, "2"), (3, "3"), (4, "4"), (5, "5"), (5, "6")]


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ('{# Translators: a\n verb #}\n{{ _("x") }}', ["Translators: a", "verb"]),
        ('{# Translators: a #}{{ _("x") }}', ["Translators: a"]),
        ('{% comment Translators: a %}\n{{ _("x") }}', ["Translators: a"]),
        ('{# Translators: a #}\n{# and b #}\n{{ _("x") }}', ["Translators: a", "and b"]),
        ('{# other #}\n{# Translators: a #}\n{{ _("x") }}', ["Translators: a"]),
        ('{# NOTE a #}\n<p>{{ _("x") }}', ["NOTE a"]),
        ('{# Translators: a #}\n\n{{ _("x") }}', []),
        ('{# other #}\n{{ _("x") }}', []),
        ('{{ _("x") }}\n{# Translators: a #}', []),
        ('{# Translators: a #}\n{{ f(\n\n _("x")) }}', ["Translators: a"]),
        ('{{ _("x") }}{# Translators: a #}', ["Translators: a"]),
    ],
)
def test_comments_for_translators(text: str, comments: list[str]) -> None:
    [(_, _, found, _)] = messages(text)
    assert found == comments


def test_keywords_are_babels() -> None:
    own = {"translate": None, "_": {1: None, 3: (1, 2)}, "mark": (2,)}
    text = (
        '{{ _("a") }}{{ _("b", "bs", n) }}{{ mark(1, "c") }}{{ gettext("no") }}{{ translate("d") }}'
    )
    assert [each[1] for each in messages(text, own)] == ["a", ("b", "bs"), "c", "d"]


def test_an_encoding_is_an_option() -> None:
    latin = '{{ _("Grüße") }}'.encode("latin-1")
    assert messages(latin, encoding="latin-1")[0][1] == "Grüße"


def test_a_comment_is_for_one_message() -> None:
    text = '{# Translators: a #}\n{# and b #}\n{{ _("x") }}{{ _("y") }}\n{{ _("z") }}'
    assert [comments for _, _, comments, _ in messages(text)] == [
        ["Translators: a", "and b"],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{{ _("x") }}\n{% if %}', 2, "error.*left out: .*if"),
        ('{{ _("x") }}\n{{ oops', 2, "Missing end expression"),
        (b"\xff", 1, "codec can't decode"),
    ],
)
def test_a_template_with_an_error_gives_a_warning(text: str | bytes, line: int, words: str) -> None:
    with pytest.warns(UserWarning, match=words) as caught:
        assert messages(text) == []
    assert [(one.filename, one.lineno) for one in caught] == [(Named.name, line)]


def test_pybabel_extracts_from_a_tree_of_templates(tmp_path: Path) -> None:
    pages = tmp_path / "templates"
    pages.mkdir()
    (pages / "good.html").write_text(
        '<p>\n{# Translators: a greeting #}\n{{ _("Hello") }}\n'
        '{{ _("one %d", "many %d", n) }}{{ pgettext("menu", "Open") }}'
    )
    (pages / "bad.html").write_text("{{ oops")
    (tmp_path / "babel.cfg").write_text(
        f"[extractors]\npages = {METHOD}\n[pages: templates/**.html]\nencoding = utf-8\n"
    )
    command = [sys.executable, "-m", "babel.messages.frontend", "extract"]
    options = ["-F", "babel.cfg", "-c", "Translators:", "-o", "messages.pot", "."]
    done = subprocess.run(
        [*command, *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "bad.html:1: UserWarning" in done.stderr
    with (tmp_path / "messages.pot").open("rb") as file:
        catalog = read_po(file)
    found = {message.id: message for message in catalog if message.id}
    assert set(found) == {"Hello", ("one %d", "many %d"), "Open"}
    assert found["Hello"].auto_comments == ["Translators: a greeting"]
    assert found["Hello"].locations == [("templates/good.html", 3)]
    assert found["Open"].context == "menu"
