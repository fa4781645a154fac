"""Small helpers that programs know from Tornado, and that Python mostly has by itself."""

import re
from collections.abc import Mapping
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    import datetime
    import unittest

_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def exec_in(
    code: str | bytes | CodeType, glob: dict[str, Any], loc: Mapping[str, Any] | None = None
) -> None:
    """Run code with these globals, without the ``from __future__`` imports of who calls."""
    if not isinstance(code, CodeType):
        code = compile(code, "<string>", "exec", dont_inherit=True)
    exec(code, glob, loc)  # noqa: S102 (it is what it is for)


def raise_exc_info(
    exc_info: tuple[type[BaseException] | None, BaseException | None, TracebackType | None],
) -> NoReturn:
    """Raise what :func:`sys.exc_info` gave, with its traceback. :exc:`TypeError` if it gave none."""
    _, error, trace = exc_info
    try:
        if error is None:
            raise TypeError("there is no exception to raise: exc_info has none")
        raise error.with_traceback(trace)
    finally:
        # The traceback has this frame, which otherwise would have the traceback.
        del exc_info, error, trace


def errno_from_exception(e: BaseException) -> int | None:
    """The number of an error of the system: ``errno``, or what stands in its place; None without any."""
    if hasattr(e, "errno"):
        number: int | None = e.errno
        return number
    return e.args[0] if e.args else None


def re_unescape(s: str) -> str:
    r"""Undo :func:`re.escape`. Raises :exc:`ValueError` for what it cannot have made.

    >>> re_unescape(r"a\.b")
    'a.b'
    >>> re_unescape(r"\d")
    Traceback (most recent call last):
    ...
    ValueError: '\\d' is no escaped character
    """
    return _ESCAPED.sub(_unescaped, s)


def _unescaped(match: re.Match[str]) -> str:
    character = match[1]
    if character.isascii() and character.isalnum():
        raise ValueError(f"{match[0]!r} is no escaped character")
    return character


def timedelta_to_seconds(td: "datetime.timedelta") -> float:
    """``td.total_seconds()``."""
    return td.total_seconds()


def doctests() -> "unittest.TestSuite":
    """The examples in the docstrings of these helpers, as tests."""
    import doctest
    import unittest

    package = __name__.rpartition(".")[0]
    modules = ("configurable", "replacing", "since_tornado")
    return unittest.TestSuite(doctest.DocTestSuite(f"{package}.{name}") for name in modules)
