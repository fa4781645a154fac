"""Files that are there in a content coding already: ``style.css.br`` beside ``style.css``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ...codings import choose_coding
from ..files.paths import Opened

SUFFIXES: Final[Mapping[str, str]] = MappingProxyType({"br": ".br", "zstd": ".zst", "gzip": ".gz"})
"""How the files of a coding end. Where a client has no preference, the first that is there."""


def find_coded(
    original: Opened, accept_encoding: str | None, open_beside: Callable[[str], Opened | None]
) -> tuple[str, Opened] | None:
    """The coding that the client wants most, and the open file that has it; None if there is none.

    :arg open_beside: opens the file whose path is the original's with this behind it; None for none.

    A file that is older than the original is not of its content.
    """
    offered = list(SUFFIXES)
    while (coding := choose_coding(accept_encoding, offered)) is not None:
        found = open_beside(SUFFIXES[coding])
        if found is not None:
            if found.state.st_mtime_ns >= original.state.st_mtime_ns:
                return coding, found
            found.file.close()
        offered.remove(coding)
    return None
