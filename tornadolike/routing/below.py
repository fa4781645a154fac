""":class:`Below`: all that is below a path."""

from typing import Any, Final
from urllib.parse import quote

from ..httputil import HTTPServerRequest
from .matchers import Matcher

_PLAIN: Final = "/-._~!$&'()*+,;=:@"


class Below(Matcher):
    """Requests to a path such as ``/admin``, and to all paths below it; the path is looked at as it was sent.

    Raises :exc:`ValueError` for a path that ends with a slash or has to be percent-encoded, and :exc:`TypeError` for
    what is no text.
    """

    def __init__(self, prefix: str) -> None:
        if not isinstance(prefix, str):
            raise TypeError(f"a prefix is a path such as '/admin', not {prefix!r}")
        if not prefix.startswith("/") or prefix.endswith("/") or "//" in prefix:
            raise ValueError(
                f"a prefix is a path such as '/admin', without a slash at its end, not {prefix!r}"
            )
        if quote(prefix, _PLAIN) != prefix:
            raise ValueError(f"a prefix has nothing that is to be percent-encoded, not {prefix!r}")
        self._prefix = prefix

    @property
    def prefix(self) -> str:
        """The path."""
        return self._prefix

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        path, prefix = request.path, self._prefix
        is_below = path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")
        return {} if is_below else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._prefix!r})"
