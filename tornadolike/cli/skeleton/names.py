"""What a project may be called."""

import keyword
import re
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ...programs.failing import Failure

_NAME: Final = re.compile("[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?")
_OWN_FOLDERS: Final = ("deploy", "env", "build", "dist", "tests", "test")


@dataclass(frozen=True)
class Names:
    """The names of a project."""

    project: str
    """As its author has it, and packages are called: ``my-site``."""

    @property
    def package(self) -> str:
        """Its package: ``my_site``."""
        return self.project.replace("-", "_").lower()

    @property
    def prefix(self) -> str:
        """What its environment variables begin with: ``MY_SITE``."""
        return self.package.upper()


def names_of(folder: Path) -> Names:
    """The names of the project in this folder. Raises :exc:`.Failure` for what no project could be called."""
    name = folder.name
    if not _NAME.fullmatch(name):
        raise Failure(
            f"{name!r} is no name for a project: it has letters, digits, - and _ and begins with a letter, as my-site"
        )
    names = Names(name)
    package = names.package
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise Failure(
            f"{package!r} is a word of Python, which no package can be called: choose another name"
        )
    if package in _OWN_FOLDERS:
        raise Failure(
            f"a project has another folder that is called {package!r}: choose another name"
        )
    if package in sys.stdlib_module_names or _is_installed(package, folder):
        raise Failure(
            f"there is a module {package!r} already, which yours would hide: choose another name"
        )
    return names


def _is_installed(package: str, folder: Path) -> bool:
    """Whether there is such a module elsewhere than where the project is to be."""
    spec = find_spec(package)
    if spec is None:
        return False
    # A folder without an __init__.py in the current folder is a package, too: the one of the project itself, say.
    return spec.origin is not None
