"""The names of languages, countries and currencies in a language."""

from . import cldr
from .basis import Basis
from .numbers import currency_code


class Names(Basis):
    """What a language calls things."""

    def display_name(self, code: str | None = None) -> str:
        """Return the name of a language in this one: ``display_name("pt_BR")`` is ``Portuguese (Brazil)`` in English.

        Without a code it is the language's own name for itself. Raises `ValueError` for an unknown code.
        """
        if code is None:
            return self.babel.get_display_name(self.babel) or self.code
        try:
            named = cldr.core.Locale.parse(code.replace("-", "_"))
        except (ValueError, cldr.core.UnknownLocaleError):
            raise ValueError(
                f"{code[:80]!r} is not the code of a language, such as de or pt_BR"
            ) from None
        return named.get_display_name(self.babel) or code

    def territory_name(self, code: str) -> str:
        """Return the name of a country or region (ISO 3166: ``"JP"``). Raises `ValueError` for an unknown code.

        Where the language has no name for it in the CLDR, it is the code.
        """
        upper = code.upper()
        if upper not in cldr.core.Locale("en").territories:
            raise ValueError(f"{code[:80]!r} is not the code of a country, such as JP")
        return str(self.babel.territories.get(upper, upper))

    def currency_name(self, code: str) -> str:
        """Return the name of a currency (ISO 4217: ``"EUR"``). Raises `ValueError` for an unknown code."""
        return cldr.numbers.get_currency_name(currency_code(code), locale=self.babel)
