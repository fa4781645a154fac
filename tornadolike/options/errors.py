"""What goes wrong with options."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ..util import ends_in_one_line


class Error(Exception):
    """An option that there is not, or that cannot have this value. The text says where, and what would be right."""


class InvalidValue(Error, ValueError):
    """A value that an option cannot have."""


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """What goes wrong here is for who has started the program: see :func:`.ends_in_one_line`."""
    try:
        yield
    except Error as error:
        ends_in_one_line(error, str(error))
        raise


@contextmanager
def placed(place: str | Callable[[], str]) -> Iterator[None]:
    """An invalid value is told with the place where it stands; if that has to be looked for, then only."""
    try:
        yield
    except InvalidValue as error:
        told = place if isinstance(place, str) else place()
        raise InvalidValue(f"{told}: {error}") from error.__cause__


def hint(name: str, known: Iterable[str], prefix: str = "") -> str:
    """How to go on behind the complaint that there is no such name: which one, of this prefix, may be meant."""
    from difflib import get_close_matches  # which takes a while, and is for mistakes only

    close = get_close_matches(name, list(known), 1, 0.7)
    return f"; did you mean {prefix}{close[0]}?" if close else ""
