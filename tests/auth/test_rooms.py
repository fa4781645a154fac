"""The lists at the heads of ``auth`` and of its rooms: all modules are there, and know only those above them."""

import re
from functools import cache
from pathlib import Path

import grimp
import pytest

import tornadolike.auth

pytestmark = pytest.mark.once

AUTH = Path(tornadolike.auth.__file__).parent
ROOMS = sorted(path.parent.name for path in AUTH.glob("*/__init__.py"))


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("tornadolike", cache_dir=None)


def listed(folder: Path) -> list[str]:
    """The modules at the head of a package, in their order."""
    text = (folder / "__init__.py").read_text().split('"""')[1]
    return re.findall(r"^   ([a-z_0-9]+) {2,}\S", text, re.MULTILINE)


def upward(package: str, names: list[str]) -> list[tuple[str, str]]:
    """Who knows somebody who stands below: pairs of modules, or of packages with all that is in them."""
    floors = {f"{package}.{name}": number for number, name in enumerate(names)}

    def floor(module: str) -> int | None:
        return next((floors[one] for one in floors if f"{module}.".startswith(f"{one}.")), None)

    return [
        (module, known)
        for module in graph().modules
        if (here := floor(module)) is not None
        for known in graph().find_modules_directly_imported_by(module)
        if (there := floor(known)) is not None and there > here
    ]


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_the_list_has_all_modules_and_each_knows_those_above(room: str) -> None:
    folder = AUTH / room
    package = ".".join(["tornadolike.auth", *filter(None, [room])])
    there = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in folder.glob("*/__init__.py")}
    names = listed(folder)
    assert len(set(names)) == len(names)
    assert set(names) == there
    assert upward(package, names) == []


def test_what_knows_those_below_is_found() -> None:
    names = listed(AUTH)
    assert upward("tornadolike.auth", names[::-1]) != []
