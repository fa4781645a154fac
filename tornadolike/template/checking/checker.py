"""The check itself: each file, then all that is put together from them."""

import ast
import builtins
import contextlib
import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ..contexts import unsafe_outputs
from ..errors import ParseError
from ..linking import Linked, link
from ..loaders import Loader
from ..nodes import CONTEXTUAL, Block, Comment, Extends, Include, Node, Output, Source, Text, Tree
from ..parser import parse
from ..template import DEFAULT_NAMES
from ..walking import python_of, walk
from .callers import Callers, Passed
from .findings import Finding, at, at_span, from_error
from .names import names_in

_HANDLERS_OWN = (
    "handler request current_user locale _ pgettext static_url xsrf_form_html reverse_url"
    " modules set_resources _tt_modules __name__ __loader__"
)
_OWN = frozenset(DEFAULT_NAMES).union(_HANDLERS_OWN.split())
_BUILTINS = frozenset(dir(builtins))
# Functions whose result may be put into a page as it is.
_SAFE = frozenset({"xhtml_escape", "url_escape", "linkify", "xsrf_form_html"})
_AUTOESCAPE = re.compile(r"\{%-?\s*autoescape\s[^%]*%\}")
_IGNORE = "check: ignore"
_NO_MARKUP = (".txt", ".md", ".csv", ".js", ".css", ".json")
_PLAIN = (".txt", ".csv")
_LOST = "this is never rendered: of a template that extends another one only the blocks are"
_UNESCAPED = "this is put out as it is: nothing escapes it"
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
        self.by_modules: dict[str, Passed] = {}

    def findings(self) -> Iterator[Finding]:
        for name in self.loader.list_templates():
            yield from self._read(name)
        self.by_modules = _passed_by_modules(self.trees.values())
        for tree in list(self.trees.values()):
            yield from self._missing(tree)
        for name in list(self.trees):
            yield from self._put_together(name)
        warnings = [*self._unescaped(), *self._misplaced(), *self._lost()]
        ignored = {place for tree in self.trees.values() for place in _ignored_lines(tree)}
        yield from (each for each in warnings if (each.path, each.line) not in ignored)
        yield from self._unknown_names()

    def _read(self, name: str) -> Iterator[Finding]:
        path = os.path.join(self.directory, name)
        try:
            with open(path, "rb") as file:
                content = file.read()
            if b"\0" in content:
                return
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
            # It has errors, or is not among those that are checked.
            self.trees[name] = self.loader.load(name).tree
        return self.trees[name]

    def _put_together(self, name: str) -> Iterator[Finding]:
        try:
            linked = link(self.trees[name], self._find)
            self.loader.load(name)
            self.linked[name] = linked
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
        plain = {name for name in self._rendered() if name.endswith(_PLAIN)}
        for name, tree in self.trees.items():
            if name in plain:  # there is nothing to escape, where no page includes it
                continue
            for node in walk(tree.body):
                if isinstance(node, Output) and _is_unescaped(node, tree):
                    yield at(node, "warning", "unescaped", _UNESCAPED)

    def _misplaced(self) -> Iterator[Finding]:
        for name in self._rendered():
            if name.endswith(_NO_MARKUP):
                continue
            for unsafe in unsafe_outputs([self.linked[name].root]):
                yield at(unsafe.output, "warning", "context", unsafe.why)

    def _lost(self) -> Iterator[Finding]:
        for tree in self.trees.values():
            if any(isinstance(node, Extends) for node in tree.body):
                for node in tree.body:
                    if _is_lost(node):
                        yield at(node, "warning", "lost", _LOST)

    def _rendered(self) -> list[str]:
        """The templates that the program asks for, and those that no other one names."""
        named = set()
        for tree in self.trees.values():
            for node in walk(tree.body):
                if isinstance(node, Extends | Include):
                    with contextlib.suppress(FileNotFoundError):
                        named.add(self.loader.resolve_path(node.name, node.source.name))
        return [name for name in self.linked if self._passed_to(name) or name not in named]

    def _unknown_names(self) -> Iterator[Finding]:
        # What is extended and included is looked at anew for each template that does so.
        found: dict[tuple[str, int, int], _Unknown] = {}
        for name in self._rendered():
            given = Passed()
            for passed in (self.callers.everywhere, *self._passed_to(name)):
                given.add(passed)
            if not given.is_open:
                for unknown in self._unknown_in(self.linked[name], self.known | given.names):
                    first = found.setdefault((unknown.source.path, *unknown.span), unknown)
                    first.templates.append(name)
        for unknown in found.values():
            yield at_span(unknown.source, *unknown.span, "error", "name", unknown.said())

    def _passed_to(self, template: str) -> list[Passed]:
        calls = [each.get(template) for each in (self.callers.templates, self.by_modules)]
        return [each for each in calls if each is not None]

    def _unknown_in(self, linked: Linked, known: frozenset[str]) -> Iterator["_Unknown"]:
        try:
            names = names_in([linked.root])
        except RecursionError:  # what can be compiled may still be too deep for this
            return
        candidates = known | names.bound
        for use in names.uses:
            name = use.name.id
            if name not in known | _BUILTINS:
                yield _Unknown(use.source, use.span, f"unknown name {name!r}", name, candidates)
        for dependency in linked.dependencies:
            tree = self.trees[dependency]
            # It may be written as a call or an attribute.
            name = re.split(r"\W", tree.autoescape or CONTEXTUAL, maxsplit=1)[0]
            if name not in known | _BUILTINS | {CONTEXTUAL}:
                tag = _AUTOESCAPE.search(tree.source.text)
                span = tag.span() if tag else (0, 0)
                message = f"unknown function {name!r} to escape with"
                yield _Unknown(tree.source, span, message, name, candidates)


