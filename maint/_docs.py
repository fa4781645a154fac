"""./maint/docs: build the documentation; a warning is an error."""

import argparse
import webbrowser
from collections.abc import Sequence

from maint._env import FAILED, ROOT, Environment, Interpreter, call, command

BUILT = ROOT / "docs" / "_build" / "html"


def main() -> int:
    """Build the pages."""
    return command(_build)


def _build(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./maint/docs",
        description="Build the documentation into docs/_build/html; a warning is an error. The "
        "first time, make an environment for it in .venvs/.",
        allow_abbrev=False,
    )
    parser.add_argument("--open", action="store_true", help="show the pages in a browser")
    parser.add_argument("--fresh", action="store_true", help="make the environment anew")
    options = parser.parse_args(arguments)
    environment = Environment("docs", Interpreter.find(), ["docs"])
    environment.prepare(fresh=options.fresh)
    # Everything anew (-E -a), so that a second run shows the same warnings.
    sphinx = [str(environment.python), "-m", "sphinx", "-E", "-a", "-q", "-n", "-W", "--keep-going"]
    if call([*sphinx, "docs", str(BUILT)], environment.variables()) != 0:
        return FAILED
    page = BUILT / "index.html"
    print(page)
    if options.open:
        webbrowser.open(page.as_uri())
    return 0
