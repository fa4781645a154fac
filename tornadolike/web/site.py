""":class:`Site`: what handlers know of their application, which is above them."""

from collections.abc import Callable
from typing import Any, Protocol

from .transforms import OutputTransform


class Site(Protocol):
    """What an :class:`.Application` is to its handlers."""

    settings: dict[str, Any]
    transforms: list[type[OutputTransform]]
    ui_modules: dict[str, type[Any]]
    ui_methods: dict[str, Callable[..., Any]]

    def reverse_url(self, name: str, *args: Any) -> str:
        """The path of the rule named ``name`` for ``args``."""
        ...

    def log_request(self, handler: Any) -> None:
        """A request is finished."""
        ...
