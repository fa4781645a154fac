"""Loading, several catalogues, and reading them again."""

import struct
import sys
import threading
from pathlib import Path

import pytest

from tests.locale.conftest import entry, touch
from tornadolike import locale

GENERAL = "tornadolike.general"


def test_what_is_loaded_replaces_what_was(write_po, tmp_path: Path) -> None:
    write_po("de", entry("school", "Schule"))
    locale.load_gettext_translations(tmp_path, "site")
    german = locale.get("de")
    (tmp_path / "de.csv").write_text("school,Penne\n")
    (tmp_path / "fr.csv").write_text("school,école\n")
    locale.load_translations(tmp_path)
    assert locale.get_supported_locales() == {"de", "en_US", "fr"}
    assert locale.get("de").translate("school") == "Penne"
    assert german.translate("school") == "Schule"  # who has it keeps it
    assert isinstance(locale.get("fr"), locale.CSVLocale)


def test_loading_says_what_is_supported(write_po, tmp_path: Path, expect_log) -> None:
    write_po("de", entry("school", "Schule"))
    with expect_log(GENERAL, r"Supported locales: \['de', 'en_US'\]", count=1):
        locale.load_gettext_translations(tmp_path, "site")


def test_a_broken_catalogue_is_no_language(write_po, tmp_path: Path, expect_log) -> None:
    write_po("de", entry("school", "Schule"))
    write_po("fr", entry("school", "école")).with_suffix(".mo").write_bytes(b"broken")
    with expect_log(GENERAL, "Cannot load translation for 'fr': .*site.mo", count=1):
        locale.load_gettext_translations(tmp_path, "site")
    assert locale.get_supported_locales() == {"de", "en_US"}


@pytest.mark.parametrize("rule", ["n%0", "1/(n-5)", "n/(n>998?0:1)"])
def test_a_rule_for_plurals_that_fails_is_no_catalogue(
    write_po, tmp_path: Path, expect_log, rule: str
) -> None:
    write_po("de", entry("Yes", "Ja"))
    path = write_po("fr", entry("Yes", "Oui")).with_suffix(".mo")
    path.write_bytes(catalogue_with_rule(rule))
    with expect_log(
        "tornadolike.general", "Cannot load translation for 'fr': the rule for plurals"
    ):
        locale.load_gettext_translations(tmp_path, "site")
    assert locale.get_supported_locales() == {"de", "en_US"}


def catalogue_with_rule(rule: str) -> bytes:
    """A ``.mo`` with a head and nothing else. Babel would not write such a rule."""
    head = f"Content-Type: text/plain; charset=utf-8\nPlural-Forms: nplurals=2; plural={rule};\n"
    return struct.pack("<11I", 0x950412DE, 0, 1, 28, 36, 0, 0, 0, 44, len(head), 45) + (
        b"\0" + head.encode() + b"\0"
    )


def test_broken_csv_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text("school,Schule\n")
    locale.load_translations(tmp_path)
    (tmp_path / "de.csv").write_bytes("school,Schüle\n".encode("latin-1"))
    with pytest.raises(UnicodeDecodeError) as caught:
        locale.load_translations(tmp_path)
    assert f"while reading {tmp_path / 'de.csv'}" in caught.value.__notes__
    with pytest.raises(FileNotFoundError):
        locale.load_translations(tmp_path / "nowhere")
    assert locale.get("de").translate("school") == "Schule"


def test_nothing_to_load_is_a_warning(write_po, tmp_path: Path, expect_log) -> None:
    with expect_log(GENERAL, r"No translations in .*/\*/LC_MESSAGES/site.mo"):
        locale.load_gettext_translations(tmp_path / "nowhere", "site")
    write_po("de", entry("school", "Schule"), compiled=False)
    with expect_log(GENERAL, r"have to be compiled \(pybabel compile\)"):
        locale.load_gettext_translations(tmp_path, "site")


