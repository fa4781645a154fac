"""Addresses within the site: of its rules, and of its static files."""

from typing import Any

from .head import ResponseHead


class Addresses(ResponseHead):
    """What handlers and templates make links with."""

    def reverse_url(self, name: str, *args: Any) -> str:
        """The path of the rule named ``name`` for ``args``. Raises :exc:`KeyError` for an unknown name."""
        return self.application.reverse_url(name, *args)

    def static_url(
        self, path: str, include_host: bool | None = None, include_version: bool = True
    ) -> str:
        """The address of a file below the setting ``static_path``.

        :arg include_host: whether the scheme and the host stand in it; by default as the handler's attribute
            ``include_host`` says, if it has one.
        :arg include_version: taken because callers of Tornado's give it; addresses have no versions yet.

        Raises :exc:`RuntimeError` without the setting.
        """
        self.require_setting("static_path", "static_url()")
        if include_host is None:
            include_host = getattr(self, "include_host", False)
        host = f"{self.request.protocol}://{self.request.host}" if include_host else ""
        return f"{host}{self.settings.get('static_url_prefix', '/static/')}{path}"

    def require_setting(self, name: str, feature: str = "this feature") -> None:
        """Raise :exc:`RuntimeError` if the application has no setting ``name``, which ``feature`` needs."""
        if not self.settings.get(name):
            raise RuntimeError(f"{feature} needs a setting: Application(..., {name}=...)")
