"""Where in a page an expression stands: the HTML standard's tokenizer, as far as templates need it.

A :class:`Place` is a point in the page. It is a value: :meth:`Place.feed` gives the place after some text,
:meth:`Place.after_output` that after an expression, and :meth:`Place.joined` that where two branches meet.
Text that is the beginning of something (``<``, half a name) waits in ``pending`` for what follows.
"""

import html
import re
from dataclasses import dataclass, replace
from typing import Final

from .contents import (
    CONTENT,
    DECIDING,
    Inner,
    inner_of,
    is_markup,
    joined_inner,
    script_of,
)
from .problem import Problem
from .script import Script
from .style import Style

_TAG: Final = re.compile(r"</?([a-zA-Z][^\t\n\f\r />]*)")
_TAG_PART: Final = re.compile(r"<(?:/?[a-zA-Z][^\t\n\f\r />]*|/|!-?|!\[[CDAT]*)?\Z")
_COMMENT_END: Final = re.compile(r"--!?>")
_SCRIPT_END: Final = re.compile(r"</script(?=[\t\n\f\r />])", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\t\n\f\r />=]+")
_GAP: Final = re.compile(r"[\t\n\f\r /]+")
_ENTITY_PART: Final = re.compile(r"&#?\w*\Z")


@dataclass(slots=True, frozen=True)
class Place:
    """A point in a page.

    :ivar mode: ``"text"``, ``"words"`` (text without elements), ``"raw"`` (text without entities), ``"script"``,
        ``"style"``, ``"comment"``, ``"declaration"``, ``"tag"`` (between attributes), ``"gap"`` (there, and something
        has to come before the next name), ``"named"`` (after an attribute's name), ``"equals"`` (after its ``=``),
        ``"value"``.
    :ivar pending: the beginning of something that the text ended in.
    :ivar element: which one the tag, or the content that is no markup, belongs to; ``/`` and its name in an end tag.
    :ivar attribute: whose value it is.
    :ivar quote: of the value, if it has any.
    :ivar inner: the place in a script, a style sheet or an address.
    :ivar value: the attribute's, if it decides something.
    :ivar script_type: what ``type`` says.
    :ivar refreshes: it is a ``<meta http-equiv="refresh">``.
    :ivar has_content: an expression stands in its ``content``.
    :ivar in_markup: it is in a script element that holds a template of the page's own scripts.
    """

    mode: str = "text"
    pending: str = ""
    element: str = ""
    attribute: str = ""
    quote: str = ""
    inner: Inner | None = None
    value: str = ""
    script_type: str = ""
    refreshes: bool = False
    has_content: bool = False
    in_markup: bool = False

    # --- text

    def feed(self, text: str) -> "Place":
        """The place after text. Raises :exc:`Problem` for text that leaves in doubt what follows."""
        if not text:
            return self
        place, text = replace(self, pending=""), self.pending + text
        at = 0
        try:
            while at < len(text):
                if place.in_markup:
                    place, at = place._markup(text, at)
                else:
                    place, at = _STEPS[place.mode](place, text, at)
        except Problem as problem:
            problem.found(place, text, at)
            raise
        return place

    def _markup(self, text: str, at: int) -> "tuple[Place, int]":
        """Within a script element that holds markup, which its end tag ends wherever that stands."""
        end = _SCRIPT_END.search(text, at)
        # What may be the beginning of the end tag waits, whatever it would be in the markup.
        place, stop = self, end.start() if end else _tail_of(text, at, "</script")
        markup = text[:stop]
        while at < stop:
            place, at = _STEPS[place.mode](place, markup, at)
        if end is None:
            return replace(place, pending=place.pending + text[stop:]), len(text)
        if place.mode != "text" or place.pending:
            raise Problem(f"</script> ends the script within {place.described}", text[stop:])
        return Place("tag", element="/script"), end.end()

    def fed_anyway(self, text: str) -> "Place":
        """As :meth:`feed`, but what is in doubt is passed over."""
        place = self
        while True:
            try:
                return place.feed(text)
            except Problem as problem:
                place, text = _passed(problem)

    def _text(self, text: str, at: int) -> "tuple[Place, int]":
        at = text.find("<", at)
        if at < 0:
            return self, len(text)
        if _TAG_PART.match(text, at):
            return replace(self, pending=text[at:]), len(text)
        tag = _TAG.match(text, at)
        if tag is not None:
            return replace(self._tag_begun(tag), mode="tag"), tag.end()
        if text.startswith("<!--", at):
            return self._comment(text, at + 2, opened=at)
        if text.startswith("<![CDATA[", at):
            raise Problem(
                "HTML and SVG differ in where <![CDATA[ ends: write the text without it",
                text[at:],
                at + 1,
            )
        if text[at + 1] in "!?/":
            return replace(self, mode="declaration"), at + 2
        return self, at + 1

    def _tag_begun(self, tag: re.Match[str]) -> "Place":
        element = ("/" if tag[0][1] == "/" else "") + tag[1].lower()
        return Place("gap", element=element, in_markup=self.in_markup)

    def _comment(self, text: str, at: int, opened: int = -9) -> "tuple[Place, int]":
        found = _COMMENT_END.search(text, at)
        if found is not None and found.start() == opened + 2 and found[0] == "--!>":
            found = _COMMENT_END.search(text, at + 1)  # these are the dashes that it began with
        if found is not None:
            return Place(in_markup=self.in_markup), found.end()
        dashes = re.compile(r"--?!?\Z").search(text, at)
        pending = dashes[0] if dashes else ""
        return Place("comment", pending, in_markup=self.in_markup), len(text)

    def _declaration(self, text: str, at: int) -> "tuple[Place, int]":
        end = text.find(">", at)
        if end < 0:
            return self, len(text)
        return Place(in_markup=self.in_markup), end + 1

    # --- tags

    def _tag(self, text: str, at: int) -> "tuple[Place, int]":
        gap = _GAP.match(text, at)
        at = gap.end() if gap else at
        if at == len(text):
            return replace(self, mode="tag", pending="/" if text.endswith("/") else ""), at
        if text[at] == ">":
            return self._content(text[at - 1] == "/"), at + 1
        name = _NAME.match(text, at)
        if name is None or re.search("[\"'<]", name[0]):
            wrong = text[at] if name is None else name[0]
            message = f"{wrong!r} where an attribute's name should stand"
            raise Problem(message, text[at:], at + len(wrong))
        if name.end() == len(text):
            return replace(self, mode="tag", pending=name[0]), len(text)
        return replace(self, mode="named", attribute=name[0].lower()), name.end()

    def _gap(self, text: str, at: int) -> "tuple[Place, int]":
        if text[at] not in "\t\n\f\r />":
            raise Problem("A space is missing between attributes, or quotes around a value")
        return replace(self, mode="tag"), at

    def _named(self, text: str, at: int) -> "tuple[Place, int]":
        at = _skip_space(text, at)
        if at == len(text):
            return self, at
        if text[at] == "=":
            return replace(self, mode="equals"), at + 1
        return replace(self, mode="tag", attribute=""), at

    def _equals(self, text: str, at: int) -> "tuple[Place, int]":
        at = _skip_space(text, at)
        if at == len(text):
            return self, at
        if text[at] == ">":
            return replace(self, mode="tag", attribute=""), at
        quote = text[at] if text[at] in "\"'" else ""
        return self._opened(quote), at + len(quote)

    def _opened(self, quote: str) -> "Place":
        """The beginning of the attribute's value."""
        inner = inner_of(self.element, self.attribute, refreshes=self.refreshes)
        return replace(self, mode="value", quote=quote, inner=inner, value="")

    def _value(self, text: str, at: int) -> "tuple[Place, int]":
        end = text.find(self.quote, at) if self.quote else _unquoted_end(text, at)
        ends = 0 <= end < len(text)
        said = text[at:end] if ends else text[at:]
        inner, pending = self.inner, ""
        if inner is not None:
            part = None if ends else _ENTITY_PART.search(said)
            pending = part[0] if part else ""
            decoded = html.unescape(said.removesuffix(pending))
            inner = inner.feed(decoded + "\n" if ends and isinstance(inner, Script) else decoded)
        if not ends:
            return replace(self, inner=inner, value=self._kept(said), pending=pending), len(text)
        if isinstance(inner, Script | Style) and inner.unfinished:
            raise Problem(f"The attribute {self.attribute} ends within {inner.unfinished}")
        return self._closed(self._kept(said)), end + len(self.quote)

    def _kept(self, said: str) -> str:
        decides = (self.element, self.attribute) in DECIDING or self.attribute == "srcdoc"
        return self.value + said if decides else ""

    def _closed(self, value: str) -> "Place":
        """The end of the attribute's value."""
        place = replace(self, mode="tag", attribute="", quote="", inner=None, value="")
        value = html.unescape(value).strip().lower()
        if (self.element, self.attribute) == ("script", "type"):
            # A second one does not count.
            return replace(place, script_type=self.script_type or value or "text/javascript")
        if self.attribute == "http-equiv" and value == "refresh":
            if self.has_content:
                raise Problem("http-equiv has to stand before a content with an expression in it")
            return replace(place, refreshes=True)
        return place

    def _content(self, closes_itself: bool) -> "Place":
        """What comes after a tag."""
        mode = CONTENT.get(self.element, "text")
        if mode == "text" or self.in_markup:
            return Place(in_markup=self.in_markup)
        if closes_itself:
            raise Problem(
                f"HTML and SVG differ in what /> means for {self.element}: write </{self.element}>"
            )
        if mode == "style":
            return Place(mode, element=self.element, inner=Style())
        if mode == "script":
            if is_markup(self.script_type):
                return Place(in_markup=True)
            inner = script_of(self.script_type)
            return Place("raw" if inner is None else mode, element=self.element, inner=inner)
        return Place(mode, element=self.element)

    # --- content that is no markup

    def _opaque(self, text: str, at: int) -> "tuple[Place, int]":
        """Within an element that only its own end tag ends."""
        if self.element == "plaintext":
            return self, len(text)
        end = re.compile(rf"</{self.element}(?=[\t\n\f\r />])", re.IGNORECASE).search(text, at)
        if end is None:
            start = _tail_of(text, at, f"</{self.element}")
            if self.mode == "script":
                start = min(start, _tail_of(text, at, "<!-"))
            return replace(self._said(text[at:start]), pending=text[start:]), len(text)
        place = self._said(text[at : end.start()] + "\n")
        if isinstance(place.inner, Script | Style) and place.inner.unfinished:
            raise Problem(f"The element {self.element} ends within {place.inner.unfinished}")
        return Place("tag", element=f"/{self.element}"), end.end()

    def _said(self, text: str) -> "Place":
        if self.inner is None or not text:
            return self
        if self.mode == "script" and "<!--" in text:
            raise Problem(
                "<!-- in a script changes where the script ends: leave it out, or write <\\!-- in a string",
                text[text.index("<!--") :],
            )
        return replace(self, inner=self.inner.feed(text))

    # --- expressions

    @property
    def escaper(self) -> str:
        """The name of what an expression needs here. Raises :exc:`Problem` if nothing makes it safe."""
        if self.mode == "value":
            return self._escaper_in_value()
        if self.mode == "equals":
            return replace(self._opened(""), quote=" ")._escaper_in_value()
        if self.mode in ("script", "style") and self.inner is not None:
            if self.pending:
                if self.pending != "<" or not isinstance(self.inner, Script):
                    raise Problem(_END_TAG)
                if self.inner.mode != "code":
                    raise Problem(_END_TAG)
            return self.inner.escaper
        if self.pending and self.mode in ("text", "words"):
            raise Problem(_END_TAG if self.mode == "words" else _TAG_NAME)
        if self.mode in ("tag", "gap", "named"):
            raise Problem(
                'An expression where attributes\' names stand: write name="{{ ... }}", and {% if %} around '
                "attributes that may be missing"
            )
        if self.mode in ("raw", "declaration"):
            raise Problem(
                f"In <{self.element or '!'}> nothing can be escaped: leave the expression out"
            )
        return {"words": "quoted"}.get(self.mode, self.mode)

    def _escaper_in_value(self) -> str:
        """Quote ``" "`` is that of a value that has neither begun nor quotes."""
        deciding = DECIDING.get((self.element, self.attribute))
        if deciding is not None:
            raise Problem(f"An expression cannot be {deciding}: write it as text")
        if self.attribute == "srcdoc" and ("<" in self.value or "&" in self.value):
            raise Problem('A document in srcdoc is made in one piece: write srcdoc="{{ ... }}"')
        if self.pending.startswith("<"):
            raise Problem(_END_TAG)
        if self.pending:
            raise Problem(
                f"{self.pending} in front of an expression could become another character: write &amp;"
            )
        place = {"": "unquoted", " ": "bare"}.get(self.quote, "quoted")
        if self.attribute == "srcdoc":
            return f"document_{place}"
        return place if self.inner is None else f"{self.inner.escaper}_{place}"

    def after_output(self) -> "Place":
        """The place after an expression."""
        if self.mode == "equals":
            # It has brought its quotes with it.
            return replace(self._noted(), mode="gap", attribute="")
        if self.pending and self.mode == "text":
            return Place("gap", element="?", in_markup=self.in_markup)
        inner = self.inner
        if inner is not None:
            inner = (inner.feed(self.pending) if self.pending else inner).after_output()
        return replace(self._noted(), pending="", inner=inner)

    def _noted(self) -> "Place":
        is_content = (self.element, self.attribute) == ("meta", "content")
        return replace(self, has_content=True) if is_content else self

    # --- branches

    def joined(self, other: "Place") -> "Place | None":
        """Where two branches meet that end here and there; None if what follows would not mean the same."""
        if self == other:
            return self
        one, two = self._between(), other._between()
        if one is None or two is None:
            one, two = self, other
        if (one.inner is None) != (two.inner is None):
            return None
        inner = None
        if one.inner is not None and two.inner is not None:
            inner = joined_inner(one.inner, two.inner)
            if inner is None:
                return None
        alike = [
            replace(
                place,
                inner=inner,
                refreshes=one.refreshes or two.refreshes,
                has_content=one.has_content or two.has_content,
            )
            for place in (one, two)
        ]
        return alike[0] if alike[0] == alike[1] else None

    def _between(self) -> "Place | None":
        """The place between attributes that this is if no letter follows."""
        if self.mode == "value" and not self.quote:
            return replace(self._closed(self.value), mode="gap")
        if self.mode in ("tag", "gap", "named"):
            return replace(self, mode="gap", pending="", attribute="")
        tag = _TAG.fullmatch(self.pending) if self.mode == "text" else None
        return self._tag_begun(tag) if tag else None

    @property
    def unfinished(self) -> str:
        """What is not ended here, in words; empty if the page may end."""
        if self.mode == "text" and not self.pending and not self.in_markup:
            return ""
        if self.element == "plaintext":
            return ""
        return self.described

    @property
    def described(self) -> str:
        """The place in words."""
        if self.mode in ("value", "equals"):
            return f"the attribute {self.attribute}"
        if self.mode in ("tag", "gap", "named"):
            return f"the tag <{self.element}>"
        if self.element:
            return f"the element {self.element}"
        if self.mode == "text" and not self.pending:
            return "a script's markup" if self.in_markup else "the page's text"
        return {"text": "a tag's name"}.get(self.mode, f"a {self.mode}")


