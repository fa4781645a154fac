"""Addresses within the site: of its rules, and of its static files."""

from typing import Any

from ..httputil.urls import browser_origin
from .head import ResponseHead


def is_absolute(path: str) -> bool:
    """Whether ``path`` is an address as it stands, and none of a file below the setting ``static_path``."""
    return path.startswith(("/", "http:", "https:"))


class Addresses(ResponseHead):
    """What handlers and templates make links with."""

    def reverse_url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The path of the rule named ``name`` for these arguments. Raises :exc:`KeyError` for an unknown name.

        A name that begins with a dot is one of the blueprint that has brought this handler.
        """
        if name.startswith("."):
            name = self.application.whole_name(name, self)
        mounted_at = self.request.mounted_at
        return mounted_at + self.application.reverse_url(name, *args, **kwargs)

    def static_url(self, path: str, include_host: bool | None = None, **kwargs: Any) -> str:
        """The address of a file below the setting ``static_path``, with the version of its content.

        A page that is made anew when the file has changed has another address for it then, so the file may be
        cached for years (:meth:`.StaticFileHandler.get_cache_time`).

        :arg path: one that the author knows, never one from a request: the file is read.
        :arg include_host: whether the scheme and the host stand in it; by default as the handler's attribute
            ``include_host`` says, if it has one.
        :arg kwargs: for the setting ``static_handler_class``'s ``make_static_url()``; by default that takes
            ``include_version=False``.

        Raises :exc:`RuntimeError` without the setting, and :exc:`HTTPError` (403) for a path that leads elsewhere.
        """
        self.require_setting("static_path", "static_url()")
        if include_host is None:
            include_host = getattr(self, "include_host", False)
        host = f"{self.request.protocol}://{self.request.host}" if include_host else ""
        address: str = self.application.static_handler_class.make_static_url(
            self.settings, path, **kwargs
        )
        if mounted_at := self.request.mounted_at:
            # The author's address may be another host's, where nothing is mounted.
            address = mounted_at + address if browser_origin(address) == ("", "") else address
        return host + address
