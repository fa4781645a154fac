"""Locales: their texts, by Tornado's interface."""

import gettext
from pathlib import Path

import pytest
import tornado.locale

from tests.locale.conftest import entry
from tornadolike import locale
from tornadolike.locale import CSVLocale, GettextLocale, Locale
from tornadolike.locale.negotiation import Languages

SITE = (
    entry("school", "Schule")
    + 'msgctxt "law"\nmsgid "right"\nmsgstr "Recht"\n\n'
    + 'msgid "right"\nmsgstr "rechts"\n\n'
    + 'msgid "%(n)d book"\nmsgid_plural "%(n)d books"\n'
    + 'msgstr[0] "%(n)d книга"\nmsgstr[1] "%(n)d книги"\nmsgstr[2] "%(n)d книг"\n\n'
    + 'msgctxt "stick"\nmsgid "club"\nmsgid_plural "clubs"\n'
    + 'msgstr[0] "клюшка"\nmsgstr[1] "клюшки"\nmsgstr[2] "клюшек"\n\n'
    + 'msgid "club"\nmsgid_plural "clubs"\nmsgstr[0] "клуб"\nmsgstr[1] "клуба"\nmsgstr[2] "клубов"\n\n'
)
CSV = CSVLocale(
    "fr_FR",
    {
        "unknown": {"school": "école"},
        "singular": {"a like": "un j'aime"},
        "plural": {"likes": "des j'aime"},
    },
)


@pytest.fixture
def site(write_po, tmp_path: Path) -> Path:
    write_po("ru_RU", SITE)
    return tmp_path


def test_nothing_loaded() -> None:
    assert locale.get_supported_locales() == {"en_US"}
    american = locale.get("de", "fr_FR", None, "")
    assert american.code == "en_US"
    assert american.translate("school") == "school"
    assert american.translate("school", "schools", 1) == "school"
    assert american.translate("school", "schools", 0) == "schools"
    assert american.pgettext("law", "right") == "right"
    assert american.pgettext("law", "right", "rights", 2) == "rights"
    assert locale.get("en-us") is american
    assert Locale.get("en_US") is american


def test_gettext(site: Path) -> None:
    locale.load_gettext_translations(str(site), "site")
    russian = locale.get("ru")
    assert isinstance(russian, GettextLocale)
    assert russian.code == "ru_RU"
    assert russian.translate("school") == "Schule"
    assert russian.translate("nothing") == "nothing"
    assert russian.translate("") == ""
    assert [russian.translate("%(n)d book", "%(n)d books", n) % {"n": n} for n in (1, 3, 11)] == [
        "1 книга",
        "3 книги",
        "11 книг",
    ]
    assert russian.translate("cat", "cats", 1) == "cat"
    assert russian.translate("cat", "cats", 21) == "cats"


def test_contexts(site: Path) -> None:
    locale.load_gettext_translations(site, "site")
    russian = locale.get("ru")
    assert russian.pgettext("law", "right") == "Recht"
    assert russian.pgettext("good", "right") == "right"
    assert russian.pgettext("stick", "club", "clubs", 5) == "клюшек"
    assert russian.pgettext("organization", "club", "clubs", 5) == "клубов"
    assert russian.pgettext("law", "cat", "cats", 2) == "cats"
    assert russian.pgettext("", "right") == "right"


