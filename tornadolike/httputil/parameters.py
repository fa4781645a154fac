"""Parameters of a field's value: ``form-data; name="a"`` (RFC 9110 section 5.6.6, RFC 8187)."""

import re
from urllib.parse import unquote

_PARAMETER = re.compile(
    r"""\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"\s*|([^;"]*))(?=;|$)""", re.DOTALL
)


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
            try:
                extended[name[:-1]] = unquote(
                    encoded.partition("'")[2], encoding=charset or "utf-8", errors="strict"
                )
            except (LookupError, UnicodeDecodeError):
                continue
        else:
            parameters.setdefault(name, text)
    return kind.strip(), parameters | extended


def _unquote(text: str) -> str:
    # Browsers escape a quote as %22 and send backslashes of Windows paths as they are; only \" and \\
    # are escapes.
    return re.sub(r'\\([\\"])', r"\1", text)
