"""Parameters of a field's value: ``form-data; name="a"`` (RFC 9110 section 5.6.6, RFC 8187)."""

import re
from typing import Final
from urllib.parse import unquote

# Possessive: nothing that was taken is given back, so it takes linear time.
_PARAMETER = re.compile(
    r"""\s*+([^\s;="]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|([^;"]*+))(?=;|$)""", re.DOTALL
)

_CHARSETS: Final = {"": "utf-8", "utf-8": "utf-8", "iso-8859-1": "latin1"}
"""Those that RFC 8187 and the RFC before it know. Python knows more, and what some of them give is no text."""


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """``form-data; name="a"`` -> ``("form-data", {"name": "a"})``.

    Understands quoted strings and the extended notation of RFC 8187 (``filename*=utf-8''...``), which
    wins over the plain one. Names come in lower case. What is no parameter is passed over.
    """
    kind, _, _ = value.partition(";")
    parameters: dict[str, str] = {}
    extended: dict[str, str] = {}
    position = len(kind)
    while position >= 0:
        match = _PARAMETER.match(value, position + 1)
        if match is None:
            position = value.find(";", position + 1)
            continue
        position = match.end() if match.end() < len(value) else -1
        name = match[1].lower()
        text = match[3].strip() if match[2] is None else _unquote(match[2])
        if name.endswith("*"):
            charset, _, encoded = text.partition("'")
            encoding = _CHARSETS.get(charset.lower())
            if encoding is None:
                continue
            try:
                extended[name[:-1]] = unquote(
                    encoded.partition("'")[2], encoding=encoding, errors="strict"
                )
            except UnicodeDecodeError:
                continue
        else:
            parameters.setdefault(name, text)
    return kind.strip(), parameters | extended


def _unquote(text: str) -> str:
    # Browsers escape a quote as %22 and send backslashes of Windows paths as they are; only \" and \\
    # are escapes.
    return re.sub(r'\\([\\"])', r"\1", text)
