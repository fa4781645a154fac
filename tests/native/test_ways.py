"""Paths that are looked up by their bytes: the same as the application's own tables say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornadolike import _native
from tornadolike.routing import patterns
from tornadolike.web import Application, RequestHandler

if _native.RUNNING:
    from tornadolike._native.ways import Ways
else:
    pytest.skip("nothing native runs", allow_module_level=True)

SIMPLE = [
    r"/item/([0-9]+)",
    r"/item/(\d+)",
    r"/raw/([^/]+)/end",
    r"/files/(.*)",
    r"/page/(\w+)\.html",
    r"/two/([^/]+)/of/([a-z]*)",
    r"/named/(?P<year>[0-9]+)-(?P<month>[0-9]+)",
    r"/set/([a-z\-\.]+)",
    r"/caret/([\]x^]*)",
    r"/dollar(\d+)\$",
]
OTHERS = [
    r"/(a|b)",
    r"/((a)+)",
    r"/x(\d+)(\d+)",
    r"/x(\d+)5(\d+)",
    r"/x(\d+?)",
    r"/x(\d{2})",
    r"/x(\d+)y?",
    r"/x(\d+)y*",
    r"/x(?:\d+)",
    r"/x(\d+)|/y",
    r"(?i)/x(\d+)",
    "/\u00e9(\\d+)",
    r"/x(\d+)\d",
]


def made(pattern):
    return re.compile(pattern + "$")


@pytest.mark.parametrize("pattern", SIMPLE)
def test_these_are_simple(pattern):
    assert patterns.groups(made(pattern)) is not None


@pytest.mark.parametrize("pattern", OTHERS)
def test_these_are_not(pattern):
    assert patterns.groups(made(pattern)) is None


def test_what_need_not_match_to_the_end_is_not():
    assert patterns.groups(re.compile(r"/item/(\d+)")) is None
    assert patterns.groups(re.compile(r"/item/(\d+)\$")) is None


PATHS = st.lists(
    st.sampled_from(
        [
            "/item/",
            "/raw/",
            "/end",
            "/files/",
            "/page/",
            ".html",
            "/two/",
            "/of/",
            "/named/",
            "-",
            "/set/",
            "/caret/",
            *"0159aZ_/.^]x~!$&'()*+,;=:@",
        ]
    ),
    max_size=6,
).map("".join)


@given(path=PATHS)
@pytest.mark.parametrize("pattern", SIMPLE)
def test_a_pattern_matches_what_the_regular_expression_does(pattern, path):
    regex = made(pattern)
    ways = Ways([], [(*patterns.groups(regex), "target", {"a": 1}, None)])
    match = regex.match(path)
    if match is None:
        wanted = None
    elif regex.groupindex:
        wanted = "target", {"a": 1}, (), {k: v.encode() for k, v in match.groupdict().items()}, None
    else:
        wanted = "target", {"a": 1}, tuple(v.encode() for v in match.groups()), {}, None
    assert ways.knows(path.encode()) == wanted


@given(
    texts=st.sets(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20), max_size=100
    )
)
def test_texts_are_found_when_they_are_kept(texts):
    ways = Ways(texts, [])
    found = {text: (text, {}, (), {}, None) for text in texts}
    for text in texts:
        assert ways.is_text(text.encode())
        assert ways.knows(text.encode()) is None
    for text, one in found.items():
        ways.keep(text.encode(), one)
    for text, one in found.items():
        assert ways.knows(text.encode()) is one
        assert ways.knows(text.encode() + b"?") is None or text + "?" in texts


def test_what_is_encoded_and_what_is_beyond_ascii_is_asked_elsewhere():
    ways = Ways([], [(*patterns.groups(made(r"/files/(.*)")), "target", {}, None)])
    assert ways.knows(b"/files/a%20b") is None
    assert ways.knows(b"/files/\xe9") is None
    assert ways.knows(b"/files/a+b")[2] == (b"a+b",)


def test_a_text_comes_before_patterns_only_if_the_application_says_so():
    ways = Ways(["/item/1"], [(*patterns.groups(made(r"/item/(\d+)")), "target", {}, None)])
    assert ways.knows(b"/item/1") is None
    assert ways.knows(b"/item/2") is not None


def test_rules_are_known_up_to_the_first_that_is_not_simple():
    class One(RequestHandler):
        pass

    class Two(RequestHandler):
        pass

    application = Application(
        [("/text", One), (r"/a/(\d+)", One), (r"/b/(x|y)", Two), (r"/c/(\d+)", One)]
    )
    texts, rules = application._renew_answers().native_ways()
    assert texts == ["/text"]
    assert [rule[2] for rule in rules] == [One]
