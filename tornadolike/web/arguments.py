"""The arguments of a request: of its query, of a form in its body, and of its path."""

import re
from typing import Any, Final, overload

from ..escape import to_unicode
from ..httputil import HTTPServerRequest
from .errors import HTTPError, MissingArgumentError

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class _Required:
    """The default of an argument that has none."""


REQUIRED: Final = _Required()


class Arguments:
    """Reads arguments as text."""

    request: HTTPServerRequest

    @overload
    def get_argument(self, name: str, default: str, strip: bool = True) -> str: ...
    @overload
    def get_argument(self, name: str, default: _Required = REQUIRED, strip: bool = True) -> str: ...
    @overload
    def get_argument(self, name: str, default: None, strip: bool = True) -> str | None: ...
    def get_argument(
        self, name: str, default: str | _Required | None = REQUIRED, strip: bool = True
    ) -> str | None:
        """The argument's last value from the query or a form; the default if there is none.

        Without a default :exc:`MissingArgumentError` (400) is raised, and :exc:`TypeError` for a ``name`` that is no
        text. ``strip`` takes white space off both ends.
        """
        value: str | None = self._get_argument(name, default, self.request.arguments, strip)
        return value

    def get_arguments(self, name: str, strip: bool = True) -> list[str]:
        """All of the argument's values, from the query and a form; none if there is none.

        Raises :exc:`TypeError` for a default: it takes none, unlike :meth:`get_argument`.
        """
        if not isinstance(strip, bool):
            raise TypeError(
                f"get_arguments() takes no default, and strip is True or False, not {strip!r}; "
                "without values the list is empty"
            )
        return self._get_arguments(name, self.request.arguments, strip)

    def get_query_argument(self, name: str, default: Any = REQUIRED, strip: bool = True) -> Any:
        """As :meth:`get_argument`, from the query only."""
        return self._get_argument(name, default, self.request.query_arguments, strip)

    def get_query_arguments(self, name: str, strip: bool = True) -> list[str]:
        """As :meth:`get_arguments`, from the query only."""
        return self._get_arguments(name, self.request.query_arguments, strip)

    def get_body_argument(self, name: str, default: Any = REQUIRED, strip: bool = True) -> Any:
        """As :meth:`get_argument`, from a form only."""
        return self._get_argument(name, default, self.request.body_arguments, strip)

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """As :meth:`get_arguments`, from a form only."""
        return self._get_arguments(name, self.request.body_arguments, strip)

    def _get_argument(
        self, name: str, default: Any, source: dict[str, list[bytes]], strip: bool = True
    ) -> Any:
        values = self._get_arguments(name, source, strip)
        if values:
            return values[-1]
        if not isinstance(name, str):  # or the client would be told of a fault that is not its own
            raise TypeError(f"the name of an argument is a str, not {name!r}")
        if default is REQUIRED:
            raise MissingArgumentError(name)
        return default

    def _get_arguments(
        self, name: str, source: dict[str, list[bytes]], strip: bool = True
    ) -> list[str]:
        return [self._decode_value(value, name, strip) for value in source.get(name, ())]

    def _decode_value(self, value: bytes, name: str, strip: bool) -> str:
        text = self.decode_argument(value, name)
        if isinstance(text, str):
            text = _CONTROL.sub(" ", text)
        return text.strip() if strip else text

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Make text of an argument's bytes: UTF-8, or a 400. ``name`` is None for a path's groups."""
        try:
            return to_unicode(value)
        except UnicodeDecodeError as error:
            where = name or "url"
            raise HTTPError(
                400,
                f"Invalid unicode in {where}: {value[:40]!r}",
                detail=f"Invalid unicode in {where}: it has to be UTF-8",
            ) from error
