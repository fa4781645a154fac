"""The check itself: each file, then all that is put together from them."""

import ast
import builtins
import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ..errors import ParseError
from ..linking import Linked, link
from ..loaders import Loader
from ..nodes import Comment, Extends, Include, Output, Source, Tree
from ..parser import parse
from ..template import DEFAULT_NAMES
from ..walking import walk
from .callers import Callers, Passed
from .findings import Finding, at, at_span, from_error
from .names import names_in

_HANDLERS_OWN = (
    "handler request current_user locale _ translate pgettext static_url xsrf_form_html reverse_url"
    " modules set_resources _tt_modules __name__ __loader__"
)
_OWN = frozenset(DEFAULT_NAMES).union(_HANDLERS_OWN.split())
_BUILTINS = frozenset(dir(builtins))
# Functions whose result may be put into a page as it is.
_SAFE = frozenset({"xhtml_escape", "url_escape", "linkify", "xsrf_form_html"})
_AUTOESCAPE = re.compile(r"\{%-?\s*autoescape\s[^%]*%\}")
_CONTEXTUAL = "contextual"
_IGNORE = "check: ignore"
_TOLD_AT_THE_FILE = (ParseError, UnicodeDecodeError)
"""What is wrong within a template that another one names."""


def check_templates(
    directory: str | os.PathLike[str],
    callers: Callers,
    names: Collection[str] = (),
    autoescape: str | None = "xhtml_escape",
) -> list[Finding]:
    """Check all templates below a directory, and give what was found in the order of files and lines.

    Files that hold a NUL byte, as images do, are no templates. Warnings are left out for lines in which a comment
    begins with ``check: ignore``.

    :arg callers: what the program passes, from :func:`.read_callers`.
    :arg names: further names that all templates have.
    :arg autoescape: as the loader's.
    """
    checker = _Checker(os.fspath(directory), callers, names, autoescape)
    return sorted(set(checker.findings()))


