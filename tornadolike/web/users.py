"""Users: who asks, and what is only for those who are known."""

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import urlencode

from ..httputil.urls import browser_origin
from ..util import lazy
from .errors import HTTPError
from .response import Response

Method = TypeVar("Method", bound=Callable[..., Awaitable[None] | None])


class Users(Response):
    """Knows the user of a request."""

    _current_user: Any
    _open_session: Callable[[Any], Any] | None = None
    """What makes :attr:`session` for a handler: middleware sets it."""

    @property
    def current_user(self) -> Any:
        """The user who asks, of whatever type the application likes; None, or what else is false, for nobody.

        :meth:`get_current_user` tells, when it is first read; or it is assigned, as in
        :meth:`~.RequestHandler.prepare`, which may wait for a database. Raises :exc:`TypeError` for what would have
        to be awaited, because that would be true whoever asks.
        """
        try:
            return self._current_user
        except AttributeError:
            pass  # get_current_user() may raise it too, and must not do so in the course of this one
        self.current_user = self.get_current_user()
        return self._current_user

    @current_user.setter
    def current_user(self, user: Any) -> None:
        if isinstance(user, Awaitable):
            if isinstance(user, Coroutine):
                user.close()
            raise TypeError(
                "the current user has to be awaited first: get_current_user() cannot wait, but prepare() can: "
                "self.current_user = await ..."
            )
        self._current_user = user

    @lazy
    def session(self) -> Any:
        """The visitor's :class:`~tornadolike.sessions.Session`.

        Without the middleware there is none, and :exc:`AttributeError` is raised.
        """
        if self._open_session is None:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute 'session' without the middleware for it: "
                "Application(..., middleware=[tornadolike.sessions.Sessions()])"
            )
        return self._open_session(self)

    # To be overridden

    def get_current_user(self) -> Any:
        """The user who asks, by a signed cookie, say; None for nobody. Called once, and cannot be a coroutine."""
        return None

    def get_login_url(self) -> str:
        """Where :func:`authenticated` sends those who are not known: the setting ``login_url``."""
        self.require_setting("login_url", "@authenticated")
        url: str = self.settings["login_url"]
        return url


def authenticated(method: Method) -> Method:
    """Have a method answer only those who are known: :attr:`~.RequestHandler.current_user` is true.

    .. code-block:: python

        class Account(RequestHandler):
            @authenticated
            def get(self):
                self.write(f"Hello, {self.current_user}")

    Others who GET (or HEAD) are redirected to :meth:`~.RequestHandler.get_login_url`, with what they asked for as
    its argument ``next``; if it leads to another host, that has scheme and host too. A URL that has a query is taken
    as it is. Other methods get a 403, because what was sent would be lost on the way.

    Raises :exc:`TypeError` for a function that has a path already, which would lead past this.
    """
    if hasattr(method, "_has_path"):
        raise TypeError(
            "the function has been given a path already, which leads past @authenticated: write it below @app.get() "
            "and the like"
        )

    @functools.wraps(method)
    def wrapper(self: Users, *args: Any, **kwargs: Any) -> Awaitable[None] | None:
        if self.current_user:
            return method(self, *args, **kwargs)
        if self.request.method not in ("GET", "HEAD"):
            raise HTTPError(403, detail="Only users who are logged in may do this")
        self.redirect(_login_url(self))
        return None

    return wrapper  # type: ignore[return-value]


def _login_url(handler: Users) -> str:
    """Where to log in, and where to go from there."""
    url = handler.get_login_url()
    if "?" in url:
        return url
    request = handler.request
    # A path like //example.com would lead to another host from there.
    on_this_host = browser_origin(url) == browser_origin(request.uri or "") == ("", "")
    there = (request.uri or "") if on_this_host else request.full_url()
    return f"{url}?{urlencode({'next': there})}"
