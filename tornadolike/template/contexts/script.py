"""Where in a script an expression stands (ECMAScript's lexical grammar, as far as it goes without a parser)."""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from .problem import Problem

_TOKEN: Final = re.compile(r"[\"'`/{}]|<!--|\n[^\S\n]*-->")
_PART: Final = re.compile(r"(?:/|<!?-?|\n[^\S\n]*-{0,2})\Z")

# How deep template literals may stand in each other: no script that people write has more than a few.
_MAX_DEPTH: Final = 50

# The ends of these are ends of an operand's place, not of an operand: a slash after them begins a regular expression.
_KEYWORDS: Final = frozenset(
    {
        *(
            "await",
            "break",
            "case",
            "continue",
            "delete",
            "do",
            "else",
            "finally",
            "in",
            "instanceof",
            "new",
            "of",
        ),
        *("return", "throw", "try", "typeof", "void", "yield"),
    }
)
_LONGEST_KEYWORD: Final = max(map(len, _KEYWORDS))
_WORD: Final = re.compile(r"[\w$\u0080-\uffff]+\Z")


@dataclass(slots=True, frozen=True)
class Script:
    """Within a script, JSON or the attribute of an event.

    :ivar mode: ``"code"``, ``"string"``, ``"regex"``, ``"class"`` (of a regular expression), ``"line"`` and
        ``"block"`` (comments).
    :ivar quote: of a string; the grave accent is that of a template literal.
    :ivar slash: what a slash would be: ``"regex"``, ``"division"``, or ``"doubtful"``.
    :ivar braces: for each template literal around, how many braces are open in its ``${``.
    :ivar pending: the beginning of a mark that the text ended in.
    :ivar last: the end of the code so far, for a word may go on in the next piece of text. Places that differ in
        nothing else are the same.
    """

    is_json: bool = False
    mode: str = "code"
    quote: str = ""
    slash: str = "regex"
    braces: tuple[int, ...] = ()
    pending: str = ""
    last: str = field(default="", compare=False)

    def feed(self, text: str) -> "Script":
        state, text = replace(self, pending=""), self.pending + text
        at = 0
        while at < len(text):
            state, at = _STEPS[state.mode](state, text, at)
        return state

    def _code(self, text: str, at: int) -> "tuple[Script, int]":
        found = _TOKEN.search(text, at)
        if found is None or (found[0] == "/" and found.end() == len(text)):
            part = _PART.search(text, at)
            end = part.start() if part else len(text)
            code = self.last + text[at:end]
            pending = re.sub(r"\s+", "\n", text[end:])
            slash = _slash_after(code, self.slash)
            return replace(self, slash=slash, pending=pending, last=_end_of(code)), len(text)
        mark = found[0]
        slash = _slash_after(self.last + text[at : found.start()], self.slash)
        self = replace(self, slash=slash, last="")
        if mark in ('"', "'", "`"):
            return replace(self, mode="string", quote=mark), found.end()
        if mark in ("{", "}"):
            return self._brace(mark), found.end()
        if mark != "/":
            return replace(self, mode="line"), found.end()
        return self._slash(text, found.start())

    def _brace(self, mark: str) -> "Script":
        if not self.braces:
            return replace(self, slash="regex" if mark == "{" else "doubtful")
        *outer, depth = self.braces
        if mark == "{":
            return replace(self, slash="regex", braces=(*outer, depth + 1))
        if depth:
            return replace(self, slash="doubtful", braces=(*outer, depth - 1))
        return replace(self, mode="string", quote="`", braces=tuple(outer))

    def _slash(self, text: str, at: int) -> "tuple[Script, int]":
        following = text[at + 1]
        if following == "/":
            return replace(self, mode="line"), at + 2
        if following == "*":
            return replace(self, mode="block"), at + 2
        if self.slash == "regex":
            return replace(self, mode="regex"), at + 1
        if self.slash == "doubtful":
            line = text[at + 1 :].partition("\n")[0]
            ends = at + 1 + len(line) == len(text)
            if ends or ("/" in line and re.search("[\"'`{}]", line)):
                raise Problem(
                    "Whether this / divides or begins a regular expression cannot be told: "
                    "put the expression in front of it into a variable, or the regular expression into parentheses",
                    text[at:],
                )
        return replace(self, slash="regex"), at + 1

    def _string(self, text: str, at: int) -> "tuple[Script, int]":
        pattern = _STRINGS[self.quote]
        end = pattern.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        rest = text[end : end + 2]
        if rest in ("", "\\", "$"):
            return replace(self, pending=rest), len(text)
        if rest[0] == self.quote:
            return replace(self, mode="code", quote="", slash="division"), end + 1
        if rest == "${":
            if len(self.braces) >= _MAX_DEPTH:
                raise Problem("Template literals stand in each other too deeply", text[end:])
            return replace(
                self, mode="code", quote="", slash="regex", braces=(*self.braces, 0)
            ), end + 2
        return self, end + 1

    def _regex(self, text: str, at: int) -> "tuple[Script, int]":
        end = re.compile(r"(?:[^\\/\[]|\\.)*", re.DOTALL).match(text, at).end()  # type: ignore[union-attr]
        rest = text[end : end + 1]
        if rest in ("", "\\"):
            return replace(self, pending=rest), len(text)
        if rest == "[":
            return replace(self, mode="class"), end + 1
        return replace(self, mode="code", slash="division"), end + 1

    def _class(self, text: str, at: int) -> "tuple[Script, int]":
        end = re.compile(r"(?:[^\\\]]|\\.)*", re.DOTALL).match(text, at).end()  # type: ignore[union-attr]
        rest = text[end : end + 1]
        if rest in ("", "\\"):
            return replace(self, pending=rest), len(text)
        return replace(self, mode="regex"), end + 1

    def _line(self, text: str, at: int) -> "tuple[Script, int]":
        found = re.compile("[\n\r\u2028\u2029]").search(text, at)
        if found is None:
            return self, len(text)
        # The line break stays: "-->" behind it is a comment again.
        return replace(self, mode="code"), found.start()

    def _block(self, text: str, at: int) -> "tuple[Script, int]":
        end = text.find("*/", at)
        if end >= 0:
            return replace(self, mode="code"), end + 2
        return replace(self, pending="*" if text.endswith("*") else ""), len(text)

    @property
    def escaper(self) -> str:
        if self.mode in ("line", "block"):
            raise Problem(
                "An expression in a comment of a script: {# #} is the comment of templates"
            )
        if self.pending == "\\":
            raise Problem(
                "A backslash in front of an expression would change what follows: write it as \\\\"
            )
        if self.mode == "code" and self.pending == "/":
            if self.slash == "doubtful":
                raise Problem(
                    "Whether the / in front of it divides or begins a regular expression cannot be told: "
                    "put what is before it into a variable"
                )
            if self.slash == "regex":
                return "script_regex"
        if self.mode == "code":
            return "json_data" if self.is_json else "script"
        return "script_regex" if self.mode == "regex" else "script_string"

    def after_output(self) -> "Script":
        if self.mode == "code" and self.pending == "/" and self.slash == "regex":
            return replace(self, mode="regex", pending="", last="")
        slash = "division" if self.mode == "code" else self.slash
        return replace(self, pending="", slash=slash, last="")

    def joined(self, other: "Script") -> "Script | None":
        slash = self.slash if self.slash == other.slash else "doubtful"
        if slash == "doubtful" and "/" in (self.pending, other.pending):
            return None
        last = self.last if self.last == other.last else ""
        alike = [
            replace(one, slash=slash, pending=one.pending.strip(), last=last)
            for one in (self, other)
        ]
        return alike[0] if alike[0] == alike[1] else None

    @property
    def unfinished(self) -> str:
        if self.mode in ("code", "line"):
            return "${ of a script" if self.braces else ""
        return {"block": "a comment of a script", "string": "a string of a script"}.get(
            self.mode, "a regular expression of a script"
        )


