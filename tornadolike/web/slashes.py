"""One address for each page: with a slash at its end, or without."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote

from ..httputil.urls import browser_origin
from .errors import HTTPError
from .response import Response

_ASCII: Final = bytes(range(128))

Method = TypeVar("Method", bound=Callable[..., Awaitable[None] | None])


def addslash(method: Method) -> Method:
    """Redirect GET and HEAD of a path without a slash at its end to that with one, for good (301).

    The rule has to match both: ``r"/foo/?"``. Other methods get a 404 for the path without.
    """

    @functools.wraps(method)
    def wrapper(self: Response, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        path = self.request.path
        if path.endswith("/"):
            return method(self, *args, **kwargs)
        _redirect(self, f"{path}/")
        return None

    return wrapper  # type: ignore[return-value]


def removeslash(method: Method) -> Method:
    """Redirect GET and HEAD of a path with slashes at its end to that without, for good (301).

    The rule has to match both: ``r"/foo/*"``. Other methods get a 404 for the path with slashes. The path that is
    nothing but slashes stays as it is.
    """

    @functools.wraps(method)
    def wrapper(self: Response, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        path = self.request.path
        bare = path.rstrip("/")
        if bare == path or (not bare and self.request.method in ("GET", "HEAD")):
            return method(self, *args, **kwargs)
        _redirect(self, bare)
        return None

    return wrapper  # type: ignore[return-value]


def _redirect(handler: Response, path: str) -> None:
    request = handler.request
    if request.method not in ("GET", "HEAD"):
        raise HTTPError(404)
    if browser_origin(path) != ("", ""):
        message = "cannot redirect path with two initial slashes"
        raise HTTPError(403, message, detail=message)
    path = request.mounted_at + path
    url = f"{path}?{request.query}" if request.query else path
    handler.redirect(as_sent(url), permanent=True)


def as_sent(url: str) -> str:
    """The address that brings a request's path back: what a client did not encode was read as Latin-1."""
    return quote(url, _ASCII, "latin1")
