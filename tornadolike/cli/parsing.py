""":class:`Parser`: reads a command line, and says in one line what is wrong with it."""

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from ..programs.failing import Failure, meant


class Commands(Protocol):
    """The commands of a command line, to one of them."""

    def add_parser(self, name: str, **arguments: Any) -> argparse.ArgumentParser:
        """The parser of a further command."""
        ...


class Parser(argparse.ArgumentParser):
    """One whose errors are :exc:`.Failure`. Options are written out: a new one would take an abbreviation away."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **arguments})

    def error(self, message: str) -> NoReturn:
        """Called with what is wrong."""
        wanted = re.fullmatch(r"the following arguments are required: (.*)", message)
        if wanted is not None:
            message = f"{wanted[1]} is missing"
        raise Failure(f"{message} ({self.prog} --help tells what there is)")

    def parse_all(self, arguments: Sequence[str], name: str) -> argparse.Namespace:
        """What the arguments say; ``name`` is the command's. Raises :exc:`.Failure` if some of them say nothing."""
        options, rest = self.parse_known_args(arguments)
        if rest:
            known = self._options_of(name)
            said = "option" if rest[0].startswith("-") else "further argument"
            hint = meant(rest[0].partition("=")[0], known)
            raise Failure(
                f"{name} has no {said} {rest[0]}{hint or f' ({self.prog} {name} --help tells what there is)'}"
            )
        return options

    def _options_of(self, name: str) -> list[str]:
        """All options of a command, and of the commands in it."""
        found = list(self._option_string_actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for each in (
                    [action.choices[name]] if name in action.choices else action.choices.values()
                ):
                    found += each._options_of(name)
        return found
