"""What elements and attributes hold: text, addresses, scripts, style sheets."""

import re
from typing import Final

from .script import Script
from .style import Style
from .url import Url

Inner = Script | Style | Url

# Elements whose content is no markup. What is said of it is the mode of their content.
CONTENT: Final = {
    **dict.fromkeys(("title", "textarea"), "words"),
    **dict.fromkeys(("xmp", "iframe", "noembed", "noframes", "plaintext"), "raw"),
    "script": "script",
    "style": "style",
}
_URLS: Final = re.compile(
    "action|archive|background|cite|classid|codebase|data|dynsrc|formaction|href|icon|longdesc|lowsrc|manifest|"
    "ping|poster|profile|src|usemap|xlink:href"
)
_ANIMATED: Final = frozenset(["by", "from", "to", "values"])
_ANIMATIONS: Final = frozenset(
    ["animate", "animatecolor", "animatemotion", "animatetransform", "set"]
)
# The standard's events, and what the common libraries for pages take for code.
_EVENTS: Final = ("on", "@", "hx-on", "data-hx-on", "x-on:", "v-on:")
# Attributes that decide what others, or the content, mean.
DECIDING: Final = {
    ("script", "type"): "the type of a script",
    ("meta", "http-equiv"): "http-equiv",
    **{(element, "attributename"): "what an animation changes" for element in _ANIMATIONS},
}
_SCRIPT_TYPES: Final = re.compile(
    r"(?:|module|(?:text|application)/(?:x-)?(?:java|ecma|j|live)script(?:1\.[0-5])?)(?:\s*;.*)?",
    re.IGNORECASE,
)
_JSON_TYPES: Final = re.compile(r".*[/+]json|importmap|speculationrules", re.IGNORECASE)
_MARKUP_TYPES: Final = re.compile(
    r"text/html|.*(?:template|tmpl|handlebars|mustache|underscore|ejs|jsrender)", re.IGNORECASE
)


def inner_of(element: str, attribute: str, *, refreshes: bool) -> Inner | None:
    """The beginning of what an attribute holds; None for text. ``refreshes``: it is a ``<meta>`` that leads on."""
    if attribute.startswith(_EVENTS):
        return Script()
    if attribute == "style":
        return Style()
    if _URLS.fullmatch(attribute):
        return Url()
    if attribute in ("srcset", "imagesrcset"):
        return Url("list")
    if attribute in _ANIMATED and element in _ANIMATIONS:
        return Url("animated")
    return Url("refresh", "before") if attribute == "content" and refreshes else None


def is_markup(script_type: str) -> bool:
    """Whether a script element of that type holds a template of the page's own scripts."""
    return _MARKUP_TYPES.fullmatch(script_type) is not None


def script_of(script_type: str) -> Script | None:
    """The beginning of a script of that type; None if nobody knows what it holds."""
    if _SCRIPT_TYPES.fullmatch(script_type):
        return Script()
    return Script(is_json=True) if _JSON_TYPES.fullmatch(script_type) else None


def joined_inner(one: Inner, two: Inner) -> Inner | None:
    """Where two of one kind meet; None if what follows would not mean the same."""
    if isinstance(one, Script):
        return one.joined(two) if isinstance(two, Script) else None
    if isinstance(one, Style):
        return one.joined(two) if isinstance(two, Style) else None
    return one.joined(two) if isinstance(two, Url) else None
