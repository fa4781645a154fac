"""What one language looks up does not come out of another's mouth."""

import subprocess
import sys

import babel

from tornadolike.locale import CSVLocale

PROGRAM = """
from babel import Locale
{import_ours}
for code in ("he", "fy", "fr", "nl", "de"):
    locale = {locale}(code)
    print(code, locale.months["stand-alone"]["wide"][10], locale.days["stand-alone"]["wide"][1])
"""
OURS = "from tornadolike.locale.isolated import IsolatedLocale"
RIGHT = "he אוקטובר יום שלישי\nfy Oktober tiisdei\nfr octobre mardi\nnl oktober dinsdag\nde Oktober Dienstag\n"


def run(program: str) -> str:
    command = [sys.executable, "-X", "utf8", "-c", program]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def test_each_language_has_its_own_names() -> None:
    assert run(PROGRAM.format(import_ours=OURS, locale="IsolatedLocale")) == RIGHT


def test_babels_own_have_not() -> None:
    """When this fails Babel has been mended, and ours is needed as long as the older ones are supported."""
    assert run(PROGRAM.format(import_ours="", locale="Locale")) != RIGHT


def test_locales_are_isolated() -> None:
    german, austrian = CSVLocale("de", {}).babel, CSVLocale("de_AT", {}).babel
    german._data["days"]["stand-alone"]["of_tests"] = {}
    assert "of_tests" not in austrian.days["stand-alone"]
    assert "of_tests" not in babel.Locale("de").days["stand-alone"]
    del german._data["days"]["stand-alone"]["of_tests"]
    assert german == babel.Locale("de")
    assert CSVLocale("de", {}).babel is german
