"""The chat's languages without a browser: catalogues, the choice, and the page in each of them."""

import gettext
import html
import http.client
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import babel
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from demos.chat.languages import LANGUAGES
from demos.chat.limits import Refused
from demos.chat.refusals import REFUSALS, Counted

from .chat_tabs import PATIENCE, TRANSPORTS, Tab, new_room
from .conftest import ROOT, Demo

CHAT = ROOT / "demos" / "chat"
TRANSLATED = [code for code in LANGUAGES if code != "en"]
each_language = pytest.mark.parametrize("language", LANGUAGES)
each_translated = pytest.mark.parametrize("language", TRANSLATED)


# --- the catalogues ---


def catalogue(language: str) -> Catalog:
    with (CHAT / "locale" / language / "LC_MESSAGES" / "chat.po").open("rb") as file:
        return read_po(file, locale=language)


def texts(catalogue: Catalog) -> dict[Any, tuple[str, ...]]:
    """Translations by the text that they are of; one for each plural form."""

    def one_or_more(text: Any) -> Any:
        return text if isinstance(text, str) else tuple(text)

    return {
        one_or_more(message.id): (message.string,)
        if isinstance(message.string, str)
        else tuple(message.string)
        for message in catalogue
        if message.id
    }


def follow(command: str, **paths: Path) -> None:
    """Run a command as README.md tells it, but for the paths of some options."""
    lines = (CHAT / "README.md").read_text().splitlines()
    arguments = next(line for line in lines if f"pybabel {command}" in line).split()[1:]
    for option, path in paths.items():
        arguments[arguments.index(f"-{option}") + 1] = str(path)
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def template_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All texts of the sources, by the command that README.md tells."""
    found = tmp_path_factory.mktemp("messages") / "chat.pot"
    follow("extract", o=found)
    return found


@pytest.fixture(scope="module")
def template(template_file: Path) -> Catalog:
    with template_file.open("rb") as file:
        return read_po(file)


def test_another_language_is_begun(template_file: Path, template: Catalog, tmp_path: Path) -> None:
    follow("init", i=template_file, d=tmp_path)
    with (tmp_path / "fr" / "LC_MESSAGES" / "chat.po").open("rb") as file:
        assert set(texts(read_po(file))) == set(texts(template))


def test_new_texts_are_brought_into_the_catalogues(template_file: Path, tmp_path: Path) -> None:
    shutil.copytree(CHAT / "locale", tmp_path, dirs_exist_ok=True)
    follow("update", i=template_file, d=tmp_path)
    follow("compile", d=tmp_path)
    for language in TRANSLATED:
        kept = Path(language) / "LC_MESSAGES" / "chat.po"
        with (tmp_path / kept).open("rb") as file:
            assert texts(read_po(file)) == texts(catalogue(language))


@each_translated
def test_every_text_is_translated(template: Catalog, language: str) -> None:
    translated = texts(catalogue(language))
    assert set(translated) == set(texts(template))
    assert [text for text, forms in translated.items() if not all(forms)] == []
    assert not [message.id for message in catalogue(language) if message.id and message.fuzzy]


@each_translated
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    compiled = (CHAT / "locale" / language / "LC_MESSAGES" / "chat.mo").read_bytes()
    assert texts(read_mo(io.BytesIO(compiled))) == texts(catalogue(language))


@each_translated
def test_what_is_filled_in_has_its_place_in_each_translation(language: str) -> None:
    written = catalogue(language)
    # A form that is for one number alone may say it in words.
    rule = gettext.c2py(written.plural_expr)
    numbers = [rule(number) for number in range(200)]
    for text, forms in texts(written).items():
        wanted = _places(text if isinstance(text, str) else text[1])
        for index, form in enumerate(forms):
            in_words = len(forms) > 1 and numbers.count(index) == 1
            allowed = {"count"} if in_words else set()
            assert wanted - allowed <= _places(form) <= wanted, form


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_the_menu_and_the_catalogues_agree() -> None:
    assert sorted(TRANSLATED) == sorted(path.name for path in (CHAT / "locale").iterdir())


def test_every_text_of_the_scripts_is_found(template: Catalog) -> None:
    """Babel reads JavaScript by rules of thumb; where they fail the text would stay English."""
    calls = 0
    for script in (CHAT / "static").glob("*.js"):
        code = re.sub(r"^\s*(//|/?\*).*$", "", script.read_text(), flags=re.MULTILINE)
        calls += len(re.findall(r"(?<!function )(?<!\w)(?:_|ngettext)\(", code))
    found = list(extract_from_dir(CHAT / "static", [("**.js", "javascript")]))
    assert len(found) == calls > 20


# --- refusals ---


def test_every_refusal_has_a_text_in_english() -> None:
    for code, text in REFUSALS.items():
        for form in text if isinstance(text, Counted) else (text,):
            values = {name: "x" if name == "room" else 1 for name in _places(form)}
            refused = Refused(code, **values)
            assert refused.text.endswith(".")
            assert "{" not in refused.text


def test_a_refusal_counts() -> None:
    assert "1 character is" in Refused("long-name", count=1).text
    assert "1,000 characters are" in Refused("long-name", count=1000).text


def test_braces_of_people_are_only_braces() -> None:
    assert Refused("room-full", room="{count}").text.startswith("{count} is full")


def test_a_refusal_without_a_text_is_a_mistake_at_once() -> None:
    with pytest.raises(KeyError):
        Refused("no-such-code")


@pytest.mark.parametrize("kind", TRANSPORTS.values(), ids=TRANSPORTS)
def test_refusals_travel_with_their_values(chat: Demo, kind: type[Tab]) -> None:
    with kind(chat.port) as ann:
        ann.join(new_room())
        ann.say("x" * 2001)
        error = ann.wait("error")
        assert error["values"] == {"count": 2001, "most": 2000}
        assert error["text"] == "That message has 2,001 characters; 2,000 are allowed."


# --- choosing ---


class Answer:
    """The page as it was served."""

    def __init__(self, chat: Demo, path: str = "/", method: str = "GET", **headers: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", chat.port, timeout=PATIENCE)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=names)
        self.response = connection.getresponse()
        self.page = self.response.read().decode()
        connection.close()

    @property
    def header(self) -> Any:
        return self.response.headers

    @property
    def language(self) -> str:
        """What all places that name the language agree upon."""
        language, direction = re.search(r'<html lang="(\w+)" dir="(\w+)">', self.page).groups()
        assert direction == ("rtl" if language == "ar" else "ltr")
        assert self.strings["language"] == self.header["Content-Language"] == language
        assert self.page.count(f'hreflang="{language}" aria-current="true"') == 1
        return language

    @property
    def strings(self) -> dict[str, Any]:
        (data,) = re.findall(r'<template id="strings">(.*)</template>', self.page)
        return json.loads(html.unescape(data))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ar", "ar"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("ja-JP,en-US;q=0.5", "ja"),
        ("en;q=0.1, ar-EG;q=0.9", "ar"),
        ("fr-FR, fr;q=0.9, de;q=0.5, en;q=0.1", "de"),
        ("fr", "en"),
        ("*", "en"),
        (";;q=x,,\"'<script>", "en"),
        ("x" * 4000, "en"),
    ],
)
def test_the_browser_says_what_its_owner_reads(chat: Demo, accepted: str, language: str) -> None:
    answer = Answer(chat, Accept_Language=accepted)
    assert answer.language == language
    assert answer.header["Vary"] == "Accept-Language, Cookie"
    assert "Set-Cookie" not in answer.header


@each_language
def test_by_hand_and_kept(chat: Demo, language: str) -> None:
    answer = Answer(chat, f"/?lang={language}", Accept_Language="de")
    assert answer.language == language
    cookie, *attributes = answer.header["Set-Cookie"].split("; ")
    assert cookie == f"chat_language={language}"
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    assert "Secure" not in attributes  # over plain HTTP it would not come back
    again = Answer(chat, Accept_Language="de", Cookie=cookie)
    assert again.language == language
    assert "Set-Cookie" not in again.header
    assert Answer(chat, "/?lang=ja", Cookie=cookie).language == "ja"


@pytest.mark.parametrize(
    ("site", "is_kept"),
    [("same-origin", True), ("none", True), ("cross-site", False), ("same-site", False)],
)
def test_another_site_chooses_no_language_for_later(chat: Demo, site: str, is_kept: bool) -> None:
    answer = Answer(chat, "/?lang=ar", Accept_Language="de", Sec_Fetch_Site=site)
    assert answer.language == "ar"
    assert ("Set-Cookie" in answer.header) is is_kept


def test_a_choice_is_kept_also_where_the_browser_has_the_page(chat: Demo) -> None:
    first = Answer(chat, "/?lang=de")
    again = Answer(chat, "/?lang=de", Cookie="chat_language=ar", If_None_Match=first.header["Etag"])
    assert again.response.status == 304
    assert again.header["Set-Cookie"].startswith("chat_language=de;")


@pytest.mark.parametrize(
    "code", ["xx", "AR", "", "../de", "%22%3E%3Cscript%3E", "de%0d%0aX-Evil:1", "constructor"]
)
def test_a_language_that_we_do_not_have_is_nobodys_wish(chat: Demo, code: str) -> None:
    answer = Answer(chat, f"/?lang={code}", Accept_Language="ja")
    assert answer.language == "ja"
    assert "Set-Cookie" not in answer.header
    assert "X-Evil" not in answer.header
    assert "<script>" not in answer.page


def test_a_strange_cookie_is_passed_over(chat: Demo) -> None:
    for value in ("xx", '"', "ar\\", "%61%72"):
        assert Answer(chat, Accept_Language="ja", Cookie=f"chat_language={value}").language == "ja"


@each_language
def test_each_language_is_a_page_of_its_own_to_caches(chat: Demo, language: str) -> None:
    first = Answer(chat, Accept_Language=language)
    again = Answer(chat, Accept_Language=language, If_None_Match=first.header["Etag"])
    other = Answer(
        chat,
        Accept_Language="de" if language != "de" else "en",
        If_None_Match=first.header["Etag"],
    )
    assert (again.response.status, other.response.status) == (304, 200)
    head = Answer(chat, method="HEAD", Accept_Language=language)
    assert head.page == ""
    assert head.header["Etag"] == first.header["Etag"]


# --- the page ---


@pytest.fixture(scope="module")
def served(chat: Demo) -> Iterator[dict[str, Answer]]:
    """The page in each language."""
    return {language: Answer(chat, f"/?lang={language}") for language in LANGUAGES}


@each_translated
def test_every_text_of_the_page_is_translated(
    served: dict[str, Answer], template: Catalog, language: str
) -> None:
    translated = texts(catalogue(language))
    page = html.unescape(re.sub(r'<template id="strings">.*', "", served[language].page))
    shown = 0
    for message in template:
        if any(path.startswith("demos/chat/templates") for path, _ in message.locations):
            assert translated[message.id][0] in page
            shown += 1
    assert shown > 20


@each_language
def test_the_scripts_get_every_text_and_every_plural(
    served: dict[str, Answer], template: Catalog, language: str
) -> None:
    strings = served[language].strings
    translated = texts(catalogue(language)) if language in TRANSLATED else {}
    categories = babel.Locale(language).plural_form.tags | {"other"}
    known = strings["messages"] | {
        text.one if isinstance(text, Counted) else text: strings["refusals"][code]
        for code, text in REFUSALS.items()
    }
    for message in template:
        if all(path.startswith("demos/chat/templates") for path, _ in message.locations):
            continue
        if isinstance(message.id, str):
            assert known[message.id] == translated.get(message.id, (message.id,))[0]
        else:
            forms = known[message.id[0]]
            assert set(forms) == categories
            assert set(forms.values()) == set(translated.get(message.id, message.id))


def test_arabic_counts_in_six_ways(served: dict[str, Answer]) -> None:
    assert served["ar"].strings["messages"]["{count} person"] == {
        "zero": "لا أحد",
        "one": "شخص واحد",
        "two": "شخصان",
        "few": "{count} أشخاص",
        "many": "{count} شخصًا",
        "other": "{count} شخص",
    }


@each_language
def test_the_menu_names_languages_in_their_own_words(
    served: dict[str, Answer], language: str
) -> None:
    page = served[language].page
    for code, own in LANGUAGES.items():
        assert f'<bdi lang="{code}">{own}</bdi>' in page
    assert {"en": "Japanese", "de": "Japanisch", "ar": "اليابانية", "ja": "日本語"}[
        language
    ] in page


def test_the_page_in_every_language_keeps_the_rules_of_the_house(
    served: dict[str, Answer],
) -> None:
    for answer in served.values():
        assert answer.page.count("<script") == 1
        assert "default-src 'none'" in answer.header["Content-Security-Policy"]
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", answer.page)


def test_a_file_is_no_page(chat: Demo) -> None:
    script = Answer(chat, "/language.js?lang=ar")
    assert script.response.status == 200
    assert "Set-Cookie" not in script.header
    assert Path(CHAT / "static" / "language.js").read_text() == script.page
