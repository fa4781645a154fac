"""./maint/demo: make an environment in the clone, install tornadolike in it, serve a demo.

A demo is a package `demos/NAME`, run as `python -m demos.NAME --port N --address A [--tls]` from the
clone's root. Choosing another port when that one is taken, and saying where it serves, is its job.
"""

import argparse
import ast
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from maint._env import ROOT, USAGE, Environment, Failure, Interpreter, command, parse, say


def main() -> int:
    """Serve the demo that the command line names."""
    return command(_demo)


def demos() -> dict[str, str]:
    """Return the demos by name, each with the first line of what it says of itself."""
    return {path.parent.name: _summary(path) for path in sorted(ROOT.glob("demos/*/__main__.py"))}


def _summary(path: Path) -> str:
    for source in (path.with_name("__init__.py"), path):
        try:
            text = ast.get_docstring(ast.parse(source.read_text()))
        except (OSError, SyntaxError):
            continue
        if text:
            return text.splitlines()[0]
    return ""


def _demo(arguments: Sequence[str]) -> int:
    options, rest = parse(_parser(), arguments)
    known = demos()
    if options.list:
        for name, summary in known.items():
            print(f"{name:12} {summary}".rstrip())
        return 0
    if options.name not in known:
        raise Failure(
            f"There is no demo called {options.name!r}. "
            + (f"There are: {', '.join(known)}." if known else "There are none yet."),
            USAGE,
        )
    environment = Environment("demo", Interpreter.find(), ["demos"])
    environment.prepare(fresh=options.fresh)
    where = ["--port", str(options.port), "--address", options.address]
    if options.tls:
        where.append("--tls")
    return _become(environment, [f"demos.{options.name}", *where, *rest])


def _become(environment: Environment, module: Sequence[str]) -> NoReturn:
    """Let the demo take this process: then signals, the terminal and the status are its own."""
    say(f"Starting {module[0]}; Ctrl-C stops it.")
    os.chdir(ROOT)
    python = str(environment.python)
    os.execve(python, [python, "-m", *module], environment.variables())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./maint/demo",
        usage="%(prog)s [NAME] [--port N] [--address A] [--tls] [--fresh] [options of the demo ...]",
        description="Serve a demo. The first time, make an environment for it in .venvs/.",
        epilog="Options that aren't listed here, and all behind --, are given to the demo: "
        "./maint/demo chat -- --help",
        allow_abbrev=False,
    )
    parser.add_argument("name", nargs="?", default="chat", help="which demo (default: chat)")
    parser.add_argument("--port", type=_port, default=8888, help="default: 8888")
    parser.add_argument("--address", default="127.0.0.1", help="default: 127.0.0.1, this machine")
    parser.add_argument(
        "--tls", action="store_true", help="serve HTTPS, with certificates made in .certificates/"
    )
    parser.add_argument("--list", action="store_true", help="list the demos and end")
    parser.add_argument("--fresh", action="store_true", help="make the environment anew")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)
