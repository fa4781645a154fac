"""JSON that can be read in one way only (RFC 8259 section 4, RFC 8725 section 2.4).

Who signs and who reads may be two programs. Where a text has two meanings, they could believe different things of it.
"""

import json
import math
from typing import Any, Final, NoReturn

_DIGITS: Final = 100
MAX_DEPTH: Final = 32
"""Objects and lists in each other."""
_TOO_DEEP: Final = "it is nested too deep"


def read_object(data: bytes) -> dict[str, Any]:
    """The object in ``data``: UTF-8, no member twice, only finite numbers, only text that can be written again.

    Raises :exc:`ValueError`, whose text has nothing of the data in it.
    """
    try:
        value = json.loads(
            data.decode("utf-8", "strict"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_whole,
        )
        json.dumps(value, ensure_ascii=False).encode()  # halves of surrogate pairs cannot be
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except UnicodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError:
        raise ValueError("it is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    """How deep the parser itself can go depends on the version of Python."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("it has a member twice")
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError("it has a number that is none")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it has a number that is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("it has a number that is too large")
    return int(text)
