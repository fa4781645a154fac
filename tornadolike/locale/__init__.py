"""Languages: translations, and how people of different countries write dates, numbers and lists.

Catalogues are loaded once, as CSV files or gettext's; :func:`get` then gives the :class:`Locale` that is closest to the
codes one has, and its :meth:`~Locale.translate` the texts::

    load_gettext_translations("locale", "shop")
    german = get("de_AT", "de")
    print(german.translate("%(count)d book", "%(count)d books", 3) % {"count": 3})

The modules, from the ground up: ``tags`` (codes and what CLDR knows of them), ``negotiation`` (the closest of them),
``catalogs`` (files), ``shelf`` (what is loaded), ``own`` (our own messages), ``formats`` with the modules
that it stands on, ``locales``.
"""

import os
from typing import Any

from .catalogs import is_gettext
from .locales import CONTEXT_SEPARATOR, CSVLocale, GettextLocale, Locale
from .names import LOCALE_NAMES
from .negotiation import parse_accept_language
from .shelf import loaded

__all__ = [
    "CONTEXT_SEPARATOR",
    "LOCALE_NAMES",
    "CSVLocale",
    "GettextLocale",
    "Locale",
    "add_gettext_translations",
    "enable_reload",
    "get",
    "get_closest_accepted",
    "get_supported_locales",
    "load_gettext_translations",
    "load_translations",
    "parse_accept_language",
    "set_default_locale",
]


def get(*locale_codes: str | None) -> Locale:
    """The locale for the first of the codes that anything supported is close to; else the default.

    ``en-us`` is as good as ``en_US``; None and what is no code are passed over. What is close, :doc:`/languages` tells.
    """
    return Locale.get_closest(*locale_codes)


def get_closest_accepted(header: str | None, default: str = "en_US") -> Locale:
    """The locale for a client with this ``Accept-Language`` (RFC 9110 section 12.5.4).

    Without a header, or with one in which nothing could be a language, it is that for ``default``; if nothing of what
    the client wants is supported, the default of :func:`set_default_locale`.
    """
    return Locale.get_closest_accepted(header, default)


def set_default_locale(code: str) -> None:
    """Say in which language the texts of the program are (at first ``en_US``).

    It needs no catalogue, and whoever wants a language that is not there gets it.
    """
    loaded.set_default(code)


def load_translations(directory: str | os.PathLike[str], encoding: str | None = None) -> None:
    """Load the site's translations from CSV files: ``es_GT.csv``, ``zh_Hant.csv``.

    Each line has a text, its translation, and perhaps "singular" or "plural", for texts that have both. There is no
    space behind a comma::

        "I love you","Te amo"
        "%(name)s liked this","A %(name)s les gustó esto","plural"
        "%(name)s liked this","A %(name)s le gustó esto","singular"

    ``encoding`` None is UTF-8, or UTF-16 where a file begins with a byte order mark. What was loaded before is
    replaced, in one step. Raises :exc:`OSError` and :exc:`ValueError` for what cannot be read, and leaves all as it
    was.
    """
    loaded.load_csv(directory, encoding)


def load_gettext_translations(directory: str | os.PathLike[str], domain: str) -> None:
    """Load the site's translations from gettext's catalogues, ``{directory}/{code}/LC_MESSAGES/{domain}.mo``.

    What was loaded before is replaced, in one step. A catalogue that cannot be read is logged, and its language is not
    supported.
    """
    loaded.load_gettext(directory, domain)


def add_gettext_translations(directory: str | os.PathLike[str], domain: str) -> None:
    """Add the translations of a library, which are asked where the site's own have nothing.

    They stay when the site's are loaded, and are replaced when the same are added again. They make no language
    supported: which languages a site has is for the site to say.
    """
    loaded.add_gettext(directory, domain)


def enable_reload() -> None:
    """From now on look at the catalogues' files whenever a locale is asked for, and read what has changed.

    For development: with ``debug`` an application calls it. A ``.po`` that is newer than its ``.mo`` is read as well,
    so that there is nothing to compile. A file that has become unreadable leaves what was there, and is logged.
    """
    loaded.enable_reload()


def get_supported_locales() -> frozenset[str]:
    """The codes of the languages that there are catalogues for, and of the default."""
    return loaded.shelf().languages.codes


def __getattr__(name: str) -> Any:
    """Tornado's names for what is loaded, to look at."""
    if name == "_translations":
        return loaded.shelf().catalogs
    if name == "_supported_locales":
        return get_supported_locales()
    if name == "_use_gettext":
        return any(map(is_gettext, loaded.shelf().catalogs.values()))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
