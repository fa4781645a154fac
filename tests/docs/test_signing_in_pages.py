"""The pages of signing in tell of each public name and its arguments, and their first one leads to all of them."""

import inspect
import re
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from tornadolike import auth
from tornadolike.web import RequestHandler

DOCS = Path(__file__).parents[2] / "docs"
INDEX = (DOCS / "index.rst").read_text()
NAMES = INDEX.partition(":caption: Signing in\n")[2].partition("\n\n.. toctree")[0].split()
PAGES = {name: (DOCS / f"{name}.rst").read_text() for name in NAMES}
MAP = PAGES["signing-in"]


def told(text: str) -> set[str]:
    """The words that stand in code in the text of a page. An example alone tells nothing of a name."""
    prose = re.sub(r"^\.\. code-block:: \w+\n(?:   .*\n|\n)+", "", text, flags=re.MULTILINE)
    return set(re.findall(r"\w+", " ".join(re.findall(r"``(.+?)``", prose, re.DOTALL))))


LIMITS = (DOCS / "limits.rst").read_text()
SHOWN = set(re.findall(r"\w+", LIMITS + "".join(PAGES.values())))
TOLD = set[str]().union(*(told(text) for text in PAGES.values()))


@pytest.mark.parametrize("name", auth.__all__)
def test_a_page_tells_of_each_name(name: str) -> None:
    assert name in TOLD


# Records that a program makes itself; the others it is given.
OWN_RECORDS = {"Credentials", "Identity", "Keeping", "PasskeyOwner", "Token"}
# By their place, or for tests.
UNNAMED = {"rp_id", "rp_name", "source", "clock"}


def is_made(name: str) -> bool:
    """Whether programs call it: no constant, exception, handler, or record that they are given."""
    thing = getattr(auth, name)
    if is_dataclass(thing):
        return name in OWN_RECORDS
    return callable(thing) and not (
        isinstance(thing, type) and issubclass(thing, Exception | RequestHandler)
    )


MADE = [name for name in auth.__all__ if is_made(name)]


def test_what_programs_make_is_found() -> None:
    assert set(MADE) > OWN_RECORDS
    assert {"GitHub", "Passkeys", "read_token"} < set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_a_page_has_each_argument(name: str) -> None:
    assert {*inspect.signature(getattr(auth, name)).parameters} - UNNAMED <= SHOWN


@pytest.mark.parametrize("name", [*NAMES[1:], "users", "sessions", "xsrf"])
def test_the_map_leads_to_each_page(name: str) -> None:
    assert f":doc:`{name}`" in MAP


def test_what_is_in_an_example_alone_is_not_told() -> None:
    text = "``Told``\n\n.. code-block:: python\n\n   Shown()  # ``Shown``\n\nand ``told()``.\n"
    assert told(text) == {"Told", "told"}
