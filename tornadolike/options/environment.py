"""Options in the environment."""

from collections.abc import Iterator, Mapping

from ..util import ends_in_one_line
from .errors import Error, hint, placed
from .known import Known
from .option import Assignment, Option

_IN_FILE = "_FILE"


def variable(prefix: str, option_name: str) -> str:
    """The variable that speaks of an option."""
    return prefix + option_name.upper().replace("-", "_").replace(".", "_")


def with_underscore(prefix: str) -> str:
    """A prefix as it stands before names."""
    return prefix if not prefix or prefix.endswith("_") else f"{prefix}_"


def assignments(prefix: str, environ: Mapping[str, str], known: Known) -> Iterator[Assignment]:
    """What the environment says. Raises :exc:`.Error`, and :exc:`OSError` for the file of a secret."""
    for name, option in known.settable().items():
        variable_name = variable(prefix, name)
        text = environ.get(variable_name)
        if option.secret and (path := environ.get(variable_name + _IN_FILE)):
            if text:
                both = f"{variable_name} and {variable_name}{_IN_FILE}"
                raise Error(f"{both} are both set: keep one of them")
            yield _from_file(variable_name + _IN_FILE, path, option)
        elif text:
            with placed(variable_name):
                yield Assignment(option, option.read(text), f"{variable_name} in the environment")


def _from_file(variable_name: str, path: str, option: Option) -> Assignment:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        ends_in_one_line(error, f"{variable_name}: {error.strerror}: {path}")
        raise
    except UnicodeDecodeError:
        raise Error(f"{variable_name}: {path} has to be text in UTF-8") from None
    with placed(variable_name):
        return Assignment(
            option, option.read(text.removesuffix("\n")), f"{path}, by {variable_name}"
        )


def misspelled(prefix: str, environ: Mapping[str, str], known: Known) -> Iterator[str]:
    """Complaints about variables that look like one of ours. Others of that prefix are somebody else's."""
    if not prefix:
        return
    settable = known.settable()
    ours = {variable("", name) for name in settable}
    ours |= {variable("", name) + _IN_FILE for name in settable if settable[name].secret}
    for variable_name in sorted(environ):
        name = variable_name.removeprefix(prefix)
        if name != variable_name and name not in ours and (meant := hint(name, ours, prefix)):
            yield f"{variable_name} in the environment is no option{meant}"
