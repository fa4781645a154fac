"""What is loaded: catalogues by language, and how they come there and are replaced."""

import gettext
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from ..log import gen_log
from . import tags
from .catalogs import Catalog, CSVSource, GettextSource, Source, is_gettext, joined
from .negotiation import Languages

DEFAULT: Final = "en_US"

Read = Mapping[str, Catalog[Any]]


class Shelf:
    """The catalogues of one moment. A shelf never changes: whoever has it has all of it, and none of the next.

    :param default: the code of the language in which the texts of the program are
    :param catalogs: the site's, by code: ``Words`` or gettext's translations
    :param additions: those of libraries, the most important first
    """

    def __init__(
        self,
        default: str,
        catalogs: Mapping[str, Any],
        additions: Sequence[Mapping[str, gettext.GNUTranslations]] = (),
    ) -> None:
        self.default = default
        self.catalogs = catalogs
        self.languages = Languages([*catalogs, default], default)
        self.made: dict[str, Any] = {}
        """The locales that were asked for, by code."""
        self._additions = [(Languages(addition), addition) for addition in additions]

    def catalog(self, code: str) -> Any:
        """The site's catalogue for a language, empty if there is none. CSV: with its parents' words."""
        catalog = self.catalogs.get(code, {})
        if not is_gettext(catalog):
            for parent in self._parents(code):
                catalog = joined(catalog, parent)
        return catalog

    def behind(self, code: str) -> tuple[gettext.GNUTranslations, ...]:
        """What is asked when the site's catalogue for a language has no translation, in this order."""
        parents = filter(is_gettext, self._parents(code))
        found = ((languages.closest(code), addition) for languages, addition in self._additions)
        return (*parents, *(addition[closest] for closest, addition in found if closest))

    def _parents(self, code: str) -> Iterator[Any]:
        if len(self.catalogs) > 1 and code in self.catalogs and (tag := tags.parse(code)):
            for parent in tags.lineage(tag):
                if parent != code and parent in self.catalogs:
                    yield self.catalogs[parent]


class Loader:
    """Puts shelves up. Who reads takes the one that stands there; who loads makes another and exchanges them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._default = DEFAULT
        self._site: Source[Any] | None = None
        self._site_read: Read = {}
        self._additions: dict[tuple[str, str], tuple[GettextSource, Read]] = {}
        self._reloads = False
        self._complaint = ""
        self._shelf = Shelf(DEFAULT, {})

    def shelf(self) -> Shelf:
        """The shelf as it is now."""
        if self._reloads and self._lock.acquire(blocking=False):  # else another is at it
            try:
                self._reread()
            finally:
                self._lock.release()
        return self._shelf

    def set_default(self, code: str) -> None:
        with self._lock:
            self._default = code
            self._put_up()

    def load_csv(self, directory: str | os.PathLike[str], encoding: str | None) -> None:
        self._load(CSVSource(directory, encoding), _fail)

    def load_gettext(self, directory: str | os.PathLike[str], domain: str) -> None:
        source = GettextSource(directory, domain)
        if not self._load(source, _log_failure):
            gen_log.warning(
                "No translations in %s",
                os.path.join(source.directory, "*", "LC_MESSAGES", f"{domain}.mo")
                if not source.uncompiled()
                else f"{source.directory}: its .po files have to be compiled (pybabel compile)",
            )

    def add_gettext(self, directory: str | os.PathLike[str], domain: str) -> None:
        with self._lock:
            source = GettextSource(directory, domain)
            read = source.read({}, _log_failure, self._reloads)
            self._additions[source.directory, domain] = source, read
            self._put_up()

    def enable_reload(self) -> None:
        with self._lock:
            self._reloads = True

    def _load(self, source: Source[Any], failed: Callable[[str, str, Exception], None]) -> Read:
        with self._lock:
            read = source.read({}, failed, self._reloads)
            self._site, self._site_read = source, read
            self._put_up()
        gen_log.debug("Supported locales: %s", sorted(self._shelf.languages.codes))
        return read

    def _put_up(self) -> None:
        additions = [_contents(read) for _, read in self._additions.values()]
        self._shelf = Shelf(self._default, _contents(self._site_read), additions)

    def _reread(self) -> None:
        before = self._stamps()
        if self._site:
            self._site_read = self._read_again(self._site, self._site_read)
        for key, (source, read) in self._additions.items():
            self._additions[key] = source, self._read_again(source, read)
        if self._stamps() != before:
            self._put_up()
            gen_log.info("Translations have been read again")

    def _read_again(self, source: Source[Any], before: Read) -> Read:
        try:
            return source.read(before, _log_failure, drafts=True)
        except OSError as error:
            if str(error) != self._complaint:  # else each request would say it
                self._complaint = str(error)
                gen_log.error("Cannot read translations again: %s", error)
            return before

    def _stamps(self) -> list[dict[str, Any]]:
        reads = [self._site_read, *(read for _, read in self._additions.values())]
        return [{code: catalog.stamp for code, catalog in read.items()} for read in reads]


def _contents(read: Read) -> dict[str, Any]:
    return {code: entry.content for code, entry in read.items() if entry.content is not None}


def _fail(code: str, path: str, error: Exception) -> None:
    error.add_note(f"while reading {path}")
    raise error


def _log_failure(code: str, path: str, error: Exception) -> None:
    gen_log.error("Cannot load translation for '%s': %s (%s)", code, error, path)


loaded: Final = Loader()
