"""Codes of languages, and what CLDR knows of them."""

import re

import hypothesis
import pytest
from babel.core import get_global, localedata
from hypothesis import strategies

from tornadolike.locale import tags
from tornadolike.locale.tags import Tag


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("de", Tag("de")),
        ("DE-at", Tag("de", "", "AT")),
        ("zh_hant_tw", Tag("zh", "Hant", "TW")),
        ("es-419", Tag("es", "", "419")),
        ("iw_IL", Tag("he", "", "IL")),
        ("no", Tag("nb")),
        ("sh", Tag("sr", "Latn")),
        ("es_LA", Tag("es", "", "419")),
        ("ar_AR", Tag("ar")),
        ("deu", Tag("de")),
        ("ca-ES-valencia", Tag("ca", "", "ES")),
        ("en-u-hc-h12", Tag("en")),
        ("zh-cmn-Hans-CN", Tag("zh", "Hans", "CN")),
        ("", None),
        ("_", None),
        ("x-private", None),
        ("i-klingon", None),
        ("../de", None),
        ("de\n", None),
        ("sr@latin", None),
        ("de-" + "abcdefgh-" * 8, None),
    ],
)
def test_parts(code: str, tag: Tag | None) -> None:
    assert tags.parse(code) == tag


@pytest.mark.parametrize(
    ("code", "whole"),
    [
        ("zh_TW", "zh_Hant_TW"),
        ("zh", "zh_Hans_CN"),
        ("sr_ME", "sr_Latn_ME"),
        ("pa_PK", "pa_Arab_PK"),
        ("pt", "pt_Latn_BR"),
        ("en_Shaw", "en_Shaw_GB"),
        ("qq_XY", "qq_XY"),
    ],
)
def test_likely_subtags(code: str, whole: str) -> None:
    tag = tags.parse(code)
    assert tag is not None
    assert str(tags.full(tag)) == whole


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("es_MX", ("es_MX", "es_419", "es")),
        ("en_AT", ("en_AT", "en_150", "en_001", "en")),
        ("pt_AO", ("pt_AO", "pt_PT", "pt")),
        ("zh_MO", ("zh_Hant_MO", "zh_Hant_HK", "zh_Hant", "zh")),
        ("zh_Hans_SG", ("zh_SG", "zh")),
        ("hi_Latn", ("hi_Latn",)),
        ("ht", ("ht",)),
        ("nb_NO", ("nb_NO", "nb")),
    ],
)
def test_parents(code: str, line: tuple[str, ...]) -> None:
    tag = tags.parse(code)
    assert tag is not None
    assert tags.lineage(tag) == line


@pytest.mark.parametrize("name", localedata.locale_identifiers()[::9])
def test_whatever_babel_has_is_found_there(name: str) -> None:
    tag = tags.parse(name)
    assert tag is not None
    assert tags.babel_locale(name).language in (name.partition("_")[0], tag.language)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("es_LA", "es_419"),
        ("ar_AR", "ar"),
        ("de_XX", "de"),
        ("zh_TW", "zh_Hant_TW"),
        ("xx", "en"),
        ("sr@latin", "en"),
    ],
)
def test_babel_has_not_got_everything(code: str, name: str) -> None:
    assert str(tags.babel_locale(code)) == name


def test_right_to_left_is_what_cldr_says_too() -> None:
    names = [
        name for name in localedata.locale_identifiers() if not re.search("_([A-Z]{2}|1)", name)
    ]
    assert {"ar", "az_Arab", "yi"} <= set(names)
    for name in names:
        tag = tags.parse(name)
        assert tag is not None
        rtl = tags.full(tag).script in tags.RIGHT_TO_LEFT
        assert rtl == (tags.babel_locale(name).text_direction == "rtl"), name


@hypothesis.given(strategies.text(alphabet="abZ019-_@.ñ ", max_size=80))
def test_any_text_is_a_tag_or_none(text: str) -> None:
    tag = tags.parse(text)
    if tag:
        assert tags.lineage(tag)[0].startswith(tag.language)
        assert tags.full(tag).language == tag.language
        again = tags.parse(str(tag))
        assert again == tag


def test_every_language_is_its_own_oldest_ancestor() -> None:
    for code in get_global("likely_subtags"):
        tag = tags.parse(code)
        if tag and tag.language != "und":
            assert tags.lineage(tag)[-1].partition("_")[0] == tag.language
