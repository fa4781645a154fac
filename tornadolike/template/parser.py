"""The text of a template, made a tree: tags, how they nest, and what each of them holds.

The syntax is Tornado's. Beside it there are ``{% async for %}``, Python over several lines, comments in every tag, and
ends of tags within strings and displays, where Tornado's reading of the text would be no Python.
"""

import ast
import difflib
from collections.abc import Callable
from dataclasses import dataclass

from .errors import ParseError
from .nodes import (
    Apply,
    Block,
    Comment,
    Extends,
    For,
    If,
    Include,
    Node,
    Output,
    Source,
    Statement,
    Text,
    Tree,
    Try,
    While,
)
from .python import Python, Refused
from .scanner import OPENING, joined_lines, later_end
from .whitespace import filter_whitespace

# How deep tags may stand in each other: as deep as Python lets its own blocks.
MAX_DEPTH = 100

_CLOSINGS = {
    "{{": ("}}", "Missing end expression }}"),
    "{%": ("%}", "Missing end block %}"),
    "{#": ("#}", "Missing end comment #}"),
}

# The tags that go on with the block they stand in, with the blocks that have such parts.
_PARTS = {
    "else": ("if", "for", "while", "try"),
    "elif": ("if",),
    "except": ("try",),
    "finally": ("try",),
}

# What other languages of templates, or habit, call it.
_HINTS = {
    "elseif": "it is {% elif CONDITION %}",
    "elsif": "it is {% elif CONDITION %}",
    "extend": "it is {% extends NAME %}",
    "filter": "it is {% apply FUNCTION %}",
    "with": "it is {% set NAME = VALUE %}",
    "let": "it is {% set NAME = VALUE %}",
    "print": "it is {{ EXPRESSION }}",
    "do": "it is {% set STATEMENT %}",
    "trans": 'it is {{ _("TEXT") }}',
    "macro": "there are UI modules: {% module NAME(...) %}",
    "-": "there is {% whitespace oneline %}",
}


def parse(source: Source, whitespace: str, autoescape: str | None) -> Tree:
    """Parse a template.

    :param whitespace: how white space is filtered until a ``{% whitespace %}``: see :func:`.filter_whitespace`.
    :param autoescape: what is escaped with if the template has no ``{% autoescape %}``.
    :raises ParseError: it is no template; blocks in each other deeper than :data:`MAX_DEPTH` are none.
    """
    return _Parser(source, whitespace, autoescape).parse()


@dataclass(slots=True)
class _Open:
    """A block whose ``{% end %}`` has not come yet.

    :ivar body: where nodes go now: they belong to its beginning or to its latest part.
    :ivar part: its operator, or that of its latest part.
    :ivar in_loop: ``break`` and ``continue`` may stand here.
    """

    operator: str
    node: Block | Apply | For | While | If | Try
    tag_end: int
    body: list[Node]
    part: str
    in_loop: bool


class _Tag:
    """What stands between ``{%`` and ``%}``: where the tag, its contents, and what follows the operator are."""

    __slots__ = (
        "begin",
        "contents_end",
        "contents_start",
        "end",
        "operator",
        "suffix",
        "suffix_start",
    )

    def __init__(self, text: str, begin: int, closing: int) -> None:
        raw = text[begin + 2 : closing]
        contents = raw.strip()
        self.begin = begin
        self.end = closing + 2
        self.contents_start = closing - len(raw.lstrip()) if contents else begin
        self.contents_end = self.contents_start + len(contents)
        self.operator = contents.split(None, 1)[0] if contents else ""
        self.suffix = contents[len(self.operator) :].lstrip()
        self.suffix_start = self.contents_end - len(self.suffix)


