""":class:`Verbs`: ``get``, ``post`` and so on, for all that can ``fetch``."""

from abc import abstractmethod
from typing import Any, Final, Generic, TypeVar

from .requests import HTTPRequest

R = TypeVar("R", covariant=True)

BODIES: Final = ("body", "body_producer", "json", "form", "files")
"""Options that make a body."""


class Verbs(Generic[R]):
    """A client with a method for each of HTTP's. Their options are those of :class:`.HTTPRequest`."""

    @abstractmethod
    def fetch(
        self, request: str | HTTPRequest, raise_error: bool | None = None, **kwargs: Any
    ) -> R:
        """Send a request."""

    def get(self, url: str, **options: Any) -> R:
        """:meth:`fetch` with GET."""
        return self.fetch(url, method="GET", **options)

    def head(self, url: str, **options: Any) -> R:
        """:meth:`fetch` with HEAD."""
        return self.fetch(url, method="HEAD", **options)

    def options(self, url: str, **options: Any) -> R:
        """:meth:`fetch` with OPTIONS."""
        return self.fetch(url, method="OPTIONS", **options)

    def delete(self, url: str, **options: Any) -> R:
        """:meth:`fetch` with DELETE."""
        return self.fetch(url, method="DELETE", **options)

    def post(self, url: str, **options: Any) -> R:
        """:meth:`fetch` with POST; the body is empty if none is given (``body``, ``json``, ``form`` and so on)."""
        return self._with_body("POST", url, options)

    def put(self, url: str, **options: Any) -> R:
        """:meth:`fetch` with PUT; the body as in :meth:`post`."""
        return self._with_body("PUT", url, options)

    def patch(self, url: str, **options: Any) -> R:
        """:meth:`fetch` with PATCH; the body as in :meth:`post`."""
        return self._with_body("PATCH", url, options)

    def _with_body(self, method: str, url: str, options: dict[str, Any]) -> R:
        if all(options.get(name) is None for name in BODIES):
            options["body"] = b""
        return self.fetch(url, method=method, **options)
