"""Header fields (RFC 9110 section 5): an ordered, case-insensitive, repeatable mapping."""

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, overload

from .._native import RUNNING, front, twin
from ..escape import to_unicode
from .errors import HTTPInputError

T = TypeVar("T")

HTTP_WHITESPACE: Final = " \t"
"""What may stand around a value and is no part of it; to be used with ``str.strip()``."""

NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A token of RFC 9110 section 5.6.2: a field name, a method, a coding."""

FORBIDDEN_IN_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What may never stand in a field's value: control characters but the tab."""

_VALUE: Final = re.compile(r"|[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
"""A field's value whose characters stand for bytes: printable, white space only inside."""


class _CanonicalNames(dict[str, str]):
    """``content-type`` -> ``Content-Type``, remembered for the names that come first."""

    MAX_ENTRIES = 2000
    MAX_LENGTH = 100

    def __missing__(self, name: str) -> str:
        canonical = "-".join([word.capitalize() for word in name.split("-")])
        # Names come from the network: no endless memory.
        if len(self) < self.MAX_ENTRIES and len(name) <= self.MAX_LENGTH:
            self[name] = canonical
        return canonical


canonical_names: Final = _CanonicalNames()


class _FieldNames(_CanonicalNames):
    """The same for names as they come from the network. Raises :exc:`HTTPInputError` for what is none."""

    def __missing__(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise HTTPInputError(f"Invalid header name {name[:100]!r}")
        return super().__missing__(name)


field_names: Final = _FieldNames()


class FieldMap(MutableMapping[str, str]):
    """All that :class:`HTTPHeaders` can do, but for the place where it keeps its fields."""

    __slots__ = ()

    _fields: dict[str, str | list[str]]

    def __init__(self, *args: Any, **kwargs: str) -> None:
        self._fields = {}
        if len(args) == 1 and not kwargs and isinstance(args[0], HTTPHeaders):
            self._fields = args[0]._copy_fields()
        elif args or kwargs:
            self.update(*args, **kwargs)

    @classmethod
    def from_fields(cls, fields: dict[str, str | list[str]]) -> "HTTPHeaders":
        """Headers over a dict of canonical names to a value (or to a list of several), not copied."""
        headers = cls.__new__(cls)
        headers._fields = fields
        return cast("HTTPHeaders", headers)

    # Repeated fields

    def add(self, name: str, value: str, *, _chars_are_bytes: bool = True) -> None:
        """Add a field beside those of the same name.

        Raises :exc:`~.HTTPInputError` for what is no field name and no field value (RFC 9110 sections 5.1
        and 5.5): control characters, white space around the value, characters beyond latin-1.

        :arg _chars_are_bytes: the value is a header's, whose characters stand for its bytes. In the header
            of a part of a form it is text, of whatever characters.
        """
        value = to_unicode(value)
        if not NAME.fullmatch(name):
            raise HTTPInputError(f"Invalid header name {name[:100]!r}")
        if FORBIDDEN_IN_VALUE.search(value) or (_chars_are_bytes and not _VALUE.fullmatch(value)):
            # (The value may be a password.)
            raise HTTPInputError(f"Invalid header value: that of {name[:100]}")
        self._append(canonical_names[name], value)

    def _append(self, canonical: str, value: str) -> None:
        before = self._fields.get(canonical)
        if before is None:
            self._fields[canonical] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            self._fields[canonical] = [before, value]

    def get_list(self, name: str) -> list[str]:
        """All values of ``name``, apart; empty if there is none."""
        value = self._fields.get(canonical_names[name])
        if value is None:
            return []
        return list(value) if isinstance(value, list) else [value]

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Every (name, value) pair; a repeated name comes once for each value."""
        for name, value in self._fields.items():
            if isinstance(value, list):
                for one in value:
                    yield name, one
            else:
                yield name, value

    # Text

    def parse_line(self, line: str, *, _chars_are_bytes: bool = True) -> None:
        """Add one line as it stands in a message: ``Name: value``, with its line break or without.

        Raises :exc:`~.HTTPInputError` as :meth:`add` does, and for a line that continues the one before
        (obsolete folding).
        """
        if line.endswith("\n"):
            line = line[:-1].removesuffix("\r")
        if not line:
            return
        if line[0] in HTTP_WHITESPACE:
            raise HTTPInputError("A header line cannot start with white space: no folding")
        name, colon, value = line.partition(":")
        if not colon:
            raise HTTPInputError("no colon in header line")
        self.add(name, value.strip(HTTP_WHITESPACE), _chars_are_bytes=_chars_are_bytes)

    @classmethod
    def parse(cls, headers: str, *, _chars_are_bytes: bool = True) -> "HTTPHeaders":
        """Headers from text with a field on each line.

        >>> HTTPHeaders.parse("Content-Type: text/html\\r\\nContent-Length: 42\\r\\n")["content-length"]
        '42'
        """
        parsed = cls()
        start = 0
        while start < len(headers):
            end = headers.find("\n", start) + 1 or len(headers)
            parsed.parse_line(headers[start:end], _chars_are_bytes=_chars_are_bytes)
            start = end
        return cast("HTTPHeaders", parsed)

    def __str__(self) -> str:
        return "".join([f"{name}: {value}\n" for name, value in self.get_all()])

    # Mapping

    def __setitem__(self, name: str, value: str) -> None:
        self._fields[canonical_names[name]] = value

    def __getitem__(self, name: str) -> str:
        value = self._fields[canonical_names[name]]
        return ",".join(value) if isinstance(value, list) else value

    @overload
    def get(self, name: str, /) -> str | None: ...

    @overload
    def get(self, name: str, /, default: str) -> str: ...

    @overload
    def get(self, name: str, /, default: T) -> str | T: ...

    def get(self, name: str, default: str | T | None = None) -> str | T | None:
        # The inherited one raises and catches an exception for what is not there.
        value = self._fields.get(canonical_names[name])
        if value is None:
            return default
        return ",".join(value) if isinstance(value, list) else value

    def __delitem__(self, name: str) -> None:
        del self._fields[canonical_names[name]]

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __eq__(self, other: object) -> bool:
        """Equal to a mapping with the same names, whatever their case, and values."""
        if not isinstance(other, Mapping):
            return NotImplemented
        if not isinstance(other, HTTPHeaders):
            if len(other) != len(self) or not all(isinstance(name, str) for name in other):
                return False
            other = {canonical_names[name]: value for name, value in other.items()}
        return dict(self.items()) == dict(other.items())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and canonical_names[name] in self._fields

    def copy(self) -> "HTTPHeaders":
        """A copy that shares nothing with this one."""
        return self.from_fields(self._copy_fields())

    __copy__ = copy

    def _copy_fields(self) -> dict[str, str | list[str]]:
        return copy_fields(self._fields)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.get_all())!r})"

    # Slots without __getstate__ would do from Python 3.11 on; said here so that subclasses may rely on it.
    def __getstate__(self) -> dict[str, str | list[str]]:
        return self._fields

    def __setstate__(self, state: dict[str, str | list[str]]) -> None:
        self._fields = state


if TYPE_CHECKING:

    class _Hot:
        """Stands before the reference where the native core runs."""

else:
    _Hot = front("headers", "HotHeaders")


class HTTPHeaders(_Hot, FieldMap):
    """A mapping of header names to values.

    Names compare without case and are kept as ``Http-Header-Case``. A name that occurs more than once
    has its values joined by a comma under ``[]``; :meth:`get_list` gives them apart and
    :meth:`get_all` gives every pair.

    >>> h = HTTPHeaders({"content-type": "text/html"})
    >>> h["Content-Type"]
    'text/html'
    >>> h.add("Set-Cookie", "A=B"); h.add("Set-Cookie", "C=D")
    >>> h.get_list("set-cookie")
    ['A=B', 'C=D']
    """

    __slots__ = () if RUNNING else ("_fields",)


if RUNNING:
    from .._native import headers as native

    native.install(FieldMap, HTTPHeaders, canonical_names, field_names)


@twin("headers")
def copy_fields(fields: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    """A copy of a dict of fields whose lists are copies too."""
    copied = fields.copy()
    for name, value in fields.items():
        if type(value) is list:
            copied[name] = value.copy()
    return copied