def _end_of(code: str) -> str:
    """As much of the code as decides what a slash would be: the longest keyword, and what stands before it."""
    stripped = code.rstrip()
    return stripped[-_LONGEST_KEYWORD - 1 :] + " " * (len(stripped) < len(code))


def _slash_after(text: str, before: str) -> str:
    """What a slash would be after a piece of code that has no strings, comments and braces in it."""
    text = text.rstrip()
    if not text:
        return before
    if text[-1] in "+-":
        # Of "++" and "--" nobody knows whether they belong to what is before them.
        return "doubtful" if text[-2:-1] == text[-1] else "regex"
    if text[-1] == ")":
        return "doubtful"
    word = _WORD.search(text)
    if word is not None:
        return (
            "regex"
            if word[0] in _KEYWORDS and text[word.start() - 1 : word.start()] != "."
            else "division"
        )
    return "division" if text[-1] in "]." else "regex"


_STRINGS: Final = {
    quote: re.compile(rf"(?:[^\\{quote}{'$' if quote == '`' else ''}]|\\.)*", re.DOTALL)
    for quote in "\"'`"
}
_STEPS: Final = {
    "code": Script._code,
    "string": Script._string,
    "regex": Script._regex,
    "class": Script._class,
    "line": Script._line,
    "block": Script._block,
}
