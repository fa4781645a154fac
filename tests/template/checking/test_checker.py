"""What the check finds in a tree of templates."""

from pathlib import Path

import pytest

from tornadolike.template.checking import Callers, Finding, check_templates, read_callers


def check(
    folder: Path, program: str = "", autoescape: str | None = "xhtml_escape", **files: str | bytes
) -> list[Finding]:
    """Check ``templates/a.html`` and so on (``__`` is ``/``) with a program that renders them."""
    templates = folder / "templates"
    for name, text in files.items():
        path = templates / f"{name.replace('__', '/')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "program.py").write_text(program)
    return check_templates(templates, read_callers([folder]), {"given"}, autoescape)


def found(findings: list[Finding]) -> list[str]:
    """File, place and rule of each."""
    return [
        f"{Path(each.path).stem}:{each.line}:{each.column}-{each.end_column} {each.rule}"
        for each in findings
    ]


class TestSyntax:
    def test_is_checked_in_all_files(self, tmp_path: Path) -> None:
        findings = check(tmp_path, a="{{ 1 + }}", b="fine", c__d="\n{% if x %}", e="{% nothing %}")
        assert found(findings) == ["a:1:7-8 syntax", "d:2:1-11 syntax", "e:1:4-11 syntax"]
        assert {each.level for each in findings} == {"error"}

    def test_error_in_an_included_file_is_told_once(self, tmp_path: Path) -> None:
        including = '{% include "bad.html" %}{{ unknown }}'
        findings = check(tmp_path, a=including, b=including, bad="{{ oops")
        assert [each.path for each in findings] == [str(tmp_path / "templates/bad.html")]

    def test_finds_what_fails_only_when_it_is_compiled(self, tmp_path: Path) -> None:
        findings = check(tmp_path, a="{{ (lambda: await given)() }}", b="{% set len() = 1 %}")
        assert found(findings) == ["a:1:13-24 syntax", "b:1:8-13 syntax"]

    def test_finds_files_that_include_one_another(self, tmp_path: Path) -> None:
        findings = check(tmp_path, a='{% include "b.html" %}', b='\n{% include "a.html" %}')
        assert {each.rule for each in findings} == {"syntax"}
        assert "includes itself" in findings[0].message

    def test_of_a_file_that_is_no_text(self, tmp_path: Path) -> None:
        [finding] = check(tmp_path, image=b"\x89PNG\0\xff{{", latin=b"\xe9")
        assert finding.path.endswith("latin.html")
        assert "cannot be read" in finding.message

    def test_stands_no_deep_nesting(self, tmp_path: Path) -> None:
        deep = "{{ " + " + ".join(["given"] * 700) + " }}"
        assert check(tmp_path, a=deep, b="{% raw " + "-" * 700 + "given %}") is not None


class TestMissing:
    @pytest.mark.parametrize("tag", ["extends", "include"])
    def test_is_told_at_each_place(self, tmp_path: Path, tag: str) -> None:
        text = f'{{% {tag} "bse.html" %}}'
        findings = check(tmp_path, a=f"\n {text}", base="", b__c=text)
        assert found(findings) == [
            f"a:2:2-{len(text) + 2} missing",
            f"c:1:1-{len(text) + 1} missing",
        ]
        assert "did you mean 'base.html'?" in findings[0].message

    def test_may_be_outside(self, tmp_path: Path) -> None:
        (tmp_path / "outside.html").write_text("{{ unknown }}")
        findings = check(
            tmp_path,
            a='{% include "../outside.html" %}',
            b=f'{{% include "{tmp_path / "outside.html"}" %}}',
        )
        assert [each.rule for each in findings] == ["name", "missing"]
        assert "leads out of" in findings[1].message

    def test_hides_no_names_elsewhere_and_makes_none_unknown(self, tmp_path: Path) -> None:
        findings = check(
            tmp_path,
            program="self.render('page.html', title=1)",
            page='{% include "part.html" %}{% include "no.html" %}',
            part="{{ title }}",
            other="{{ other }}",
        )
        assert found(findings) == ["other:1:4-9 name", "page:1:26-49 missing"]


