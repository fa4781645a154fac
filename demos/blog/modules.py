"""What templates know beside their names: UI modules and UI methods."""

from __future__ import annotations

from tornadolike.web import RequestHandler, UIModule

from .entries import MAX_LENGTHS
from .markdown import Clean, first_words
from .pictures import MAX_BYTES
from .store import Draft
from .store import Entry as StoredEntry

EXCERPT_LENGTH = 360
LONGEST_WORD = 40
"""What is longer is a language without spaces, or none."""

HUES = 6
"""How many colours `blog.css` has for people."""


class Teaser(UIModule):
    """An entry in a list: enough of it to make curious."""

    def render(self, entry: StoredEntry, large: bool = False) -> bytes:
        return self.render_string("teaser.html", entry=entry, large=large)


class Text(UIModule):
    """What somebody typed."""

    def render(self, html: Clean) -> str:
        return html


class Editor(UIModule):
    """The fields of an entry. It brings a script, which shows the picture before it is sent."""

    def render(self, draft: Draft, problems: dict[str, str]) -> bytes:
        return self.render_string(
            "editor.html",
            draft=draft,
            problems=problems,
            limits=MAX_LENGTHS,
            max_bytes=MAX_BYTES,
        )

    def javascript_files(self) -> str:
        return "editor.js"


def excerpt(handler: RequestHandler, text: str) -> str:
    """The beginning of a text, on one line and without its marks; cut between words, if it has any."""
    line = first_words(text)
    if len(line) <= EXCERPT_LENGTH:
        return line
    words, _, rest = line[:EXCERPT_LENGTH].rpartition(" ")
    return (words if len(rest) < LONGEST_WORD else line[:EXCERPT_LENGTH]) + " …"


def initial(handler: RequestHandler, name: str) -> str:
    """What stands for a person in their circle."""
    return name[0].upper()


def hue(handler: RequestHandler, number: int) -> int:
    """Which colour a person has."""
    return number % HUES
