"""``tornadolike routes``: what answers which requests."""

import argparse
import json
import sys
from typing import Any, Final

from ..httputil import HTTPHeaders, HTTPServerRequest
from ..httputil.headers import NAME
from ..programs.colours import coloured
from ..programs.failing import Failure
from ..programs.loading import load
from ..routing import RuleRouter
from ..web import Application
from .parsing import Commands
from .routing.entries import Entry, called, entries_of
from .routing.matching import Answer, answer_to
from .routing.places import place_of, shown_place

COLUMNS: Final = ("METHODS", "HOST", "PATH", "VERSION", "NAME", "HANDLER", "SOURCE", "ONLY IF")


def add(commands: Commands) -> None:
    """Add the command to those of the command line."""
    routes = commands.add_parser(
        "routes",
        help="show what answers which requests",
        description="Show the rules of an application, in the order in which they are asked.",
        epilog="With --match the status is 1 if only an error page answers.",
    )
    routes.add_argument("application", metavar="MODULE:NAME", help="such as main:app")
    routes.add_argument(
        "--match",
        metavar="[METHOD] PATH",
        nargs="+",
        help="which rule answers this, and with which arguments: --match GET /x, or --match /x",
    )
    routes.add_argument(
        "--host", default="localhost", metavar="NAME", help="with --match (default: %(default)s)"
    )
    routes.add_argument(
        "--header",
        "-H",
        metavar="NAME: VALUE",
        action="append",
        default=[],
        help="with --match: a header, such as one that tells the version",
    )
    routes.add_argument("--json", action="store_true", help="for programs")
    routes.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    request = None if options.match is None else _request(options)
    site = load(options.application)
    if not isinstance(site, Application | RuleRouter):
        raise Failure(
            f"{options.application} is a {type(site).__name__}, which has no rules to show"
        )
    entries = list(entries_of(site))
    if request is not None:
        return _match(options, request, answer_to(request, entries))
    shown = [entry for entry in entries if entry.target is not None]
    if options.json:
        _write(json.dumps([_facts(entry) for entry in shown], indent=2))
    elif shown:
        _write(_table([_cells(entry) for entry in shown]))
    else:
        _write("There are no rules: every path is a 404.")
    return 0


def _write(text: str) -> None:
    # Patterns may hold what the terminal cannot show.
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _request(options: argparse.Namespace) -> HTTPServerRequest:
    method, path = ("GET", *" ".join(options.match).split())[-2:]
    words = len(" ".join(options.match).split())
    if words not in (1, 2) or not path.startswith("/") or not NAME.fullmatch(method):
        raise Failure("--match takes a method and a path: --match GET /x, or --match /x")
    headers = HTTPHeaders({"Host": options.host})
    for header in options.header:
        name, colon, value = header.partition(":")
        if not colon:
            raise Failure(f"a header is NAME: VALUE, not {header!r}")
        try:
            headers.add(name.strip(), value.strip())
        except ValueError as error:
            raise Failure(str(error)) from error
    path = path.encode().decode("latin1")  # as it comes from a connection
    return HTTPServerRequest(method.upper(), path, "HTTP/1.1", headers, host=options.host)


# All rules


def _facts(entry: Entry) -> dict[str, Any]:
    file, line = entry.place or (None, None)
    return {
        "methods": list(entry.methods),
        "hosts": list(entry.hosts),
        "path": entry.path,
        "version": entry.version,
        "name": entry.name,
        "handler": entry.handler,
        "file": file,
        "line": line,
        "conditions": list(entry.conditions),
        "middleware": list(entry.middleware),
    }


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        " ".join(entry.methods),
        " ".join(entry.hosts),
        entry.path,
        entry.version or "",
        entry.name or "",
        entry.handler,
        shown_place(entry.place),
        ", ".join(entry.conditions),
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    """The rows under their headings; a column in which there is nothing is left out."""
    used = [index for index in range(len(COLUMNS)) if any(row[index] for row in rows)]
    lines = [[row[index] for index in used] for row in [COLUMNS, *rows]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    heading, *others = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([coloured(heading, "dim", sys.stdout), *others])


# One request


def _match(options: argparse.Namespace, request: HTTPServerRequest, answer: Answer) -> int:
    status = 0 if answer.status is None else 1
    if options.json:
        entry = answer.entry
        facts = None if entry is None or entry.target is None else _facts(entry)
        told: dict[str, Any] = {
            "rule": facts,
            "arguments": [_text(value) for value in answer.arguments],
            "keywords": {name: _text(value) for name, value in answer.keywords.items()},
            "status": 307 if answer.is_redirected else answer.status,
            "allow": list(answer.allowed),
        }
        _write(json.dumps(told, indent=2))
        return status
    _write(_told(request, answer))
    return status


def _told(request: HTTPServerRequest, answer: Answer) -> str:
    entry = answer.entry
    asked = f"{request.method} {request.path}"
    if answer.is_redirected:
        return f"{asked}: 307, to the same path with a slash at its end"
    if answer.status is not None:
        allowed = f", Allow: {', '.join(answer.allowed)}" if answer.allowed else ""
        where = f" by {entry.handler}" if entry is not None else ": no rule is for it"
        return f"{asked}: {answer.status}{where}{allowed}"
    assert entry is not None
    if entry.target is None:
        assert entry.application is not None
        default = entry.application.settings["default_handler_class"]
        where = f"{called(default)} ({shown_place(place_of(default))})"
        return f"{asked}: no rule is for it; the default_handler_class answers: {where}"
    lines = {
        "path": entry.path,
        "name": entry.name or "",
        "handler": entry.handler,
        "source": shown_place(entry.place),
        "arguments": ", ".join(
            [
                *(repr(_text(value)) for value in answer.arguments),
                *(f"{name}={_text(value)!r}" for name, value in answer.keywords.items()),
            ]
        ),
        "middleware": ", ".join(entry.middleware),
    }
    return "\n".join([asked, *(f"  {name + ':':12}{text}" for name, text in lines.items() if text)])


def _text(value: Any) -> Any:
    """An argument as a handler gets it, or as JSON can have it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
