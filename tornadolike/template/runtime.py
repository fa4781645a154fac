"""What compiled templates call while they render.

A template's output is collected as text and encoded once, at its end. Bytes that are not UTF-8 (a template may be of
anything) take part as lone surrogates, as :pep:`383` has it, and leave :data:`NOT_TEXT` in the buffer.
"""

from collections.abc import Callable
from typing import Any, Final

from .._native import twin

#: Stands in a buffer (for nothing) when bytes that are not UTF-8 were put in. Joining text with it fails.
NOT_TEXT: Final = b""

Buffer = list[str | bytes]


#: Types whose text has nothing to escape.
HARMLESS: Final = frozenset({int, float, bool, type(None)})

#: From this length on texts are long.
_LONG: Final = 250

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}


@twin("escaping")
def escaped(value: Any) -> str:
    """Anything as text that :func:`~tornadolike.escape.xhtml_escape` has made safe."""
    return escaped_text(value if type(value) is str else text_of(value))


@twin("escaping")
def escaped_text(value: str) -> str:
    """The same for text."""
    # It is faster to look before than to replace at once: most values hold none of them.
    if "&" in value:
        value = value.replace("&", "&amp;") if len(value) < _LONG else _replaced(value, "&")
    if "<" in value:
        value = value.replace("<", "&lt;") if len(value) < _LONG else _replaced(value, "<")
    if ">" in value:
        value = value.replace(">", "&gt;") if len(value) < _LONG else _replaced(value, ">")
    if '"' in value:
        value = value.replace('"', "&quot;") if len(value) < _LONG else _replaced(value, '"')
    if "'" in value:
        value = value.replace("'", "&#x27;") if len(value) < _LONG else _replaced(value, "'")
    return value


def _replaced(text: str, char: str) -> str:
    """Long text with its entity for a character that it holds. To look for one is faster than to replace it."""
    entity = _ENTITIES[char]
    head, _, tail = text.partition(char)
    if char in tail:
        tail = tail.replace(char, entity)
    return f"{head}{entity}{tail}"


def plain(value: Any, buffer: Buffer) -> str:
    """Anything as text, as it is."""
    if isinstance(value, bytes):
        return _any_bytes(value, buffer)
    return text_of(value)


def converted(value: Any, function: Callable[[bytes], str | bytes], buffer: Buffer) -> str:
    """Anything as text that an escape function of the author's has made safe. It is given bytes."""
    if not isinstance(value, bytes):
        value = text_of(value).encode()
    return returned(function(value), buffer)


def returned(value: str | bytes, buffer: Buffer) -> str:
    """What a function of the author's gave. Raises :exc:`TypeError` for anything but text and bytes."""
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, bytes):
        return _any_bytes(value, buffer)
    raise TypeError(
        f"A function that escapes or is applied has to return str or bytes, not {value!r:.100}"
    )


def finished(buffer: Buffer) -> bytes:
    """The whole output as UTF-8."""
    try:
        return "".join(buffer).encode()  # type: ignore[arg-type]
    except TypeError:
        text = "".join([piece for piece in buffer if isinstance(piece, str)])
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        error.add_note(f"In the output it stands after {error.object[: error.start][-40:]!r}")
        raise


def taken(buffer: Buffer) -> bytes:
    """What the buffer holds, as UTF-8. It is empty then."""
    output = finished(buffer)
    buffer.clear()
    return output


def is_full(buffer: Buffer) -> bool:
    """Whether it is time to send what the buffer holds. Its pieces become one, so that looking again costs little."""
    if sum(map(len, buffer)) >= CHUNK_SIZE:
        return True
    if NOT_TEXT not in buffer:
        buffer[:] = ["".join(buffer)]  # type: ignore[arg-type]
    return False


#: How much of a streamed render is collected before it goes out, in characters.
CHUNK_SIZE: Final = 16 * 1024

#: With fewer pieces than this nobody counts how long they are.
FEW_PIECES: Final = 32


@twin("escaping")
def text_of(value: Any) -> str:
    """As Tornado makes text of a value: subclasses of str are what they hold, not what they print."""
    if isinstance(value, _TEXT):
        return value.decode() if isinstance(value, bytes) else str.__str__(value)
    text = str(value)
    return text if type(text) is str else str.__str__(text)


_TEXT: Final = (str, bytes)


def _any_bytes(value: bytes, buffer: Buffer) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        buffer.append(NOT_TEXT)
        return value.decode("utf-8", "surrogateescape")
