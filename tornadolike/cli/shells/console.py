""":class:`Console`: Python's own console, whose code runs on a session's loop, with ``await`` wherever it likes."""

import ast
import code
import inspect
import sys
import traceback
from types import CodeType, FunctionType
from typing import Final

from ...programs.failing import Failure
from .history import remembered
from .session import Session

TOP_LEVEL_AWAIT: Final = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def compiled(source: str) -> CodeType:
    """A whole program with ``await``. Raises :exc:`SyntaxError`."""
    program: CodeType = compile(source, "<command>", "exec", flags=TOP_LEVEL_AWAIT)
    return program


class Console(code.InteractiveConsole):
    """Asks for Python, line by line."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.names)
        self.compile.compiler.flags |= TOP_LEVEL_AWAIT
        self._session = session

    def talk(self, banner: str) -> BaseException | None:
        """Run what is typed until it ends, by the end of the input or ``exit()``, which is returned then."""
        if not sys.stdin.isatty():
            sys.ps1 = sys.ps2 = ""
        try:
            with remembered(self._session.names):
                self.interact(banner=banner, exitmsg="")
        except SystemExit as end:
            return end
        return None

    def run(self, code: CodeType) -> BaseException | None:
        """Run this, and return what it has raised, which is shown."""
        try:
            self._session.run(self._awaited(code))
        except Failure:
            raise
        except SystemExit as end:
            return end
        except BaseException as error:
            self.show(error)
            return error
        return None

    def runcode(self, code: CodeType) -> None:
        """Called with what was typed."""
        end = self.run(code)
        if isinstance(end, SystemExit):
            raise end

    async def _awaited(self, code: CodeType) -> None:
        result = FunctionType(code, self._session.names)()
        if inspect.iscoroutine(result):
            await result

    def show(self, error: BaseException) -> None:
        """Show an exception without the frames that are ours, which come first."""
        if isinstance(error, KeyboardInterrupt):
            self.write("KeyboardInterrupt\n")
            return
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals is not self._session.names:
            trace = trace.tb_next
        self.write("".join(traceback.format_exception(type(error), error, trace)))