def test_what_a_country_lacks_its_language_has(write_po, tmp_path: Path) -> None:
    write_po("es", entry("car", "coche") + entry("school", "escuela") + entry("bus", "autobús"))
    write_po("es_419", entry("car", "auto") + entry("bus", "bus"))
    write_po("es_MX", entry("bus", "camión"))
    locale.load_gettext_translations(tmp_path, "site")
    mexican = locale.get("es_MX")
    assert [mexican.translate(text) for text in ("bus", "car", "school", "cat")] == [
        "camión",
        "auto",
        "escuela",
        "cat",
    ]
    (tmp_path / "es.csv").write_text("car,coche\nschool,escuela\n")
    (tmp_path / "es_MX.csv").write_text("car,auto\n")
    locale.load_translations(tmp_path)
    mexican = locale.get("es_MX")
    assert [mexican.translate(text) for text in ("car", "school")] == ["auto", "escuela"]
    assert locale.get("es").translate("car") == "coche"


def test_libraries_have_catalogues_of_their_own(write_po, tmp_path: Path) -> None:
    write_po("de_AT", entry("Save", "Speichern"))
    write_po("de", entry("Save", "Sichern") + entry("Close", "Schließen"), domain="library")
    write_po("de", entry("Close", "Zumachen") + entry("Open", "Öffnen"), domain="another")
    write_po("fr", entry("Close", "Fermer"), domain="library")
    locale.add_gettext_translations(tmp_path, "library")
    locale.add_gettext_translations(tmp_path, "another")
    assert locale.get_supported_locales() == {"en_US"}
    locale.load_gettext_translations(tmp_path, "site")
    assert locale.get_supported_locales() == {"de_AT", "en_US"}
    austrian = locale.get("de")
    assert [austrian.translate(text) for text in ("Save", "Close", "Open", "Cut")] == [
        "Speichern",
        "Schließen",
        "Öffnen",
        "Cut",
    ]
    (tmp_path / "fr.csv").write_text("Save,Enregistrer\n")
    locale.load_translations(tmp_path)
    assert locale.get("fr").translate("Close") == "Fermer"
    assert locale.get("fr").translate("Close", "Closed", 2) == "Closed"


def test_contexts_and_plurals_of_libraries(write_po, tmp_path: Path) -> None:
    write_po(
        "de",
        'msgctxt "door"\nmsgid "Close"\nmsgstr "Zumachen"\n\n'
        'msgid "day"\nmsgid_plural "days"\nmsgstr[0] "Tag"\nmsgstr[1] "Tage"\nmsgstr[2] "Tage"\n',
        domain="library",
    )
    locale.add_gettext_translations(tmp_path, "library")
    locale.set_default_locale("de")
    german = locale.get()
    assert german.pgettext("door", "Close") == "Zumachen"
    assert german.pgettext("tab", "Close") == "Close"
    assert german.translate("day", "days", 2) == "Tage"


