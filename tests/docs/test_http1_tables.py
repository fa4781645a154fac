"""docs/http1.rst shows the tables on which the code stands: to the letter."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tornadolike.http1.framing_rules import (
    READING_RULES,
    WRITING_RULES,
    Coding,
    Decision,
    Kind,
    Length,
    Refusal,
    Rule,
    Version,
)
from tornadolike.http1.states import (
    REQUEST_READER,
    REQUEST_WRITER,
    RESPONSE_READER,
    RESPONSE_WRITER,
    Table,
)

PAGE = Path(__file__).parents[2] / "docs" / "http1.rst"


def in_columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as reStructuredText has it."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)

    def line(cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return "  ".join(padded).rstrip()

    return "\n".join([rule, line(titles), rule, *map(line, rows), rule])


def states(table: Table) -> str:
    return in_columns(
        ("in", "comes", "and then"),
        [(state, event, after) for (state, event), after in table.items()],
    )


def decided(decision: Decision) -> str:
    """What we refuse to write has no status that anybody could be told: it is an error of our own."""
    if not isinstance(decision, Refusal):
        return decision
    return "refused" if decision.status == 500 else f"refused, {decision.status}"


def said(values: Sequence[Coding | Kind | Length | Version]) -> str:
    for some in (Coding, Length):
        if set(values) == set(some) - {some.NONE}:
            return "some"
    return "; ".join(values) or "any"


def rules(table: Sequence[Rule]) -> str:
    rows = []
    for rule in table:
        parts = [said(part) for part in rule[2:]]
        rows.append((*parts, decided(rule.decision), rule.section))
    titles = ("message", "version", "Transfer-Encoding", "Content-Length", "framing", "section")
    return in_columns(titles, rows)


TABLES = {
    "request reader": states(REQUEST_READER),
    "response writer": states(RESPONSE_WRITER),
    "request writer": states(REQUEST_WRITER),
    "response reader": states(RESPONSE_READER),
    "reading": rules(READING_RULES),
    "writing": rules(WRITING_RULES),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_page_has_the_table(name: str) -> None:
    assert TABLES[name] in PAGE.read_text(), f"this belongs on the page:\n{TABLES[name]}"
