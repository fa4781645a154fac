"""The pages of signing in tell of each public name, and their first one leads to all of them."""

import re
from pathlib import Path

import pytest

from tornadolike import auth

DOCS = Path(__file__).parents[2] / "docs"
INDEX = (DOCS / "index.rst").read_text()
NAMES = INDEX.partition(":caption: Signing in\n")[2].partition("\n\n.. toctree")[0].split()
PAGES = {name: (DOCS / f"{name}.rst").read_text() for name in NAMES}
MAP = PAGES["signing-in"]


def told(text: str) -> set[str]:
    """The words that stand in code in the text of a page. An example alone tells nothing of a name."""
    prose = re.sub(r"^\.\. code-block:: \w+\n(?:   .*\n|\n)+", "", text, flags=re.MULTILINE)
    return set(re.findall(r"\w+", " ".join(re.findall(r"``(.+?)``", prose, re.DOTALL))))


TOLD = set[str]().union(*(told(text) for text in PAGES.values()))


@pytest.mark.parametrize("name", auth.__all__)
def test_a_page_tells_of_each_name(name: str) -> None:
    assert name in TOLD


@pytest.mark.parametrize("name", [*NAMES[1:], "users", "sessions", "xsrf"])
def test_the_map_leads_to_each_page(name: str) -> None:
    assert f":doc:`{name}`" in MAP


def test_what_is_in_an_example_alone_is_not_told() -> None:
    text = "``Told``\n\n.. code-block:: python\n\n   Shown()  # ``Shown``\n\nand ``told()``.\n"
    assert told(text) == {"Told", "told"}
