"""Languages don't get each other's words, whatever was asked for before."""

import subprocess
import sys

import pytest
from babel import Locale as BabelLocale
from babel.localedata import load, locale_identifiers

from tornadolike.locale import CSVLocale
from tornadolike.locale.unshared import _tables, unshared


@pytest.mark.parametrize("others", ["tornadolike", "babel"])
def test_what_was_asked_for_before_makes_no_difference(others: str) -> None:
    """In a process of its own, because Babel's tables are spoiled for good."""
    program = f"""
import datetime, sys
import babel
from tornadolike.locale import CSVLocale
day = datetime.date(2013, 10, 6)
if {others!r} == "babel":
    babel.Locale.parse("he").months["stand-alone"]["wide"][10]
    babel.Locale.parse("fy").days["stand-alone"]["wide"][6]
else:
    assert CSVLocale("he", {{}}).format_skeleton(day, "MMMM") == "אוקטובר"
    CSVLocale("fy", {{}}).format_skeleton(day, "EEEEd")
german = CSVLocale("de", {{}})
assert german.format_skeleton(day, "MMMM") == "Oktober"
assert german.babel.days["stand-alone"]["wide"][6] == "Sonntag"
assert CSVLocale("ru", {{}}).format_day(day) == "воскресенье, 6 октября"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_tables_are_babels() -> None:
    for code in ["de_AT", "zh_Hant_TW", "sr_Latn_ME", "es_MX", "pt_PT", "nn"]:
        for table in ("languages", "territories", "currency_names"):
            assert _tables(code)[table] == load(code)[table], (code, table)
        assert set(_tables(code)) == set(load(code))


def test_they_are_read_once() -> None:
    assert unshared(BabelLocale("de")) is unshared(BabelLocale.parse("de"))
    assert unshared(BabelLocale("de")) is not unshared(BabelLocale("de", "AT"))
    assert CSVLocale("de", {}).babel is CSVLocale("de", {}).babel
    assert str(CSVLocale("zh_TW", {}).babel) == "zh_Hant_TW"


@pytest.mark.slow
def test_parents_are_babels() -> None:
    for code in locale_identifiers()[::15]:  # all of them take a minute
        assert _tables(code)["languages"] == load(code)["languages"], code
        assert _tables(code)["territories"] == load(code)["territories"], code
