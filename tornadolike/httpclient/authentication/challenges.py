"""Challenges: what ``WWW-Authenticate`` says that a server wants (RFC 9110 section 11.6.1)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

MOST: Final = 16
"""Challenges that are looked at in one response; what is behind them is not."""

# Possessive: nothing that was taken is given back, so it takes linear time.
_BETWEEN: Final = re.compile(r"[\s,]*+")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")
_VALUE: Final = re.compile(
    r"""[ \t]*+=[ \t]*+(?:"((?:[^"\\]|\\.)*+)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]++))[ \t]*+(?=,|$)"""
)
_TOKEN68: Final = re.compile(r"[ \t]++[0-9A-Za-z\-._~+/]++=*+[ \t]*+(?=,|$)")
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(slots=True)
class Challenge:
    """One way in which a server lets itself be told who is asking."""

    scheme: str
    """In lower case."""
    parameters: dict[str, str] = field(default_factory=dict)
    """By their names, in lower case."""


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """The challenges in the values of ``WWW-Authenticate``, of which each may have several.

    What is behind a mistake is not read, nor is the challenge that has it.
    """
    found: list[Challenge] = []
    for value in values:
        found += _parse(value)
    return found[:MOST]


def _parse(value: str) -> list[Challenge]:
    found: list[Challenge] = []
    position = _end(_BETWEEN.match(value))
    while position < len(value) and len(found) <= MOST:
        token = _TOKEN.match(value, position)
        if token is None:
            return found[:-1]
        parameter = _VALUE.match(value, token.end())
        if parameter is None:
            found.append(Challenge(token[0].lower()))
            position = _end(_TOKEN68.match(value, token.end()), token.end())
            if position == token.end() and value[position : position + 1] not in (
                "",
                ",",
                " ",
                "\t",
            ):
                return found[:-1]
        elif not found or token[0].lower() in found[-1].parameters:
            return found[:-1]
        else:
            text = parameter[2] if parameter[1] is None else _ESCAPED.sub(r"\1", parameter[1])
            found[-1].parameters[token[0].lower()] = text
            position = parameter.end()
        position = _end(_BETWEEN.match(value, position))
    return found


def _end(match: re.Match[str] | None, otherwise: int = 0) -> int:
    return otherwise if match is None else match.end()
