"""Pages that build something, file by file: what they show is written down, so that it can be run."""

import re
from pathlib import Path

FILE = re.compile(r"^\.\. code-block:: \S+\n   :caption: (\S+)\n\n((?:   .*\n|\n)+)", re.MULTILINE)


def shown_files(page: Path) -> dict[str, str]:
    """The files on a page, by their names."""
    found = FILE.findall(page.read_text())
    return {name: re.sub(r"(?m)^   ", "", text) for name, text in found}
