"""Arguments of what programs make here: a wrong one is refused at once, by its name.

A setting that was forgotten is None, and one scope that is no list is as many as it has letters: both would come to
light at a user's sign-in, if ever. What is refused is not shown: it may be a secret.
"""

import math
from collections.abc import Collection, Iterable
from typing import Any

from ..util import check_numbers


def check_text(**values: Any) -> None:
    """Raise :exc:`TypeError` for what is no ``str``, and :exc:`ValueError` for an empty one."""
    for name, value in values.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} is a str, not {type(value).__name__}")
        if not value:
            raise ValueError(f"{name} is empty")


def check_text_if_any(**values: Any) -> None:
    """The same, where None stands for nothing."""
    check_text(**{name: value for name, value in values.items() if value is not None})


def checked_texts(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """A tuple of these. Raises :exc:`TypeError` for a single ``str``, and for what is no list of them."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{name} is a list of str, not {type(values).__name__}")
    found = tuple(values)
    for value in found:
        if not isinstance(value, str):
            raise TypeError(f"{name} is a list of str, not of {type(value).__name__}")
    return found


def check_collection(**values: Any) -> None:
    """Raise :exc:`TypeError` for a ``str``, in which each piece of it is found, and for what is no collection."""
    for name, value in values.items():
        if isinstance(value, (str, bytes)) or not isinstance(value, Collection):
            raise TypeError(f"{name} is a collection of str, not {type(value).__name__}")


def check_kind(kind: type[Any] | tuple[type[Any], ...], **values: Any) -> None:
    """Raise :exc:`TypeError` for what is not of this kind, or of one of these."""
    for name, value in values.items():
        if not isinstance(value, kind):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            wanted = " or ".join(each.__name__ for each in kinds)
            raise TypeError(f"{name} is a {wanted}, not {type(value).__name__}")


def check_kind_if_any(kind: type[Any], **values: Any) -> None:
    """The same, where None stands for nothing."""
    check_kind(kind, **{name: value for name, value in values.items() if value is not None})


def check_function(**values: Any) -> None:
    """Raise :exc:`TypeError` for what cannot be called."""
    for name, value in values.items():
        if not callable(value):
            raise TypeError(f"{name} is a function, not {type(value).__name__}")


def check_client(http_client: Any) -> None:
    """Raise :exc:`TypeError` for what fetches nothing; None stands for the loop's client, and tests bring their own."""
    if http_client is not None and not callable(getattr(http_client, "fetch", None)):
        raise TypeError(f"http_client is an AsyncHTTPClient, not {type(http_client).__name__}")


def check_duration(**values: Any) -> None:
    """Raise :exc:`TypeError` for what is no number, and :exc:`ValueError` for what is no time longer than 0."""
    check_numbers(**values)
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is more than 0 seconds, not {value!r}")
