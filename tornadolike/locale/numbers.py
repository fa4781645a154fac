"""Numbers, shares and amounts, as people of a language write and read them.

All arithmetic is decimal and exact: a `float` counts as the shortest number that Python prints for it. What has to be
rounded is rounded half to even, as the CLDR has it. Digits are always 0 to 9, separators and signs are the language's.
"""

import copy
import decimal
import difflib
import functools
import re
from decimal import Decimal
from typing import Any, Final, Literal

from . import cldr
from .basis import INVISIBLE, Basis, one_of

Number = int | float | Decimal | str
Decimals = int | tuple[int, int] | None

MAX_DIGITS: Final = 1000
"""The digits that a number may have before and behind its point. What has more is refused: 1E+999999999 is a short
text, and a billion of bytes written out."""

# Precise enough for all that is let in, and not the author's, whose own may be narrow or strict.
ARITHMETIC: Final = decimal.Context(prec=3 * MAX_DIGITS, rounding=decimal.ROUND_HALF_EVEN)
_MINUS: Final = "-\u2212\u2010\ufe63\uff0d"
_SPACES: Final = " \u00a0\u2009\u202f"
_APOSTROPHES: Final = "'\u2019"


class Numbers(Basis):
    """The number formats of a language."""

    def number(self, value: Number, decimals: Decimals = None, *, grouping: bool = True) -> str:
        """Return a number as it is written: ``1,234.5`` in English, ``1.234,5`` in German.

        ``decimals`` are the digits behind the point: so many, or a pair of the fewest and the most. By default they are
        as many as there are, up to three. Without ``grouping`` thousands aren't set off. Raises `ValueError` if the
        value is no number, or has more than `MAX_DIGITS` digits on one side of its point.
        """
        pattern = with_decimals(self.babel.decimal_formats[None], decimals)
        return self._written(pattern, exact(value), group_separator=grouping)

    def percent(self, value: Number, decimals: Decimals = None) -> str:
        """Return a share as so many of a hundred: 0.25 is ``25%``. Without ``decimals`` it is a whole number."""
        return self._written(
            with_decimals(self.babel.percent_formats[None], decimals), exact(value)
        )

    def currency(
        self,
        amount: Number,
        code: str,
        *,
        style: Literal["standard", "accounting", "name"] = "standard",
        decimals: Decimals = None,
    ) -> str:
        """Return an amount of money: ``€1,234.50``, ``1.234,50 €``, ``1,234.50 euros``.

        ``code`` is of ISO 4217 (``"EUR"``). Without ``decimals`` there are as many as the currency has: two for the
        euro, none for the yen. In the style ``accounting`` some languages put losses in parentheses; in ``name`` the
        currency is a word. Raises `ValueError` for another code or style.
        """
        one_of(("standard", "accounting", "name"), style, "style")
        code = currency_code(code)
        if decimals is None:
            decimals = cldr.numbers.get_currency_precision(code)
        value = rounded(finite(amount), decimals)
        if style == "name":
            with decimal.localcontext(ARITHMETIC):
                unit = cldr.numbers.get_currency_unit_pattern(code, value, self.babel)
                name = cldr.numbers.get_currency_name(code, value, self.babel)
            return unit.replace("{0}", self.number(value, decimals)).replace("{1}", name)
        pattern = with_decimals(self.babel.currency_formats[style], decimals)
        text = self._written(pattern, value, currency=code, currency_digits=False)
        return _spaced(text, cldr.numbers.get_currency_symbol(code, self.babel))

    def compact_number(
        self,
        value: Number,
        length: Literal["short", "long"] = "short",
        decimals: Decimals = None,
    ) -> str:
        """Return a number in few letters: ``12K``, ``1.2 million``, ``12万``.

        Without ``decimals`` two digits of what is below a hundred thousands, millions or whatever the language counts
        in are shown, and else none behind the point. Raises `ValueError` as `number` does.
        """
        one_of(("short", "long"), length, "length")
        # Where there is no long form the CLDR means the short one.
        formats = self.babel.compact_decimal_formats
        forms = formats[length] if length in formats else formats["short"]
        number = exact(value)
        if not number.is_finite():
            return self.number(number)
        with decimal.localcontext(ARITHMETIC):
            part, magnitude = _compacted(number, forms["other"], decimals)
        form = "1" if part == 1 and "1" in forms else plural_form(self.babel, part)
        pattern = {**forms["other"], **forms.get(form, {})}.get(str(magnitude))
        if pattern is None or pattern.pattern == "0":
            pattern = self.babel.decimal_formats[None]
        pattern = with_decimals(pattern, _shown(part, decimals))
        pattern.grouping = self.babel.decimal_formats[None].grouping
        return self._written(pattern, part)

    def parse_decimal(self, text: str) -> Decimal:
        """Return the number that a person has written in this language, exactly.

        Separators of thousands may be left out, but not stand where none belongs: ``1.5`` is one and a half in English
        and an error, not fifteen, in German. Digits may be of any script, spaces of any kind. Raises `ValueError`
        with an example of how the language writes numbers.
        """
        number = self._read(text)
        if number is None:
            example = self.number(Decimal("1234.5"))
            raise ValueError(f"{text[:80]!r} is not a number as {self.code} writes it: {example}")
        return number

    def parse_number(self, text: str) -> int:
        """As `parse_decimal`, for whole numbers."""
        number = self.parse_decimal(text)
        if number != number.to_integral_value():
            raise ValueError(f"{text[:80]!r} is not a whole number")
        return int(number)

    def _read(self, text: str) -> Decimal | None:
        text = INVISIBLE.sub("", text).strip()
        if not 0 < len(text) <= MAX_DIGITS:
            return None
        sign = "-" if text[0] in _MINUS else ""
        text = text[1:].lstrip() if text[0] in _MINUS + "+\uff0b" else text
        point, group = _separators(self.babel)
        whole, found, part = text.partition(point)
        if not found:
            whole, _, part = text.partition("\u066b")  # Arabic digits bring their own
        sizes = self.babel.decimal_formats[None].grouping
        digits = _ungrouped(whole, group, sizes)
        if digits is None or not (part.isdecimal() or not part) or not digits + part:
            return None
        return Decimal(f"{sign}{digits or 0}.{part or 0}") if part else Decimal(sign + digits)

    def _written(self, pattern: Any, value: Decimal, **options: Any) -> str:
        if value.is_nan():
            return str(self.babel.number_symbols["latn"].get("nan", "NaN"))
        with decimal.localcontext(ARITHMETIC):
            return str(pattern.apply(value, self.babel, **options))


