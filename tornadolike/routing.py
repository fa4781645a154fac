"""Which rule answers a path.

A rule is a regular expression for the whole path (:class:`URLSpec`). Rules are tried in the order in which
they were given; those without any special character are answered from a table. That changes nothing of the
order: where an earlier rule matches a literal path too, the table says so.
"""

import re
from collections.abc import Iterable
from typing import Any

from .escape import url_escape, url_unescape
from .httputil import HTTPInputError
from .util import import_object

_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")


class URLSpec:
    """A rule: a pattern, what answers it, and the name under which its URL can be made again.

    :arg pattern: a regular expression for the whole path. Its groups become the arguments of the handler's
        method: keywords if they are all named, else positions.
    :arg handler: a :class:`~tornadolike.web.RequestHandler` subclass, or its name (``"module.Class"``).
    :arg kwargs: passed to the handler's ``initialize``.
    :arg name: for ``reverse_url``.
    """

    def __init__(
        self,
        pattern: str | re.Pattern[str],
        handler: type[Any] | str,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(pattern, str):
            stem = pattern.removesuffix("$")
            self.literal = stem if not _SPECIAL.search(stem) else None
            pattern = re.compile(pattern if pattern.endswith("$") else pattern + "$")
        else:
            self.literal = None
        self.regex = pattern
        if len(self.regex.groupindex) not in (0, self.regex.groups):
            raise ValueError(
                "groups in url regexes must either be all named or all positional: "
                f"{self.regex.pattern!r}"
            )
        self.handler_class: type[Any] = (
            import_object(handler) if isinstance(handler, str) else handler
        )
        self.kwargs = kwargs or {}
        self.name = name
        self._template = _reversible(self.regex)

    def match(self, path: str) -> "Match | None":
        """The arguments if ``path`` matches."""
        match = self.regex.match(path)
        if match is None:
            return None
        if not self.regex.groups:
            return self, (), {}
        try:
            if self.regex.groupindex:
                return self, (), {k: _unquote(v) for k, v in match.groupdict().items()}
            return self, tuple([_unquote(value) for value in match.groups()]), {}
        except ValueError as error:
            raise HTTPInputError(f"Malformed path {path[:100]!r}") from error

    def reverse(self, *args: Any) -> str:
        """The path that gives ``args``. Raises :exc:`ValueError` if the pattern is too rich to reverse."""
        if self._template is None:
            raise ValueError(f"Cannot reverse url regex {self.regex.pattern}")
        if len(args) != self.regex.groups:
            raise ValueError(f"{self.regex.pattern!r} takes {self.regex.groups} arguments")
        return self._template % tuple(
            url_escape(arg if isinstance(arg, (str, bytes)) else str(arg), plus=False)
            for arg in args
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.regex.pattern!r}, {self.handler_class!r}, "
            f"kwargs={self.kwargs!r}, name={self.name!r})"
        )


Match = tuple[URLSpec, tuple[bytes | None, ...], dict[str, bytes | None]]


class RuleTable:
    """Rules in their order."""

    def __init__(self, rules: Iterable[URLSpec]) -> None:
        self.rules = list(rules)
        self._patterns = [rule for rule in self.rules if rule.literal is None]
        self.literals: dict[str, Match] = {}
        """What the literal paths are answered by."""
        for position, rule in enumerate(self.rules):
            if rule.literal is not None and rule.literal not in self.literals:
                first = next(
                    filter(None, (r.match(rule.literal) for r in self.rules[:position])), None
                )
                self.literals[rule.literal] = first or (rule, (), {})

    def find(self, path: str) -> Match | None:
        """The first rule that matches, with the arguments for its handler."""
        found = self.literals.get(path)
        if found is not None:
            return found
        for rule in self._patterns:
            found = rule.match(path)
            if found is not None:
                return found
        return None


def _unquote(value: str | None) -> bytes | None:
    """A group of a path without its percent-encoding; a ``+`` is a plus there."""
    # A path is text by way of latin1: bytes that a client did not encode come out as they were sent.
    return None if value is None else url_unescape(value.encode("latin1"), None, plus=False)


def _reversible(regex: re.Pattern[str]) -> str | None:
    """The pattern with each group replaced by ``%s``; None if that is not all there is to it."""
    pattern = regex.pattern.removeprefix("^").removesuffix("$")
    if regex.groups != pattern.count("("):
        return None
    template = ""
    for fragment in pattern.split("("):
        in_group, closes, literal = fragment.rpartition(")")
        text = _literal(literal)
        if text is None or ")" in in_group:
            return None
        template += f"%s{text}" if closes else text
    return template


def _literal(fragment: str) -> str | None:
    """A piece of a pattern as plain text for a ``%`` template, None if it matches more than one text."""
    text = re.sub(r"\\([^0-9A-Za-z])", r"\1", fragment)
    if _SPECIAL.search(re.sub(r"\\[^0-9A-Za-z]", "", fragment).replace(".", "")):
        return None
    return text.replace("%", "%%")
