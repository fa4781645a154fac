"""What tornadolike itself says, and its catalogues."""

import gettext
import http
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import Catalog, extract, mofile, pofile

from tests.locale.conftest import entry
from tornadolike import locale
from tornadolike.httputil import responses
from tornadolike.locale import messages, own

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tornadolike" / "locale" / "catalogs"
CODES = ["ar", "de", "es", "fr", "ja", "pt", "ru", "zh_Hans"]


PLURAL = (
    'msgid "%(n)d book"\nmsgid_plural "%(n)d books"\n'
    'msgstr[0] "книга"\nmsgstr[1] "книги"\nmsgstr[2] "книг"\n'
)


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return pofile.read_po(file, abort_invalid=True)


def marked() -> set[str | tuple[str, ...]]:
    """The messages that ``N_`` marks."""
    with open(messages.__file__, "rb") as file:
        return {text for _, text, _, _ in extract.extract("python", file, {"N_": None})}


def test_which_languages_there_are() -> None:
    assert sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()) == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_is_whole(code: str) -> None:
    catalog = read(FOLDER / code / "LC_MESSAGES" / "tornadolike.po")
    entries = {message.id: message for message in catalog if message.id}
    template = {message.id for message in read(FOLDER / "tornadolike.pot") if message.id}
    assert set(entries) == template
    assert not catalog.obsolete
    for message in entries.values():
        strings = [message.string] if isinstance(message.string, str) else message.string
        assert all(strings), message.id
        assert not message.fuzzy
        assert len(strings) == (catalog.num_plurals if message.pluralizable else 1)
        assert not list(message.check(catalog)), message.id


@pytest.mark.parametrize("code", CODES)
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    path = FOLDER / code / "LC_MESSAGES" / "tornadolike.po"
    compiled = io.BytesIO()
    mofile.write_mo(compiled, read(path))
    assert path.with_suffix(".mo").read_bytes() == compiled.getvalue()


def test_the_template_has_what_is_marked() -> None:
    """Else ``extract_messages`` has to be run; ``setup.cfg`` says how."""
    template = {message.id for message in read(FOLDER / "tornadolike.pot") if message.id}
    assert template == marked()


def test_all_reasons_of_error_pages_are_marked() -> None:
    assert {status.phrase for status in http.HTTPStatus if status >= 400} <= messages.REASONS
    assert {reason for status, reason in responses.items() if status >= 400} <= messages.REASONS


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de_AT", "Nicht gefunden"),
        ("zh_CN", "未找到"),
        ("zh_TW", "Not Found"),
        ("ar_EG", "غير موجود"),
        ("pt_PT", "Não encontrado"),
        ("en_GB", "Not Found"),
        ("xx", "Not Found"),
    ],
)
def test_own_texts(code: str, text: str) -> None:
    assert locale.CSVLocale(code, {}).own("Not Found") == text


def test_plurals(write_po, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no message with one yet."""
    path = write_po("ru", PLURAL)
    with path.with_suffix(".mo").open("rb") as file:
        monkeypatch.setattr(own, "catalog", {"ru": gettext.GNUTranslations(file)}.get)
    russian = locale.CSVLocale("ru", {})
    assert [russian.own("%(n)d book", "%(n)d books", n) for n in (1, 3)] == ["книга", "книги"]
    assert locale.CSVLocale("de", {}).own("%(n)d book", "%(n)d books", 3) == "%(n)d books"


def test_the_plural_rules_are_those_of_cldr() -> None:
    """Babel writes another rule for Arabic, whose last two forms are exchanged."""
    for code in CODES:
        catalog = own.catalog(code)
        assert catalog is not None
        rule = locale.Locale(code).babel.plural_form
        forms: dict[str, set[int]] = {}
        for n in range(1000):
            forms.setdefault(rule(n), set()).add(catalog.plural(n))
        assert all(len(numbers) == 1 for numbers in forms.values()), (code, forms)


def test_the_authors_catalogue_comes_first(write_po, tmp_path: Path) -> None:
    write_po("de", entry("Not Found", "Gibt's nicht"))
    locale.load_gettext_translations(tmp_path, "site")
    german = locale.get("de")
    assert german.own("Not Found") == "Gibt's nicht"
    assert german.own("Forbidden") == "Zugriff verweigert"
    assert german.own("Out of coffee") == "Out of coffee"
    assert german.translate("Forbidden") == "Forbidden"  # what is the author's is his alone


def test_importing_does_not_need_babel() -> None:
    program = (
        "import sys, tornadolike.locale as l; l.get('de').translate('x');"
        "l.get_closest_accepted('de').own('Not Found');"
        "assert 'babel' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
