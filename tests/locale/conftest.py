"""What the tests of the locale room share: nothing stays loaded, and catalogues that are made at once."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages import mofile, pofile

from tornadolike.locale.shelf import loaded

HEAD = """\
msgid ""
msgstr ""
"Language: ru\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"""

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    """Each test begins with nothing loaded, and so does what comes behind it."""
    loaded.__init__()  # type: ignore[misc]
    yield
    loaded.__init__()  # type: ignore[misc]


@pytest.fixture
def write_po(tmp_path: Path) -> Write:
    """Writes ``{code}/LC_MESSAGES/{domain}.po`` with messages, and compiles it.

    Whatever the code is, plurals are as in Russian: one, few, many.
    """

    def write(code: str, messages: str, domain: str = "site", compiled: bool = True) -> Path:
        path = tmp_path / code / "LC_MESSAGES" / f"{domain}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + "\n" + messages, encoding="utf-8")
        if compiled:
            with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
                mofile.write_mo(target, pofile.read_po(source))
        return path

    return write


def entry(message: str, translation: str) -> str:
    return f'msgid "{message}"\nmsgstr "{translation}"\n\n'


def touch(path: Path, seconds: int) -> None:
    """Give a file a time of change that is so many seconds after the one it has."""
    changed = path.stat().st_mtime + seconds
    os.utime(path, (changed, changed))
