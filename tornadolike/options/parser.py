""":class:`OptionParser`."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TextIO

from ..log import gen_log
from . import command_line, environment, files, helping
from .errors import hint, placed, told_in_one_line
from .known import Known, normalized
from .mockable import Mockable
from .option import Assignment, Option, is_secret

_PACKAGE: Final = __name__.rpartition(".")[0]


class OptionParser:
    """A collection of options, which are its attributes and its items.

    Most programs need only the one of the module, by functions of the same names. In names, ``-`` and ``_`` are one.
    """

    _options: Known
    _parse_callbacks: list[Callable[[], None]]
    _prefix: str | None
    _doubts: list[str]

    def __init__(self) -> None:
        # Past our own __setattr__, which is for options.
        vars(self).update(_options=Known(), _parse_callbacks=[], _prefix=None, _doubts=[])
        help = Option(
            "help",
            default=None,
            type=bool,
            help="show this help",
            metavar=None,
            multiple=False,
            file_name="",
            group_name="",
            callback=self._help_wanted,
            secret=False,
            place="",
        )
        self._options.add(help)

    def __getattr__(self, name: str) -> Any:
        option = vars(self).get("_options", Known()).find(name)
        if option is None:
            raise AttributeError(f"Unrecognized option {normalized(name)!r}")
        return option.value()

    def __setattr__(self, name: str, value: Any) -> None:
        option = self._options.find(name)
        if option is None:
            meant = hint(normalized(name), self._options)
            raise AttributeError(f"Unrecognized option {normalized(name)!r}{meant}")
        with placed(f"Option {option.name!r}"):
            option.check(value)
        Assignment(option, value, "the program").apply()

    def __iter__(self) -> Iterator[str]:
        return (option.name for option in self._options.values())

    def __contains__(self, name: str) -> bool:
        return self._options.find(name) is not None

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and values, in the order in which they were defined."""
        return [(option.name, option.value()) for option in self._options.values()]

    def as_dict(self) -> dict[str, Any]:
        """The values of all options by their names."""
        return dict(self.items())

    def groups(self) -> set[str]:
        """The names of all groups. Options that were given none have the file that has defined them."""
        return {option.group_name for option in self._options.values()}

    def group_dict(self, group: str) -> dict[str, Any]:
        """The values of the options of a group by their names; an empty name means all.

        Among other things for settings: ``Application(rules, **options.group_dict("application"))``.
        """
        return {
            option.name: option.value()
            for option in self._options.values()
            if not group or group == option.group_name
        }

    def source_of(self, name: str) -> str:
        """Who has given an option its value, for people: ``the default``, ``the command line``, a file...

        Raises :exc:`AttributeError` if there is no such option.
        """
        option = self._options.find(name)
        if option is None:
            raise AttributeError(f"Unrecognized option {normalized(name)!r}")
        return option.source

    def define(
        self,
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
        """Define an option.

        :arg default: its value as long as nothing else is said.
        :arg type: ``str``, ``int``, ``float``, ``bool``, :class:`~datetime.datetime`, :class:`~datetime.timedelta`,
            an enumeration (by values or names), or any class that makes an object of a text. Without it, the class
            of ``default``, or ``str``.
        :arg help: what it is for.
        :arg metavar: what stands for its value in the help.
        :arg multiple: it has a list of such values, which are written with commas between them. Of ``int`` there may be
            ranges, ``8000:8003``, with both ends.
        :arg group: its group in the help, :meth:`group_dict` and tables of TOML. Without it, the file of who calls.
        :arg callback: is called with each new value.
        :arg secret: it has no place in the help and in errors. Without it, that goes by the last word of the name:
            ``password``, ``secret``, ``token``, ``key`` and such.

        Raises :exc:`.Error` if there is an option of this name.
        """
        file_name, place = _who_calls()
        if type is None:
            type = str if multiple or default is None else default.__class__
        option = Option(
            name,
            default=[] if default is None and multiple else default,
            type=type,
            help=help,
            metavar=metavar,
            multiple=multiple,
            file_name=file_name,
            group_name=group or file_name,
            callback=callback,
            secret=is_secret(normalized(name)) if secret is None else secret,
            place=place,
        )
        self._options.add(option)

    def parse_command_line(
        self, args: Sequence[str] | None = None, final: bool = True
    ) -> list[str]:
        """Take options from the command line, and return what stands behind them.

        They are written ``--name=value``; the first argument that is none ends them, and so does ``--``, which is
        left out. ``--name`` alone says that something is true.

        :arg args: the command line, with the program's name at first. Default: ``sys.argv``.
        :arg final: whether that is all, and callbacks are to be called (:meth:`run_parse_callbacks`).

        Raises :exc:`.Error`. If nobody catches it the program ends with its line and exit status 2.
        """
        with told_in_one_line():
            rest = self._read_command_line(args, Assignment.apply)
        return self._finish(rest, final)

    def parse_environment(
        self, prefix: str, environ: Mapping[str, str] | None = None, final: bool = True
    ) -> None:
        """Take options from variables: with the prefix ``SITE_``, ``log-file-prefix`` from ``SITE_LOG_FILE_PREFIX``.

        A variable that is empty counts as not there. For a secret there may be the path of a file:
        ``SITE_COOKIE_SECRET_FILE=/run/secrets/cookie``. Variables of this prefix that are no options are left alone,
        but what looks like a misspelled one is logged as a warning.

        :arg prefix: a ``_`` at its end may be left out.
        :arg environ: default: :data:`os.environ`.
        :arg final: as for :meth:`parse_command_line`.

        Raises :exc:`.Error`, and :exc:`OSError` if the file of a secret cannot be read.
        """
        with told_in_one_line():
            for assignment in self._in_environment(prefix, environ):
                assignment.apply()
        self._finish([], final)

    def parse_config_file(self, path: str | os.PathLike[str], final: bool = True) -> None:
        """Take options from a file.

        One whose name ends in ``.toml`` is TOML: its keys are options, and ``b`` in a table ``[a]`` is the option
        ``a.b``, ``a-b``, or ``b`` of the group ``a``. What is no option is an error.

        Any other is *Python that is run*, as in Tornado, so it must be a file that you trust. Its global variables are
        options if there are such; ``__file__`` is its path.

        In both, a value may be of the option's type, or text as on the command line.

        :arg final: as for :meth:`parse_command_line`.

        Raises :exc:`.Error`, :exc:`OSError` if the file cannot be read, and what its Python raises.
        """
        with told_in_one_line():
            for assignment in files.assignments(path, self._options):
                assignment.apply()
        self._finish([], final)

    def parse_all(
        self,
        args: Sequence[str] | None = None,
        *,
        prefix: str | None = None,
        files: Sequence[str | os.PathLike[str]] = (),
        file_option: str | None = None,
    ) -> list[str]:
        """Take options from all their sources, and return what stands behind those of the command line.

        From the weakest to the strongest: defaults; ``files``, those behind before those in front of them; the file
        that an option names; the environment; the command line. Each option gets one value, and only then are callbacks
        called.

        :arg args: as for :meth:`parse_command_line`.
        :arg prefix: of the variables, see :meth:`parse_environment`. None: the environment is not asked.
        :arg files: files that are read if they are there, see :meth:`parse_config_file`.
        :arg file_option: the name of an option that has the path of one more file, which has to be there.

        Raises what these methods raise; nothing has changed then.
        """
        with told_in_one_line():
            given: list[Assignment] = []
            rest = self._read_command_line(args, given.append)
            if prefix is not None:
                given = [*self._in_environment(prefix, None), *given]
            for assignment in given:
                if not assignment.option.place:
                    assignment.apply()  # the help, which ends the program, whatever files say
            paths = [path for path in files if os.path.exists(path)]
            if file_option is not None and (path := self._path_of_file(file_option, given)):
                paths.append(path)
            in_files = [one for path in paths for one in self._in_file(path)]
            last = {one.option.name: one for one in (*in_files, *given)}
            for one in last.values():
                one.option.give(one.value, one.source)
            for one in last.values():
                one.option.tell()
        return self._finish(rest, True)

    def _path_of_file(self, name: str, given: list[Assignment]) -> Any:
        values = [one.value for one in given if one.option is self._options.find(name)]
        return values[-1] if values else self[name]

    def _in_file(self, path: str | os.PathLike[str]) -> Iterator[Assignment]:
        return files.assignments(path, self._options)

    def _in_environment(
        self, prefix: str, environ: Mapping[str, str] | None
    ) -> Iterator[Assignment]:
        if environ is None:
            environ = os.environ
        prefix = environment.with_underscore(prefix)
        vars(self)["_prefix"] = prefix
        self._doubts.extend(environment.misspelled(prefix, environ, self._options))
        return environment.assignments(prefix, environ, self._options)

    def _read_command_line(
        self, args: Sequence[str] | None, take: Callable[[Assignment], object]
    ) -> list[str]:
        """Have each option taken before the next is read: its callback may define more of them."""
        flags, rest = command_line.split(sys.argv if args is None else args)
        for position, flag in enumerate(flags, 1):
            behind = rest[0] if rest and position == len(flags) else None
            take(command_line.assignment(flag, self._options, behind))
        return rest

    def _finish(self, rest: list[str], final: bool) -> list[str]:
        if final:
            self.run_parse_callbacks()
        return rest

    def print_help(self, file: TextIO | None = None) -> None:
        """Print all options, to the standard error output or another file. Secret defaults are not shown."""
        helping.print_help(self._options, self._prefix, file)

    def _help_wanted(self, value: bool) -> None:
        if value:
            self.print_help()
            sys.exit(0)

    def add_parse_callback(self, callback: Callable[[], None]) -> None:
        """Have this called when options have been parsed."""
        self._parse_callbacks.append(callback)

    def run_parse_callbacks(self) -> None:
        """Say that all options have been parsed: which the methods do that parse, unless ``final`` is false."""
        for callback in self._parse_callbacks:
            callback()
        # Behind the callbacks, which have set the log up.
        while self._doubts:
            gen_log.warning("%s", self._doubts.pop(0))

    def mockable(self) -> Mockable:
        """These options for :func:`unittest.mock.patch.object`, which cannot patch objects that make up attributes.

        ``with patch.object(options.mockable(), "port", 80): ...``
        """
        return Mockable(self)


def _who_calls() -> tuple[str, str]:
    """The file and the module of whoever has called into this package."""
    frame = sys._getframe(1)
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith(f"{_PACKAGE}."):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_globals.get("__name__") or "<unknown>"
