"""What was typed, for the next time, and completion by the tabulator."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

LINES: Final = 2000


def history_file() -> Path:
    """Where it is kept."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state, "tornadolike", "shell_history")


@contextlib.contextmanager
def remembered(names: dict[str, Any]) -> Iterator[None]:
    """Lines that are typed in this context can be edited, are completed by ``names``, and are kept.

    Where there is no readline, nothing of that happens; where the file cannot be written, nothing is kept.
    """
    try:
        import readline
        import rlcompleter
    except ImportError:
        yield
        return
    file = history_file()
    before = readline.get_completer()
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
    with contextlib.suppress(OSError):
        readline.read_history_file(file)
    try:
        yield
    finally:
        readline.set_completer(before)
        readline.set_history_length(LINES)
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            readline.write_history_file(file)
