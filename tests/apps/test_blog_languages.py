"""The blog in its readers' languages."""

import io
import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from demos.blog.pages import LANGUAGES

from .blog_visitors import Browser
from .conftest import ROOT, Demo

pytestmark = pytest.mark.once

BLOG = ROOT / "demos" / "blog"


@pytest.mark.parametrize(
    ("accepted", "language", "direction", "welcome", "nothing"),
    [
        ("fr, ja-JP;q=0.8", "ja", "ltr", "おかえりなさい", "ここには何もありません。"),
        ("ar-EG,en;q=0.5", "ar", "rtl", "أهلًا بعودتك", "لا شيء هنا."),
        ("de-AT,de;q=0.9", "de", "ltr", "Schön, dass du wieder da bist", "Hier ist nichts."),
        ("tlh", "en", "ltr", "Welcome back", "There is nothing here."),
    ],
)
def test_its_readers_language(
    blog: Demo, accepted: str, language: str, direction: str, welcome: str, nothing: str
) -> None:
    reader = Browser(blog.port, accepted)
    page = reader.get("/signin")
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}" dir="{direction}">' in page.page
    assert welcome in page.page
    for path in ("/nowhere", "/static/nothing.css"):
        assert nothing in reader.get(path).page


def test_the_language_that_was_chosen(blog: Demo) -> None:
    german = Browser(blog.port, "de")
    german.get("/signin")
    chosen = german.post("/language", language="en", next="/signin")
    assert (chosen.status, chosen.there) == (303, "/signin")
    assert "Welcome back" in german.get("/signin").page
    assert german.post("/language", language="xx").status == 400


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_text_is_translated_and_compiled(language: str) -> None:
    methods = [
        ("**.py", "python"),
        ("templates/**.html", "tornadolike.template.extraction:extract"),
    ]
    used = {message for _, _, message, _, _ in extract_from_dir(BLOG, methods)}
    catalogue = BLOG / "locale" / language / "LC_MESSAGES"
    written = read_po(io.BytesIO((catalogue / "blog.po").read_bytes()))
    texts = {message.id: message.string for message in written if message.id}
    assert set(texts) == used
    for text, translated in texts.items():
        assert all([translated] if isinstance(text, str) else translated), text
        for mark in re.findall(r"%\(\w+\)s", str(text)):
            assert mark in str(translated), text
    compiled = read_mo(io.BytesIO((catalogue / "blog.mo").read_bytes()))
    assert {message.id: message.string for message in compiled if message.id} == texts