class TestNames:
    def test_known_are_those_of_python_templates_and_handlers(self, tmp_path: Path) -> None:
        text = """
            {{ len(given) }} {{ escape(1) }} {{ datetime.datetime }} {{ linkify("") }}
            {{ handler.x }} {{ request }} {{ current_user }} {{ locale }} {{ _("a") }}
            {{ static_url("a") }} {% raw xsrf_form_html() %} {{ reverse_url("a") }}
            {{ modules.A() }} {% module B() %} {{ pgettext("a", "b") }}
        """
        assert check(tmp_path, a=text) == []

    def test_unknown_ones_are_told_with_one_that_is_like_them(self, tmp_path: Path) -> None:
        program = "self.render('a.html', username=1)"
        [finding] = check(tmp_path, program, a="<p>\n  {{ len(usrname) }}")
        assert str(finding) == (
            f"{tmp_path}/templates/a.html:2:10: error: unknown name 'usrname'; did you mean 'username'? [name]\n"
            "      {{ len(usrname) }}\n"
            "             ^~~~~~~"
        )

    def test_are_passed_on_to_what_is_extended_and_included(self, tmp_path: Path) -> None:
        findings = check(
            tmp_path,
            program="self.render('page.html', a=1, b=2)\nself.render('other.html', a=1)",
            base="{{ a }}{% block x %}{% end %}",
            page='{% extends "base.html" %}{% block x %}{% include "part.html" %}{% end %}',
            other='{% include "part.html" %}',
            third='{% include "part.html" %}{% set a = 1 %}',
            part="{{ a }}{{ b }}",
        )
        assert found(findings) == ["part:1:11-12 name"]
        assert findings[0].message == "unknown name 'b' (in other.html and 1 more)"

    def test_may_be_anything_behind_two_asterisks(self, tmp_path: Path) -> None:
        program = "self.render('a.html', **found)"
        assert found(check(tmp_path, program, a="{{ x }}", b="{{ y }}")) == ["b:1:4-5 name"]

    def test_of_every_template(self, tmp_path: Path) -> None:
        program = "Loader('x', namespace={'x': 1})\nself.render(found(), y=1)"
        assert check(tmp_path, program, a="{{ x }}{{ y }}") == []

    def test_are_passed_by_modules(self, tmp_path: Path) -> None:
        findings = check(
            tmp_path,
            a='{% module Template("b.html", x=1) %}{% module Template("c.html", **given) %}',
            b='{{ x }}{{ y }}{{ set_resources(css_files="a") }}',
            c="{{ z }}",
        )
        assert found(findings) == ["b:1:11-12 name"]

    def test_to_escape_with(self, tmp_path: Path) -> None:
        findings = check(
            tmp_path,
            a="\n{% autoescape tidy %}{{ given }}",
            b="{% autoescape None %}",
            c="{% autoescape contextual %}{{ given }}",
            d="{% from x import tidy %}",
        )
        assert found(findings) == ["a:2:1-22 name"]
        assert "unknown function 'tidy' to escape with" in findings[0].message

    def test_columns_count_characters(self, tmp_path: Path) -> None:
        [finding] = check(tmp_path, a="\té名{{ 名 }}")
        assert (finding.line, finding.column, finding.end_column) == (1, 7, 8)
        assert str(finding).endswith("\n    \té名{{ 名 }}\n    \t     ^")


