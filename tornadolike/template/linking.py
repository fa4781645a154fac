"""Linking: one tree of a template and of all that it extends and includes.

In the linked tree an :class:`~.nodes.Inlined` stands in the place of each block and each include. Nodes that hold
others are copies, and so are outputs: one that is included twice stands in two places, and may be escaped differently
in each. Python expressions are shared, and nobody changes them.

What is chosen where two blocks have one name is Tornado's rule: the files are read from the outermost ancestor to the
template itself, and in each file from the top (a block before the blocks in it, an included file where it is included);
the last one is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from .nodes import (
    Apply,
    Block,
    Comment,
    Extends,
    For,
    If,
    Include,
    Inlined,
    Node,
    Output,
    Tree,
    Try,
    While,
)
from .walking import bodies


@dataclass(slots=True)
class Linked:
    """A template with all that belongs to it.

    :ivar root: the outermost ancestor's body, in which everything else stands.
    :ivar dependencies: the names of all templates that were read for it, itself first.
    """

    root: Inlined
    dependencies: list[str]


def link(tree: Tree, find: Callable[[Extends | Include], Tree]) -> Linked:
    """Put the template's ancestors, blocks and includes together.

    :param find: gives the tree of the template that a tag names.

    Raises :exc:`.ParseError` for templates that extend or include themselves, and what ``find`` raises.
    """
    return _Linker(find).link(tree)


@dataclass(slots=True)
class _Winner:
    block: Block
    tree: Tree


@dataclass(slots=True)
class _Linker:
    find: Callable[[Extends | Include], Tree]
    blocks: dict[str, _Winner] = field(default_factory=dict)
    dependencies: dict[str, None] = field(default_factory=dict)
    #: Which tags led to what is read now.
    chain: list[Extends | Include] = field(default_factory=list)
    reading: list[Tree] = field(default_factory=list)

    def link(self, tree: Tree) -> Linked:
        ancestors = self._ancestors(tree)
        ancestors.reverse()
        for ancestor in ancestors:
            self._register(ancestor, ancestor.body)
        outermost = ancestors[0]
        self.reading = [outermost]
        body = self._copies(outermost, outermost.body)
        root = Inlined(outermost.source, 0, 0, outermost.autoescape, body)
        return Linked(root, list(self.dependencies))

    def _ancestors(self, tree: Tree) -> list[Tree]:
        self.dependencies.setdefault(tree.source.name)
        ancestors = [tree]
        self.reading.append(tree)
        for node in tree.body:
            if isinstance(node, Extends):
                ancestors += self._ancestors(self._found(node))
                self.chain.pop()
        self.reading.pop()
        return ancestors

    def _found(self, tag: Extends | Include) -> Tree:
        """The tree that a tag names. The tag is on the chain from here on."""
        self.chain.append(tag)
        try:
            tree = self.find(tag)
        except Exception as error:
            self._tell_who_names_it(error)
            raise
        self.dependencies.setdefault(tree.source.name)
        if self._is_open(tree):
            verb = "extends" if isinstance(tag, Extends) else "includes"
            names = [link.source.name for link in self.chain] + [tree.source.name]
            names = names[names.index(tree.source.name) :]
            message = f"This file {verb} itself: {' -> '.join(names)}"
            raise tag.source.error(message, tag.start, tag.end)
        return tree

    def _tell_who_names_it(self, error: Exception) -> None:
        """Note the tags that led to a file which is not there, or is no template: it does not know them itself."""
        for tag in reversed(self.chain):
            line = tag.source.line_of(tag.start)
            error.add_note(f"{tag.name!r} is named in {tag.source.path}:{line}")

    def _is_open(self, tree: Tree) -> bool:
        """Whether the file is being read already.

        A template that was made of text may have the name of the file that it extends; three of one name are a circle.
        """
        name = tree.source.name
        alike = [other for other in self.reading if other.source.name == name]
        return len(alike) > 1 or any(other is tree for other in alike)

    def _register(self, tree: Tree, body: list[Node]) -> None:
        for node in body:
            if isinstance(node, Block):
                self.blocks[node.name] = _Winner(node, tree)
            elif isinstance(node, Include):
                included = self._found(node)
                self.reading.append(included)
                self._register(included, included.body)
                self.reading.pop()
                self.chain.pop()
                continue
            for inner in bodies(node):
                self._register(tree, inner)

    def _copies(self, tree: Tree, body: list[Node]) -> list[Node]:
        return [
            self._copy(tree, node)
            for node in body
            if type(node) is not Comment and not (type(node) is Extends and body is tree.body)
        ]

    def _copy(self, tree: Tree, node: Node) -> Node:
        if isinstance(node, Output):
            return Output(node.source, node.start, node.end, node.expression, node.kind)
        place = (node.source, node.start, node.end)
        if isinstance(node, If):
            branches = [(test, self._copies(tree, body)) for test, body in node.branches]
            return If(*place, branches, self._copies(tree, node.orelse))
        if isinstance(node, For):
            inner = self._copies(tree, node.body)
            orelse = self._copies(tree, node.orelse)
            return For(*place, node.target, node.iterable, inner, orelse, node.is_async)
        if isinstance(node, While):
            inner = self._copies(tree, node.body)
            return While(*place, node.test, inner, self._copies(tree, node.orelse))
        if isinstance(node, Apply):
            return Apply(*place, node.function, self._copies(tree, node.body))
        if isinstance(node, Try):
            handlers = [(handler, self._copies(tree, body)) for handler, body in node.handlers]
            return Try(
                *place,
                self._copies(tree, node.body),
                handlers,
                self._copies(tree, node.orelse),
                self._copies(tree, node.final),
            )
        if isinstance(node, Block):
            winner = self.blocks[node.name]
            return self._inlined(node, winner.tree, winner.block.body)
        if isinstance(node, Include):
            return self._included(node)
        if isinstance(node, Extends):
            message = "{% extends %} has to stand outside of all other blocks"
            raise node.source.error(message, node.start, node.end)
        return node

    def _inlined(self, tag: Node, tree: Tree, body: list[Node]) -> Inlined:
        copies = self._copies(tree, body)
        return Inlined(tag.source, tag.start, tag.end, tree.autoescape, copies)

    def _included(self, tag: Include) -> Inlined:
        tree = self._found(tag)
        for node in tree.body:
            if isinstance(node, Extends):
                raise tag.source.error(
                    f"{tag.name} extends another template, so it cannot be included; "
                    "{% module Template(...) %} renders it by itself",
                    tag.start,
                    tag.end,
                )
        self.reading.append(tree)
        inlined = self._inlined(tag, tree, tree.body)
        self.reading.pop()
        self.chain.pop()
        return inlined
