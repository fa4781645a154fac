"""Which language somebody gets."""

import itertools

import hypothesis
import pytest
from babel.core import localedata
from hypothesis import strategies

from tornadolike.locale.negotiation import (
    MAX_LANGUAGE_RANGES,
    Languages,
    parse_accept_language,
)


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("de", [("de", 1.0)]),
        ("fr;q=0.5, de", [("de", 1.0), ("fr", 0.5)]),
        ("a,b;q=1,c;q=1.000", [("a", 1.0), ("b", 1.0), ("c", 1.0)]),
        ("en-GB \t; \tq=0.25 ,*;Q=0", [("en-GB", 0.25), ("*", 0.0)]),
        ("da, en-gb;q=0.8, en;q=0.7", [("da", 1.0), ("en-gb", 0.8), ("en", 0.7)]),
        ("en_US", [("en_US", 1.0)]),
        (",, de ,", [("de", 1.0)]),
        ("de;q=0.12345", [("de", 0.12345)]),
        ("de;q=2", []),
        ("de;q=-1", []),
        ("de;q=nan", []),
        ("de;q=1e-3", []),
        ("de;q", []),
        ("de;q = 1", []),
        ("de;level=1", []),
        ("de;q=0.5;q=1", []),
        ("d\u00e9, \u0435\u043d, \u0661", []),
        ("de\x00,de\n", []),
        ("deutschland-", []),
        ("-de", []),
        ("**", []),
        ("", []),
    ],
)
def test_header(header: str, ranges: list[tuple[str, float]]) -> None:
    assert parse_accept_language(header) == ranges


def test_no_more_ranges_than_the_limit() -> None:
    names = [f"a{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"] * 2
    assert parse_accept_language(",".join(names)) == [
        (name, 1.0) for name in names[:MAX_LANGUAGE_RANGES]
    ]


@pytest.mark.parametrize(
    ("codes", "wanted", "found"),
    [
        # Tornado's: the same, or the language
        ("de de_AT", "de_AT", "de_AT"),
        ("de de_AT", "de-at", "de_AT"),
        ("de de_AT", "de_CH", "de"),
        ("de", "fr", None),
        ("zh", "zh_TW", "zh"),
        # what means the same
        ("zh_Hans zh_Hant", "zh_TW", "zh_Hant"),
        ("zh_CN zh_TW", "zh_Hant_TW", "zh_TW"),
        ("zh_CN zh_TW", "zh", "zh_CN"),
        ("en_GB en_US", "en", "en_US"),
        ("pt_BR pt_PT", "pt", "pt_BR"),
        ("iw", "he", "iw"),
        ("he_IL", "iw", "he_IL"),
        ("nb_NO", "no", "nb_NO"),
        ("fil", "tl_PH", "fil"),
        # parents, and the others of the family
        ("es es_419", "es_MX", "es_419"),
        ("es es_LA", "es_AR", "es_LA"),
        ("es es_419", "es_ES", "es"),
        ("en_GB en_US", "en_AU", "en_GB"),
        ("en_GB en_US", "en_PH", "en_US"),
        ("en en_GB", "en_AU", "en"),
        ("pt pt_PT", "pt_AO", "pt_PT"),
        ("fr_FR fr_CA", "fr_BE", "fr_FR"),
        ("zh_Hans zh_TW", "zh_HK", "zh_TW"),
        # not in a script that one cannot read
        ("zh_CN", "zh_TW", None),
        ("sr_Latn", "sr", None),
        ("sr_Latn sr", "sr_ME", "sr_Latn"),
        # variants
        ("ca ca_valencia", "ca-valencia", "ca_valencia"),
        ("ca ca_valencia", "ca-ES-valencia", "ca"),
        ("de_DE", "de-DE-1996-x-any", "de_DE"),
        ("sr@latin", "sr@latin", "sr@latin"),
        ("de", "*", None),
        ("de", "", None),
        ("de", "d" * 10_000, None),
    ],
)
def test_closest(codes: str, wanted: str, found: str | None) -> None:
    for order in itertools.permutations(codes.split()):
        assert Languages(order).closest(wanted) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("de", "de"),
        ("ja, fr;q=0.3, de;q=0.2", "fr"),
        ("fr;q=0.5, de;q=0.5", "fr"),
        ("en-GB, de", "en_US"),
        ("ja", None),
        ("*", "en_US"),
        ("ja, *;q=0.1", "en_US"),
        ("en;q=0, *", "de"),
        ("en;q=0, de;q=0, *", "fr"),
        ("*;q=0", None),
        ("*;q=0, fr;q=0.1", "fr"),
        ("de-AT, de;q=0", "de_AT"),
        ("de-AT;q=0, de", "de"),
        ("de;q=0, de-CH", None),
        ("zh-Hant;q=0, zh, fr;q=0.1", "fr"),
        ("zh-TW;q=0, zh-Hant;q=0.5, fr;q=0.1", "fr"),
        ("fr;q=x", None),
        ("", None),
    ],
)
def test_accepted(header: str, found: str | None) -> None:
    languages = Languages(["en_US", "de", "de_AT", "fr", "zh_TW"], "en_US")
    assert languages.accepted(header) == found


@hypothesis.given(
    strategies.text(alphabet="deznthasgi-_*;q=01. ,", max_size=300),
    strategies.sets(strategies.sampled_from(localedata.locale_identifiers()), min_size=1),
)
def test_any_header_chooses_what_there_is(header: str, codes: set[str]) -> None:
    found = Languages(codes).accepted(header)
    assert found is None or found in codes


@hypothesis.given(strategies.sets(strategies.sampled_from(localedata.locale_identifiers())))
def test_whoever_asks_for_what_there_is_gets_it(codes: set[str]) -> None:
    languages = Languages(codes)
    for code in codes:
        assert languages.closest(code) == code
        assert languages.accepted(code.replace("_", "-").lower()) == code
