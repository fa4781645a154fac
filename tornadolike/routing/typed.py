""":class:`TypedPath`: paths that are written as text, with parameters that have names and types.

A path is read once, when the rule is made, into pieces: texts and parameters. The pieces give a regular expression,
which tells whether a path matches, and the way back from values to a path. What the segments of a path have to be is
told by :attr:`TypedPath.segments`, by which a table of rules finds the few that a path need be tried with.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import EllipsisType
from typing import Any, Final
from urllib.parse import quote

from ..escape import unquote_bytes
from ..httputil import HTTPServerRequest
from .matchers import Matcher
from .path_types import PathType, path_type

Values = dict[str, Any]
"""The parameters by name: bytes where the value is a text that the handler is to decode."""

Segment = str | EllipsisType | None

REST: Final = ...
"""In the place of segments: whatever they are, and however many."""

_PLAIN: Final = "/-._~!$&'()*+,;=:@"
"""What stands for itself in a path, beside letters and digits (RFC 3986 section 3.3)."""
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a path."""

    name: str
    type: PathType


class TypedPath(Matcher):
    """Requests whose whole path matches a text with parameters: ``/users/{user_id:int}/files/{name}``.

    A parameter is ``{name}`` or ``{name:type}``. Types are

    ========================  ==========================================================================
    ``str`` (the default)     a text of at least one character, up to the next slash
    ``path``                  the rest, with its slashes; may be empty. One in a path at the most
    ``int``                   digits; the value is an :class:`int`, as large as it likes
    ``int64``                 the same, up to 2**63 - 1: what a database has room for
    ``float``                 digits, perhaps with a point and more digits; a :class:`float`
    ``slug``                  ASCII letters, digits, ``-`` and ``_``
    ``uuid``                  with its four hyphens; a :class:`uuid.UUID`
    ``date``                  ``2026-07-31``; a :class:`datetime.date`
    ``small|medium|large``    one of these words
    ``[a-z]{2}``              what matches this regular expression, up to the next slash
    ========================  ==========================================================================

    and those of :func:`.register_path_type`. What cannot be converted does not match. Parameters become arguments of
    the handler's method, by name, without their percent-encoding; a text that is no UTF-8 is answered by 400, as
    everywhere. The path is looked at as it was sent: ``%2F`` is no slash, and ``/%61`` not ``/a``. What of the text
    around the parameters has to be percent-encoded in a path is found encoded.

    A text may have slashes that were encoded: it is no name of a file yet. A path with several parameters in one
    segment matches only what has no longer segments than :attr:`MAX_SHARED_SEGMENT`.

    ``{{`` and ``}}`` are braces.

    Raises :exc:`ValueError` for a path that cannot be read, and :exc:`TypeError` for what is no text.
    """

    MAX_SHARED_SEGMENT = 255
    """Characters. In ``{a}-{b}.txt`` each hyphen may be the one that is meant: of very many, all would have to be
    tried."""

    def __init__(self, path: str) -> None:
        if not isinstance(path, str):
            raise TypeError(f"a typed path is text, not {path!r}")
        self._path = path
        self._pieces = _read(path)
        self._regex = re.compile(_regex_of_all(self._pieces) + r"\Z", re.DOTALL)
        self._is_shared = _has_shared_segment(self._pieces)
        self._parameters = [piece for piece in self._pieces if isinstance(piece, Parameter)]
        self._makers = [(piece.name, _maker(piece.type)) for piece in self._parameters]
        """What makes a value of what each group of the regular expression matches; or raises :exc:`ValueError`."""

    @property
    def path(self) -> str:
        """The path as it was written."""
        return self._path

    @property
    def regex(self) -> re.Pattern[str]:
        """The regular expression that it stands for; what it matches may still fail to be converted."""
        return self._regex

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, from left to right."""
        return tuple([parameter.name for parameter in self._parameters])

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What stands between the slashes of a path that matches.

        A text, or None for what is not always the same; in the place of a last :data:`REST` there may be many.
        """
        found: list[Segment] = []
        text: str | None = ""
        for piece in self._pieces:
            if isinstance(piece, Parameter):
                if piece.type.many:
                    return (*found, REST)
                text = None
                continue
            for index, part in enumerate(piece.split("/")):
                if index:
                    found.append(text)
                    text = ""
                if part:
                    text = None if text is None or quote(part, _PLAIN) != part else text + part
        return (*found, text)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        values = self.values(request.path)
        if values is None:
            return None
        return {"path_kwargs": values} if values else {}

    def values(self, path: str) -> Values | None:
        """What ``path`` has for the parameters, None if it does not match."""
        if self._is_shared and max(map(len, path.split("/"))) > self.MAX_SHARED_SEGMENT:
            return None
        match = self._regex.match(path)
        if match is None:
            return None
        values: Values = {}
        try:
            for name, make in self._makers:
                values[name] = make(match[name])
        except ValueError:
            return None
        return values

    def reverse(self, *args: Any, **kwargs: Any) -> str:
        """The path that gives these values: by position from left to right, or by name.

        Raises :exc:`ValueError` for too few or too many of them, for one that is nothing for its parameter, and for
        a path that browsers would take for another one (of a segment ``..``).
        """
        values = self._by_name(args, kwargs)
        path = "".join(
            [
                self._text_for(piece, values[piece.name])
                if isinstance(piece, Parameter)
                else quote(piece, _PLAIN)
                for piece in self._pieces
            ]
        )
        if not {".", ".."}.isdisjoint(path.split("/")):
            raise ValueError(f"{path!r} is no address: browsers take dots for other directories")
        return f"/%2F{path[2:]}" if path.startswith("//") else path

    def _by_name(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = self.names
        values = dict(zip(names, args, strict=False)) | kwargs
        if len(args) + len(kwargs) != len(names) or values.keys() != set(names):
            takes = ", ".join(names) or "no arguments"
            given = ", ".join([*map(repr, args), *[f"{k}={v!r}" for k, v in kwargs.items()]])
            raise ValueError(f"{self._path!r} takes {takes}, not ({given})")
        return values

    def _text_for(self, parameter: Parameter, value: Any) -> str:
        type_ = parameter.type
        try:
            raw = value if isinstance(value, bytes) and not type_.convert else type_.to_text(value)
            text = quote(raw, safe="/" if type_.many else "")
        except (ValueError, TypeError, AttributeError) as error:
            raise self._unfit(parameter, value, f": {error}") from error
        if not re.fullmatch(type_.regex, text, re.DOTALL):
            raise self._unfit(parameter, value)
        try:
            _maker(type_)(text)
        except ValueError as error:
            raise self._unfit(parameter, value, f": {error}") from error
        return text

    def _unfit(self, parameter: Parameter, value: Any, why: str = "") -> ValueError:
        return ValueError(f"{value!r} is nothing for {parameter.name!r} in {self._path!r}{why}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path!r})"


def _has_shared_segment(pieces: "list[str | Parameter]") -> bool:
    """Whether there are several parameters between two slashes."""
    between = zip(pieces, pieces[1:], pieces[2:], strict=False)
    return any(isinstance(text, str) and "/" not in text for _, text, _ in between)


def _maker(kind: PathType) -> Callable[[str], Any]:
    """What makes a value of a piece of a path."""
    convert = kind.convert
    if kind.is_plain:
        return convert or str.encode
    if kind.many or kind == path_type("str"):
        return _unquoted

    def make(text: str) -> Any:
        if "/" in text:
            raise ValueError("a regular expression of the author's has let a slash through")
        raw = _unquoted(text)
        return raw if convert is None else convert(raw.decode())

    return make


def _unquoted(text: str) -> bytes:
    # A path is text by way of latin1: bytes that a client did not encode come out as they were sent.
    raw = text.encode("latin1")
    return unquote_bytes(raw) if b"%" in raw else raw


def _regex_of_all(pieces: "list[str | Parameter]") -> str:
    found = []
    for index, piece in enumerate(pieces):
        if isinstance(piece, Parameter):
            regex = piece.type.regex
            if index >= 2:
                before, text = pieces[index - 2 : index]
                if isinstance(text, str) and _could_be_later(before, text, piece):
                    regex = _behind_the_last(text, regex)
            found.append(f"(?P<{piece.name}>{regex})")
        else:
            found.append(_regex_of(piece))
    return "".join(found)


def _could_be_later(before: "str | Parameter", text: str, after: Parameter) -> bool:
    """Whether between two parameters of a segment ``text`` could as well be where the second has it within."""
    if not isinstance(before, Parameter) or "/" in text:
        return False
    if before.type == path_type("slug"):
        return after.type == before.type and re.fullmatch(before.type.regex, text) is not None
    return before.type == path_type("str") and after.type in (path_type("str"), path_type("slug"))


def _behind_the_last(text: str, regex: str) -> str:
    """What a parameter is behind ``text`` if that may stand in several places.

    The parameter before it is as long as can be, so that there is no ``text`` in this one but at its very end. To say
    so changes nothing but the time: else all places for all such texts of a segment would be tried with each other.

    :arg regex: of the parameter, one or more characters of a class.
    """
    one = regex.removesuffix("+")
    said = _regex_of(text)
    longest = sum(3 * len(character.encode()) for character in text)
    end = f"(?={said}){one}{{1,{longest}}}"
    return f"(?:(?:(?!{said}){one})+(?:{end})?|{end})"


def _regex_of(text: str) -> str:
    return "".join(map(_regex_of_character, text))


def _regex_of_character(character: str) -> str:
    """A character as browsers send it, and as it is for who does not encode it."""
    encoded = quote(character, _PLAIN)
    if encoded == character:
        return re.escape(character)
    raw = re.escape(character.encode().decode("latin1"))
    return f"(?:{raw}|(?i:{encoded}))"


def _read(path: str) -> list[str | Parameter]:
    """The pieces of a path. Raises :exc:`ValueError`."""
    if not path.startswith(("/", "{")) and path != "*":
        raise ValueError(f"a path begins with a slash, {path!r} does not: write {'/' + path!r}")
    return _Reader(path).pieces()


class _Reader:
    """Reads a path, from left to right."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._position = 0
        self._pieces: list[str | Parameter] = []

    def pieces(self) -> list[str | Parameter]:
        text = ""
        while self._position < len(self._path):
            character = self._path[self._position]
            if character in "{}" and not self._path.startswith(character * 2, self._position):
                self._add_text(text)
                text = ""
                self._add_parameter()
                continue
            text += character
            self._position += 2 if character in "{}" else 1
        self._add_text(text)
        return self._pieces

    def _wrong(self, why: str) -> ValueError:
        return ValueError(f"{why} in the path {self._path!r}")

    def _add_text(self, text: str) -> None:
        if not text:
            return
        if "?" in text or "#" in text:
            raise self._wrong("a path ends where its query begins: there may be no ? and no #")
        if _ESCAPE.search(text):
            raise self._wrong("text is written as it is, without percent-encoding,")
        if not text.isprintable():
            raise self._wrong("there is a control character")
        self._pieces.append(text)

    def _add_parameter(self) -> None:
        if self._path[self._position] == "}":
            raise self._wrong(
                f"no brace is open at the }} (a plain one is }}}}), {self._position},"
            )
        end = self._end()
        name, colon, said = self._path[self._position + 1 : end].partition(":")
        self._position = end + 1
        if not name.isidentifier():
            raise self._wrong(f"the name of a parameter is an identifier, not {name!r},")
        if colon and not said:
            raise self._wrong(f"there is no type behind the colon of {name!r}")
        parameters = [piece for piece in self._pieces if isinstance(piece, Parameter)]
        if any(parameter.name == name for parameter in parameters):
            raise self._wrong(f"there are two parameters {name!r}")
        if self._pieces and isinstance(self._pieces[-1], Parameter):
            raise self._wrong(f"there is nothing between {self._pieces[-1].name!r} and {name!r}")
        try:
            kind = path_type(said or "str")
        except ValueError as error:
            raise self._wrong(f"{name!r}: {error},") from None
        if kind.many and any(parameter.type.many for parameter in parameters):
            raise self._wrong("only one parameter can be a path")
        if (
            parameters
            and "/" not in str(self._pieces[-1])
            and (kind.many or parameters[-1].type.many)
        ):
            raise self._wrong("a path stands between slashes, apart from other parameters,")
        self._pieces.append(Parameter(name, kind))

    def _end(self) -> int:
        """Where the brace is closed that opens here. There may be others in a regular expression."""
        depth = 0
        escaped = False
        for index in range(self._position, len(self._path)):
            character = self._path[index]
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character in "{}":
                depth += 1 if character == "{" else -1
                if depth == 0:
                    return index
        raise self._wrong("a brace is not closed")
