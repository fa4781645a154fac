"""Catalogues on the disk: Tornado's CSV files, and gettext's ``.mo`` and ``.po``.

A :class:`Source` is a folder of catalogues, one for each language. What is read is kept with the stamp of its file, so
that :meth:`Source.read` costs little where little has changed, and a file that has become unreadable leaves the
catalogue that was there.
"""

import codecs
import csv
import gettext
import io
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Final, Generic, NamedTuple, TypeVar

from ..log import gen_log

Words = dict[str, dict[str, str]]
"""A CSV catalogue: translations under ``"singular"``, ``"plural"`` and ``"unknown"``."""

Stamp = tuple[str, int, int, int]
"""A file as it was: its name, its number, the time of its last change in nanoseconds, its size in bytes."""

C = TypeVar("C")

_CODE: Final = re.compile(r"[a-z]+(_[A-Z][a-z]{3})?(_([A-Z]+|[0-9]{3}))?")
_COUNTS: Final = 1000
"""With how many numbers a rule for plurals is tried; that is how many gettext's own tools take."""
_NUMBERS: Final = ("plural", "singular", "unknown")


class File(NamedTuple):
    """A file that there is."""

    path: str
    status: os.stat_result

    @property
    def stamp(self) -> Stamp:
        status = self.status
        return (self.path, status.st_ino, status.st_mtime_ns, status.st_size)


class Catalog(NamedTuple, Generic[C]):
    """What was read of a file, and when; None if it could not be read."""

    stamp: Stamp
    content: C | None


class Source(Generic[C]):
    """A folder of catalogues. What is in it is found by ``files()`` and read by ``parse()`` of the subclass."""

    def files(self, drafts: bool) -> Mapping[str, File]:
        """The codes of the languages, and the file of each. To be overridden.

        ``drafts``: also what has not been compiled yet.
        """
        raise NotImplementedError

    def parse(self, path: str) -> C:
        """The catalogue in a file. To be overridden. May raise anything for one that is broken."""
        raise NotImplementedError

    def read(
        self,
        before: Mapping[str, Catalog[C]],
        failed: Callable[[str, str, Exception], None],
        drafts: bool,
    ) -> dict[str, Catalog[C]]:
        """The catalogues, by code; as they are in ``before`` where the file has not changed since.

        ``failed`` is called with code, file and exception for each that cannot be read. The one in ``before`` is kept
        then, until the file changes again.
        """
        found = {}
        for code, file in self.files(drafts).items():
            old = before.get(code)
            if old and old.stamp == file.stamp:
                found[code] = old
                continue
            try:
                content: C | None = self.parse(file.path)
            except Exception as error:
                failed(code, file.path, error)
                content = old and old.content
            found[code] = Catalog(file.stamp, content)
        return found


class CSVSource(Source[Words]):
    """A folder with files like ``es_GT.csv``.

    :param encoding: of all files; None: UTF-16 if a file begins with its byte order mark, else UTF-8
    """

    def __init__(self, directory: str | os.PathLike[str], encoding: str | None = None) -> None:
        self._directory = os.path.abspath(directory)
        self._encoding = encoding
        self._misnamed: set[str] = set()

    def files(self, drafts: bool) -> dict[str, File]:
        found = {}
        for name in sorted(os.listdir(self._directory)):
            code, extension = os.path.splitext(name)
            path = os.path.join(self._directory, name)
            if extension == ".csv" and (file := _file(path)):
                if _CODE.fullmatch(code):
                    found[code] = file
                elif path not in self._misnamed:
                    self._misnamed.add(path)
                    gen_log.error("Unrecognized locale %r (path: %s)", code, path)
        return found

    def parse(self, path: str) -> Words:
        data = Path(path).read_bytes()
        encoding = self._encoding
        if encoding is None:
            wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            encoding = "utf-16" if wide else "utf-8-sig"
        rows = csv.reader(io.StringIO(data.decode(encoding), newline=None))
        try:
            return self._words(rows, os.path.basename(path))
        except csv.Error as error:
            raise ValueError(f"line {rows.line_num}: {error}") from error

    def _words(self, rows: Iterable[list[str]], name: str) -> Words:
        words: Words = {}
        for number, row in enumerate(rows, 1):
            if len(row) < 2:
                continue
            text, translation, *rest = (cell.strip() for cell in row)
            plural = (rest[0] if rest else "") or "unknown"
            if plural in _NUMBERS:
                words.setdefault(plural, {})[text] = translation
            else:
                gen_log.error(
                    "Unrecognized plural indicator %r in %s line %d", plural, name, number
                )
        return words


class GettextSource(Source[gettext.GNUTranslations]):
    """A folder as gettext wants it: ``{directory}/{code}/LC_MESSAGES/{domain}.mo``.

    Drafts are ``.po`` files where there is no ``.mo``, or an older one.
    """

    def __init__(self, directory: str | os.PathLike[str], domain: str) -> None:
        self.directory = os.path.abspath(directory)
        self.domain = domain

    def files(self, drafts: bool) -> dict[str, File]:
        found = self._with_suffix(".mo")
        if drafts:
            for code, draft in self._with_suffix(".po").items():
                compiled = found.get(code)
                if not compiled or draft.status.st_mtime_ns > compiled.status.st_mtime_ns:
                    found[code] = draft
        return found

    def uncompiled(self) -> bool:
        """Whether there are catalogues, but none that gettext's tools have compiled."""
        return not self._with_suffix(".mo") and bool(self._with_suffix(".po"))

    def parse(self, path: str) -> gettext.GNUTranslations:
        with open(path, "rb") as file:
            is_draft = path.endswith(".po")
            code = Path(path).parents[1].name
            found = read_po(file, code) if is_draft else gettext.GNUTranslations(file)
        _check_plurals(found)
        return found

    def _with_suffix(self, suffix: str) -> dict[str, File]:
        try:
            codes = sorted(os.listdir(self.directory))
        except FileNotFoundError:
            return {}
        name = self.domain + suffix
        paths = (os.path.join(self.directory, code, "LC_MESSAGES", name) for code in codes)
        files = zip(codes, map(_file, paths), strict=True)
        return {code: file for code, file in files if file}


def _file(path: str) -> File | None:
    """The file at this path; None if there is none."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return File(path, status) if stat.S_ISREG(status.st_mode) else None


def read_po(file: IO[bytes], code: str) -> gettext.GNUTranslations:
    """The translations of an open ``.po`` of a language. Raises Babel's ``PoFileError`` for what is none."""
    from babel.messages import mofile, pofile  # as slow to import as all the rest of us

    catalog = pofile.read_po(file, locale=code, abort_invalid=True)
    if catalog.locale is None:
        catalog.locale = "en"  # without one Babel leaves out the rule for plurals that the file has
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _check_plurals(translations: gettext.GNUTranslations) -> None:
    """Raise :exc:`ValueError` for a rule that would fail when a page needs it: one that divides by zero."""
    for count in range(_COUNTS):
        try:
            translations.plural(count)  # type: ignore[attr-defined]
        except ArithmeticError as error:
            raise ValueError(f"the rule for plurals fails for {count}: {error}") from None


def joined(words: Words, behind: Words) -> Words:
    """``words``, with those of ``behind`` where there are none."""
    return {
        number: {**behind.get(number, {}), **words.get(number, {})}
        for number in words.keys() | behind.keys()
    }


def is_gettext(catalog: Any) -> bool:
    return isinstance(catalog, gettext.NullTranslations)
