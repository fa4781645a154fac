"""The settings of an application, looked at when it is made.

Most are used by requests only: one that cannot work would otherwise be a 500 for whoever comes first.
"""

from collections.abc import Callable, Container, Mapping
from os import PathLike
from typing import Any, Final

from .cookies.secrets import given_secrets

Kind = tuple[tuple[Any, ...], str]
"""What a value may be an instance of, and how that is told. What is false (None, the empty text) is as good as none."""

_ARGUMENTS: Final[Kind] = (Mapping,), "a dict of arguments"
_TEXT: Final[Kind] = (str,), "a str"
_SIZE: Final[Kind] = (int, float), "a number of bytes"
_TIME: Final[Kind] = (int, float), "a number of seconds"

KINDS: Final[dict[str, Kind]] = {
    "background_max_running": ((int,), "a number of jobs"),
    "background_max_waiting": ((int,), "a number of jobs"),
    "background_stop_seconds": _TIME,
    "cookie_secret": ((str, bytes, Mapping), "a str, or a dict of numbers and strs"),
    "default_handler_args": _ARGUMENTS,
    "default_handler_class": ((type,), "a RequestHandler subclass"),
    "key_version": ((int,), "the number of a secret"),
    "log_function": ((Callable,), "a function that takes a handler"),
    "login_url": _TEXT,
    "signed_cookie_kwargs": _ARGUMENTS,
    "static_handler_args": _ARGUMENTS,
    "static_handler_class": ((type,), "a StaticFileHandler subclass"),
    "static_url_prefix": _TEXT,
    "upload_memory_size": _SIZE,
    "websocket_close_timeout": _TIME,
    "websocket_compression_options": ((Mapping,), "a dict of options"),
    "websocket_max_message_size": _SIZE,
    "websocket_ping_interval": _TIME,
    "websocket_ping_timeout": _TIME,
    "xsrf_cookie_kwargs": _ARGUMENTS,
    "xsrf_cookie_name": _TEXT,
    "xsrf_cookie_version": ((int,), "1 or 2"),
}

_OWN_KINDS: Final[dict[str, Kind]] = {
    "background_max_running": ((int,), "a number of jobs"),
    "background_max_waiting": ((int,), "a number of jobs"),
    "background_stop_seconds": _TIME,
    "static_path": ((str, PathLike), "the path of a directory"),
}
"""Of what only our own :class:`.StaticFileHandler` cannot do without: an author's may have another idea of it."""


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise :exc:`TypeError` for a setting that is of no use, :exc:`ValueError` for a negative number.

    What the framework does not know is the author's.
    """
    kinds = KINDS if settings.get("static_handler_class") else KINDS | _OWN_KINDS
    for name in kinds.keys() & settings.keys():
        types, told = kinds[name]
        value = settings[name]
        if value and (value is True or not isinstance(value, types)):
            shown = type(value).__name__ if name == "cookie_secret" else repr(value)
            raise TypeError(f"the setting {name} is {told}, not {shown}")
        if isinstance(value, float | int) and not value >= 0:  # nor "not a number"
            raise ValueError(f"the setting {name} cannot be negative: {value!r}")
    origins = settings.get("trusted_origins", ())
    if isinstance(origins, str) or not isinstance(origins, Container):
        raise TypeError(f"the setting trusted_origins is a list of origins, not {origins!r}")
    given_secrets(settings)
