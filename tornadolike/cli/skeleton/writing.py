"""The files of a new project."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ...programs.failing import Failure
from .names import Names

FILES: Final = Path(__file__).parent / "files"
"""As they are to be, but for names between ``@``, and with ``.txt`` behind theirs: nobody is to run them there."""

_RENAMED: Final = {"gitignore": ".gitignore", "dockerignore": ".dockerignore"}
"""Those that would do here what they are for."""


def write_project(folder: Path, names: Names) -> list[Path]:
    """Write all files into ``folder`` and return them. Raises :exc:`.Failure` if there is something already."""
    _check_empty(folder)
    written = []
    for source, target in _targets(names):
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_filled(source.read_text("utf-8"), names))
        written.append(path)
    return written


def _check_empty(folder: Path) -> None:
    if folder.is_dir():
        there = {path.name for path in folder.iterdir()} - {".git"}
        if there:
            raise Failure(
                f"{folder} is there already, with {min(there)} in it: choose another name, or an empty folder"
            )
    elif folder.exists():
        raise Failure(f"{folder} is there already, and is no folder: choose another name")


def _targets(names: Names) -> Iterator[tuple[Path, Path]]:
    """Each file, and where it is to be."""
    for source in sorted(path for path in FILES.rglob("*.txt")):
        inner = source.relative_to(FILES).with_suffix("")
        parts = [names.package if part == "package" else part for part in inner.parts]
        if inner.name == "service":
            parts[-1] = f"{names.project}.service"
        yield source, Path(*parts[:-1], _RENAMED.get(parts[-1], parts[-1]))


def _filled(text: str, names: Names) -> str:
    for mark, value in {
        "@project@": names.project,
        "@package@": names.package,
        "@PREFIX@": names.prefix,
    }.items():
        text = text.replace(mark, value)
    return text
