"""Lists in a sentence."""

from typing import Any

import pytest

from tornadolike.locale import CSVLocale


def test_styles() -> None:
    english, german = CSVLocale("en", {}), CSVLocale("de", {})
    assert english.list_of("ABC") == "A, B, and C"
    assert english.list_of("ABC", "or") == "A, B, or C"
    assert english.list_of(["5 ft", "7 in"], "unit") == "5 ft, 7 in"
    assert german.list_of("AB", "or") == "A oder B"
    assert CSVLocale("ja", {}).list_of("ABC", "or") == "A、B、またはC"
    assert CSVLocale("fa", {}).list_of("AB", "unit") == "A و B"
    assert english.list_of([]) == ""
    assert english.list_of(["A"]) == "A"
    assert english.list_of(iter(["{0}", "%s"])) == "{0} and %s"


def test_unknown_styles() -> None:
    style: Any = "nor"
    with pytest.raises(ValueError, match="style is and, or or unit, not 'nor'"):
        CSVLocale("en", {}).list_of("AB", style)