class _Parser:
    def __init__(self, source: Source, whitespace: str, autoescape: str | None) -> None:
        self.source = source
        self.text = source.text
        self.whitespace = whitespace
        self.python = Python(source)
        self.tree = Tree(source, [], autoescape)
        self.body = self.tree.body
        self.open: list[_Open] = []
        self.position = 0

    def parse(self) -> Tree:
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            message = "half a surrogate pair cannot be put out as UTF-8"
            raise self.source.error(message, error.start, error.end) from None
        text = self.text
        while found := OPENING.search(text, self.position):
            begin = found.start()
            self._add_text(self.position, begin)
            if text.startswith("!", begin + 2):
                self._add_text(begin, begin + 3, text[begin : begin + 2])
                self.position = begin + 3
            else:
                self._read_tag(begin, found[0])
        self._add_text(self.position, len(text))
        if self.open:
            block = self.open[-1]
            message = f"Missing {{% end %}} block for {block.operator}"
            raise self.source.error(message, block.node.start, block.tag_end)
        return self.tree

    def _add_text(self, start: int, end: int, value: str | None = None) -> None:
        if value is None:
            value = self.text[start:end]
            if "<pre>" not in value:
                value = filter_whitespace(self.whitespace, value)
        if start < end:
            self.body.append(Text(self.source, start, end, value))

    def _read_tag(self, begin: int, opening: str) -> None:
        closing, missing = _CLOSINGS[opening]
        end = self.text.find(closing, begin + 2)
        if end == -1:
            raise self.source.error(missing, begin, begin + 2)
        if opening == "{#":
            value = self.text[begin + 2 : end].strip()
            self.body.append(Comment(self.source, begin, end + 2, value))
        else:
            read = self._read_expression if opening == "{{" else self._read_block_tag
            end = self._read_python(read, begin, end, closing)
        self.position = end + 2

    def _read_python(
        self, read: Callable[[int, int], None], begin: int, end: int, closing: str
    ) -> int:
        """Read a tag up to ``end``, or beyond it if only so its Python is whole; return where it did end."""
        try:
            read(begin, end)
        except Refused as refused:
            later = later_end(self.text, begin + 2, end, closing)
            if later is not None:
                try:
                    read(begin, later)
                except Refused:
                    pass
                else:
                    return later
            raise self.source.error(refused.message, refused.start, refused.end) from None
        return end

    def _read_expression(self, begin: int, closing: int) -> None:
        raw = self.text[begin + 2 : closing]
        code = raw.strip()
        if not code:
            raise self.source.error("Empty expression", begin, closing + 2)
        start = closing - len(raw.lstrip())
        expression = self.python.expression(start, start + len(code))
        self.body.append(Output(self.source, begin, closing + 2, expression, "escaped"))

    def _read_block_tag(self, begin: int, closing: int) -> None:
        tag = _Tag(self.text, begin, closing)
        operator = tag.operator
        if not operator:
            raise self._error("Empty block tag ({% %})", tag)
        if operator in _PARTS:
            self._read_part(tag)
        elif operator == "end":
            self._read_end(tag)
        elif (leaf := _LEAVES.get(operator)) is not None:
            leaf(self, tag)
        elif (block := _BLOCKS.get(operator)) is not None:
            if len(self.open) >= MAX_DEPTH:
                raise self._error(f"blocks stand in each other more than {MAX_DEPTH} deep", tag)
            self._begin(tag, block(self, tag))
        else:
            raise self._unknown(tag)

    # Blocks

    def _begin(self, tag: _Tag, node: Block | Apply | For | While | If | Try) -> None:
        self.body.append(node)
        body = node.branches[0][1] if isinstance(node, If) else node.body
        # The body of apply is a function of its own.
        in_loop = isinstance(node, For | While) or (self._in_loop() and not isinstance(node, Apply))
        operator = "for" if tag.operator == "async" else tag.operator
        self.open.append(_Open(operator, node, tag.end, body, operator, in_loop))
        self.body = body

    def _read_end(self, tag: _Tag) -> None:
        if not self.open:
            raise self._error("Extra {% end %} block", tag)
        block = self.open[-1]
        node = block.node
        if isinstance(node, Try) and not node.handlers and block.part != "finally":
            raise self.source.error(
                "a try block needs {% except %} or {% finally %}", node.start, block.tag_end
            )
        node.end = tag.end
        self.open.pop()
        self.body = self.open[-1].body if self.open else self.tree.body

    def _in_loop(self) -> bool:
        return bool(self.open) and self.open[-1].in_loop

    def _apply(self, tag: _Tag) -> Apply:
        self._need(tag, "apply missing method name")
        return Apply(self.source, tag.begin, tag.end, self._expression(tag), [])

    def _block(self, tag: _Tag) -> Block:
        self._need(tag, "block missing name")
        return Block(self.source, tag.begin, tag.end, tag.suffix, [])

    def _for(self, tag: _Tag) -> For:
        loop = self.python.loop(tag.contents_start, tag.contents_end)
        is_async = tag.operator == "async"
        return For(self.source, tag.begin, tag.end, loop.target, loop.iter, [], is_async=is_async)

    def _async(self, tag: _Tag) -> For:
        if tag.suffix.split(None, 1)[:1] != ["for"]:
            raise self._error("async has to be followed by for", tag)
        return self._for(tag)

    def _while(self, tag: _Tag) -> While:
        return While(self.source, tag.begin, tag.end, self._condition(tag), [])

    def _if(self, tag: _Tag) -> If:
        return If(self.source, tag.begin, tag.end, [(self._condition(tag), [])])

    def _try(self, tag: _Tag) -> Try:
        self._need_nothing(tag)
        return Try(self.source, tag.begin, tag.end, [])

    # Parts of blocks

    def _read_part(self, tag: _Tag) -> None:
        operator = tag.operator
        allowed = _PARTS[operator]
        if not self.open:
            raise self._error(f"{operator} outside {' or '.join(allowed)} block", tag)
        block = self.open[-1]
        if block.operator not in allowed:
            raise self._error(f"{operator} block cannot be attached to {block.operator} block", tag)
        self._check_order(block, tag)
        node = block.node
        body: list[Node] = []
        if operator == "elif":
            assert isinstance(node, If)
            node.branches.append((self._condition(tag), body))
        elif operator == "except":
            assert isinstance(node, Try)
            handler = self.python.handler(tag.contents_start, tag.contents_end)
            node.handlers.append((handler, body))
        else:
            if tag.suffix.split(None, 1)[:1] == ["if"]:
                raise self._error("it is {% elif CONDITION %}", tag)
            self._need_nothing(tag)
            if operator == "finally":
                assert isinstance(node, Try)
                node.final = body
            else:
                assert isinstance(node, If | For | While | Try)
                node.orelse = body
                if isinstance(node, For | While):
                    block.in_loop = len(self.open) > 1 and self.open[-2].in_loop
        block.part = operator
        block.body = self.body = body

    def _check_order(self, block: _Open, tag: _Tag) -> None:
        part, node = block.part, block.node
        if part == "finally" or (part == "else" and tag.operator != "finally"):
            raise self._error(f"{tag.operator} cannot follow {part}", tag)
        if isinstance(node, Try):
            if tag.operator == "else" and not node.handlers:
                raise self._error("else cannot follow try without an except", tag)
            if tag.operator == "except" and node.handlers and node.handlers[-1][0].type is None:
                raise self._error("an except that catches everything has to be the last", tag)

    # Tags without a body

    def _extends(self, tag: _Tag) -> None:
        self.body.append(Extends(self.source, tag.begin, tag.end, self._path(tag)))

    def _include(self, tag: _Tag) -> None:
        self.body.append(Include(self.source, tag.begin, tag.end, self._path(tag)))

    def _path(self, tag: _Tag) -> str:
        path = tag.suffix.strip('"').strip("'")
        if not path:
            raise self._error(f"{tag.operator} missing file path", tag)
        return path

    def _set(self, tag: _Tag) -> None:
        self._need(tag, "set missing statement")
        self._add_statement(tag, tag.suffix_start)

    def _import(self, tag: _Tag) -> None:
        self._need(tag, "import missing statement")
        self._add_statement(tag, tag.contents_start)

    def _break(self, tag: _Tag) -> None:
        if not self._in_loop():
            raise self._error(f"{tag.operator} outside for or while block", tag)
        self._add_statement(tag, tag.contents_start)

    def _add_statement(self, tag: _Tag, start: int) -> None:
        code = self.python.statements(start, tag.contents_end)
        self.body.append(Statement(self.source, tag.begin, tag.end, code))

    def _comment(self, tag: _Tag) -> None:
        self.body.append(Comment(self.source, tag.begin, tag.end, tag.suffix))

    def _autoescape(self, tag: _Tag) -> None:
        self._need(tag, "autoescape missing function; None turns escaping off")
        self._expression(tag)
        self.tree.autoescape = None if tag.suffix == "None" else tag.suffix

    def _whitespace(self, tag: _Tag) -> None:
        try:
            filter_whitespace(tag.suffix, "")
        except ValueError as error:
            raise self._error(str(error), tag) from None
        self.whitespace = tag.suffix

    def _raw(self, tag: _Tag) -> None:
        self._need(tag, "raw missing expression")
        self.body.append(Output(self.source, tag.begin, tag.end, self._expression(tag), "raw"))

    def _module(self, tag: _Tag) -> None:
        self._need(tag, "module missing name")
        expression = self.python.expression(tag.suffix_start, tag.contents_end, "_tt_modules.")
        self.body.append(Output(self.source, tag.begin, tag.end, expression, "module"))

    # What they share

    def _expression(self, tag: _Tag) -> ast.expr:
        return self.python.expression(tag.suffix_start, tag.contents_end)

    def _condition(self, tag: _Tag) -> ast.expr:
        self._need(tag, f"{tag.operator} missing condition")
        keyword = "while" if tag.operator == "while" else "if"
        return self.python.condition(keyword, tag.suffix_start, tag.contents_end)

    def _need(self, tag: _Tag, message: str) -> None:
        if not tag.suffix:
            raise self._error(message, tag)

    def _need_nothing(self, tag: _Tag) -> None:
        if joined_lines(tag.suffix).strip("\\ \t\r\n"):
            message = f"nothing may follow {tag.operator}"
            raise self.source.error(message, tag.suffix_start, tag.contents_end)

    def _unknown(self, tag: _Tag) -> ParseError:
        operator = tag.operator
        message = f"unknown operator: {operator!r}"
        known = [*_PARTS, *_LEAVES, *_BLOCKS, "end"]
        if operator.startswith("end"):
            message += "; every block is closed by {% end %}"
        elif hint := _HINTS.get(operator) or _HINTS.get(operator[0]):
            message += f"; {hint}"
        elif operator.rstrip(":") in known:
            message += "; there is no colon in tags"
        elif operator.partition("(")[0] in known:
            message += f"; a space is missing behind {operator.partition('(')[0]!r}"
        elif close := difflib.get_close_matches(operator, known, 1):
            message += f"; did you mean {close[0]!r}?"
        return self.source.error(message, tag.contents_start, tag.contents_start + len(operator))

    def _error(self, message: str, tag: _Tag) -> ParseError:
        return self.source.error(message, tag.begin, tag.end)


_LEAVES: dict[str, Callable[[_Parser, _Tag], None]] = {
    "extends": _Parser._extends,
    "include": _Parser._include,
    "set": _Parser._set,
    "import": _Parser._import,
    "from": _Parser._import,
    "comment": _Parser._comment,
    "autoescape": _Parser._autoescape,
    "whitespace": _Parser._whitespace,
    "raw": _Parser._raw,
    "module": _Parser._module,
    "break": _Parser._break,
    "continue": _Parser._break,
}

_BLOCKS: dict[str, Callable[[_Parser, _Tag], Block | Apply | For | While | If | Try]] = {
    "apply": _Parser._apply,
    "block": _Parser._block,
    "try": _Parser._try,
    "if": _Parser._if,
    "for": _Parser._for,
    "async": _Parser._async,
    "while": _Parser._while,
}