def test_every_text_is_as_with_tornado(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_translations", "_supported_locales", "_use_gettext"):
        monkeypatch.setattr(tornado.locale, name, getattr(tornado.locale, name))
    monkeypatch.setattr(tornado.locale.Locale, "_cache", {})
    tornado.locale.load_gettext_translations(str(site), "site")
    locale.load_gettext_translations(site, "site")
    theirs, ours = tornado.locale.get("ru_RU"), locale.get("ru_RU")
    for message in ("school", "right", "club", "nothing", "x" * 100):
        assert ours.translate(message) == theirs.translate(message)
        for context in ("law", "stick", "other", ""):
            assert ours.pgettext(context, message) == theirs.pgettext(context, message)
            for plural in ("clubs", "others"):
                for count in (0, 1, 2, 5, 21, 111):
                    arguments = (message, plural, count)
                    assert ours.translate(*arguments) == theirs.translate(*arguments)
                    assert ours.pgettext(context, *arguments) == theirs.pgettext(
                        context, *arguments
                    )


def test_csv(expect_log) -> None:
    assert CSV.translate("school") == "école"
    assert CSV.translate("a like") == "a like"
    assert CSV.translate("a like", "likes", 1) == "un j'aime"
    assert CSV.translate("a like", "likes", 2) == "des j'aime"
    assert CSV.translate("cat", "cats", 2) == "cats"
    with expect_log("tornadolike.general", "pgettext is not supported by CSVLocale"):
        assert CSV.pgettext("building", "school") == "école"


@pytest.mark.parametrize("made", [CSV, GettextLocale("de", gettext.NullTranslations())])
def test_a_plural_without_a_count(made: Locale) -> None:
    with pytest.raises(ValueError, match="needs a count"):
        made.translate("cat", "cats")
    with pytest.raises(ValueError, match="needs a count"):
        made.pgettext("animal", "cat", "cats")


def test_what_is_found(site: Path) -> None:
    locale.load_gettext_translations(site, "site")
    russian = locale.get("ru")
    assert russian.find("school") == "Schule"
    assert russian.find("nothing") is None
    assert russian.find("club", "clubs", 1) == "клуб"
    assert russian.find("cat", "cats", 1) is None
    assert CSV.find("school") == "école"
    assert CSV.find("likes") is None
    assert CSV.find("a like", "likes", 3) == "des j'aime"


def test_a_translation_that_is_the_same_is_found() -> None:
    class Same(Locale):
        def translate(self, message, plural_message=None, count=None):
            return {"yes": "ja"}.get(message, message)

    assert Same("de").find("yes") == "ja"
    assert Same("de").find("no") is None
    assert CSVLocale("de", {"unknown": {"Moor": "Moor"}}).find("Moor") == "Moor"


def test_a_locale_that_is_not_supported() -> None:
    with pytest.raises(ValueError, match=r"'de' is not supported: there are en_US"):
        Locale.get("de")


def test_a_bare_locale_has_no_texts() -> None:
    with pytest.raises(NotImplementedError):
        Locale("de").translate("school")
    with pytest.raises(NotImplementedError):
        Locale("de").pgettext("building", "school")


@pytest.mark.parametrize(
    "code", ["ar", "ar_EG", "he_IL", "iw", "fa", "ur_PK", "ckb", "dv", "yi", "pa_PK"]
)
def test_right_to_left(code: str) -> None:
    assert Locale(code).rtl


@pytest.mark.parametrize("code", ["en_US", "arn", "pa", "az", "ja", "xx", "fa@latin", "ku"])
def test_left_to_right(code: str) -> None:
    assert not Locale(code).rtl


def test_names_of_tornado_for_what_is_loaded(site: Path) -> None:
    assert locale._supported_locales == {"en_US"}
    assert not locale._use_gettext
    locale.load_gettext_translations(site, "site")
    assert list(locale._translations) == ["ru_RU"]
    assert locale._use_gettext
    with pytest.raises(AttributeError, match="no attribute '_other'"):
        _ = locale._other


def test_whatever_tornado_finds_close_we_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Perhaps something closer, but never the default in its place."""
    codes = ["de", "de_AT", "en_GB", "es", "es_MX", "pt_BR", "zh", "zh_TW", "nb_NO", "he", "x_Y"]
    wanted = [*tornado.locale.LOCALE_NAMES, *codes, "es_AR", "ES-mx", "zh_HK", "zh-tw", "de-at"]
    monkeypatch.setattr(tornado.locale, "_supported_locales", frozenset([*codes, "en_US"]))
    monkeypatch.setattr(tornado.locale.Locale, "_cache", {})
    languages = Languages([*codes, "en_US"])
    other = {}
    for code in wanted:
        theirs = tornado.locale.get(code).code
        if theirs != "en_US" and (ours := languages.closest(code)) != theirs:
            other[code] = theirs, ours
    assert other == {"zh_HK": ("zh", "zh_TW")}


def test_the_default_for_who_wants_what_is_not_there(site: Path) -> None:
    locale.load_gettext_translations(site, "site")
    locale.set_default_locale("de")
    assert locale.get_supported_locales() == {"de", "ru_RU"}
    assert locale.get("fr").code == "de"
    assert locale.get("fr", "ru").code == "ru_RU"
    assert locale.get_closest_accepted("fr").code == "de"
    assert locale.get_closest_accepted("fr, ru;q=0.1").code == "ru_RU"
    assert locale.get_closest_accepted(None, "ru_RU").code == "ru_RU"
    assert locale.get_closest_accepted("", "fr").code == "de"
    for nothing in ("de;q=x", " , ;", "x" * 100):
        assert locale.get_closest_accepted(nothing, "ru_RU").code == "ru_RU"
    assert locale.get_closest_accepted("fr", "ru_RU").code == "de"
    assert locale.get_closest_accepted("ru;q=0", "ru_RU").code == "de"


def test_the_text_of_a_locale_is_its_class_and_code() -> None:
    assert repr(CSV) == "<CSVLocale fr_FR>"
