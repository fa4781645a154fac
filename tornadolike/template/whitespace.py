"""White space of templates: kept, or made less."""

import re

MODES = ("all", "single", "oneline")

_BLANKS = re.compile(r"[\t ]+")
# A run begins where no white space stands before it. Without this look back, long runs that have no line break in
# them would be read again from each of their characters.
_LINE_BREAKS = re.compile(r"(?<!\s)\s*\n\s*")
_RUN = re.compile(r"\s+")


def filter_whitespace(mode: str, text: str) -> str:
    """Make the white space in ``text`` less, as ``mode`` says.

    - ``"all"``: leave it as it is.
    - ``"single"``: of each run one character: a line break if it has one, else a space for blanks and tabs.
    - ``"oneline"``: of each run one space.

    :raises ValueError: there is no such mode.
    """
    if mode == "all":
        return text
    if mode == "single":
        return _LINE_BREAKS.sub("\n", _BLANKS.sub(" ", text))
    if mode == "oneline":
        return _RUN.sub(" ", text)
    raise ValueError(f"invalid whitespace mode {mode!r}; there are {', '.join(MODES)}")
