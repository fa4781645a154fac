"""Which escaper each expression gets by its place, and what is refused."""

import pytest

from tornadolike.template import DictLoader, ParseError, Template
from tornadolike.template.contexts import choose_escapers
from tornadolike.template.escaping import ESCAPERS
from tornadolike.template.nodes import Inlined, Source
from tornadolike.template.parser import parse


def chosen(text: str) -> list[str]:
    tree = parse(Source("page.html", "page.html", text), "all", "contextual")
    names = list(choose_escapers([Inlined(tree.source, 0, 0, "contextual", tree.body)]).values())
    assert all(name in ESCAPERS for name in names)
    return names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ x }}", "text"),
        ("a < b {{ x }}", "text"),
        ("<!doctype html><p>{{ x }}", "text"),
        ("<?xml version='1.0'?>{{ x }}", "text"),
        ("<br/>{{ x }}<BR>{{ x }}", "text text"),
        ("<TITLE>{{ x }}</TITLE >{{ x }}", "quoted text"),
        ("<textarea><b>{{ x }}</textarea>{{ x }}", "quoted text"),
        ("<!-- <b {{ x }} --> {{ x }}", "comment text"),
        ("<!--> {{ x }}<!---> {{ x }}<!-- --!> {{ x }}", "text text text"),
        ("<a title = '{{ x }}' b>{{ x }}", "quoted text"),
        ("<a title='>{{ x }}\"' b={{ x }}>{{ x }}", "quoted bare text"),
        ("<a b c=d{{ x }} e=\"{{ x }}\">", "unquoted quoted"),
        ("<a b\n=\n'{{ x }}'>", "quoted"),
        ("<a HREF='{{ x }}{{ x }}/{{ x }}?{{ x }}'>", "url_quoted url_rest_quoted url_path_quoted url_query_quoted"),
        ("<a href='mailto:{{ x }}'>", "url_path_quoted"),
        ("<a href='/a#{{ x }}'>", "url_query_quoted"),
        ("<a href='&#x2f;{{ x }}'>", "url_root_quoted"),
        ("<a href='{% if x %}/{% else %}/a/{% end %}{{ x }}{{ x }}/{{ x }}'>",
         "url_root_quoted url_root_quoted url_path_quoted"),
        ("<a href='{{ x }}/{{ x }}:{{ x }}'>", "url_quoted url_path_quoted url_path_quoted"),
        ("<img src='data:image/png;base64,{{ x }}'>", "url_path_quoted"),
        ("<a href={{ x }}>", "url_bare"),
        ("<a href='{% for x in y %}/{{ x }}{% end %}'>", "url_path_quoted"),
        ("<a href='/?{% for x in y %}{{ x }}=1&amp;{% end %}'>", "url_query_quoted"),
        ("<a href='{% if x %}/a{% else %}{{ x }}{% end %}{{ x }}'>", "url_quoted url_rest_quoted"),
        ("<img srcset='{{ x }} {{ x }}w, /{{ x }} 2x'>", "url_list_quoted url_query_quoted url_root_quoted"),
        ("<img srcset='/a {{ x }}, {{ x }}'>", "url_query_quoted url_list_quoted"),
        ("<p onclick='{{ x }}'>", "script_quoted"),
        ("<p ONclick='f(\"{{ x }}\")'>", "script_string_quoted"),
        ("<p onclick='f(&quot;{{ x }}&quot;, {{ x }})'>", "script_string_quoted script_quoted"),
        ("<p @click='a = {{ x }}'>", "script_quoted"),
        ("<p style='a: {{ x }}; b: \"{{ x }}\"'>", "style_quoted style_string_quoted"),
        ("<p style='a: url({{ x }}) url( \"/{{ x }}\" )'>", "style_url_quoted style_url_root_quoted"),
        ("<p style='a: URL( {{ x }} )'>", "style_url_quoted"),
        ("<style>a { b: {{ x }} /* ' */ }</style>{{ x }}", "style text"),
        ("<iframe srcdoc='{{ x }}'></iframe>", "document_quoted"),
        ("<meta content='{{ x }}'>", "quoted"),
        ("<meta http-equiv=Refresh content='1; URL={{ x }}'>", "url_quoted"),
        ("<script>{{ x }}</script >{{ x }}", "script text"),
        ("<script>'</b>' + {{ x }}</SCRIPT>", "script"),
        ("<script type=module>{{ x }}</script>", "script"),
        ("<script type='text/javascript; charset=utf-8'>{{ x }}</script>", "script"),
        ("<script type=application/ld+json>[{{ x }}, '{{ x }}']</script>", "json_data script_string"),
        ("<script type=text/html><b>{{ x }}</b><a href='{{ x }}'></script>{{ x }}", "text url_quoted text"),
        ("<script>a = `{{ x }}${ {b: `{{ x }}${1}`}, {{ x }} }{{ x }}` + {{ x }}</script>",
         "script_string script_string script script_string script"),
        ("<script>/[/'{{ x }}]{{ x }}\\//.test({{ x }})</script>", "script_string script_regex script"),
        ("<script>a / {{ x }} / '{{ x }}'</script>", "script script_string"),
        ("<script>a = /{{ x }}/</script>", "script_regex"),
        ("<script>return /{{ x }}'/g</script>", "script_regex"),
        ("<script>a.return /{{ x }}</script>", "script"),
        ("<script>(1 + 2) / 3\n{{ x }}</script>", "script"),
        ("<script>1 // '\n{{ x }} /* ' */ + {{ x }}</script>", "script script"),
        ("<script>'\\'{{ x }}' + \"\\\\\" + {{ x }}</script>", "script_string script"),
        ("<script>{% if x %}a(){% else %}b = 1{% end %}\n{{ x }}</script>", "script"),
        ("<svg><a xlink:href='{{ x }}'/></svg>", "url_quoted"),
        ("<svg><set attributeName=href to='{{ x }}'/></svg>", "animated_quoted"),
        ("<option{% if x %} selected{% end %} value='{{ x }}'>", "quoted"),
        ("<option value=1{% if x %} selected{% end %}>{{ x }}", "text"),
        ("<p {% for x in y %}class='a'{% else %}id=b {% end %}>{{ x }}", "text"),
        ("{% apply f %}<b>{{ x }}</b>{% end %}", "text"),
        ("{% while x %}{% if x %}<b>{% break %}{% end %}<b>{{ x }}{% end %}", "text"),
        ("{% for x in y %}{% if x %}{% continue %}{% end %}{{ x }}{% end %}", "text"),
        ("{% try %}{{ x }}{% except %}{{ x }}{% else %}<b>{% finally %}{{ x }}{% end %}", "text text text"),
        ("<h{% raw x %} id='{{ x }}'></h{% raw x %}>{{ x }}", "quoted text"),
        ("<p {% raw x %} id='{{ x }}'>{% module X() %}", "quoted"),
        ("{{! x }}<{# x #}b>{% raw '<a ' %}{{ x }}", "text"),
        ("<plaintext>{% raw x %}</plaintext>", ""),
    ],
)  # fmt: skip
def test_places(text: str, names: str) -> None:
    assert chosen(text) == names.split()


