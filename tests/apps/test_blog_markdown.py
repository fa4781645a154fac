"""What somebody typed, as the blog shows it."""

import time

import html5lib
import pytest

from demos.blog.markdown import ATTRIBUTES, REL, TAGS, first_words, to_html

HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\nline\n\nTwo", '<p dir="auto">One<br>\nline</p>\n<p dir="auto">Two</p>'),
        ("# Title\n###### Least", '<h2 dir="auto">Title</h2>\n<h6 dir="auto">Least</h6>'),
        ("*a* **b** ~~c~~ `<d>`", "<em>a</em> <strong>b</strong> <s>c</s> <code>&lt;d&gt;</code>"),
        ("3. three", '<ol start="3" dir="auto">\n<li>three</li>\n</ol>'),
        ("|a|\n|-:|\n|b|", "<th>a</th>"),
        ("<b onclick=x>bold</b> &amp; &lt;", "&lt;b onclick=x&gt;bold&lt;/b&gt; &amp; &lt;"),
        ("[a](https://a.example 'b')", f'<a href="https://a.example" title="b" rel="{REL}">a</a>'),
        ("see www.a.example/x_y_z", f'<a href="http://www.a.example/x_y_z" rel="{REL}">www.a.'),
        (
            "[https://b.example](https://a.example)",
            f'<p dir="auto"><a href="https://a.example" rel="{REL}">https://b.example</a></p>',
        ),
        ("`https://a.example`", '<p dir="auto"><code>https://a.example</code></p>'),
        # What would tell another site who reads here
        ("![a](https://a.example/dot.gif)", '<p dir="auto">!<a href='),
        ("", ""),
    ],
)
def test_what_becomes_of_it(text: str, html: str) -> None:
    assert html in to_html(text)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    '[x](https://a.example "\\" onclick=alert(1) \\"")',
    "[x](https://a.example/\"onmouseover='alert(1)')",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1) 'y'",
    "```html onclick=x\n<script>\n```",
    "|<b>|\n|:-:|\n|<script>|",
    "https://a.example/<script>",
    "<!-- --><svg/onload=alert(1)>",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\x00<script\x00>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_does_harm(text: str) -> None:
    page = html5lib.parse(to_html(text))
    for element in page.find(f"{HTML}body").iter():
        tag = element.tag.removeprefix(HTML)
        assert tag in TAGS | {"body", "tbody"}
        assert set(element.attrib) <= ATTRIBUTES.get(tag, set()) | {"rel"}
        assert element.get("href", "https:").startswith("https:")


def test_how_a_text_begins() -> None:
    text = "# Hills\n\n*Green* & [far](https://a.example)\naway\n\n```\n<x>\n```\n- one\n- two"
    assert first_words(text) == "Hills Green & far away <x> one two"
    assert first_words("") == ""
    assert len(first_words("word " * 4000)) <= 2000


def test_a_text_that_is_hard_to_read_takes_no_long_time() -> None:
    begun = time.process_time()
    for part in ("[", "*a_ ", "> ", "~~a", "a|", "_a https://x.y_"):
        to_html((part * 20_000)[:20_000])
    assert time.process_time() - begun < 4
