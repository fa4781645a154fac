"""From what somebody has written to the value of an option."""

import datetime
import enum
import numbers
import re
from collections.abc import Callable
from typing import Any, Final

from .errors import InvalidValue

_DATETIME_FORMATS: Final = (
    "%a %b %d %H:%M:%S %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y-%m-%d",
    "%Y%m%d",
    "%H:%M:%S",
    "%H:%M",
)

_UNITS: Final = {
    "": "seconds",
    "h": "hours",
    "m": "minutes",
    "min": "minutes",
    "s": "seconds",
    "sec": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "d": "days",
    "w": "weeks",
}
_AMOUNT: Final = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-zA-Z]*)\s*")

_TRUE: Final = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE: Final = frozenset(("false", "f", "no", "n", "off", "0"))


def _boolean(text: str) -> bool:
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def _datetime(text: str) -> datetime.datetime:
    for pattern in _DATETIME_FORMATS:
        try:
            return datetime.datetime.strptime(text, pattern)
        except ValueError:
            pass
    return datetime.datetime.fromisoformat(text)


def _timedelta(text: str) -> datetime.timedelta:
    total = datetime.timedelta()
    position = 0
    while not position or position < len(text):
        amount = _AMOUNT.match(text, position)
        if amount is None:
            raise ValueError
        unit = amount[2].lower()
        total += datetime.timedelta(**{_UNITS.get(unit, unit): float(amount[1])})
        position = amount.end()
    return total


_READERS: Final[dict[type, Callable[[str], Any]]] = {
    bool: _boolean,
    datetime.datetime: _datetime,
    datetime.timedelta: _timedelta,
    float: float,
    int: int,
    str: str,
}
_DESCRIBED: Final[dict[type, str]] = {
    bool: "true or false",
    datetime.datetime: "a date and time, as 2026-11-24 08:30",
    datetime.timedelta: "a length of time, as 90s, 1h30m or 2 days",
    float: "a number",
    int: "a whole number",
    str: "text",
}


def _is_a(kind: type, base: type) -> bool:
    # A function that makes a value of text will do for a type, too.
    return isinstance(kind, type) and issubclass(kind, base)


def _members(kind: enum.EnumType) -> list[enum.Enum]:
    return list(kind.__members__.values())


def _member(kind: enum.EnumType, text: Any) -> Any:
    """The member of an enumeration by its value, or by its name."""
    for member in _members(kind):
        if str(text) in (str(member.value), member.name):
            return member
    raise ValueError


def described(kind: type) -> str:
    """What a value of this type is, for who has to write one."""
    if kind in _DESCRIBED:
        return _DESCRIBED[kind]
    if isinstance(kind, enum.EnumType):
        return f"one of {', '.join(str(member.value) for member in _members(kind))}"
    return f"of the type {kind.__name__}"


def _instead(value: Any, secret: bool) -> str:
    """What stands there instead, in a complaint about it."""
    return " (what it is is not shown)" if secret else f", not {value!r}"


def read(text: str, kind: type, *, multiple: bool, secret: bool) -> Any:
    """The value that this text stands for. Raises :exc:`.InvalidValue`."""
    if not multiple:
        return _read_one(text, kind, secret)
    values: list[Any] = []
    for part in text.split(",") if text else ():
        if _is_a(kind, numbers.Integral) and kind is not bool and ":" in part:
            values += _read_range(part, kind, secret)
        else:
            values.append(_read_one(part, kind, secret))
    return values


def _read_range(part: str, kind: type, secret: bool) -> range:
    first, last = (_read_one(end, kind, secret) for end in part.split(":", 1))
    if first > last:
        raise InvalidValue(f"has to have ranges that go up, as 8000:8003{_instead(part, secret)}")
    return range(first, last + 1)


def _read_one(text: str, kind: type, secret: bool) -> Any:
    try:
        if isinstance(kind, enum.EnumType):
            return _member(kind, text)
        return _READERS.get(kind, kind)(text)
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        raise _refusal(text, kind, secret, error) from error


def _refusal(value: Any, kind: type, secret: bool, error: Exception) -> InvalidValue:
    reason = ""
    if kind not in _READERS and not isinstance(kind, enum.EnumType) and str(error) and not secret:
        reason = f" ({error})"  # of the program's own
    return InvalidValue(f"has to be {described(kind)}{_instead(value, secret)}{reason}")


def fit(value: Any, kind: type, *, multiple: bool, secret: bool) -> Any:
    """The value for what a file of data, such as TOML, has. Raises :exc:`.InvalidValue`.

    Text stands for what it does on a command line; and nothing is silently made of another type.
    """
    if not multiple:
        return _fit_one(value, kind, secret)
    if isinstance(value, str):
        return read(value, kind, multiple=True, secret=secret)
    if not isinstance(value, list):
        raise InvalidValue(f"has to be a list{_instead(value, secret)}")
    return [_fit_one(item, kind, secret) for item in value]


def _fit_one(value: Any, kind: type, secret: bool) -> Any:
    if isinstance(value, str):
        return value if kind is str else _read_one(value, kind, secret)
    if isinstance(value, bool):
        fits = kind is bool
    elif isinstance(value, int | float) and kind is datetime.timedelta:
        return _read_one(str(value), kind, secret)
    elif isinstance(value, int) and kind is float:
        return float(value)
    elif kind is datetime.datetime and value.__class__ is datetime.date:
        return datetime.datetime.combine(value, datetime.time())
    elif kind in _READERS or isinstance(value, list | dict):
        fits = isinstance(value, kind)
    else:
        return value if isinstance(value, kind) else _read_one(value, kind, secret)
    if not fits:
        marks = ": put quotation marks around it" if kind is str else ""
        raise InvalidValue(f"has to be {described(kind)}{_instead(value, secret)}{marks}")
    return value


def check(value: Any, kind: type, *, multiple: bool, secret: bool) -> None:
    """Raise :exc:`.InvalidValue` for a value of the program's own that is not of this type; None always is."""
    wanted = f"a list of {kind.__name__}" if multiple else f"of the type {kind.__name__}"
    items = value if multiple and isinstance(value, list) else [value]
    fits = multiple <= isinstance(value, list) and all(
        item is None or isinstance(item, kind) for item in items
    )
    if not fits:
        raise InvalidValue(f"has to be {wanted}{_instead(value, secret)}")
