"""The Python files of a program."""

import ast
import errno
import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST_FILES = 5_000
"""How many files are read at most."""

_OTHER_PEOPLES = {"site-packages", "node_modules", "__pycache__"}


def python_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """These files, and all Python below these directories; each once.

    Hidden directories, virtual environments and installed packages are left out. Raises :exc:`FileNotFoundError` for
    a path that is not there, and :exc:`ValueError` if there are more than :data:`MOST_FILES` files.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        for file in _below(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
            if len(found) > MOST_FILES:
                raise ValueError(
                    f"there are more than {MOST_FILES} files of Python in {path}; "
                    "say with --code where the program is"
                )
    return list(found.values())


def _below(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _OTHER_PEOPLES
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def parse_python(source: bytes, path: Path) -> ast.Module:
    """The tree of a file; what Python would warn of is nothing to us.

    Raises :exc:`SyntaxError`, :exc:`ValueError` or :exc:`RecursionError` for what is no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, str(path))
