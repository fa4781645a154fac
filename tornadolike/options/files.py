"""Options in files: TOML, or Python as in Tornado."""

import os
import re
import traceback
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..util import ends_in_one_line, exec_in
from .errors import Error, InvalidValue, hint, placed
from .known import Known, normalized
from .option import Assignment, Option


def assignments(path: str | os.PathLike[str], known: Known) -> Iterator[Assignment]:
    """What a file says. Raises :exc:`.Error`, and :exc:`OSError` if it cannot be read."""
    path = os.fspath(path)
    text = _text(path)
    if path.lower().endswith(".toml"):
        return _in_toml(path, text, known)
    return _in_python(path, text, known)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        ends_in_one_line(error, f"the options in {path} cannot be read: {error.strerror}")
        raise
    except UnicodeDecodeError as error:
        raise Error(f"{path} has to be text in UTF-8, and byte {error.start} is not") from None


def _in_toml(path: str, text: str, known: Known) -> Iterator[Assignment]:
    import tomllib  # only who has such a file needs it

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Error(f"{path}:{_line_of_error(error, text)}: this is no TOML: {error}") from error
    yield from _in_table(path, text, tables, (), known)


def _line_of_error(error: ValueError, text: str) -> int:
    told = re.search(r"\(at line (\d+)", str(error))
    return int(told[1]) if told else text.rstrip().count("\n") + 1  # it ends too early


def _in_table(
    path: str, text: str, table: dict[str, Any], above: tuple[str, ...], known: Known
) -> Iterator[Assignment]:
    for key, value in table.items():
        keys = (*above, key)
        found = _options_at(keys, known)
        if len(found) == 1:
            with placed(partial(_place_in_toml, path, text, keys)):
                yield Assignment(found[0], found[0].fit(value), path)
        elif not found and isinstance(value, dict):
            yield from _in_table(path, text, value, keys, known)
        else:
            raise Error(
                f"{_place_in_toml(path, text, keys)}: {_unclear('.'.join(keys), found, known)}"
            )


def _place_in_toml(path: str, text: str, keys: tuple[str, ...]) -> str:
    from .toml_lines import line_of

    return f"{path}:{line_of(keys, text)}: {'.'.join(keys)}"


def _options_at(keys: tuple[str, ...], known: Known) -> list[Option]:
    """The options that may be meant by a key in these tables: there should be one."""
    *tables, name = keys
    found = [known.find(".".join(keys)), known.find("-".join(keys))]
    member = known.find(name)
    if member and tables and member.group_name == ".".join(tables):
        found.append(member)
    return list({option.name: option for option in found if option and option.place}.values())


def _unclear(name: str, found: list[Option], known: Known) -> str:
    """Why a key does not stand for one option."""
    if found:
        return f"this may be {' or '.join(option.name for option in found)}"
    settable = known.settable()
    members = [f"{option.group_name}.{option.name}" for option in settable.values()]
    return f"there is no such option{hint(normalized(name), [*settable, *members])}"


def _in_python(path: str, text: str, known: Known) -> Iterator[Assignment]:
    names = _run(path, text)
    for name, value in names.items():
        option = known.find(name)
        if option is None:
            continue  # a variable of the file
        with placed(partial(_place_in_python, path, text, name)):
            yield Assignment(option, _python_value(option, value), path)


def _run(path: str, text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__file__": os.path.abspath(path)}
    try:
        exec_in(compile(text, path, "exec", dont_inherit=True), names, names)
    except SyntaxError as error:
        ends_in_one_line(error, f"{error.filename}:{error.lineno}: {error.msg}")
        raise
    except Exception as error:
        *_, last = traceback.extract_tb(error.__traceback__)
        what = f"{type(error).__name__}: {error}"
        ends_in_one_line(error, f"{last.filename}:{last.lineno}: {what}")
        raise
    return names


def _python_value(option: Option, value: Any) -> Any:
    if isinstance(value, str) and (option.type is not str or option.multiple):
        return option.read(value)
    if option.multiple and not isinstance(value, list):
        raise InvalidValue("has to be a list, or text with commas")
    option.check(value)
    return value


def _place_in_python(path: str, text: str, name: str) -> str:
    """Where a variable has got its value, as far as that can be seen: the first line if it cannot."""
    import ast

    lines = [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
    ]
    return f"{path}:{max(lines, default=1)}: {name}"
