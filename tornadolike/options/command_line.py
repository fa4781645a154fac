"""Options on the command line."""

from collections.abc import Sequence

from .errors import Error, hint, placed
from .known import Known, normalized
from .option import Assignment

SOURCE = "the command line"


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """What there is of options behind the program's name, and the rest, which begins at the first that is none."""
    for position, argument in enumerate(arguments[1:], 1):
        if argument == "--":
            return list(arguments[1:position]), list(arguments[position + 1 :])
        if not argument.startswith("-") or argument == "-":
            return list(arguments[1:position]), list(arguments[position:])
    return list(arguments[1:]), []


def assignment(argument: str, known: Known, following: str | None) -> Assignment:
    """What an argument says. ``following`` is what stands behind the last of them.

    Raises :exc:`.Error`.
    """
    name, equals, text = argument.lstrip("-").partition("=")
    option = known.find(name)
    if option is None:
        raise Error(f"{_flag(name)}: there is no such option{_meant(name, known)}")
    if not equals:
        if option.type is not bool:
            example = following or option.metavar or "..."
            raise Error(f"{_flag(name)} needs a value: {_flag(name)}={example}")
        text = "true"
    with placed(_flag(name)):
        return Assignment(option, option.read(text), SOURCE)


def _meant(name: str, known: Known) -> str:
    negated = normalized(name).removeprefix("no-")
    if negated != normalized(name) and negated in known and known[negated].type is bool:
        return f"; did you mean {_flag(negated)}=false?"
    return hint(normalized(name), known, "--")


def _flag(name: str) -> str:
    return f"--{normalized(name)}"
