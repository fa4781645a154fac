"""Options of a program: from its command line, its environment and its files.

.. code-block:: python

    from tornadolike.options import define, options, parse_all

    define("port", default=8888, help="port to listen on")
    define("database_url", help="where the data are", secret=True)

    if __name__ == "__main__":
        parse_all(prefix="SITE_", files=["/etc/site.toml"])
        print(options.port)

Any module may define the options that it needs; all of them are in :data:`options`. There are some about logs from the
beginning (:func:`~tornadolike.log.define_logging_options`).
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from ..log import define_logging_options
from ..log.setting_up import options_of_the_program
from .errors import Error, InvalidValue
from .parser import OptionParser

__all__ = [
    "Error",
    "InvalidValue",
    "OptionParser",
    "add_parse_callback",
    "define",
    "options",
    "parse_all",
    "parse_command_line",
    "parse_config_file",
    "parse_environment",
    "print_help",
]

options = OptionParser()
"""The options of the program: the functions of this module are its methods."""


def define(
    name: str,
    default: Any = None,
    type: type | None = None,
    help: str | None = None,
    metavar: str | None = None,
    multiple: bool = False,
    group: str | None = None,
    callback: Callable[[Any], None] | None = None,
    *,
    secret: bool | None = None,
) -> None:
    """Define an option of the program: :meth:`.OptionParser.define`."""
    options.define(
        name,
        default=default,
        type=type,
        help=help,
        metavar=metavar,
        multiple=multiple,
        group=group,
        callback=callback,
        secret=secret,
    )


def parse_command_line(args: Sequence[str] | None = None, final: bool = True) -> list[str]:
    """Take options from the command line: :meth:`.OptionParser.parse_command_line`."""
    return options.parse_command_line(args, final=final)


def parse_environment(
    prefix: str, environ: Mapping[str, str] | None = None, final: bool = True
) -> None:
    """Take options from variables: :meth:`.OptionParser.parse_environment`."""
    options.parse_environment(prefix, environ, final=final)


def parse_config_file(path: str | os.PathLike[str], final: bool = True) -> None:
    """Take options from a file, of TOML or Python: :meth:`.OptionParser.parse_config_file`."""
    options.parse_config_file(path, final=final)


def parse_all(
    args: Sequence[str] | None = None,
    *,
    prefix: str | None = None,
    files: Sequence[str | os.PathLike[str]] = (),
    file_option: str | None = None,
) -> list[str]:
    """Take options from all their sources, the stronger ones last: :meth:`.OptionParser.parse_all`."""
    return options.parse_all(args, prefix=prefix, files=files, file_option=file_option)


def print_help(file: TextIO | None = None) -> None:
    """Print all options: :meth:`.OptionParser.print_help`."""
    options.print_help(file)


def add_parse_callback(callback: Callable[[], None]) -> None:
    """Have this called when options have been parsed: :meth:`.OptionParser.add_parse_callback`."""
    options.add_parse_callback(callback)


define_logging_options(options)
options_of_the_program(options)