@dataclass(slots=True)
class _Unknown:
    """A name that is unknown in some of the templates that its source is a part of."""

    source: Source
    span: tuple[int, int]
    message: str
    name: str
    candidates: Collection[str]
    templates: list[str] = field(default_factory=list)

    def said(self) -> str:
        close = difflib.get_close_matches(self.name, sorted(self.candidates), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        if self.source.name in self.templates:
            return self.message + hint
        more = len(self.templates) - 1
        return f"{self.message}{hint} (in {self.templates[0]}{f' and {more} more' * bool(more)})"


def _passed_by_modules(trees: Iterable[Tree]) -> dict[str, Passed]:
    """What ``{% module Template("other.html", title=title) %}`` gives."""
    found: dict[str, Passed] = {}
    for tree in trees:
        for node in walk(tree.body):
            match python_of(node):
                case [
                    ast.Call(
                        func=ast.Attribute(value=ast.Name(id="_tt_modules"), attr="Template"),
                        args=[ast.Constant(value=str(name))],
                        keywords=keywords,
                    )
                ]:
                    named = {keyword.arg for keyword in keywords}
                    passed = Passed({arg for arg in named if arg}, None in named)
                    found.setdefault(name, Passed()).add(passed)
    return found


def _is_unescaped(node: Output, tree: Tree) -> bool:
    if node.kind == "module" or (node.kind == "escaped" and tree.autoescape is not None):
        return False
    match node.expression:
        case ast.Constant() | ast.Call(func=ast.Attribute(value=ast.Name(id="modules"))):
            return False
        case ast.Call(func=ast.Name(id="json_encode")):
            return not _is_in_script(node)
        case ast.Call(func=ast.Name(id=name)):
            return name not in _SAFE
    return True


def _is_lost(node: Node) -> bool:
    """Whether nothing remains of a node that stands outside of all blocks."""
    if isinstance(node, Text):
        return bool(node.value.strip())
    if isinstance(node, Comment | Extends):
        return False
    return not any(isinstance(inner, Block | Include) for inner in walk([node]))


def _is_in_script(node: Node) -> bool:
    before = node.source.text[: node.start].lower()
    return before.rfind("<script") > before.rfind("</script")


def _ignored_lines(tree: Tree) -> Iterator[tuple[str, int]]:
    """Paths and lines of comments that say that somebody has looked at what stands there."""
    source = tree.source
    for node in walk(tree.body):
        if isinstance(node, Comment) and node.value.startswith(_IGNORE):
            yield source.path, at(node, "warning", "ignored", "").line
