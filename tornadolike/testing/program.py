""":func:`main`: tests from the command line, with the options and the logs of the program that is tested."""

import importlib.util
import os
import signal
import sys
import unittest
from typing import Any, Final, NoReturn

from ..options import define, options, parse_command_line

FLAGS: Final = {
    "verbose": ("verbosity", 2, "tell of each test"),
    "quiet": ("verbosity", 0, "tell of failures only"),
    "failfast": ("failfast", True, "stop at the first test that goes wrong"),
    "catch": (
        "catchbreak",
        True,
        "let the test end at the first Ctrl-C, and tell what there is so far",
    ),
    "buffer": ("buffer", True, "show what tests print only if they go wrong"),
}
"""Our options, and what each is for :class:`unittest.TestProgram`."""


def main(**kwargs: Any) -> None:
    """Run tests, as :func:`unittest.main` does, and exit with their status.

    .. code-block:: console

        $ python -m tornadolike.testing --logging=debug --failfast tests.test_site tests.test_users.Login

    Modules, classes and methods may be named. Before them there may be options: ``--verbose``, ``--quiet``,
    ``--failfast``, ``--catch``, ``--buffer``, and whatever was defined with :mod:`tornadolike.options` before this is
    called. A program that calls it may have a function ``all()``, which gives the suite to run if no test is named.

    :arg kwargs: for :class:`unittest.TestProgram`, such as ``verbosity=2``.
    """
    _define_options()
    names = parse_command_line(sys.argv)
    if not options.exception_on_interrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    for name, (argument, value, _) in FLAGS.items():
        if options[name]:
            kwargs[argument] = value
    argv = [sys.argv[0], *names]
    if names:
        _check(names)
        unittest.main(module=None, argv=argv, **kwargs)
    else:
        unittest.main(defaultTest="all", argv=argv, **kwargs)


def _define_options() -> None:
    define(
        "exception_on_interrupt",
        type=bool,
        default=True,
        help="Ctrl-C raises KeyboardInterrupt, which prints a traceback; else it ends the process at once",
    )
    for name, (_, _, help_text) in FLAGS.items():
        define(name, type=bool, help=help_text)


def _check(names: list[str]) -> None:
    """Name what is no module in one line: the loader would fail a test of that name, with tracebacks."""
    for name in names:
        if name.startswith("-"):
            complain(f"{name}: options stand before the names of tests")
        top = name.partition(".")[0]
        if not (os.path.exists(name) or _is_module(top)):
            complain(
                f"there is no module {top!r} to test: name modules as import does (tests.test_site), "
                "from the folder that has them"
            )


def _is_module(name: str) -> bool:
    return name in sys.modules or (name != "" and importlib.util.find_spec(name) is not None)


def complain(text: str) -> NoReturn:
    """Tell whoever has started the program what is wrong, and exit."""
    sys.stderr.write(f"tornadolike.testing: {text}\n")
    sys.exit(2)
