"""Messages to be translated, out of templates: what ``pybabel extract`` calls for the method ``tornadolike``.

The functions that translate are those of Babel's keywords, by the last part of their name (``_("...")``,
``handler.locale.pgettext("...", "...")``), and ``translate``, whose arguments are known. A message with a plural form
(``_("a day", "%(n)d days", n)``) comes out as gettext's ``ngettext`` or ``npgettext``, whose keywords Babel has too.
"""

import ast
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

from .errors import ParseError
from .nodes import LINE_BREAK, Comment, Node, Source
from .parser import parse
from .walking import python_of, walk

Message = tuple[int, str | None, tuple[str | None, ...], list[str]]
"""A line, the keyword whose arguments follow (None: the first one is the message), and comments for translators."""

# Methods of Locale, by what templates call them, and their parameters.
_TRANSLATE = ("message", "plural_message", "count")
_METHODS = {
    "_": _TRANSLATE,
    "translate": _TRANSLATE,
    "pgettext": ("context", *_TRANSLATE),
}
_PLURALS = {"_": "ngettext", "translate": "ngettext", "pgettext": "npgettext"}


def extract(
    fileobj: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[Message]:
    """Yield a template's messages, in Babel's form.

    Arguments that are no literals (an f-string too) are given as None: Babel leaves out what it would need them for.
    Comments for translators are ``{# ... #}`` that begin with one of ``comment_tags`` and end in the line of the
    message, or of the tag that it is in, or in the line before; each is for the first such message. A template that has
    errors gives no messages, but a warning that names it.

    :arg options: ``encoding`` of the template; default: UTF-8.
    """
    path = getattr(fileobj, "name", "<template>")
    try:
        text = fileobj.read().decode(options.get("encoding", "utf-8"))
        body = parse(Source(path, path, text), "all", None).body
    except (ParseError, UnicodeDecodeError) as error:
        line, reason = 1, str(error)
        if isinstance(error, ParseError):
            line, reason = error.lineno or 1, error.message
        message = f"this template has an error, so its messages are left out: {reason}"
        warnings.warn_explicit(message, UserWarning, path, line)
        return
    nodes = list(walk(body))
    comments = _Comments(text, nodes, comment_tags)
    calls = [(call, node.start) for node in nodes for call in _calls(node)]
    for call, start in sorted(calls, key=lambda each: (each[0].lineno, each[0].col_offset)):
        found = _message(call, keywords)
        if found is not None:
            yield (call.lineno, *found, comments.of(call.lineno) or comments.of_tag(start))


def _calls(node: Node) -> Iterator[ast.Call]:
    for top in python_of(node):
        for inner in ast.walk(top):
            if isinstance(inner, ast.Call):
                yield inner


def _message(
    call: ast.Call, keywords: Collection[str]
) -> tuple[str | None, tuple[str | None, ...]] | None:
    """The keyword and the arguments, or None if this call translates nothing that can be read."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case _:
            return None
    if name not in keywords and name != "translate":
        return None
    parameters = _METHODS.get(name, ())
    arguments = tuple(map(_literal, _positional(call, parameters)))
    if not any(arguments):
        return None
    keyword = name if name in keywords else None
    if parameters and len(arguments) == len(parameters):
        plural = _PLURALS[name]
        keyword = plural if plural in keywords else keyword
    return (keyword, arguments) if keyword or arguments[0] else None


def _positional(call: ast.Call, parameters: tuple[str, ...]) -> list[ast.expr]:
    """The arguments; those given by name come behind the others, if the parameters are known."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    rest = parameters[len(call.args) :]
    return [*call.args, *(named[name] for name in rest if name in named)]


def _literal(argument: ast.expr) -> str | None:
    match argument:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _literal(left), _literal(right)
            return first + second if first is not None and second is not None else None
    return None


class _Comments:
    """A template's comments for translators, by where they end."""

    def __init__(self, text: str, nodes: list[Node], tags: Collection[str]) -> None:
        self._text = text
        self._tags = tuple(tags)
        # By the line they end in, and the line they begin in.
        self._by_end: dict[int, tuple[int, list[str]]] = {}
        for node in nodes:
            if isinstance(node, Comment):
                first = self._line(node.start)
                last = self._line(node.end)
                lines = [line.strip() for line in node.value.splitlines()]
                begun, before = self._by_end.get(last, (first, []))
                self._by_end[last] = begun, before + lines

    def of_tag(self, start: int) -> list[str]:
        """The comment for a message in a tag that begins there."""
        return self.of(self._line(start)) if self._by_end else []

    def of(self, line: int) -> list[str]:
        """The comment for a message in that line: it ends there or in the line before."""
        for last in (line, line - 1):
            found = self._above(last)
            for index, comment in enumerate(found):
                if self._tags and comment.startswith(self._tags):
                    del self._by_end[last]  # it is for one message
                    return found[index:]
        return []

    def _line(self, index: int) -> int:
        return len(LINE_BREAK.findall(self._text, 0, index)) + 1

    def _above(self, last: int) -> list[str]:
        """The lines of all comments that end there, one below the other without a gap."""
        found: list[str] = []
        while last in self._by_end:
            first, lines = self._by_end[last]
            found = lines + found
            last = first - 1
        return found