class _Checker:
    def __init__(
        self, directory: str, callers: Callers, names: Collection[str], autoescape: str | None
    ) -> None:
        self.directory = directory
        self.callers = callers
        self.known = _OWN | callers.everywhere.names | set(names)
        self.loader = Loader(directory, autoescape=autoescape)
        self.trees: dict[str, Tree] = {}
        self.linked: dict[str, Linked] = {}

    def findings(self) -> Iterator[Finding]:
        for name in self.loader.list_templates():
            if not _is_binary(self.loader.path_of(name)):
                yield from self._read(name)
        for tree in list(self.trees.values()):
            yield from self._missing(tree)
        for name in list(self.trees):
            yield from self._put_together(name)
        warnings = [*self._unescaped(), *self._misplaced()]
        ignored = {place for tree in self.trees.values() for place in _ignored_lines(tree)}
        yield from (each for each in warnings if (each.path, each.line) not in ignored)
        yield from self._unknown_names()

    def _read(self, name: str) -> Iterator[Finding]:
        path = os.path.join(self.directory, name)
        try:
            with open(path, "rb") as file:
                content = file.read()
            source = Source(name, path, content.decode())
            self.trees[name] = parse(source, "all", self.loader.autoescape)
        except ParseError as error:
            yield self._from_error(error)
        except (OSError, UnicodeDecodeError) as error:
            yield Finding(path, 0, 0, 0, "error", "syntax", f"it cannot be read: {error}", "")

    def _missing(self, tree: Tree) -> Iterator[Finding]:
        for node in walk(tree.body):
            if isinstance(node, Extends | Include):
                try:
                    self._find(node)
                except OSError as error:
                    yield at(node, "error", "missing", error.strerror or str(error))
                except _TOLD_AT_THE_FILE:
                    pass

    def _find(self, tag: Extends | Include) -> Tree:
        """The template that a tag names. Raises what the loader does if there is none."""
        name = self.loader.resolve_path(tag.name, tag.source.name)
        if name not in self.trees:
            self.loader.load(name)
            list(self._read(name))  # it is not among those that are checked
        return self.trees[name]

    def _put_together(self, name: str) -> Iterator[Finding]:
        try:
            self.linked[name] = link(self.trees[name], self._find)
            self.loader.load(name)
        except SyntaxError as error:
            yield self._from_error(error)
        except (OSError, *_TOLD_AT_THE_FILE):
            pass

    def _from_error(self, error: SyntaxError) -> Finding:
        path = error.filename or self.directory
        if os.path.isabs(path) and not os.path.isabs(self.directory):
            path = os.path.join(self.directory, os.path.relpath(path, self.loader.root))
        return from_error(error, path)

    def _unescaped(self) -> Iterator[Finding]:
        for tree in self.trees.values():
            for node in walk(tree.body):
                if isinstance(node, Output) and _is_unescaped(node, tree):
                    said = f"{ast.unparse(node.expression)} is put out as it is, not escaped"
                    yield at(node, "warning", "unescaped", said)

    def _misplaced(self) -> Iterator[Finding]:
        yield from ()

    def _unknown_names(self) -> Iterator[Finding]:
        passed = self._passed_by_modules()
        below = {name for each in self.linked.values() for name in each.dependencies[1:]}
        # What is extended and included is looked at anew for each template that does so.
        found: dict[_Unknown, list[str]] = {}
        for name, linked in self.linked.items():
            calls = [self.callers.templates.get(name), passed.get(name)]
            if name in below and not any(calls):
                continue
            given = Passed()
            for call in (self.callers.everywhere, *filter(None, calls)):
                given.add(call)
            if not given.is_open:
                for unknown in self._unknown_in(linked, self.known | given.names):
                    found.setdefault(unknown, []).append(name)
        for unknown, names in found.items():
            source = self.trees[unknown.template].source
            message = unknown.message + unknown.hint
            if source.name not in names:
                more = f" and {len(names) - 1} more" * (len(names) > 1)
                message += f" (in {names[0]}{more})"
            yield at_span(source, *unknown.span, "error", "name", message)

    def _passed_by_modules(self) -> dict[str, Passed]:
        """What ``{% module Template("other.html", title=title) %}`` gives."""
        found: dict[str, Passed] = {}
        for tree in self.trees.values():
            for node in walk(tree.body):
                match node:
                    case Output(kind="module", expression=ast.Call() as call):
                        pass
                    case _:
                        continue
                match call:
                    case ast.Call(
                        func=ast.Attribute(attr="Template"), args=[ast.Constant(value=str(name))]
                    ):
                        named = {keyword.arg for keyword in call.keywords}
                        passed = Passed({arg for arg in named if arg}, None in named)
                        found.setdefault(name, Passed()).add(passed)
        return found

    def _unknown_in(self, linked: Linked, known: frozenset[str]) -> Iterator["_Unknown"]:
        names = names_in([linked.root])
        for use in names.uses:
            if use.name.id not in known | _BUILTINS:
                hint = _hint(use.name.id, known | names.bound)
                source = use.source
                yield _Unknown(source.name, use.span, f"unknown name {use.name.id!r}", hint)
        for name in linked.dependencies:
            tree = self.trees[name]
            # It may be written as a call or an attribute.
            function = re.split(r"\W", tree.autoescape or _CONTEXTUAL, maxsplit=1)[0]
            if function not in known | _BUILTINS | {_CONTEXTUAL}:
                tag = _AUTOESCAPE.search(tree.source.text)
                message = f"unknown function {function!r} to escape with"
                yield _Unknown(name, tag.span() if tag else (0, 0), message, _hint(function, known))


@dataclass(frozen=True, slots=True)
class _Unknown:
    """An unknown name, before it is told of which templates it is a part."""

    template: str
    span: tuple[int, int]
    message: str
    hint: str


def _is_binary(path: str) -> bool:
    with open(path, "rb") as file:
        return b"\0" in file.read(8192)


def _is_unescaped(node: Output, tree: Tree) -> bool:
    if node.kind == "module" or (node.kind == "escaped" and tree.autoescape is not None):
        return False
    match node.expression:
        case ast.Constant():
            return False
        case ast.Call(func=ast.Name(id=name)):
            return name not in _SAFE
        case ast.Call(func=ast.Attribute(value=ast.Name(id="modules"))):
            return False
    return True


def _ignored_lines(tree: Tree) -> Iterator[tuple[str, int]]:
    """Paths and lines of comments that say that somebody has looked at what stands there."""
    source = tree.source
    for node in walk(tree.body):
        if isinstance(node, Comment) and node.value.startswith(_IGNORE):
            yield source.path, source.text.count("\n", 0, node.start) + 1


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