@pytest.mark.parametrize(
    ("text", "message", "caret"),
    [
        ("<{{ x }}>", "tag's name", 2),
        ("<b{{ x }}>", "tag's name", 3),
        ("</{{ x }}>", "tag's name", 3),
        ("<b {{ x }}>", "attributes' names", 4),
        ("<b a{{ x }}>", "attributes' names", 5),
        ("<b a {{ x }}>", "attributes' names", 6),
        ("<b a='b'{{ x }}>", "attributes' names", 9),
        ("<b a={{ x }}b>", "A space is missing", 13),
        ("<b a={{ x }}{{ x }}>", "attributes' names", 13),
        ("<b a'='{{ x }}'>", "\"a'\" where an attribute's name", 4),
        ("<b ='{{ x }}'>", "'=' where an attribute's name", 4),
        ("<!doctype {{ x }}>", "nothing can be escaped", 11),
        ("<a href='javascript:{{ x }}'>", "begins with javascript:", 21),
        ("<a href='java&#115;cript&colon;f({{ x }})'>", "begins with javascript:", 34),
        ("<a href='data:text/html,{{ x }}'>", "begins with data:", 25),
        ("<a href='{{ x }}:{{ x }}'>", "in front of this colon", 17),
        ("<a href='java{{ x }}ipt:f()'>", "in front of this colon", 24),
        ("<a href='{% if x %}http{% else %}{{ x }}{% end %}:f()'>", "in front of this colon", 50),
        ("<a href='{% for y in x %}{{ y }}:{% end %}'>", "in front of this colon", 33),
        ("<img srcset='{{ x }}:{{ x }}'>", "in front of this colon", 21),
        ("<set attributeName=href to='{{ x }}:{{ x }}'>", "in front of this colon", 36),
        ("<p style='a: url({{ x }}:{{ x }})'>", "in front of this colon", 25),
        ("<img src='data:image/{{ x }}'>", "begins with data:", 22),
        ("<img src='data:image/png{{ x }}'>", "begins with data:", 25),
        ("<img src='data:image/x+xml,{{ x }}'>", "begins with data:", 28),
        ("<script type='' type=text/html>'{{ x }}</script>", "within a string", 40),
        ("<a href='{% if x %}/a{% else %}/?b{% end %}{{ x }}'>", "different parts of the address", 44),
        ("<meta http-equiv=refresh content='{{ x }};url=/'>", "In front of url=", 35),
        ("<meta content='{{ x }}' http-equiv=refresh>", "before a content", 36),
        ("<meta http-equiv='{{ x }}'>", "cannot be http-equiv", 19),
        ("<script type='{{ x }}'></script>", "cannot be the type of a script", 15),
        ("<set attributeName='{{ x }}'>", "what an animation changes", 21),
        ("<iframe srcdoc='<a {{ x }}>'>", "made in one piece", 20),
        ("<p onclick='&quo{{ x }}'>", "&quo in front of", 17),
        ("<p onclick='f(\"a)'>", "ends within a string of a script", 13),
        ("<script>// {{ x }}</script>", "comment of a script", 12),
        ("<script>/* {{ x }}*/</script>", "comment of a script", 12),
        ("<script>'\\{{ x }}'</script>", "backslash", 11),
        ("<script>'</scr{{ x }}'</script>", "end tag", 15),
        ("<script>'a</script>", "ends within a string", 9),
        ("<script>`${ {{ x }}</script>", "ends within ${", 20),
        ("<script><!-- {{ x }}</script>", "<!-- in a script", 9),
        ("<script>(a) / b + '/{{ x }}'</script>", "Whether this /", 13),
        ("<script>(a) /{{ x }}</script>", "Whether the /", 14),
        ("<script/>", "what /> means for script", 8),
        ("<script type=text/html><b a='</script>'>{{ x }}", "</script> ends the script within", 30),
        ("<script type=text/babel>{{ x }}</script>", "In <script> nothing", 25),
        ("<script>" + "`${" * 60 + "</script>", "too deeply", 10),
        ("<style>/* {{ x }} */</style>", "comment of a style", 11),
        ("<style>'\\{{ x }}'</style>", "backslash", 10),
        ("<style>'a</style>", "ends within a string", 8),
        ("<title></ti{{ x }}</title>", "end tag", 12),
        ("<xmp>{{ x }}</xmp>", "In <xmp> nothing", 6),
        ("<script type=text/html>{{ x }}", "ends within", 24),
        ("<svg><![CDATA[{{ x }}]]></svg>", "<![CDATA[", 6),
        ("<!-- {{ x }}", "ends within a comment", 6),
        ("<a title='{{ x }}", "ends within the attribute title", 11),
        ("<script>{{ x }}", "ends within the element script", 9),
        ("<b", "ends within a tag's name", 1),
        ("{% if x %}<b{% end %}>", "a tag's name and the page's text", 1),
        ("{% if x %}<b>{% else %}<b a='{% end %}'>", "page's text and the attribute a", 1),
        ("{% if x %}<script>{% end %}</script>", "the element script and the page's text", 1),
        ("<script>{% if x %}'{% end %}'</script>", "different parts of the element script", 9),
        ("{% for x in y %}<b{% end %}", "This loop's body", 1),
        ("<b {% for x in y %}a='{% if x %}{% break %}{% end %}'{% end %}>", "This loop's body", 4),
        ("{% while x %}{% else %}<b {% end %}", "of a loop", 1),
        ("{% try %}<b a='{{ x }}'>{% except %}{% end %}", "An exception in {% try %}", 1),
        ("{% try %}{% except %}<b {% end %}", "The branches of this {% try %}", 1),
        ("{% apply f %}<b {% end %}>", "{% apply %} begins and ends", 1),
    ],
)  # fmt: skip
def test_refusals(text: str, message: str, caret: int) -> None:
    with pytest.raises(ParseError) as raised:
        chosen(text)
    assert message in raised.value.message
    assert (raised.value.filename, raised.value.lineno, raised.value.offset) == (
        "page.html",
        1,
        caret,
    )


