"""What UI modules want in the page around them: their scripts, styles, and pieces of its head and body."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..escape import to_unicode, utf8

END_OF_HEAD: Final = b"</head>"
END_OF_BODY: Final = b"</body>"

MAX_BEHIND_BODY: Final = 64 * 1024
"""Bytes that a page may have behind its body. Where there are more, it was not the body's end but a text about one."""


@dataclass
class Resources:
    """What the modules of a page ask for. Pieces are kept by the name of the module that wants them."""

    css_files: list[str] = field(default_factory=list)
    css: dict[str, bytes] = field(default_factory=dict)
    heads: dict[str, bytes] = field(default_factory=dict)
    js_files: list[str] = field(default_factory=list)
    js: dict[str, bytes] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, modules: Mapping[str, Any]) -> "Resources":
        """Ask the modules, in the order in which the page used them first."""
        wanted = cls()
        for name, module in modules.items():
            for pieces, piece in (
                (wanted.js, module.embedded_javascript()),
                (wanted.css, module.embedded_css()),
                (wanted.heads, module.html_head()),
                (wanted.bodies, module.html_body()),
            ):
                if piece:
                    pieces[name] = utf8(piece)
            wanted.js_files += files(module.javascript_files())
            wanted.css_files += files(module.css_files())
        return wanted

    def __bool__(self) -> bool:
        """Whether they ask for anything."""
        return any(vars(self).values())

    def behind_the_head(self, earlier: "Resources") -> "Resources":
        """What has come too late for a head that was sent with ``earlier``."""
        return Resources(
            css_files=[file for file in self.css_files if file not in earlier.css_files],
            css=later(self.css, earlier.css),
            heads=later(self.heads, earlier.heads),
            js_files=self.js_files,
            js=self.js,
            bodies=self.bodies,
        )


def files(named: str | bytes | Iterable[str | bytes] | None) -> list[str]:
    """The files that a module names: one, several or none."""
    if not named:
        return []
    return [to_unicode(file) for file in ((named,) if isinstance(named, (str, bytes)) else named)]


def later(pieces: dict[str, bytes], earlier: dict[str, bytes]) -> dict[str, bytes]:
    """The pieces without what was known earlier: a module that has collected more has put it behind."""
    rest = {name: piece.removeprefix(earlier.get(name, b"")) for name, piece in pieces.items()}
    return {name: piece for name, piece in rest.items() if piece}


def insert(page: bytes, place: int, pieces: bytes, tag: bytes) -> bytes:
    """Put ``pieces`` into the page at ``place``, where ``tag`` was found. Raises :exc:`ValueError` if it was not."""
    if not pieces:
        return page
    if place < 0:
        raise ValueError(
            f"the page has no {tag.decode()}, before which what its UI modules want would be put"
        )
    return page[:place] + pieces + page[place:]


class StreamedPage:
    """Puts the same into a page that goes out while it is made.

    :arg head: called once when the end of the head has come; gives what to put before it.
    :arg foot: called at the end; gives what to put before the body's end.

    :ivar size: the bytes that were added and not taken.
    """

    def __init__(self, head: Callable[[], bytes], foot: Callable[[], bytes]) -> None:
        self._head = head
        self._foot = foot
        self._head_is_here = True
        self.size = 0
        self._added: list[bytes] = []
        self._held = bytearray()
        """What may not go out yet: the page from the end of its body on, or what may be the beginning of a tag."""

    def add(self, piece: bytes) -> None:
        """Take in a piece of the page."""
        self._added.append(piece)
        self.size += len(piece)

    def take(self) -> bytes:
        """Give what may go out."""
        held = self._held
        known = max(0, len(held) - len(END_OF_BODY) + 1)  # up to here no tag begins but the first
        held += b"".join(self._added)
        self._added.clear()
        self.size = 0
        ready = b""
        if self._head_is_here:
            end = held.find(END_OF_HEAD)
            if end >= 0:
                self._head_is_here = False
                ready = bytes(held[:end]) + self._head()
                del held[:end]
                known = 0
        end = held.rfind(END_OF_BODY, known)
        if end < 0 and held.startswith(END_OF_BODY):
            end = 0
        if end < 0 or len(held) - end > MAX_BEHIND_BODY:
            end = begun_tag(held)
        ready += bytes(held[:end])
        del held[:end]
        return ready

    def finish(self) -> bytes:
        """The rest of the page."""
        ready = self.take()
        foot = self._foot()
        rest = bytes(self._held)
        return ready + (foot + rest if rest.startswith(END_OF_BODY) else rest + foot)


def begun_tag(text: bytearray) -> int:
    """Where a tag that matters here may begin, which is not whole yet; else the end of the text."""
    start = text.rfind(b"<", max(0, len(text) - len(END_OF_BODY) + 1))
    if start >= 0 and any(tag.startswith(text[start:]) for tag in (END_OF_HEAD, END_OF_BODY)):
        return start
    return len(text)
