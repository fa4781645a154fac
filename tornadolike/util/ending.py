"""Mistakes of who starts a program: they deserve a line, and not a traceback."""

import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Final

_LINE: Final = "_line_at_the_end"


def ends_in_one_line(error: BaseException, text: str) -> None:
    """If nobody catches ``error``, the program is to end with the line ``text`` and exit status 2.

    Otherwise it would end with a traceback through the program, which tells who has mistyped an option nothing of
    use. ``python -X dev`` shows the traceback all the same, and so does a session that goes on after it
    (``python -i``). Whoever catches the exception sees nothing of this.
    """
    # The exception has the line, and not the hook the exception: that would keep all the frames of its traceback.
    setattr(error, _LINE, text)
    goes_on = sys.flags.interactive or hasattr(sys, "ps1")
    if not (goes_on or sys.flags.dev_mode or isinstance(sys.excepthook, _Hook)):
        sys.excepthook = _Hook(sys.excepthook)


class _Hook:
    """A ``sys.excepthook`` that knows such exceptions, and leaves the others to the one before."""

    def __init__(
        self,
        before: Callable[[type[BaseException], BaseException, TracebackType | None], object],
    ) -> None:
        self._before = before

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        text = getattr(error, _LINE, None)
        if text is None:
            self._before(kind, error, trace)
            return
        program = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"
        sys.stderr.write(f"{program}: {text}\n")
        sys.exit(2)
