"""What is raised for a template that is none."""

from typing import Any


class ParseError(SyntaxError):
    """A template has an error in it: in a tag, or in the Python within one.

    It is a :exc:`SyntaxError`, so that a traceback shows the file, the line and a caret under the offending text.

    :ivar message: what is wrong, and where it helps what to do.
    :ivar filename: the file's path, or the template's name if it is in no file.
    :ivar lineno: the line, counted from 1.
    """

    def __init__(
        self,
        message: str,
        filename: str | None = None,
        lineno: int = 0,
        offset: int | None = None,
        text: str | None = None,
        end_lineno: int | None = None,
        end_offset: int | None = None,
    ) -> None:
        place = (filename, lineno, offset, text, end_lineno, end_offset)
        super().__init__(message, place)
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        # SyntaxError would give a copy, as another process gets it, the place in one piece.
        place = (self.filename, self.lineno, self.offset, self.text)
        end = (self.end_lineno, self.end_offset)
        return type(self), (self.message, *place, *end), self.__dict__

    def __str__(self) -> str:
        return f"{self.message} at {self.filename}:{self.lineno}"
