"""What languages call each other, countries and currencies."""

import pytest

from tornadolike.locale import CSVLocale


def test_names() -> None:
    german = CSVLocale("de", {})
    assert german.display_name() == "Deutsch"
    assert (
        german.display_name("pt-BR") == german.display_name("pt_BR") == "Portugiesisch (Brasilien)"
    )
    assert CSVLocale("ja", {}).display_name("ar") == "アラビア語"
    assert german.territory_name("jp") == "Japan"
    assert german.territory_name("419") == "Lateinamerika"
    assert german.currency_name("usd") == "US-Dollar"


@pytest.mark.parametrize("code", ["", "xx", "../../etc", "a" * 10_000, "\0", "é"])
def test_unknown_codes(code: str) -> None:
    german = CSVLocale("de", {})
    with pytest.raises(ValueError, match="is not the code of a language, such as de or pt_BR"):
        german.display_name(code)
    with pytest.raises(ValueError, match="is not the code of a country, such as JP"):
        german.territory_name(code)
    with pytest.raises(ValueError, match="is not a currency of ISO 4217, such as EUR"):
        german.currency_name(code)
