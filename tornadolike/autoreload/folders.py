"""What of a folder is looked at, and what of it matters."""

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

IGNORED_FOLDERS: Final = frozenset({
    "__pycache__", "build", "dist", "env", "htmlcov", "node_modules", "site-packages", "venv",
})  # fmt: skip
"""Folders of which nothing is written by hand. Those whose names begin with a dot (.git, .venv) are none either."""

IGNORED_FILES: Final = (
    "*~",
    "#*#",
    "*.sw?",
    "*.tmp",
    "*.py[cod]",
    "flycheck_*",
    "4913",
    "*___jb_*___",
)
"""What editors write beside the file that somebody works on."""

PROGRAM: Final = ("*.py", "*.toml", "*.ini", "*.cfg", "*.json", "*.yaml", "*.yml", ".env*")
"""What a program is made of, or reads when it begins, by default. All else it reads when it is wanted: templates,
catalogues, static files."""


def is_ignored_folder(path: str) -> bool:
    """Whether nobody wants to know what happens in this folder."""
    name = os.path.basename(path)
    return (
        name.startswith(".")
        or name in IGNORED_FOLDERS
        or name.endswith((".egg-info", ".dist-info"))
        or os.path.exists(os.path.join(path, "pyvenv.cfg"))  # however the environment is called
    )


def is_ignored_file(name: str) -> bool:
    """Whether a file of this name is none of the program's."""
    if name.startswith("."):
        return not name.startswith(".env")
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in IGNORED_FILES)


def matters(path: str, folders: Sequence[str]) -> bool:
    """Whether it is a file somewhere in ``folders``, and in none of these that are ignored.

    What is above ``folders`` does not matter: a project may be anywhere, in ``~/.work/build``, too.
    """
    folder, name = os.path.split(path)
    if is_ignored_file(name):
        return False
    for root in folders:
        if folder == root or folder.startswith(os.path.join(root, "")):
            return not any(map(is_ignored_folder, _between(folder, root)))
    return False


def _between(folder: str, root: str) -> Iterator[str]:
    while len(folder) > len(root):
        yield folder
        folder = os.path.dirname(folder)


def is_of_the_program(path: str, patterns: Iterable[str] = PROGRAM) -> bool:
    """Whether a program has to be started anew when this file changes."""
    name = os.path.basename(path)
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def files_in(folder: str) -> Iterator[os.DirEntry[str]]:
    """All files of a folder and the folders in it that matter, where links lead to included."""
    yield from _files_in(folder, frozenset())


def _files_in(folder: str, above: frozenset[str]) -> Iterator[os.DirEntry[str]]:
    real = os.path.realpath(folder)
    if real in above:
        return  # a link leads back
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # it is gone meanwhile, or not ours to read
    for entry in entries:
        if entry.is_dir():
            if not is_ignored_folder(entry.path):
                yield from _files_in(entry.path, above | {real})
        elif not is_ignored_file(entry.name):
            yield entry


def targets_of_links(folder: str) -> dict[str, str]:
    """The files that links in a folder lead to, with their links: what happens to them is not told of the folder."""
    return {os.path.realpath(entry): entry.path for entry in files_in(folder) if entry.is_symlink()}
