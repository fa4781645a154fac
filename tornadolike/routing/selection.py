"""What a rule asks of a request besides its path: the method, and the version of the site that the client wants.

Several rules may be for one path then. One that is for another method or another version is passed over, as if it did
not match; but it is remembered, with the request, so that a request that no rule takes learns what it could have had.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from ..httputil import HTTPServerRequest
from ..httputil.headers import NAME

_VERSION: Final = re.compile("[0-9A-Za-z._-]*[0-9A-Za-z][0-9A-Za-z._-]*")
_NO_METHODS: Final = "methods are a list, such as ['GET', 'POST'], not {!r}"


class Version(Protocol):
    """A version of the site, to a rule."""

    middleware: tuple[Any, ...]
    """What stands around handlers of this version."""

    def matches(self, request: HTTPServerRequest) -> bool:
        """Whether the client wants this version."""
        ...


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Rules for a request's path that were for something else."""

    methods: tuple[str, ...]
    """The methods that they are for, of the version that is asked for."""
    versions: tuple[Version, ...]
    """The versions that they are for, none of which is asked for."""
    middleware: tuple[Any, ...]
    """What is around the first of them."""

    def within(self, middleware: tuple[Any, ...]) -> "PassedOver":
        """The same, found behind a rule that has this middleware."""
        return replace(self, middleware=middleware + self.middleware)

    @property
    def status_code(self) -> int:
        """What the request is answered with: 405, or 406 where the version is what no rule is for."""
        return 405 if self.methods else 406


def checked_version(version: str | int) -> str:
    """A version as text. Raises :exc:`TypeError`, and :exc:`ValueError` for one that could not stand everywhere."""
    if isinstance(version, bool) or not isinstance(version, (str, int)):
        raise TypeError(f"a version is a text or a number, not {version!r}")
    text = str(version)
    if not _VERSION.fullmatch(text):
        raise ValueError(f"a version has letters, digits, '.', '_' and '-' only, not {text!r}")
    return text


def checked_methods(methods: Iterable[str] | None) -> tuple[str, ...] | None:
    """The methods that a rule is for, in upper case; None: all. Raises :exc:`TypeError` and :exc:`ValueError`."""
    if methods is None:
        return None
    if isinstance(methods, (str, bytes)) or not isinstance(methods, Iterable):
        raise TypeError(_NO_METHODS.format(methods))
    found = tuple(methods)
    for method in found:
        if not isinstance(method, str):
            raise TypeError(_NO_METHODS.format(methods))
        if not NAME.fullmatch(method):
            raise ValueError(f"{method!r} is no method of HTTP")
    if not found:
        raise ValueError("without methods there are no requests; leave them out for all methods")
    return tuple(dict.fromkeys([method.upper() for method in found]))


def pass_over(
    request: HTTPServerRequest,
    middleware: tuple[Any, ...],
    methods: Iterable[str] = (),
    versions: tuple[Version, ...] = (),
) -> None:
    """Remember that there is a rule for the path of ``request`` that is for these methods, or for this version."""
    before: PassedOver | None = request._passed_over
    if before is not None:
        methods = dict.fromkeys((*before.methods, *methods))
        versions = before.versions + versions
        middleware = before.middleware
    request._passed_over = PassedOver(tuple(methods), versions, middleware)
