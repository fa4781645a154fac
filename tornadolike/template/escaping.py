"""What each place of an HTML page needs done to a value that is put there.

Every function of :data:`ESCAPERS` takes any object and gives text that stays where it is put: whatever the value, the
page has the same elements, attributes, statements and declarations. Which of them an expression gets, :mod:`.contexts`
says. A name has one or two parts: what the value is (``text``, ``url``, ``script`` ...), and for all but the content
of elements what it stands in (``quoted`` or ``unquoted`` attributes; ``bare`` is an unquoted value's beginning).

A value is text as ``str()`` makes it; bytes are UTF-8. In scripts it is JSON instead. An object with a method
``__html__`` is HTML that somebody vouches for, and is left as HTML where that can stand.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from tornadolike.escape import to_unicode

from .._native import twin
from .runtime import HARMLESS, escaped, text_of

__all__ = ["BLOCKED_URL", "BLOCKED_VALUE", "ESCAPERS", "URL_SCHEMES"]

Escaper = Callable[[Any], str]

# Schemes that an address may begin with that is put out as a whole. Programs may add to it when they start.
URL_SCHEMES: set[str] = {"http", "https", "mailto", "tel", "ftp", "sms"}

# What stands for an address with another scheme, and for what may be no value of CSS.
BLOCKED_URL: Final = "#blocked"
BLOCKED_VALUE: Final = "blocked"


# --- HTML


@twin("escaping")
def text(value: Any) -> str:
    """Between tags."""
    made = _html_of(value)
    return escaped(value) if made is None else made


@twin("escaping")
def quoted(value: Any) -> str:
    """In an attribute's quotes, and in elements that hold text only; HTML stays HTML but for quotes and tags."""
    made = _html_of(value)
    return escaped(value) if made is None else made.translate(_MARKUP)


def _html_of(value: Any) -> str | None:
    """The HTML that the value says it is."""
    if type(value) in _NO_HTML:
        return None
    made = getattr(value, "__html__", None)
    return None if made is None else text_of(made())


# What is most often put out: to look for its HTML would be in vain.
_NO_HTML: Final = HARMLESS | {str}

