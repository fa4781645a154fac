"""The arguments of a request: of its query, of a form in its body, and of its path."""

import re
from typing import Any, Final, overload

from ..httputil import HTTPServerRequest
from .errors import HTTPError, MissingArgumentError

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class _Required:
    """The default of an argument that has none."""


_REQUIRED: Final = _Required()


class Arguments:
    """Reads arguments as text."""

    request: HTTPServerRequest

    @overload
    def get_argument(self, name: str, default: str, strip: bool = True) -> str: ...
    @overload
    def get_argument(
        self, name: str, default: _Required = _REQUIRED, strip: bool = True
    ) -> str: ...
    @overload
    def get_argument(self, name: str, default: None, strip: bool = True) -> str | None: ...
    def get_argument(
        self, name: str, default: str | _Required | None = _REQUIRED, strip: bool = True
    ) -> str | None:
        """The argument's last value from the query or a form; the default if there is none.

        Without a default :exc:`MissingArgumentError` (400) is raised. ``strip`` takes white space off
        both ends.
        """
        value: str | None = self._last_argument(name, default, self.request.arguments, strip)
        return value

    def get_arguments(self, name: str, strip: bool = True) -> list[str]:
        """All of the argument's values, from the query and a form."""
        return self._all_arguments(name, self.request.arguments, strip)

    def get_query_argument(self, name: str, default: Any = _REQUIRED, strip: bool = True) -> Any:
        """As :meth:`get_argument`, from the query only."""
        return self._last_argument(name, default, self.request.query_arguments, strip)

    def get_query_arguments(self, name: str, strip: bool = True) -> list[str]:
        """As :meth:`get_arguments`, from the query only."""
        return self._all_arguments(name, self.request.query_arguments, strip)

    def get_body_argument(self, name: str, default: Any = _REQUIRED, strip: bool = True) -> Any:
        """As :meth:`get_argument`, from a form only."""
        return self._last_argument(name, default, self.request.body_arguments, strip)

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """As :meth:`get_arguments`, from a form only."""
        return self._all_arguments(name, self.request.body_arguments, strip)

    def _last_argument(
        self, name: str, default: Any, source: dict[str, list[bytes]], strip: bool
    ) -> Any:
        values = source.get(name)
        if values:
            return self._decode_value(values[-1], name, strip)
        if default is _REQUIRED:
            raise MissingArgumentError(name)
        return default

    def _all_arguments(self, name: str, source: dict[str, list[bytes]], strip: bool) -> list[str]:
        return [self._decode_value(value, name, strip) for value in source.get(name, ())]

    def _decode_value(self, value: bytes, name: str, strip: bool) -> str:
        text = self.decode_argument(value, name)
        if isinstance(text, str):
            text = _CONTROL.sub(" ", text)
        return text.strip() if strip else text

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Make text of an argument's bytes: UTF-8, or a 400. ``name`` is None for a path's groups."""
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise HTTPError(400, "Invalid unicode in %s: %r", name or "url", value[:40]) from error
