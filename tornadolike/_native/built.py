"""Whether the compiled modules beside the sources were made from these sources.

In a checkout the compiled modules lie beside what they were made from, and one of them that is older than its source
would quietly be another program than the one that is read. So the build leaves a note of what it compiled, and who
imports looks at it. Dates would not do: git, tar and clocks all set them as they like.

Installed from a wheel there are no sources, and there is nothing to compare.

The build itself (``setup.py``) and our scripts run this file as it stands: it imports nothing of the package.
"""

import os
import sysconfig
from zlib import crc32  # to tell one text from another; nobody is kept out by it

SOURCES = (".pyx", ".pxd", ".pxi", ".h")


def fingerprints(room: str) -> dict[str, str]:
    """What tells the sources of the native core apart, by their names. There are none in a wheel."""
    found = {}
    for folder in (room, os.path.join(room, "c")):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.endswith(SOURCES):
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, room)] = f"{crc32(file.read()):08x}"
    return found


def note_of(room: str, suffix: str | None = None) -> str:
    """Where the note of a build is: each interpreter has its own, as it has its own modules.

    :arg suffix: what the names of the interpreter's modules end with; without, that of this one.
    """
    return os.path.join(room, "built" + (suffix or sysconfig.get_config_var("EXT_SUFFIX")) + ".txt")


def read(note: str) -> dict[str, str]:
    """What a note says: the fingerprints, and how it was built under names in brackets."""
    try:
        with open(note, encoding="utf-8") as file:
            pairs = [line.rstrip("\n").partition(" ") for line in file]
    except FileNotFoundError:
        return {}
    return {name: value for name, _, value in pairs}


def write(note: str, facts: dict[str, str]) -> None:
    """Write a note."""
    with open(note, "w", encoding="utf-8") as file:
        file.writelines(f"{name} {value}\n" for name, value in facts.items())


def changed(room: str, suffix: str | None = None) -> list[str]:
    """The names of the sources that are others than those that were compiled, or are not there any more."""
    sources = fingerprints(room)
    if not sources:
        return []
    noted = {name: value for name, value in read(note_of(room, suffix)).items() if name[0] != "["}
    return sorted({name for name, _ in sources.items() ^ noted.items()})
