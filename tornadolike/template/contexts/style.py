"""Where in a style sheet an expression stands (CSS Syntax Level 3, as far as strings, comments and addresses go)."""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from .problem import Problem
from .url import Url

_TOKEN: Final = re.compile(r"\\.|[\"']|/\*|(?<![\w-])url\(\s*[\"']?", re.DOTALL | re.IGNORECASE)
# What a text may end with that is the beginning of one of those.
_PART: Final = re.compile(r"(?:\\|/|(?<![\w-])u(?:r(?:l(?:\(\s*)?)?)?)\Z", re.IGNORECASE)


@dataclass(slots=True, frozen=True)
class Style:
    """Within a style sheet or a ``style`` attribute.

    :ivar mode: ``"code"``, ``"comment"``, ``"string"``, ``"url"`` (its ``quote`` may be missing).
    :ivar pending: the beginning of a token that the text ended in.
    """

    mode: str = "code"
    quote: str = ""
    url: Url = field(default_factory=Url)
    pending: str = ""

    def feed(self, text: str) -> "Style":
        state, text = replace(self, pending=""), self.pending + text
        at = 0
        while at < len(text):
            state, at = _STEPS[state.mode](state, text, at)
        return state

    def _code(self, text: str, at: int) -> "tuple[Style, int]":
        found = _TOKEN.search(text, at)
        # Behind "url(" a quote may be still to come.
        is_begun = found and found[0][0] in "uU" and found[0][-1] not in "\"'"
        if found is None or (is_begun and found.end() == len(text)):
            part = _PART.search(text, at)
            return replace(self, pending=part[0] if part else ""), len(text)
        opening, end = found[0], found.end()
        if opening == "/*":
            return Style("comment"), end
        if opening[0] == "\\":
            return self, end
        quote = opening[-1] if opening[-1] in "\"'" else ""
        return Style("string" if opening == quote else "url", quote), end

    def _comment(self, text: str, at: int) -> "tuple[Style, int]":
        end = text.find("*/", at)
        if end >= 0:
            return Style(), end + 2
        return replace(self, pending="*" if text.endswith("*") else ""), len(text)

    def _string(self, text: str, at: int) -> "tuple[Style, int]":
        end, closed, pending = _string_end(text, at, self.quote)
        return (Style() if closed else replace(self, pending=pending)), end

    def _url(self, text: str, at: int) -> "tuple[Style, int]":
        end, closed, pending = _string_end(text, at, self.quote or ")")
        if closed:
            return Style(), end
        return replace(self, url=self.url.feed(text[at : end - len(pending)]), pending=pending), end

    @property
    def escaper(self) -> str:
        if self.mode == "comment":
            raise Problem(
                "An expression in a comment of a style sheet: {# #} is the comment of templates"
            )
        if self.pending == "\\":
            raise Problem(
                "A backslash in front of an expression would change what follows: write it as \\\\"
            )
        if self.mode == "string":
            return "style_string"
        if self.mode == "url" or self.pending.rstrip().endswith("("):
            name = self.url.escaper
            return {"url_query": "style_url_path"}.get(name, f"style_{name}")
        return "style"

    def after_output(self) -> "Style":
        if self.pending.rstrip().endswith("("):
            return Style("url", "", Url().after_output())
        return replace(self, pending="", url=self.url.after_output())

    def joined(self, other: "Style") -> "Style | None":
        if (self.mode, self.quote, self.pending) != (other.mode, other.quote, other.pending):
            return None
        url = self.url.joined(other.url)
        return None if url is None else replace(self, url=url)

    @property
    def unfinished(self) -> str:
        return "" if self.mode == "code" and not self.pending else f"a {self.mode} of a style sheet"


def _string_end(text: str, at: int, closing: str) -> tuple[int, bool, str]:
    """Where a string's text ends, whether it is closed there, and a backslash that waits for its character."""
    found = re.compile(rf"(?:[^\\{closing}]|\\.)*", re.DOTALL).match(text, at)
    end = found.end() if found else at
    if end == len(text):
        return end, False, ""
    if text[end] == "\\":
        return len(text), False, "\\"
    return end + 1, True, ""


_STEPS: Final = {
    "code": Style._code,
    "comment": Style._comment,
    "string": Style._string,
    "url": Style._url,
}
