"""Where tags begin and end, and what of the Python in them can be told without Python's own parser."""

import re

# Of more than two braces in a row the innermost begin a tag, for languages like LaTeX that are full of them.
OPENING = re.compile(r"\{(?:[%#]|\{(?!\{))")

_STRING = (
    r"'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'(?!'')(?:[^'\\\r\n]|\\(?:\r\n|.))*'"
    r'|"(?!"")(?:[^"\\\r\n]|\\(?:\r\n|.))*"'
)
_PIECE = re.compile(
    rf"(?P<string>{_STRING})|(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<comment>\#[^\r\n]*)"
    r"|(?P<joined>\\(?:\r\n|\r|\n))|(?P<newline>\r\n|\r|\n)|(?P<quote>['\"])",
    re.DOTALL,
)


def later_end(text: str, start: int, first: int, closing: str) -> int | None:
    """Where a tag ends whose first ``closing`` is part of its Python: of a string, or of displays in each other.

    Only the same run of text is searched, up to where another tag begins: beyond that it would be a guess.

    :param start: where the Python begins.
    :param first: where ``closing`` is found first.
    :returns: the index of the ``closing`` that ends the tag, or None.
    """
    following = OPENING.search(text, first)
    limit = following.start() if following else len(text)
    depth = 0
    position = start
    while True:
        piece = _PIECE.search(text, position, limit)
        gap_end = piece.start() if piece else limit
        if depth == 0:
            # A closing brace outside of brackets is the tag's; so is "%}", which is no Python anywhere.
            found = text.find(closing, max(position, first), min(gap_end + len(closing), limit))
            if found != -1:
                return found
        if piece is None or piece.lastgroup == "quote":
            return None
        if piece.lastgroup == "open":
            depth += 1
        elif piece.lastgroup == "close":
            depth -= 1
        position = piece.end()


def joined_lines(code: str) -> str:
    """The same Python as one logical line: comments are gone, and line breaks outside of brackets are escaped.

    What is left stands in the line and the column where it stood.
    """
    depth = 0
    parts = []
    position = 0
    for piece in _PIECE.finditer(code):
        kind = piece.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif depth <= 0 and kind in ("comment", "newline"):
            parts.append(code[position : piece.start()])
            parts.append("\\" + piece[0] if kind == "newline" else "")
            position = piece.end()
    parts.append(code[position:])
    return "".join(parts)
