"""Scripts for shells, that complete what parsers take."""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .parsing import Parser


@dataclass(frozen=True)
class Option:
    """An option of a command."""

    names: tuple[str, ...]
    about: str
    takes_value: bool
    choices: tuple[str, ...]
    """What the value may be, if that is known."""


@dataclass
class Described:
    """A command, or the command line as a whole."""

    about: str = ""
    options: list[Option] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """What may stand there beside options."""
    commands: "dict[str, Described]" = field(default_factory=dict)


def described(parser: argparse.ArgumentParser) -> Described:
    """What ``parser`` takes. The commands within a command are words of it, and their options are its own."""
    found = _taken(parser)
    for name, about, inner in _inner(parser):
        command = _taken(inner)
        command.about = about
        for action, _, deeper in _inner(inner):
            command.words.append(action)
            command.options += [one for one in _taken(deeper).options if "--help" not in one.names]
        found.commands[name] = command
    return found


def _taken(parser: argparse.ArgumentParser) -> Described:
    found = Described()
    for action in parser._actions:
        choices = tuple(action.choices or ()) if not _is_commands(action) else ()
        if action.option_strings:
            found.options.append(
                Option(tuple(action.option_strings), _about(action), action.nargs != 0, choices)
            )
        else:
            found.words += choices
    return found


def _is_commands(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction)


def _inner(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str, Parser]]:
    """The commands of a parser: names, what they are about, and their own parsers."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            about = {one.dest: one.help or "" for one in action._choices_actions}
            for name, inner in action.choices.items():
                yield name, about.get(name, ""), inner


def _about(action: argparse.Action) -> str:
    return re.sub(r"\s*\(default.*?\)$", "", action.help or "")


def bash(known: Described) -> str:
    """For bash. What is a file, or is not known, it completes by itself, as names of files."""
    values, words = [], [f'        "") words="{_listed(known)}" ;;']
    for name, command in known.commands.items():
        words.append(f'        {name}) words="{_listed(command)}" ;;')
        for option in command.options:
            if option.takes_value:
                cases = "|".join(f'"{name} {each}"' for each in option.names)
                values.append(f'        {cases}) words="{" ".join(option.choices)}" ;;')
    lines = [
        "_tornadolike() {",
        '    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
        '    local command="" words="" i',
        "    for ((i = 1; i < COMP_CWORD; i++)); do",
        '        if [[ "${COMP_WORDS[i]}" != -* ]]; then command="${COMP_WORDS[i]}"; break; fi',
        "    done",
        '    case "$command" in',
        *words,
        "    esac",
        '    case "$command $previous" in',
        *values,
        "    esac",
        '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
        "}",
        "complete -o default -F _tornadolike tornadolike",
    ]
    return "\n".join(lines) + "\n"


def _listed(command: Described) -> str:
    options = [name for option in command.options for name in option.names]
    return " ".join([*command.commands, *command.words, *options])


def zsh(known: Described) -> str:
    """For zsh, which runs what is made for bash."""
    return (
        "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"
        + bash(known)
    )


def fish(known: Described) -> str:
    """For fish, which shows what an option is about, too."""
    lines = [_fish(option, "__fish_use_subcommand") for option in known.options]
    for name, command in known.commands.items():
        lines.append(f"-n __fish_use_subcommand -f -a {name} -d {_quoted(command.about)}")
        within = f"'__fish_seen_subcommand_from {name}'"
        lines += [_fish(option, within) for option in command.options]
        if command.words:
            lines.append(f"-n {within} -f -a {_quoted(' '.join(command.words))}")
    return "".join(f"complete -c tornadolike {line}\n" for line in lines)


def _fish(option: Option, condition: str) -> str:
    names = [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    ]
    value = ["-r"] if option.takes_value else []
    if option.choices:
        value.append(f"-f -a {_quoted(' '.join(option.choices))}")
    return " ".join([f"-n {condition}", *names, *value, f"-d {_quoted(option.about)}"])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
