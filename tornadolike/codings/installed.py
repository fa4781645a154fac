"""Which codings there are here."""

from types import MappingProxyType
from typing import Final

from . import br, deflate, zstd
from .base import Coding, registered_name

CODINGS: Final = MappingProxyType(
    {coding.name: coding for coding in [*zstd.installed(), *br.installed(), *deflate.installed()]}
)
"""The content codings that are installed, by name. Those that make more of the same time come first."""


def coding_named(name: str) -> Coding | None:
    """The coding of that name in a header, in whatever case; None if it is not installed."""
    return CODINGS.get(registered_name(name))
