"""``python -m tornadolike templates``."""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from typing import TextIO

from ..programs.failing import Failure
from ..template.checking import Finding, check_templates, read_callers
from .parsing import Commands

_ABOUT_NAMES = (
    "Names that the check cannot see are given with --names, a program elsewhere with --code."
)


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    templates = commands.add_parser("templates", help="work on templates")
    actions = templates.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="look for errors in templates, without rendering them",
        description="Look for syntax errors, templates that are not there, unknown names, and output that is not"
        " escaped or that escaping does not make safe where it stands.",
        epilog="The status is 0 if there are no errors, 1 if there are some, and 2 if the check could not be made.",
    )
    check.add_argument("directory", metavar="DIR", help="where the templates are")
    check.add_argument(
        "--code",
        metavar="PATH",
        nargs="+",
        action="extend",
        help="files or directories of the program that renders the templates: what it passes is known"
        " (default: the directory above DIR, or DIR itself if that is the current one)",
    )
    check.add_argument(
        "--names",
        metavar="NAME,NAME",
        default="",
        help="further names that all templates have",
    )
    check.add_argument(
        "--autoescape",
        metavar="FUNCTION",
        default="xhtml_escape",
        help="as the loader has it: a function's name, contextual, or None (default: %(default)s)",
    )
    check.add_argument("--strict", action="store_true", help="warnings count as errors")
    check.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how to print what is found (default: %(default)s)",
    )
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    directory: str = options.directory
    if not os.path.isdir(directory):
        raise Failure(f"{directory} is no directory")
    try:
        callers = read_callers(options.code or [_code_of(directory)])
    except (FileNotFoundError, ValueError) as error:
        raise Failure(str(error)) from error
    for path, reason in callers.unread:
        _say(sys.stderr, f"{path}: not read: {reason}")
    for place in callers.anything:
        _say(sys.stderr, f"{place}: any template may get any name here: no names are looked for")
    names = [name.strip() for name in options.names.split(",") if name.strip()]
    autoescape = None if options.autoescape == "None" else options.autoescape
    findings = check_templates(directory, callers, names, autoescape)
    if options.format == "json":
        _say(sys.stdout, json.dumps([dataclasses.asdict(each) for each in findings], indent=2))
    else:
        _report(findings)
    return int(any(options.strict or finding.level == "error" for finding in findings))


def _code_of(directory: str) -> str:
    """Where the program is likely to be. Not everything that is in a place for everything."""
    path = os.path.realpath(directory)
    above = os.path.dirname(path)
    is_common = above in {"/", os.path.realpath(tempfile.gettempdir()), os.path.expanduser("~")}
    return directory if is_common or path == os.path.realpath(".") else above


def _report(findings: list[Finding]) -> None:
    for finding in findings:
        _say(sys.stdout, str(finding))
    if findings:
        errors = sum(finding.level == "error" for finding in findings)
        others = len(findings) - errors
        _say(sys.stdout, f"{_count(errors, 'error')}, {_count(others, 'warning')}")
    if any(finding.rule == "name" for finding in findings):
        _say(sys.stdout, _ABOUT_NAMES)


def _say(stream: TextIO, text: str) -> None:
    # Templates and names of files may hold what the terminal cannot show.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)
