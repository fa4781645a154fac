"""Tracebacks that show the template, not the code that was made of it.

When an exception leaves a render, each frame of compiled code in its traceback is replaced by one that says which file,
which line and columns, and whose name tells, as in Tornado, where that file was included: ``template  # item.html:3
(via list.html:7)``. The frame has the variables of the one that it stands for. Our own frames within are left out.
"""

import ast
import difflib
import linecache
from collections import deque
from collections.abc import Iterator
from types import CodeType, FrameType, TracebackType
from typing import Final

from .errors import ParseError
from .nodes import LINE_BREAK, Source
from .positions import Places, Segment
from .runtime import finished

#: For so many templates the text is kept for tracebacks; then the first is forgotten.
KEPT_SOURCES: Final = 128

_OURS: Final = finished.__code__.co_filename, "_native/escaping.pyx"
_kept: Final[deque[str]] = deque()


def point_at_template(error: BaseException, filename: str, places: Places) -> None:
    """Give the exception, and those that it came of, tracebacks through the template's own files.

    :param filename: of the compiled code.
    """
    made: list[FrameType] = []
    try:
        _point(error, filename, places, made)
    finally:
        # Each of them keeps its callers, and these know the exception: without the collector none would ever go.
        for frame in made:
            caller = frame.f_back
            while caller is not None and caller.f_code is not point_at_template.__code__:
                caller.clear()
                caller = caller.f_back
            del caller, frame
        del error, made


def _point(error: BaseException, filename: str, places: Places, made: list[FrameType]) -> None:
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        waiting += (each.__cause__, each.__context__)
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
        traceback = each.__traceback__
        each.__traceback__ = _told(traceback, filename, places, made)
        if isinstance(each, NameError) and each.__traceback__ is not traceback:
            _explain_name(each)


def refusal(error: SyntaxError, places: Places) -> ParseError:
    """What Python does not compile, with its place in the template."""
    segment, line = places.find(error.lineno or 0)
    lines = LINE_BREAK.split(segment.source.text)
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    offset = _characters(text, error.offset)
    end_line: int | None = None
    end_offset: int | None = None
    if error.end_lineno == error.lineno:
        end_line, end_offset = line, _characters(text, error.end_offset)
    path = segment.source.path
    return ParseError(error.msg, path, line, offset, text, end_line, end_offset)


def _characters(line: str, offset: int | None) -> int | None:
    """A column that counts bytes, as one that counts characters; both count from 1."""
    if offset is None or offset < 1:
        return None
    return len(line.encode()[: offset - 1].decode(errors="replace")) + 1


def _told(
    traceback: TracebackType | None, filename: str, places: Places, made: list[FrameType]
) -> TracebackType | None:
    steps = list(_steps(traceback))
    if not any(_is_compiled(step.tb_frame.f_code, filename) for step in steps):
        return traceback
    told: TracebackType | None = None
    for step in reversed(steps):
        frame, lasti, line = step.tb_frame, step.tb_lasti, step.tb_lineno
        if frame.f_code.co_filename.endswith(_OURS):
            continue
        if _is_compiled(frame.f_code, filename):
            shown = _shown(step, places)
            frame, lasti, line = shown.tb_frame, shown.tb_lasti, shown.tb_lineno
            made.append(frame)
        told = TracebackType(told, frame, lasti, line)
    return told


def _steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_compiled(code: CodeType, filename: str) -> bool:
    # The frames that were made here have a name that no code has.
    return code.co_filename == filename and "#" not in code.co_name


def _shown(step: TracebackType, places: Places) -> TracebackType:
    """A traceback of one frame, which stands where this one stands in the template."""
    position = _position(step)
    segment, line = places.find(position[0])
    _keep(segment.source)
    lines = position[1] - position[0]
    raising = ast.Raise(
        ast.Name("_tt_error", ast.Load()),
        None,
        lineno=line,
        end_lineno=line + lines,
        col_offset=position[2],
        end_col_offset=position[3],
    )
    module = ast.fix_missing_locations(ast.Module([raising], []))
    code = compile(module, segment.source.path, "exec", dont_inherit=True)
    code = code.replace(co_name=_frame_name(step.tb_frame, segment, line))
    return _raised(code, step.tb_frame)


def _position(step: TracebackType) -> tuple[int, int, int, int]:
    """The lines and columns of the instruction that failed."""
    positions = list(step.tb_frame.f_code.co_positions())
    line, end_line, column, end_column = positions[step.tb_lasti // 2]
    if line is None or end_line is None or column is None or end_column is None:
        # Without columns: Python runs with -X no_debug_ranges.
        line = step.tb_lineno or 1
        return line, line, -1, -1
    return line, end_line, column, end_column


def _frame_name(frame: FrameType, segment: Segment, line: int) -> str:
    name = frame.f_code.co_name
    if name.startswith("_tt_"):
        name = "template"
    return f"{name}  # {segment.source.name}:{line}{segment.via}"


def _raised(code: CodeType, frame: FrameType) -> TracebackType:
    variables = {
        name: value for name, value in frame.f_locals.items() if not name.startswith("_tt_")
    }
    variables["_tt_error"] = _Shown
    traceback: TracebackType | None = None
    try:
        exec(code, frame.f_globals, variables)  # noqa: S102  # it raises, and nothing else
    except _Shown as error:
        traceback = error.__traceback__
    del variables["_tt_error"]
    assert traceback is not None
    assert traceback.tb_next is not None
    return traceback.tb_next


class _Shown(Exception):
    """Raised for its traceback."""


def _keep(source: Source) -> None:
    """Let :mod:`linecache`, and so :mod:`traceback`, know the text that was compiled."""
    text = source.text
    lines = [line + "\n" for line in LINE_BREAK.split(text)]
    linecache.cache[source.path] = (len(text), None, lines, source.path)
    if source.path not in _kept:
        _kept.append(source.path)
        if len(_kept) > KEPT_SOURCES:
            linecache.cache.pop(_kept.popleft(), None)


def _explain_name(error: NameError) -> None:
    *_, last = _steps(error.__traceback__)
    if "  # " not in last.tb_frame.f_code.co_name:
        return
    note = _note_on_name(error, last.tb_frame)
    # Each template that the exception goes through comes here.
    if note and note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _note_on_name(error: NameError, frame: FrameType) -> str | None:
    if isinstance(error, UnboundLocalError):
        return (
            "A name that a template sets anywhere is a variable of its own, with no value before."
        )
    if not error.name:  # raised by hand
        return None
    note = f"{error.name!r} was neither given to the template nor is it set in it."
    known = {*frame.f_globals, *frame.f_locals, *frame.f_builtins}
    close = difflib.get_close_matches(error.name, known, 1)
    return f"{note} Did you mean {close[0]!r}?" if close else note
