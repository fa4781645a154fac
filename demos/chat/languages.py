"""The chat's languages: their catalogues, and what the scripts in the page need of them.

A language is added by a catalogue in `locale/` and a line in `LANGUAGES`; README.md has the
commands. English needs no catalogue: it is what stands in the sources.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from babel.messages.extract import extract_from_dir

from tornadolike import locale
from tornadolike.locale import Locale

from .refusals import REFUSALS

HERE = Path(__file__).parent
CATALOGUES = HERE / "locale"
SCRIPTS = HERE / "static"

LANGUAGES = {"en": "English", "de": "Deutsch", "ar": "العربية", "ja": "日本語"}
"""By code, the names that their own readers know them by."""

Message = str | dict[str, str]
"""A text, or one for each plural category of the language (`one`, `few`, `many`...)."""


def load() -> None:
    """Read the catalogues. Until then, and where a text is missing, everything is English."""
    locale.load_gettext_translations(str(CATALOGUES), "chat")
    locale.set_default_locale("en")


def code_of(reader: Locale) -> str:
    """The key of that locale's language in `LANGUAGES`."""
    return reader.code.partition("_")[0]


def names(reader: Locale) -> list[tuple[str, str, str]]:
    """For the menu: code, own name, and name in the reader's language of each language."""
    return [(code, own, reader.display_name(code)) for code, own in LANGUAGES.items()]


@lru_cache(maxsize=len(LANGUAGES))
def strings(reader: Locale) -> dict[str, object]:
    """All that the scripts say, in the reader's language, as `static/language.js` reads it."""
    return {
        "language": code_of(reader),
        "messages": {
            text if isinstance(text, str) else text[0]: _translate(reader, text)
            for text in _texts_of_scripts()
        },
        "refusals": {code: _translate(reader, text) for code, text in REFUSALS.items()},
    }


def _translate(reader: Locale, text: str | tuple[str, ...]) -> Message:
    if isinstance(text, str):
        return reader.translate(text)
    one, many = text
    numbers = _number_of_each_category(reader).items()
    return {category: reader.translate(one, many, number) for category, number in numbers}


@cache
def _texts_of_scripts() -> list[str | tuple[str, ...]]:
    """What stands in `_()` and `ngettext()` there: read from the scripts, so nothing is forgotten."""
    found = extract_from_dir(SCRIPTS, [("**.js", "javascript")])
    return [text for _, _, text, _, _ in found]


def _number_of_each_category(reader: Locale) -> dict[str, int]:
    """Some number of each plural category. The page cannot evaluate a catalogue's own rule, but
    knows by `Intl.PluralRules` which category a number belongs to."""
    return {reader.babel.plural_form(number): number for number in reversed(range(200))}
