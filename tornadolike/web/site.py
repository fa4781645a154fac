""":class:`Site`: what handlers know of their application, which is above them."""

from collections.abc import Callable
from typing import Any, Protocol

from ..background import Background
from .transforms import OutputTransform


class Site(Protocol):
    """What an :class:`.Application` is to its handlers."""

    settings: dict[str, Any]
    transforms: list[type[OutputTransform]]
    ui_modules: dict[str, type[Any]]
    ui_methods: dict[str, Callable[..., Any]]

    @property
    def static_handler_class(self) -> type[Any]:
        """What serves the files of the setting ``static_path``, and makes their addresses."""
        ...

    @property
    def _background(self) -> Background:
        """Runs what nobody waits for."""
        ...

    def reverse_url(self, name: str, *args: Any) -> str:
        """The path of the rule named ``name`` for ``args``."""
        ...

    def whole_name(self, name: str, handler: Any) -> str:
        """The name of a rule that begins with a dot."""
        ...

    def log_request(self, handler: Any) -> None:
        """A request is finished."""
        ...
