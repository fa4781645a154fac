"""Locales: who asks one gets texts in its language."""

import gettext
from typing import Any, Final, Protocol

from ..log import gen_log
from ..util import lazy
from . import own, tags
from .catalogs import Words, is_gettext
from .formats import Formats
from .names import LOCALE_NAMES
from .negotiation import parse_accept_language
from .shelf import DEFAULT, Shelf, loaded
from .unshared import unshared

CONTEXT_SEPARATOR: Final = "\x04"
"""What stands between context and message in gettext's catalogues."""


class Translations(Protocol):
    """What we want of gettext's translations."""

    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str: ...


class Locale(Formats):
    """A language, perhaps as one country writes it.

    They are made by :func:`get`. What is asked for is looked up in the site's catalogue, then in those of the
    language's parents (``es`` for ``es_MX``), then in those of libraries (:func:`add_gettext_translations`).
    """

    _behind: tuple[Translations, ...] = ()

    @classmethod
    def get_closest(cls, *locale_codes: str | None) -> "Locale":
        """The locale for the first of the codes that anything supported is close to; else the default.

        What is close, :doc:`/languages` tells.
        """
        shelf = loaded.shelf()
        if len(shelf.languages.codes) > 1:
            for code in locale_codes:
                if code and (closest := shelf.languages.closest(code)):
                    return cls._on(shelf, closest)
        return cls._on(shelf, shelf.default)

    @classmethod
    def get_closest_accepted(cls, header: str | None, default: str = DEFAULT) -> "Locale":
        """The locale for a client with this ``Accept-Language``; ``default`` is for one that names no language."""
        if not header:
            return cls.get_closest(default)
        shelf = loaded.shelf()
        several = len(shelf.languages.codes) > 1
        accepted = shelf.languages.accepted(header) if several else None
        if accepted is None and not parse_accept_language(header):
            return cls.get_closest(default)
        return cls._on(shelf, accepted or shelf.default)

    @classmethod
    def get(cls, code: str) -> "Locale":
        """The locale for exactly this code. Raises :exc:`ValueError` if it is not supported."""
        return cls._on(loaded.shelf(), code)

    @classmethod
    def _on(cls, shelf: Shelf, code: str) -> "Locale":
        made: Locale | None = shelf.made.get(code)
        if made is None:
            if code not in shelf.languages.codes:
                raise ValueError(
                    f"{code!r} is not supported: there are {', '.join(sorted(shelf.languages.codes))}"
                )
            catalog = shelf.catalog(code)
            made = (GettextLocale if is_gettext(catalog) else CSVLocale)(code, catalog)
            made._behind = shelf.behind(code)
            made = shelf.made.setdefault(code, made)
        return made

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code}>"

    @lazy
    def name(self) -> str:
        """What the language calls itself, with a capital; "Unknown" if nobody knows."""
        if known := LOCALE_NAMES.get(self.code):
            return known["name"]
        tag = tags.parse(self.code)
        if tag is None or self.babel.language != tag.language:
            return "Unknown"
        name = self.babel.get_display_name() or "Unknown"
        return name[:1].title() + name[1:]

    @lazy
    def rtl(self) -> bool:
        """Whether it is written from right to left."""
        tag = tags.parse(self.code)
        return tag is not None and tags.full(tag).script in tags.RIGHT_TO_LEFT

    @lazy
    def babel(self) -> Any:
        """Babel's :class:`~babel.core.Locale`: the language's own if CLDR has not got the code, else English."""
        return unshared(tags.babel_locale(self.code))

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """The translation of ``message``, or itself if there is none.

        With ``plural_message`` and ``count`` it is the form for that many. In gettext's catalogues the catalogue says
        which that is; otherwise ``message`` is for one, and ``plural_message`` for everything else. Raises
        :exc:`ValueError` if the count is missing.
        """
        raise NotImplementedError

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """:meth:`translate` for a message that means different things in different contexts.

        ``pgettext("law", "right")`` and ``pgettext("good", "right")`` are two entries in a catalogue.
        """
        raise NotImplementedError

    def find(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str | None:
        """As :meth:`translate`, but None if there is no translation."""
        text = self.translate(message, plural_message, count)
        return None if text == _original(message, plural_message, count) else text

    def own(self, message: str, plural_message: str | None = None, count: int | None = None) -> str:
        """The translation of one of the framework's own messages, like "Not Found".

        The site's catalogue is asked first, so that an author can say it in his words; then the framework's.
        """
        text = self.find(message, plural_message, count)
        if text is None and (catalog := own.catalog(self.code)):
            text = ask(catalog, message, plural_message, count)
        return _original(message, plural_message, count) if text is None else text

    def _find_behind(
        self,
        message: str,
        plural_message: str | None,
        count: int | None,
        context: str | None = None,
    ) -> str | None:
        for translations in self._behind:
            text = ask(translations, message, plural_message, count, context)
            if text is not None:
                return text
        return None


class CSVLocale(Locale):
    """A locale with Tornado's CSV translations."""

    def __init__(self, code: str, translations: Words) -> None:
        super().__init__(code)
        self.translations = translations

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        text = self.find(message, plural_message, count)
        return _original(message, plural_message, count) if text is None else text

    def find(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str | None:
        number = "unknown"
        if plural_message is not None:
            number = "singular" if _checked(count) == 1 else "plural"
        text = self.translations.get(number, {}).get(_original(message, plural_message, count))
        return self._find_behind(message, plural_message, count) if text is None else text

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        text = self._find_behind(message, plural_message, count, context)
        if text is not None:
            return text
        if self.translations:
            gen_log.warning("pgettext is not supported by CSVLocale")
        return self.translate(message, plural_message, count)


class GettextLocale(Locale):
    """A locale with the translations of :mod:`gettext`."""

    def __init__(self, code: str, translations: gettext.NullTranslations) -> None:
        super().__init__(code)
        self.ngettext = translations.ngettext
        self.gettext = translations.gettext

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        if plural_message is None and message and not self._behind:
            return self.gettext(message)  # what nearly all calls are
        text = self.find(message, plural_message, count)
        return _original(message, plural_message, count) if text is None else text

    def find(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str | None:
        text = ask(self, message, plural_message, count)
        return self._find_behind(message, plural_message, count) if text is None else text

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        text = ask(self, message, plural_message, count, context)
        if text is None:
            text = self._find_behind(message, plural_message, count, context)
        if text is None and plural_message is not None:
            return self.translate(message, plural_message, count)  # Tornado's, for plurals only
        return message if text is None else text


def ask(
    translations: Translations,
    message: str,
    plural_message: str | None,
    count: int | None,
    context: str | None = None,
) -> str | None:
    """The translation that there is, or None."""
    if not message:
        return None  # gettext keeps the catalogue's head there
    if context is not None:
        message = f"{context}{CONTEXT_SEPARATOR}{message}"
        plural_message = plural_message and f"{context}{CONTEXT_SEPARATOR}{plural_message}"
    # gettext gives back the very string that it was asked for when it has nothing.
    if plural_message is None:
        text = translations.gettext(message)
        return None if text is message else text
    text = translations.ngettext(message, plural_message, _checked(count))
    return None if text is message or text is plural_message else text


def _original(message: str, plural_message: str | None, count: int | None) -> str:
    return message if plural_message is None or _checked(count) == 1 else plural_message


def _checked(count: int | None) -> int:
    if count is None:
        raise ValueError("a message with a plural needs a count: translate(message, plural, count)")
    return count
