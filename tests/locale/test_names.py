"""What languages are called."""

import babel
import tornado.locale

from tornadolike.locale import LOCALE_NAMES, Locale


def test_the_languages_are_tornados() -> None:
    assert list(LOCALE_NAMES) == list(tornado.locale.LOCALE_NAMES)
    for code, names in tornado.locale.LOCALE_NAMES.items():
        if code != "uk_UA":  # whose English name Tornado has misspelt
            assert LOCALE_NAMES[code] == names
    assert LOCALE_NAMES["uk_UA"] == {"name": "Українська", "name_en": "Ukrainian"}


def test_a_language_without_a_name_there_has_babels() -> None:
    assert Locale("de_CH").name == "Deutsch (Schweiz)"
    assert Locale("ka").name == babel.Locale("ka").language_name
    assert Locale("xx").name == "Unknown"
    assert Locale("sr@latin").name == "Unknown"