class TestReload:
    def test_nothing_is_looked_at_unless_it_was_enabled(self, write_po, tmp_path: Path) -> None:
        path = write_po("de", entry("school", "Schule"))
        locale.load_gettext_translations(tmp_path, "site")
        write_po("de", entry("school", "Penne"))
        touch(path.with_suffix(".mo"), 60)
        assert locale.get("de").translate("school") == "Schule"

    def test_changed_new_and_removed(self, write_po, tmp_path: Path, expect_log) -> None:
        locale.enable_reload()
        german = write_po("de", entry("school", "Schule")).with_suffix(".mo")
        locale.load_gettext_translations(tmp_path, "site")
        before = locale.get("de")
        assert locale.get("de") is before
        write_po("de", entry("school", "Penne"))
        touch(german, 60)
        with expect_log(GENERAL, "Translations have been read again", count=1):
            assert locale.get("de").translate("school") == "Penne"
            assert locale.get("de").translate("school") == "Penne"
        assert before.translate("school") == "Schule"
        write_po("fr", entry("school", "école"))
        assert locale.get("fr").translate("school") == "école"
        german.unlink()
        german.with_suffix(".po").unlink()
        assert locale.get("de").code == "en_US"

    def test_drafts(self, write_po, tmp_path: Path) -> None:
        write_po("de", entry("school", "Schule"))
        locale.load_gettext_translations(tmp_path, "site")
        locale.enable_reload()
        draft = write_po("de", entry("school", "Penne"), compiled=False)
        touch(draft, 60)
        write_po("fr", entry("school", "école"), compiled=False)
        assert locale.get("de").translate("school") == "Penne"
        assert locale.get("fr").translate("school") == "école"

    @pytest.mark.parametrize("broken", ["msgid", "\x00\x00"])
    def test_a_broken_file_leaves_what_was_there(
        self, write_po, tmp_path: Path, expect_log, broken: str
    ) -> None:
        locale.enable_reload()
        path = write_po("de", entry("school", "Schule"))
        locale.load_gettext_translations(tmp_path, "site")
        path.write_text(broken)
        touch(path, 60)
        with expect_log(GENERAL, "Cannot load translation for 'de'", count=1):
            assert locale.get("de").translate("school") == "Schule"
            assert locale.get("de").translate("school") == "Schule"
        write_po("de", entry("school", "Penne"))
        touch(path, 120)
        assert locale.get("de").translate("school") == "Penne"

    def test_csv(self, tmp_path: Path, expect_log) -> None:
        locale.enable_reload()
        path = tmp_path / "de.csv"
        path.write_text("school,Schule\n")
        locale.load_translations(tmp_path)
        path.write_text("school,Lehranstalt\n")
        assert locale.get("de").translate("school") == "Lehranstalt"
        path.write_bytes(b"school,\xff\xfe\xfd\n")
        with expect_log(GENERAL, "Cannot load translation for 'de'", count=1):
            assert locale.get("de").translate("school") == "Lehranstalt"
        moved = tmp_path.rename(tmp_path.with_name("moved"))
        with expect_log(GENERAL, "Cannot read translations again", count=1):
            assert locale.get("de").translate("school") == "Lehranstalt"
            assert locale.get("de").translate("school") == "Lehranstalt"
        moved.rename(tmp_path)

    def test_catalogues_of_libraries(self, write_po, tmp_path: Path) -> None:
        locale.enable_reload()
        write_po("de", entry("school", "Schule"), domain="library")
        locale.add_gettext_translations(tmp_path, "library")
        locale.set_default_locale("de")
        assert locale.get().translate("school") == "Schule"
        path = write_po("de", entry("school", "Lehranstalt"), domain="library")
        touch(path.with_suffix(".mo"), 60)
        assert locale.get().translate("school") == "Lehranstalt"


def test_whoever_asks_while_it_is_loaded_gets_all_of_one(tmp_path: Path) -> None:
    """Threads ask for texts while others load: what comes belongs together, and is never missing."""
    german, austrian = tmp_path / "a", tmp_path / "b"
    for folder, codes in ((german, ("de", "fr")), (austrian, ("de_AT", "fr_CA"))):
        folder.mkdir()
        for code in codes:
            (folder / f"{code}.csv").write_text(f"1,{code}\n2,{code}\n")
    locale.load_translations(german)
    locale.enable_reload()
    wrong: list[object] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                for made, codes in (
                    (locale.get("de_AT"), ("de", "de_AT")),
                    (locale.get_closest_accepted("fr-CA, en;q=0.1"), ("fr", "fr_CA")),
                ):
                    texts = {made.translate("1"), made.translate("2")}
                    if made.code not in codes or texts != {made.code}:
                        wrong.append((made, texts))
            except Exception as error:
                wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=ask) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for number in range(100):
            locale.load_translations((german, austrian)[number % 2])
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert not wrong, wrong[0]