class TestUnescaped:
    @pytest.mark.parametrize(
        ("text", "is_told"),
        [
            ("{% raw given %}", True),
            ("{% raw given() %}", True),
            ("{% raw json_encode(given) %}", True),
            ("{% autoescape None %}{{ given }}", True),
            ("{% autoescape contextual %}{% raw given %}", True),
            ("{{ given }}", False),
            ("{% raw xsrf_form_html() %}", False),
            ("{% raw linkify(given) %}", False),
            ("{% raw '<b>' %}", False),
            ("{% autoescape None %}{{ xhtml_escape(given) }}", False),
            ("{% raw modules.Entry(given) %}", False),
            ("{% module Entry(given) %}", False),
            ("<script>var a = {% raw json_encode(given) %}</script>", False),
            ("<script></script>{% raw json_encode(given) %}", True),
            ("{% raw given %}{# check: ignore, it is markup #}", False),
            ("{% raw given %}\n{# check: ignore #}", True),
        ],
    )
    def test_output_is_told(self, tmp_path: Path, text: str, is_told: bool) -> None:
        findings = check(tmp_path, a=text)
        assert [each.rule for each in findings] == ["unescaped"] * is_told
        assert {each.level for each in findings} <= {"warning"}

    def test_by_the_loaders_setting(self, tmp_path: Path) -> None:
        assert found(check(tmp_path, autoescape=None, a="{{ given }}")) == ["a:1:1-12 unescaped"]

    def test_in_plain_text_there_is_nothing_to_escape(self, tmp_path: Path) -> None:
        templates = tmp_path / "templates"
        templates.mkdir()
        for name in ("mail.txt", "part.txt", "script.js"):
            (templates / name).write_text("{% autoescape None %}{{ given }}")
        told = found(check(tmp_path, a="<p>{% include part.txt %}</p>"))
        assert told == ["part:1:22-33 unescaped", "script:1:22-33 unescaped"]


class TestContext:
    @pytest.mark.parametrize(
        ("text", "is_told"),
        [
            ("<script>var a = {{ given }}</script>", True),
            ("<a href={{ given }}>", True),
            ('<a href="{{ given }}">', True),
            ("<style>{{ given }}</style>", True),
            ('<p onclick="{{ given }}">', True),
            ("<p>{{ given }}</p>", False),
            ('<p title="{{ given }}">', False),
            ('<a href="/{{ given }}">', False),
            ('<a href="{{ given }}">{# check: ignore #}', False),
        ],
    )
    def test_in_which_escaping_does_not_help(
        self, tmp_path: Path, text: str, is_told: bool
    ) -> None:
        findings = check(tmp_path, a=text)
        assert [each.rule for each in findings] == ["context"] * is_told

    def test_is_that_of_the_whole_page(self, tmp_path: Path) -> None:
        findings = check(
            tmp_path,
            base="<script>{% block x %}{% end %}</script>{% include 'part.html' %}",
            page='{% extends "base.html" %}{% block x %}{{ given }}{% end %}',
            part="<p>{{ given }}",
        )
        assert found(findings) == ["page:1:39-50 context"]

    @pytest.mark.parametrize("name", ["a.txt", "a.css", "a.js", "a.json"])
    def test_is_that_of_markup(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("<script>{{ handler }}</script>")
        assert check_templates(tmp_path, Callers()) == []


class TestLost:
    @pytest.mark.parametrize(
        ("text", "is_told"),
        [
            ("{% set x = 1 %}", True),
            ("{% import os %}", True),
            ("{{ given }}", True),
            ("text", True),
            ("{% if given %}text{% end %}", True),
            ("{% block x %}{{ given }}{% end %}", False),
            ("{% if given %}{% block x %}{% end %}{% end %}", False),
            ("{% include 'base.html' %}", False),
            (" \n {# comment #}", False),
        ],
    )
    def test_is_what_stands_outside_of_blocks(
        self, tmp_path: Path, text: str, is_told: bool
    ) -> None:
        findings = check(
            tmp_path, a='{% extends "base.html" %}' + text, base="{{ given }}{% set a = 1 %}"
        )
        assert [each.rule for each in findings] == ["lost"] * is_told


def test_findings_are_in_order(tmp_path: Path) -> None:
    findings = check(tmp_path, b="{{ x }}\n{% raw y %}", a="{{ z }}")
    assert found(findings) == [
        "a:1:4-5 name",
        "b:1:4-5 name",
        "b:2:1-12 unescaped",
        "b:2:8-9 name",
    ]


def test_no_templates_have_nothing_wrong(tmp_path: Path) -> None:
    assert check_templates(tmp_path, Callers()) == []