def exact(value: Number) -> Decimal:
    """Return the number as a decimal. Raises `ValueError` if it is none, or is too long to be written out."""
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except (decimal.InvalidOperation, ValueError):
        raise ValueError(f"a number is needed, not {str(value)[:80]!r}") from None
    if number.is_finite():
        exponent = number.as_tuple().exponent
        if number.adjusted() >= MAX_DIGITS or -int(exponent) > MAX_DIGITS:
            raise ValueError(f"a number with more than {MAX_DIGITS} digits isn't written out")
    return number


def finite(value: Number) -> Decimal:
    """As `exact`, but raise `ValueError` for what nobody can pay or measure, too: NaN and the infinities."""
    number = exact(value)
    if not number.is_finite():
        raise ValueError(f"a finite number is needed, not {number}")
    return number


def rounded(value: Decimal, decimals: int | tuple[int, int]) -> Decimal:
    """Return the value with as many digits behind its point as will be shown: plurals depend on them."""
    fewest, most = fraction(decimals)
    with decimal.localcontext(ARITHMETIC):
        value = value.quantize(Decimal(1).scaleb(-most))
        shown = max(fewest, -int(value.normalize().as_tuple().exponent))
        return value.quantize(Decimal(1).scaleb(-shown))


def plural_form(locale: Any, value: Decimal) -> str:
    """Return which plural a number wants: "one", "few" ..."""
    with decimal.localcontext(ARITHMETIC):
        return str(locale.plural_form(abs(value)))


def currency_code(code: str) -> str:
    """Return the code in capitals. Raises `ValueError` if it is no currency's."""
    known = cldr.core.get_global("all_currencies")
    upper = code.upper()
    if upper in known:
        return upper
    close = difflib.get_close_matches(upper[:10], known)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    raise ValueError(f"{code[:80]!r} is not a currency of ISO 4217, such as EUR{hint}")


def with_decimals(pattern: Any, decimals: Decimals) -> Any:
    """The pattern with so many digits behind the point; Babel's own is shared and stays as it is."""
    pattern = copy.copy(pattern)
    if decimals is not None:
        pattern.frac_prec = fraction(decimals)
    return pattern


def fraction(decimals: int | tuple[int, int]) -> tuple[int, int]:
    """Return the fewest and the most digits behind the point. Raises `ValueError` if they can't be."""
    fewest, most = (decimals, decimals) if isinstance(decimals, int) else decimals
    if not 0 <= fewest <= most <= MAX_DIGITS:
        raise ValueError(
            f"decimals are between 0 and {MAX_DIGITS}, the fewest first, not {decimals!r}"
        )
    return fewest, most


def _spaced(text: str, symbol: str) -> str:
    """Part letters from digits, as in ``CHF 5``: the CLDR asks for it, and Babel does not do it."""
    if symbol[-1:].isalpha():
        text = re.sub(rf"({re.escape(symbol)})(?=\d)", "\\1\u00a0", text)
    if symbol[:1].isalpha():
        text = re.sub(rf"(?<=\d)({re.escape(symbol)})", "\u00a0\\1", text)
    return text


def _compacted(number: Decimal, forms: Any, decimals: Decimals) -> tuple[Decimal, int]:
    """Return the number in units of its magnitude, and the magnitude. 999,999 is 1 million, not 1,000 thousands."""
    for _ in range(2):
        magnitude = max((int(m) for m in forms if int(m) <= abs(number)), default=0)
        pattern = forms[str(magnitude)].pattern if magnitude else "0"
        unit = Decimal(1)
        if pattern != "0":
            unit = Decimal(magnitude // 10 ** (pattern.count("0") - 1))
        part = number / unit
        part = rounded(part, _shown(part, decimals))
        number = part * unit
    return part, magnitude


def _shown(part: Decimal, decimals: Decimals) -> int | tuple[int, int]:
    if decimals is not None:
        return decimals
    # Two digits in all, and never less than the whole number.
    return 0, min(3, max(0, 1 - part.adjusted())) if part else 0


@functools.cache
def _separators(locale: Any) -> tuple[str, str]:
    """The decimal point and the characters that may stand between thousands."""
    symbols = locale.number_symbols["latn"]
    group = symbols["group"]
    for alike in (_SPACES, _APOSTROPHES):
        if group in alike:
            group = alike
    return symbols["decimal"], group + "\u066c"


def _ungrouped(text: str, group: str, sizes: tuple[int, int]) -> str | None:
    """Return the digits of a whole number; None if there is anything else, or a separator at a wrong place."""
    first, *others = re.split(f"[{re.escape(group)}]", text)
    digits = first + "".join(others)
    if not others:
        return digits if digits.isdecimal() or not digits else None
    *middle, last = others
    right = (
        0 < len(first) <= sizes[1]
        and len(last) == sizes[0]
        and all(len(part) == sizes[1] for part in middle)
    )
    return digits if right and digits.isdecimal() else None
