"""What a regular expression for paths tells without being run.

The texts that it stands for (``/about`` matches one path only), how all that it matches begins (``/story/([0-9]+)``:
with ``/story/``), and the template by which a path is made of arguments. All of this is cautious: where a pattern is
richer than what is understood here, the answer is the one that promises nothing.
"""

import re
from dataclasses import dataclass
from typing import Final

_SPECIAL: Final = r".^$*+?{}\[\]\\|()"
_TEXT = re.compile(rf"(?:\\([^0-9A-Za-z])|([^{_SPECIAL}]))")
"""One character that stands for itself."""
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.S)
"""An escaped character, a set of them, or a character."""
_ONCE = re.compile(r"(?<!\\)((?:\\\\)*)[?*+]+")
"""How often what stands before may come: one time is always right."""

_LONGEST: Final = 200
_GROUP = re.compile(
    r"\((?:\?P<([A-Za-z_][A-Za-z0-9_]*)>)?(\\[dDwW]|\.|\[\^?\]?(?:\\.|[^\]\\])*\])([+*])\)"
)
"""A group of any number of characters of one kind."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group that matches as many characters of one kind as there are."""

    before: str
    """The text in front of it."""
    allowed: bytes
    """A byte for each character of ASCII: whether it is of this kind."""
    least: int
    """How many there have to be."""
    name: str | None


def groups(regex: re.Pattern[str]) -> tuple[list[Group], str] | None:
    """A pattern as its groups and the text behind the last one, if that is all there is to it.

    Then there is only one way in which a path can match, and it is found without trying others: each group takes all
    characters of its kind, because the text behind it begins with one that is not; only the last one, whose end the
    end of the path tells, need not be so. It holds for paths of ASCII.
    """
    pattern = regex.pattern
    if regex.flags != re.UNICODE or not pattern.endswith("$") or len(pattern) > _LONGEST:
        return None
    found: list[Group] = []
    text: list[str] = []
    position = 1 if pattern.startswith("^") else 0
    while position < len(pattern) - 1:
        if match := _TEXT.match(pattern, position):
            text.append(match[1] or match[2])
        elif match := _GROUP.match(pattern, position):
            found.append(Group("".join(text), _kind(match[2]), match[3] == "+", match[1]))
            text.clear()
        else:
            return None
        position = match.end()
    tail = "".join(text)
    behind = [group.before for group in found[1:]]
    for group, following in zip(found, behind, strict=False):
        if not following or not following[0].isascii() or group.allowed[ord(following[0])]:
            return None
    is_ascii = tail.isascii() and all(group.before.isascii() for group in found)
    return (found, tail) if found and position == len(pattern) - 1 and is_ascii else None


def _kind(characters: str) -> bytes:
    is_one = re.compile(characters).fullmatch
    return bytes(is_one(chr(number)) is not None for number in range(128))


def texts(regex: re.Pattern[str]) -> tuple[str, ...]:
    """The paths that match, if these can be told: one, or two with an optional last character; else none."""
    head, rest = _head(regex)
    if rest == "$":
        return ("".join(head),)
    if rest == "?$":
        return "".join(head[:-1]), "".join(head)
    return ()


def prefix(regex: re.Pattern[str]) -> str:
    """What each path begins with that matches."""
    head, rest = _head(regex)
    if _has_choice(regex.pattern):
        return ""
    if rest[:1] in {"?", "*", "{"}:
        head = head[:-1]
    return "".join(head)


def _head(regex: re.Pattern[str]) -> tuple[list[str], str]:
    """The characters at the beginning that stand for themselves, and the rest of the pattern."""
    pattern = regex.pattern
    if regex.flags != re.UNICODE:  # others change what a character means
        return [], pattern
    characters: list[str] = []
    position = 1 if pattern.startswith("^") else 0
    while (match := _TEXT.match(pattern, position)) is not None:
        characters.append(match[1] or match[2])
        position = match.end()
    return characters, pattern[position:]


def _has_choice(pattern: str) -> bool:
    """Whether there may be a ``|`` outside of all groups."""
    depth = 0
    for part in _PART.findall(pattern):
        depth += (part == "(") - (part == ")")
        if part == "|" and depth == 0:
            return True
    # Comments may have brackets that are none.
    return depth != 0 or "(?#" in pattern


def template(regex: re.Pattern[str]) -> str | None:
    """The pattern with ``%s`` in the place of each group; None if that is not all there is to it."""
    pattern = regex.pattern.removeprefix("^").removesuffix("$")
    if regex.groups != pattern.count("("):
        return None
    made = ""
    for fragment in pattern.split("("):
        in_group, closes, rest = fragment.rpartition(")")
        text = _text_of(rest)
        if text is None or ")" in in_group:
            return None
        made += f"%s{text}" if closes else text
    return made


def _text_of(fragment: str) -> str | None:
    """A piece of a pattern as plain text for a ``%`` template; None if it stands for anything else."""
    once = _ONCE.sub(r"\1", fragment)
    if re.search(rf"[{_SPECIAL}]", re.sub(r"\\[^0-9A-Za-z]", "", once).replace(".", "")):
        return None
    return re.sub(r"\\([^0-9A-Za-z])", r"\1", once).replace("%", "%%")
