"""Babel's data of a language, kept from that of others.

Babel notes what an alias in its tables stands for in tables that languages share, and so the words of one get into the
next: who has asked for the month in Hebrew gets it in Hebrew when he asks for it in German, until the process ends
(issue 1234 of Babel, in 2.18 still). A `Locale` of ours therefore has tables that nobody else can write to.
"""

import functools
import pickle
from typing import TYPE_CHECKING, Any

from . import cldr
from .tags import Tag, full

if TYPE_CHECKING:
    from babel.localedata import LocaleDataDict


@functools.lru_cache(64)
def unshared(locale: "cldr.core.Locale") -> "cldr.core.Locale":
    """Return Babel's locale with tables of its own. They take some milliseconds, and a megabyte or two."""
    own = cldr.localedata.LocaleDataDict(_tables(str(locale)))

    class Unshared(cldr.core.Locale):
        @property
        def _data(self) -> "LocaleDataDict":
            return own

    return Unshared(locale.language, locale.territory, locale.script, locale.variant)


def _tables(name: str) -> dict[str | int | None, Any]:
    """Read what Babel's own `load` gives, but not out of its cache nor into it."""
    tables: dict[str | int | None, Any] = {} if name == "root" else _tables(_parent(name))
    with open(cldr.localedata.resolve_locale_filename(name), "rb") as file:
        cldr.localedata.merge(tables, pickle.load(file))  # noqa: S301 (it is Babel's own file)
    return tables


def _parent(name: str) -> str:
    """Return whose words a language has where it has none of its own, as section 4.1.2 of UTS #35 tells."""
    exceptions = cldr.core.get_global("parent_exceptions")
    if name in exceptions:
        return str(exceptions[name])
    shorter, _, last = name.rpartition("_")
    # Who reads another script than most does not read theirs.
    if len(last) == 4 and last.isalpha() and full(Tag(shorter)).script != last:
        return "root"
    return shorter or "root"
