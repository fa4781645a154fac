"""Versions of a site that are told apart by a header.

.. code-block:: python

    versions = HeaderVersions("API-Version", default="2")

    Application([
        route("/users", OldUsers, version=versions("1")),
        route("/users", Users, version=versions("2")),
    ])
"""

from typing import Any

from ..httputil import HTTPServerRequest
from ..httputil.headers import NAME, canonical_names
from ..routing.selection import checked_version
from .around import Middleware, Next
from .transforms import add_vary


class HeaderVersions:
    """Versions by a header of the request. Calling it makes one of them, for a rule.

    :arg header: its name.
    :arg default: the version of requests without the header; None: they get none, and a 406.

    Every response of such a rule says that it depends on the header (``Vary``). A request for a version that no rule
    for its path has is answered by 406, which tells those that there are.

    Raises :exc:`ValueError` for what is no name of a header, and for what is no version.
    """

    def __init__(self, header: str = "API-Version", *, default: str | int | None = None) -> None:
        if not isinstance(header, str) or not NAME.fullmatch(header):
            raise ValueError(f"{header!r} is no name of a header")
        self.header = header
        self._canonical = canonical_names[header]
        self.default = None if default is None else checked_version(default)
        self.middleware: tuple[Middleware, ...] = (self._tell,)

    def __call__(self, version: str | int) -> "HeaderVersion":
        """A version, for rules."""
        return HeaderVersion(self, checked_version(version))

    def asked(self, request: HTTPServerRequest) -> str | None:
        """The version that the client wants, or the default."""
        said: str = request.headers.get(self.header, "")
        return said.strip() or self.default

    async def _tell(self, handler: Any, call_next: Next) -> None:
        handler.before_head(self._add_vary)
        handler._chosen_by += (self._canonical,)
        await call_next(handler)

    def _add_vary(self, handler: Any) -> None:
        add_vary(handler._headers, self.header)


class HeaderVersion:
    """One of the versions of ``versions``."""

    def __init__(self, versions: HeaderVersions, name: str) -> None:
        self.name = name
        self.middleware = versions.middleware
        self._asked = versions.asked

    def matches(self, request: HTTPServerRequest) -> bool:
        """Whether the client wants this one."""
        return self._asked(request) == self.name

    def __str__(self) -> str:
        return self.name
