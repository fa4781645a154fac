"""What somebody typed, as HTML that can do no harm.

Markdown is read by markdown-it-py, after CommonMark, with tables and strikethrough. HTML in it is text as any
other; what comes out is cleaned by nh3 all the same, so a fault in one of the two is not enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NewType

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from tornadolike.escape import linkify

TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"),
    *("em", "strong", "s", "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
BLOCKS = {"p", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table"}
ATTRIBUTES = {tag: {"dir"} for tag in BLOCKS} | {"a": {"href", "title"}, "ol": {"dir", "start"}}
SCHEMES = {"http", "https", "mailto"}
REL = "nofollow ugc noopener"
"""What is said of links: nobody is to gain by having put them here."""

REMEMBERED = 256
"""So many texts are not read again for each of their readers."""

BEGINNING = 2000
"""So much of a text is read for its first words."""


Clean = NewType("Clean", str)
"""HTML that can stand in a page as it is."""


@lru_cache(REMEMBERED)
def to_html(text: str) -> Clean:
    """A text as HTML. It takes some milliseconds for a long one: call it in a thread."""
    html: str = MARKDOWN.render(text)
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=REL)
    return Clean(clean.strip())


def first_words(text: str) -> str:
    """How a text begins, without its marks, on one line."""
    return " ".join(" ".join(_words(MARKDOWN.parse(text[:BEGINNING]))).split())


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            parts = token.children or ()
            yield "".join(" " if part.type in BREAKS else part.content for part in parts)
        else:
            yield token.content  # of a code block; others have none


def _lower_headings(state: StateCore) -> None:
    """The title of the entry is the only heading of the first level."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _find_directions(state: StateCore) -> None:
    """Each part of a text goes its own way, from the left or from the right."""
    for token in state.tokens:
        if token.level == 0 and token.nesting == 1:
            token.attrSet("dir", "auto")


def _find_addresses(state: StateCore) -> None:
    """Text that is in no link yet is one where addresses become some."""
    for token in state.tokens:
        inside = 0
        for part in token.children or ():
            inside += LINKS.get(part.type, 0)
            if part.type == "text" and not inside:
                part.type = ADDRESSES


def _render_addresses(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: object, env: object
) -> str:
    return linkify(tokens[index].content)


BREAKS = ("softbreak", "hardbreak")
LINKS = {"link_open": 1, "link_close": -1}
ADDRESSES = "addresses"

# Pictures of other sites would tell them who reads here.
MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True})
MARKDOWN.enable(["table", "strikethrough"]).disable("image")
MARKDOWN.core.ruler.push("lower_headings", _lower_headings)
MARKDOWN.core.ruler.push("find_directions", _find_directions)
MARKDOWN.core.ruler.push("find_addresses", _find_addresses)
MARKDOWN.add_render_rule(ADDRESSES, _render_addresses)
