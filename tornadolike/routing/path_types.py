"""The types of the parameters in typed paths: what of a path they match, and what they make of it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PathType:
    """A type of parameters.

    :arg regex: matches the parameter as it stands in a path, percent-encoded.
    :arg convert: makes a value of its text; it raises :exc:`ValueError` for what is none, and the rule does not match.
        None: the value is the text, as the handler's ``decode_argument`` gives it.
    :arg to_text: makes the text of a value. It raises :exc:`ValueError` or :exc:`TypeError` for what has none.
    :arg many: whether it may reach over several segments.
    :arg is_plain: whether ``regex`` lets nothing through that is percent-encoded, is no ASCII, or is a slash.
    """

    regex: str
    convert: Callable[[str], Any] | None = None
    to_text: Callable[[Any], str] = str
    many: bool = False
    is_plain: bool = False


def register_path_type(
    name: str,
    regex: str,
    convert: Callable[[str], Any] | None = None,
    to_text: Callable[[Any], str] = str,
) -> None:
    r"""Have a type of parameters of one's own, for paths that are made from now on.

    .. code-block:: python

        register_path_type("hex", "[0-9a-f]+", lambda text: int(text, 16), "{:x}".format)
        route("/colours/{colour:hex}", ColourHandler)

    :arg name: as it stands in paths behind the colon, an identifier.
    :arg regex: matches the parameter as it stands in a path, percent-encoded, within one segment. It has no groups but
        such as ``(?:...)``.
    :arg convert: makes a value of the parameter's text; it raises :exc:`ValueError` for what is none, and the rule does
        not match. By default the value is the text.
    :arg to_text: makes the text of a value, for ``reverse_url``. It raises :exc:`ValueError` for what has none.

    Raises :exc:`ValueError` for a name that is taken or is no identifier, and for a regular expression that cannot
    stand within others; :exc:`TypeError` for arguments of another kind.
    """
    if not isinstance(name, str) or not isinstance(regex, str):
        raise TypeError(f"a path type has a name and a regular expression, not {name!r}, {regex!r}")
    if not (convert is None or callable(convert)) or not callable(to_text):
        raise TypeError(f"convert and to_text of the path type {name!r} are functions")
    if not name.isidentifier():
        raise ValueError(f"the name of a path type is an identifier, not {name!r}")
    if name in _types:
        raise ValueError(f"there is a path type {name!r} already; take another name")
    _types[name] = PathType(inner_regex(regex, name), convert, to_text)


def path_type(said: str) -> PathType:
    """What stands behind the colon of a parameter: a name, a choice, or a regular expression.

    Raises :exc:`ValueError` for an unknown name and for a regular expression that cannot stand within others.
    """
    if said in _types:
        return _types[said]
    if said.isidentifier():
        raise ValueError(f"there is no type {said!r}; there are {', '.join(sorted(_types))}")
    if _CHOICE.fullmatch(said):
        return PathType(said, is_plain=True)
    return PathType(inner_regex(said, said))


def inner_regex(regex: str, what: str) -> str:
    """A regular expression that may stand within another one. Raises :exc:`ValueError`."""
    try:
        compiled = re.compile(regex)
        re.compile(f"(?:{regex})")  # "a)(b" would be two pieces, "(?i)" is for the beginning only
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(
            f"{what!r} is no regular expression for a part of a path: {error}"
        ) from None
    if compiled.groups:
        raise ValueError(f"the regular expression {what!r} has a group: write (?:...) instead")
    return regex


def _unsigned(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("it has to be a whole number")
    return str(value)


def _int64(text: str) -> int:
    number = int(text)
    if number > LARGEST_INT64:
        raise ValueError("it is too large")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it is too large")
    return number


def _decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("it has to be a number")
    return f"{Decimal(repr(value)):f}"  # never with an exponent


def _uuid(value: Any) -> str:
    return str(value if isinstance(value, UUID) else UUID(value))


def _date(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, date):
        raise TypeError("it has to be a date")
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


LARGEST_INT64: Final = 2**63 - 1
"""What databases have as their largest whole number: INTEGER in SQLite, ``bigint`` elsewhere."""

_HEX: Final = "[0-9a-fA-F]"
_CHOICE: Final = re.compile(r"[0-9A-Za-z_-]+(?:\|[0-9A-Za-z_-]+)+")

_types: Final[dict[str, PathType]] = {
    "str": PathType("[^/]+"),
    "path": PathType(".*", many=True),
    "int": PathType("[0-9]+", int, _unsigned, is_plain=True),
    "int64": PathType("[0-9]{1,19}", _int64, _unsigned, is_plain=True),
    "float": PathType(r"[0-9]+(?:\.[0-9]+)?", _finite, _decimal, is_plain=True),
    "slug": PathType("[0-9A-Za-z_-]+", is_plain=True),
    "uuid": PathType(
        f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}", UUID, _uuid, is_plain=True
    ),
    "date": PathType("[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat, _date, is_plain=True),
}
