"""Where the default escaping is said not to be enough, and why."""

import time

import pytest

from tornadolike.template.contexts import unsafe_outputs
from tornadolike.template.nodes import Inlined, Source
from tornadolike.template.parser import parse


def survey(text: str) -> list[tuple[str, str]]:
    tree = parse(Source("page.html", "page.html", text), "all", "xhtml_escape")
    return [
        (text[unsafe.output.start : unsafe.output.end], unsafe.why)
        for unsafe in unsafe_outputs(tree.body)
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<b a={{ x }}>", "quotes"),
        ("<b a=b{{ x }}>", "quotes"),
        ("<a href=/{{ x }}>", "quotes"),
        ("<a href='{{ x }}'>", "javascript:"),
        ("<p style='background: url({{ x }})'>", "CSS"),
        ("<style>{{ x }}</style>", "CSS"),
        ("<script>{{ json_encode(x) }}</script>", "{% raw json_encode(...) %}"),
        ("<script><!-- \n f('{{ x }}') --></script>", "{% raw json_encode(...) %}"),
        ("<p onclick='f({{ x }})'>", "data-"),
        ("<iframe srcdoc='{{ x }}'>", "document"),
        ("<b {{ x }}>", "attributes' names"),
        ("<script>(a) / '/{{ x }}'</script>", "{% raw json_encode(...) %}"),
        ("<b a'b>{% if x %}<b c={{ x }}>{% end %}", "quotes"),
        ("{% if y %}<b {% else %}<i {% end %}c={{ x }}>", "quotes"),
        ("{% include other.html %}{% block a %}<b c={{ x }}>{% end %}", "quotes"),
    ],
)
def test_the_survey_says_why(text: str, why: str) -> None:
    [(_, said)] = survey(text)
    assert why in said


@pytest.mark.parametrize(
    "text",
    [
        "{{ x }}<b a='{{ x }}'>",
        "<a href='{{ static_url('a') }}'><a href='{{ handler.reverse_url('a') }}'>",
        "<a href='{{ '/a?' + x }}'><a href='{{ f'/{x}' }}'><a href='{{ '/a' if x else '/b' }}'>",
        "<script>a = {{ len(x) }} + {{ 1 }}</script>",
        "<script>a = {% raw json_encode(x) %}</script>{% module X() %}",
        "<script>a = {{! x }}</script>{{ x }}",
        "<script src='a'/></script>{{ x }}",
        "<svg><![CDATA[ a ]]></svg>{{ x }}",
        "<!-- {{ x }}",
    ],
)
def test_the_survey_has_nothing_to_say(text: str) -> None:
    assert survey(text) == []


def test_the_survey_of_several_linked_templates() -> None:
    child = parse(Source("b", "b", "<b a={{ x }}>"), "all", None)
    page = Source("a", "a", "")
    body = [
        Inlined(page, 0, 0, None, [*child.body]),
        Inlined(page, 0, 0, "xhtml_escape", [*child.body]),
    ]
    assert len(unsafe_outputs([Inlined(page, 0, 0, "contextual", [*body])])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "<meta content='{{ x }}' http-equiv=refresh>",
        "<b '''''''>",
        "<b ='a'>",
        "<b a={{ x }}b>",
        "<script/>",
        "<svg><![CDATA[<![CDATA[",
        "<script type=text/html><b a='</script>'>",
        "<p onclick='f(\"a)'>",
        "<style>'a</style>",
        "<script>(a) / b + '/</script>",
    ],
)
def test_the_survey_goes_on_behind_what_is_wrong(text: str) -> None:
    assert "quotes" in survey(f"{text}<b c='{{{{ x }}}}' d={{{{ x }}}}></b>")[-1][1]


@pytest.mark.parametrize(
    "piece",
    [
        *("<b ''", "<![CDATA[", "<!--", "<!-- -->", "<script>(a)/'/", "\n", "<script>\n\n", "<b a='", "&quo"),
        *("<p onclick='&", "<a href='", "<style>url(", "</script", "<script>'</", "`${", "a" * 10, " "),
    ],
)  # fmt: skip
def test_it_takes_linear_time(piece: str) -> None:
    begun = time.process_time()
    survey(piece * (100_000 // len(piece)))
    survey("<script>" + piece * (100_000 // len(piece)))
    assert time.process_time() - begun < 3  # a quadratic one takes much longer
