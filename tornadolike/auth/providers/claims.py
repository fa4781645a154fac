"""What providers say in words of their own, read with care: a provider may leave out or misspell what it likes."""

from collections.abc import Mapping
from typing import Any

from ..errors import ProviderAnswerError

_TRUE = (True, "true", "True", "1", 1)


def is_true(value: Any) -> bool:
    """Whether this is one of the ways in which providers say *true*: some write it as a text, or as a number."""
    return isinstance(value, (bool, str, int)) and value in _TRUE


def text(value: Any) -> str | None:
    """The text; None for what is none, or is empty."""
    return value if isinstance(value, str) and value else None


def subject_of(profile: Any, where: str) -> str:
    """The ``id`` of a profile: a text or a whole number. Raises :exc:`.ProviderAnswerError` if it has none."""
    found = profile.get("id") if isinstance(profile, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, (str, int)) or found in ("", 0):
        raise ProviderAnswerError(f"{where} has answered with a profile that has no id")
    return str(found)
