"""Catalogues on the disk."""

import codecs
from pathlib import Path

import pytest

from tests.locale.conftest import entry, touch
from tornadolike.locale.catalogs import CSVSource, GettextSource, joined

WORDS = '"school","école"\n'


def no_failure(code: str, path: str, error: Exception) -> None:
    raise error


def words_of(folder: Path, encoding: str | None = None) -> dict[str, object]:
    read = CSVSource(folder, encoding).read({}, no_failure, drafts=False)
    return {code: catalog.content for code, catalog in read.items()}


@pytest.mark.parametrize(
    "data",
    [
        WORDS.encode(),
        WORDS.encode("utf-8-sig"),
        WORDS.encode("utf-16"),
        codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"),
    ],
)
def test_encodings_by_their_mark(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "fr_FR.csv").write_bytes(data)
    assert words_of(tmp_path) == {"fr_FR": {"unknown": {"school": "école"}}}


def test_each_file_has_its_own_encoding(tmp_path: Path) -> None:
    (tmp_path / "aa.csv").write_bytes(WORDS.encode())
    (tmp_path / "bb.csv").write_bytes(WORDS.encode("utf-16"))
    (tmp_path / "cc.csv").write_bytes(WORDS.encode())
    assert len({str(words) for words in words_of(tmp_path).values()}) == 1


def test_the_encoding_that_was_said(tmp_path: Path) -> None:
    (tmp_path / "fr.csv").write_bytes(WORDS.encode("latin-1"))
    assert words_of(tmp_path, "latin-1") == {"fr": {"unknown": {"school": "école"}}}


def test_rows(tmp_path: Path) -> None:
    (tmp_path / "fr.csv").write_text(
        '"%(name)s liked this","A %(name)s le","singular"\n'
        '"%(name)s liked this","A %(name)s les",plural\n'
        "\n"
        "alone\n"
        " a , b ,\n"
        '"two\r\nlines","one, two",unknown,more\n',
        newline="",
    )
    assert words_of(tmp_path)["fr"] == {
        "singular": {"%(name)s liked this": "A %(name)s le"},
        "plural": {"%(name)s liked this": "A %(name)s les"},
        "unknown": {"a": "b", "two\nlines": "one, two"},
    }


def test_an_unknown_number_is_logged(tmp_path: Path, expect_log) -> None:
    (tmp_path / "fr.csv").write_text("a,b\nc,d,dual\n")
    with expect_log(
        "tornadolike.general", "Unrecognized plural indicator 'dual' in fr.csv line 2", count=1
    ):
        assert words_of(tmp_path) == {"fr": {"unknown": {"a": "b"}}}


@pytest.mark.parametrize("name", ["fr_fr.csv", "FR.csv", "fr.old.csv", ".csv.csv", "fr-FR.csv"])
def test_a_file_with_another_name_is_logged_once(tmp_path: Path, name: str, expect_log) -> None:
    (tmp_path / name).write_text("a,b\n")
    source = CSVSource(tmp_path)
    with expect_log("tornadolike.general", "Unrecognized locale", count=1):
        assert source.read({}, no_failure, drafts=False) == {}
        assert source.read({}, no_failure, drafts=False) == {}


@pytest.mark.parametrize(
    "name", ["fr.csv", "fr_FR.csv", "zh_Hant.csv", "zh_Hant_TW.csv", "es_419.csv"]
)
def test_names_of_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a,b\n")
    (tmp_path / "README.txt").write_text("not read")
    assert list(words_of(tmp_path)) == [name.removesuffix(".csv")]


def test_what_csv_cannot_read_is_a_value_error_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "fr.csv").write_text("a,b\n" + "c," + "d" * 200_000)
    with pytest.raises(ValueError, match="line 2: field larger"):
        words_of(tmp_path)


def test_words_of_a_parent_stand_behind_ones_own() -> None:
    assert joined(
        {"unknown": {"a": "1"}}, {"unknown": {"a": "2", "b": "2"}, "plural": {"c": "2"}}
    ) == {"unknown": {"a": "1", "b": "2"}, "plural": {"c": "2"}}


def test_only_what_has_changed_is_read_again(write_po, tmp_path: Path) -> None:
    write_po("de", entry("school", "Schule"))
    write_po("fr", entry("school", "école"))
    source = GettextSource(tmp_path, "site")
    first = source.read({}, no_failure, drafts=False)
    write_po("fr", entry("school", "l'école"))
    second = source.read(first, no_failure, drafts=False)
    assert second["de"].content is first["de"].content
    content = second["fr"].content
    assert content is not None
    assert content.gettext("school") == "l'école"


def test_drafts_are_read_when_they_are_wanted_and_newer(write_po, tmp_path: Path) -> None:
    write_po("de", entry("school", "Schule"))
    draft = write_po("de", entry("school", "Lehranstalt"), compiled=False)
    write_po("fr", entry("school", "école"), compiled=False)
    compiled = draft.with_suffix(".mo")
    assert paths(tmp_path, drafts=False) == {"de": compiled}
    touch(draft, 60)
    assert paths(tmp_path, drafts=True) == {
        "de": draft,
        "fr": tmp_path / "fr" / "LC_MESSAGES" / "site.po",
    }
    touch(draft, -120)
    assert paths(tmp_path, drafts=True)["de"] == compiled


def paths(folder: Path, drafts: bool) -> dict[str, Path]:
    files = GettextSource(folder, "site").files(drafts)
    return {code: Path(file.path) for code, file in files.items()}


@pytest.mark.parametrize(
    ("code", "forms"), [("ru", [0, 1, 2]), ("xx", [1, 1, 0]), ("ja", [1, 1, 0])]
)
def test_a_draft_has_the_plurals_that_it_says(tmp_path: Path, code: str, forms: list[int]) -> None:
    """With and without the language in its head; and those of its language if it says none."""
    path = tmp_path / code / "LC_MESSAGES" / "site.po"
    path.parent.mkdir(parents=True)
    rule = "" if code == "ru" else '"Plural-Forms: nplurals=2; plural=(n < 4);\\n"\n'
    strings = "".join(f'msgstr[{form}] "{form}"\n' for form in range(3 if code == "ru" else 2))
    path.write_text(
        f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n{rule}\n'
        f'msgid "a"\nmsgid_plural "b"\n{strings}'
    )
    read = GettextSource(tmp_path, "site").read({}, no_failure, drafts=True)
    content = read[code].content
    assert content is not None
    assert [content.ngettext("a", "b", n) for n in (1, 3, 5)] == list(map(str, forms))
