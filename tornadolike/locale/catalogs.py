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
_NUMBERS: Final = ("plural", "singular", "unknown")


class Catalog(NamedTuple, Generic[C]):
    """What was read of a file, and when; None if it could not be read."""

    stamp: Stamp
    content: C | None


class Source(Generic[C]):
    """A folder of catalogues. What is in it is found by ``files()`` and read by ``parse()`` of the subclass."""

    def files(self, drafts: bool) -> Mapping[str, Path]:
        """The codes of the languages, and the file of each. To be overridden.

        ``drafts``: also what has not been compiled yet.
        """
        raise NotImplementedError

    def parse(self, path: Path) -> C:
        """The catalogue in a file. To be overridden. May raise anything for one that is broken."""
        raise NotImplementedError

    def read(
        self,
        before: Mapping[str, Catalog[C]],
        failed: Callable[[str, Path, Exception], None],
        drafts: bool,
    ) -> dict[str, Catalog[C]]:
        """The catalogues, by code; as they are in ``before`` where the file has not changed since.

        ``failed`` is called with code, file and exception for each that cannot be read. The one in ``before`` is kept
        then, until the file changes again.
        """
        found = {}
        for code, path in self.files(drafts).items():
            old = before.get(code)
            try:
                stamp = stamp_of(path)
                if old and old.stamp == stamp:
                    found[code] = old
                    continue
            except FileNotFoundError:
                continue  # it has just been removed
            try:
                content: C | None = self.parse(path)
            except Exception as error:
                failed(code, path, error)
                content = old and old.content
            found[code] = Catalog(stamp, content)
        return found


class CSVSource(Source[Words]):
    """A folder with files like ``es_GT.csv``.

    :param encoding: of all files; None: UTF-16 if a file begins with its byte order mark, else UTF-8
    """

    def __init__(self, directory: str | os.PathLike[str], encoding: str | None = None) -> None:
        self._directory = Path(directory)
        self._encoding = encoding
        self._misnamed: set[Path] = set()

    def files(self, drafts: bool) -> dict[str, Path]:
        found = {}
        for path in sorted(self._directory.iterdir()):
            if path.suffix != ".csv":
                continue
            if _CODE.fullmatch(path.stem):
                found[path.stem] = path
            elif path not in self._misnamed:
                self._misnamed.add(path)
                gen_log.error("Unrecognized locale %r (path: %s)", path.stem, path)
        return found

    def parse(self, path: Path) -> Words:
        data = path.read_bytes()
        encoding = self._encoding
        if encoding is None:
            wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            encoding = "utf-16" if wide else "utf-8-sig"
        rows = csv.reader(io.StringIO(data.decode(encoding), newline=None))
        try:
            return self._words(rows, path.name)
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
        self.directory = Path(directory)
        self.domain = domain

    def files(self, drafts: bool) -> dict[str, Path]:
        found = self._with_suffix(".mo")
        if drafts:
            for code, draft in self._with_suffix(".po").items():
                if code not in found or _changed(draft) > _changed(found[code]):
                    found[code] = draft
        return found

    def uncompiled(self) -> bool:
        """Whether there are catalogues, but none that gettext's tools have compiled."""
        return not self._with_suffix(".mo") and bool(self._with_suffix(".po"))

    def parse(self, path: Path) -> gettext.GNUTranslations:
        with path.open("rb") as file:
            if path.suffix == ".po":
                return read_po(file, path.parents[1].name)
            return gettext.GNUTranslations(file)

    def _with_suffix(self, suffix: str) -> dict[str, Path]:
        name = self.domain + suffix
        try:
            folders = sorted(self.directory.iterdir())
        except FileNotFoundError:
            return {}
        paths = ((folder.name, folder / "LC_MESSAGES" / name) for folder in folders)
        return {code: path for code, path in paths if path.is_file()}


def stamp_of(path: Path) -> Stamp:
    status = path.stat()
    return (str(path), status.st_ino, status.st_mtime_ns, status.st_size)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


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


def joined(words: Words, behind: Words) -> Words:
    """``words``, with those of ``behind`` where there are none."""
    return {
        number: {**behind.get(number, {}), **words.get(number, {})}
        for number in words.keys() | behind.keys()
    }


def is_gettext(catalog: Any) -> bool:
    return isinstance(catalog, gettext.NullTranslations)