_MARKUP: Final = str.maketrans({"<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def unquoted(value: Any) -> str:
    """In an attribute without quotes, after its first character."""
    return quoted(value).translate(_SPACES)


_SPACES: Final = {code: f"&#{code};" for code in b"\t\n\f\r =`"} | {0: "\ufffd"}


def bare(value: Any) -> str:
    """An attribute's whole value where the quotes are missing: they are put out, too."""
    return f'"{quoted(value)}"'


def comment(value: Any) -> str:
    """In ``<!-- -->``. The spaces keep dashes before and after it from becoming its end."""
    return f" {escaped(value)} "


def document(value: Any) -> str:
    """A document in an attribute (``srcdoc``): what is no HTML becomes text of it."""
    return text(value)


# --- addresses


def url(value: Any) -> str:
    """An address, or the beginning of one: :data:`BLOCKED_URL` if its scheme is not of :data:`URL_SCHEMES`."""
    address = text_of(value)
    if _RELATIVE.fullmatch(address):
        return address
    # Browsers drop these, wherever they stand, before they look for the scheme.
    scheme, colon, _ = address.translate(_DROPPED).partition(":")
    if colon and not _NO_SCHEME.search(scheme) and scheme.lower() not in URL_SCHEMES:
        return BLOCKED_URL
    return _encoded(address)


_DROPPED: Final = dict.fromkeys(range(0x21))
_NO_SCHEME: Final = re.compile(r"[/?#]")

# Addresses that hold nothing to encode, with a scheme or without, and words: most are such.
_RELATIVE: Final = re.compile(r"[\w/?#\[\]@!$&*+,;=%~.-]*", re.ASCII)
_ADDRESS: Final = re.compile(r"[\w/?#\[\]@!$&*+,;=%~.:-]*", re.ASCII)
_WORD: Final = re.compile(r"[\w~.-]*", re.ASCII)


def url_rest(value: Any) -> str:
    """What follows on the beginning of an address that may still become a scheme: a colon is encoded."""
    return _encoded(text_of(value)).replace(":", "%3A")


def url_root(value: Any) -> str:
    """After an address's one slash: another slash is encoded, or what follows it would be a host."""
    path = url_path(value)
    return f"%2F{path[1:]}" if path.startswith("/") else path


def url_path(value: Any) -> str:
    """After an address's scheme or first slash; what is encoded already stays."""
    return _encoded(text_of(value))


def _encoded(address: str) -> str:
    return address if _ADDRESS.fullmatch(address) else quote(address, safe="/:?#[]@!$&*+,;=%~")


def url_query(value: Any) -> str:
    """In a query or a fragment: one name, or one value."""
    words = text_of(value)
    return words if _WORD.fullmatch(words) else quote(words, safe="")


def url_list(value: Any) -> str:
    """An address in a list of them (``srcset``), of which it is one: commas and spaces are encoded."""
    return url(value).replace(",", "%2C")


def animated(value: Any) -> str:
    """A value, or several with ``;`` between, that an animation in SVG may give to an address."""
    values = text_of(value)
    return BLOCKED_URL if any(url(one) == BLOCKED_URL for one in values.split(";")) else values


# --- scripts


def script(value: Any) -> str:
    """A value in JavaScript, as JSON. Raises :exc:`TypeError` for what JSON cannot hold."""
    return _json(value, allow_nan=True)


def json_data(value: Any) -> str:
    """A value in JSON. Raises :exc:`TypeError` and :exc:`ValueError` (not a number) for what JSON cannot hold."""
    return _json(value, allow_nan=False)


def _json(value: Any, *, allow_nan: bool) -> str:
    encoded = json.dumps(value, default=_json_of, allow_nan=allow_nan).translate(_IN_JSON)
    # A name before it would become part of a number or a word, and "<!-" of a negative number a comment.
    return encoded if encoded[0] in '"[{' else f" {encoded} "


def _json_of(value: Any) -> Any:
    if isinstance(value, bytes):
        return to_unicode(value)
    raise TypeError(
        f"An expression in a script is put out as JSON, which cannot hold {type(value).__name__}: "
        "make it text, a number, a list or a dictionary first."
    )


# The characters of tags, entities and of what begins them, which a browser sees before it looks for a script.
_IN_JSON: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&'`"}


def script_string(value: Any) -> str:
    """Within a JavaScript string or a template literal that the template has opened."""
    return _UNSAFE_IN_SCRIPT.sub(_script_escape, text_of(value))


def script_regex(value: Any) -> str:
    """Within a regular expression: it stands for itself, letter by letter."""
    return _UNSAFE_IN_SCRIPT.sub(_script_escape, text_of(value)) or "(?:)"


# Letters and digits of any script, and what has no meaning in strings, regular expressions and HTML.
_UNSAFE_IN_SCRIPT: Final = re.compile(r"[^\w ,:;@%~!#]|[\u2028\u2029]", re.ASCII)


def _script_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return match[0] if code > 0xA0 and code not in (0x2028, 0x2029) else f"\\u{code:04x}"
    return match[0]


# --- style sheets


def style(value: Any) -> str:
    """A value in CSS: a number, a colour, a word or a list of them; all else becomes :data:`BLOCKED_VALUE`."""
    words = text_of(value)
    return words if _STYLE.fullmatch(words) else BLOCKED_VALUE


_STYLE: Final = re.compile(r"(?:[\w\s#%.,!+-]|\b(?:rgb|hsl)a?\([\d\s.,%deg/-]*\))*")


def style_string(value: Any) -> str:
    """Within a string of CSS that the template has opened."""
    return _UNSAFE_IN_STYLE.sub(lambda match: f"\\{ord(match[0]):x} ", text_of(value))


_UNSAFE_IN_STYLE: Final = re.compile(r"[\x00-\x1f\"'\\<>&(){}*/@;:`\x7f-\x9f]")


def style_url(value: Any) -> str:
    """The whole of an address in ``url()``, with quotes or without."""
    return _in_style_url(url(value))


def style_url_rest(value: Any) -> str:
    """What follows on the beginning of an address in ``url()``."""
    return _in_style_url(url_rest(value))


def style_url_root(value: Any) -> str:
    """After the one slash that an address in ``url()`` begins with."""
    return _in_style_url(url_root(value))


def style_url_path(value: Any) -> str:
    """In an address in ``url()`` after its scheme or first slash."""
    return _in_style_url(url_path(value))


def _in_style_url(address: str) -> str:
    return style_string(address.replace(" ", "%20"))


# --- all of them


def _chain(inner: Escaper, outer: Escaper) -> Escaper:
    def escaper(value: Any) -> str:
        return outer(inner(value))

    escaper.__doc__ = f"{inner.__doc__} {outer.__doc__}"
    return escaper


_PLACES: Final[dict[str, Escaper]] = {"quoted": quoted, "unquoted": unquoted, "bare": bare}
_IN_ATTRIBUTES: Final[dict[str, Escaper]] = {
    function.__name__: function
    for function in (document, url, url_rest, url_root, url_path, url_query, url_list, animated)
}
_IN_BOTH: Final[dict[str, Escaper]] = {
    function.__name__: function
    for function in (
        *(script, script_string, script_regex),
        *(style, style_string, style_url, style_url_rest, style_url_root, style_url_path),
    )
}

#: Every function by its name, all of which are identifiers.
ESCAPERS: Final[dict[str, Escaper]] = {
    "text": text,
    "comment": comment,
    "json_data": json_data,
    "url_query": url_query,
    **_PLACES,
    **_IN_BOTH,
    **{
        f"{name}_{place}": _chain(inner, outer)
        for name, inner in (_IN_ATTRIBUTES | _IN_BOTH).items()
        for place, outer in _PLACES.items()
    },
}