def test_text_in_doubt_is_pointed_at() -> None:
    with pytest.raises(ParseError) as raised:
        chosen("<p>\n  <script>\n    a = (b) / '/'\n  </script>\n</p>")
    assert raised.value.lineno == 3
    assert raised.value.text is not None
    assert raised.value.text[(raised.value.offset or 0) - 1] == "/"


def test_the_same_file_in_two_places() -> None:
    loader = DictLoader(
        {
            "name.txt": "{{ x }}",
            "page.html": "<b title='{% include name.txt %}'>{% include name.txt %}</b>"
            "<script>a = {% include name.txt %}</script>{% block end %}{% end %}",
            "child.html": "{% extends page.html %}{% block end %}<a href='{{ x }}'>{% end %}",
        },
        autoescape="contextual",
    )
    page = loader.load("child.html").generate(x="javascript:'")
    assert page == (
        b"<b title='javascript:&#x27;'>javascript:&#x27;</b>"
        b"<script>a = \"javascript:\\u0027\"</script><a href='#blocked'>"
    )


def test_an_included_file_has_its_own_way() -> None:
    loader = DictLoader(
        {
            "a.html": "{% autoescape None %}{{ x }}",
            "b.html": "{% autoescape xhtml_escape %}{{ x }}",
            "page.html": "{% include a.html %}{% include b.html %}<b title={{ x }}>",
        },
        autoescape="contextual",
    )
    assert loader.load("page.html").generate(x="<") == b'<&lt;<b title="&lt;">'


def test_nothing_is_asked_of_templates_with_the_default() -> None:
    assert Template("<{{ x }} {{ x }}").generate(x="b") == b"<b b"