_TAG_NAME: Final = (
    "An expression in a tag's name: write the tag once for each name, in the branches of {% if %}"
)
_END_TAG: Final = (
    "What is in front of the expression may begin an end tag: write &lt;, or \\x3c in a script"
)


def _passed(problem: Problem) -> tuple[Place, str]:
    """The place after what is in doubt, and the text that follows."""
    place, text, at = problem.place, problem.text, problem.at
    if place.in_markup:
        end = _SCRIPT_END.search(text, at)
        if end is not None:
            return Place("tag", element="/script"), text[end.end() :]
        return Place(in_markup=True), ""
    if place.mode in ("script", "style"):
        end = re.compile(rf"</{place.element}(?=[\t\n\f\r />])", re.IGNORECASE).search(text, at)
        if end is not None:
            return Place("tag", element=f"/{place.element}"), text[end.end() :]
        return replace(place, inner=type(place.inner)()), ""
    if place.mode == "value":
        return replace(place, inner=None, has_content=False), text[at:]
    if place.mode == "gap":
        return replace(place, mode="tag"), text[at:]
    if problem.skip:
        return place, text[problem.skip :]
    return Place(), text[text.index(">", at) + 1 :]


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in "\t\n\f\r ":
        at += 1
    return at


def _unquoted_end(text: str, at: int) -> int:
    found = re.compile(r"[\t\n\f\r >]").search(text, at)
    return found.start() if found else len(text)


def _tail_of(text: str, at: int, tag: str) -> int:
    """Where the beginning of an end tag stands at the end of a text; its length if none does."""
    start = text.rfind("<", at)
    return start if start >= 0 and tag.startswith(text[start:].lower()) else len(text)


_STEPS: Final = {
    "text": Place._text,
    "comment": Place._comment,
    "declaration": Place._declaration,
    "tag": Place._tag,
    "gap": Place._gap,
    "named": Place._named,
    "equals": Place._equals,
    "value": Place._value,
    **dict.fromkeys(("words", "raw", "script", "style"), Place._opaque),
}
