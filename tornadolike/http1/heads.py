"""Heads and trailers as text becomes bytes: nothing that we send can break out of its line."""

from collections.abc import Iterable

from ..httputil import HTTPOutputError
from ..httputil.headers import FORBIDDEN_IN_VALUE, NAME
from .targets import may_be_written


class _GoodNames(dict[str, str]):
    """Names of fields that were found to be tokens, so that each is looked at once."""

    LIMIT = 1000

    def __missing__(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise HTTPOutputError(f"Not the name of a header: {name!r}")
        if len(self) < self.LIMIT:
            self[name] = name
        return name


good_names = _GoodNames()


def encode_head(status: int, reason: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The status line and the fields, each with its line break, without the empty line at the end.

    Raises :exc:`HTTPOutputError` for what a head cannot carry: a name that is no token, control
    characters (a line break before all), text beyond latin-1, a status that is not of three digits.
    """
    if not 100 <= status <= 999:
        raise HTTPOutputError(f"Not a status of HTTP: {status!r}")
    return _encode_lines([f"HTTP/1.1 {status} {reason}"], fields)


def encode_request_head(
    method: str, target: str, fields: Iterable[tuple[str, str]], version: str = "HTTP/1.1"
) -> bytes:
    """The request line and the fields, each with its line break, without the empty line at the end.

    Raises :exc:`HTTPOutputError` as :func:`encode_head` and :func:`encode_request_line` do.
    """
    return encode_request_line(method, target, version) + encode_fields(fields)


def encode_request_line(method: str, target: str, version: str = "HTTP/1.1") -> bytes:
    """The request line with its line break.

    Raises :exc:`HTTPOutputError` for a method that is no token, for a target that is none of the four of RFC 9112
    section 3.2 or not one for the method, or that is not percent-encoded.
    """
    if not NAME.fullmatch(method):
        raise HTTPOutputError(f"Not a method of HTTP: {method!r}")
    if not may_be_written(method, target):
        raise HTTPOutputError(
            f"Not a target for {method}: {target[:100]!r}. It should be a path (or an http URL, '*' for OPTIONS,"
            " 'host:port' for CONNECT) in ASCII, percent-encoded and without a fragment"
        )
    return f"{method} {target} {version}\r\n".encode("ascii")


def encode_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """As :func:`encode_head` without the status line: trailers."""
    return _encode_lines([], fields)


def _encode_lines(lines: list[str], fields: Iterable[tuple[str, str]]) -> bytes:
    lines += [f"{good_names[name]}: {value}" for name, value in fields]
    text = "".join(lines)
    if not text.isprintable() and FORBIDDEN_IN_VALUE.search(text):
        wrong = next(line for line in lines if FORBIDDEN_IN_VALUE.search(line))
        raise HTTPOutputError(f"Line break or other control character in a head: {_place(wrong)}")
    lines.append("")
    try:
        return "\r\n".join(lines).encode("latin1")
    except UnicodeEncodeError:
        wrong = next(line for line in lines if not line.isascii() and max(line) > "\xff")
    raise HTTPOutputError(
        f"Only latin-1 can stand in a header; encode the value first: {_place(wrong)}"
    )


def _place(line: str) -> str:
    """Where in a head something is wrong. Not what: it may be a password, or say who a user is."""
    name, colon, _ = line.partition(": ")
    return (
        f"in the value of {name[:100]}" if colon and NAME.fullmatch(name) else "in its first line"
    )
