"""What the options of a request may be: wrong ones are refused before anything is sent, by their names."""

import math
import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..util import check_not_negative, check_whole_numbers

MAX_SECONDS: Final = 1e9
"""A time-out from here on is none: that is 31 years."""

_MAX_PORT: Final = 65535


def check_options(options: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise :exc:`TypeError` or :exc:`ValueError` for the first of these options that makes no sense.

    What has no check here has one where it is used. What is None is not said.

    :arg options: by their names, as :class:`.HTTPRequest` has them.
    :arg names: those to look at.
    """
    for name in names:
        check = CHECKS.get(name)
        if check is not None:
            value = options[name]
            if value is not None:
                check(name, value)


def seconds(name: str, value: Any) -> float:
    """A time-out; 0 is none. Raises :exc:`TypeError` or :exc:`ValueError` for what is none."""
    if value is None:
        return 0.0
    if type(value) is not float or not value >= 0.0:
        check_not_negative(**{name: value})
    return value if value < MAX_SECONDS else 0.0


def check_limits(least: int, **limits: Any) -> None:
    """Raise :exc:`TypeError` or :exc:`ValueError` for a limit that is no whole number from ``least`` on."""
    check_whole_numbers(**limits)
    for name, limit in limits.items():
        if limit < least:
            raise ValueError(f"{name} is {least} or more, not {limit!r}")


def check_kind(kind: type[Any], **values: Any) -> None:
    """Raise :exc:`TypeError` for a value that is neither None nor one of ``kind``."""
    for name, value in values.items():
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{name} is a {kind.__name__}, not {value!r:.80}")


def check_flag(name: str, value: Any) -> None:
    """Raise :exc:`TypeError` for what is neither True nor False."""
    # 0 and 1 are the same; a text would be true, whatever it says.
    if value not in (True, False):
        raise TypeError(f"{name} is True or False, not {value!r}")


def text_of(name: str, value: Any) -> str:
    """Text, also if it is given as bytes. Raises :exc:`TypeError` for what is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(f"{name} is a str, not {value!r}")


def pairs_of(option: str, given: Any) -> list[tuple[str, Any]]:
    """Names and what they stand for. Raises :exc:`TypeError` for what has none."""
    # (A text is iterable, too; and none of its letters is a pair.)
    if isinstance(given, Mapping):
        given = given.items()
    try:
        return [(name, value) for name, value in given]
    except (TypeError, ValueError):
        raise TypeError(
            f"{option} are values by their names, as a mapping or pairs, and not {given!r:.80}"
        ) from None


def check_fields(fields: Any) -> None:
    """Raise :exc:`TypeError` for what are no headers: names and values as text (or bytes, as Tornado takes them)."""
    if not isinstance(fields, Mapping):
        raise TypeError(f"headers are HTTPHeaders or another mapping, not {type(fields).__name__}")
    for name, value in fields.items():
        if not isinstance(name, str):
            raise TypeError(f"the names of headers are strs, not {name!r}")
        if not isinstance(value, str | bytes):
            raise TypeError(
                f"the values of headers are strs, and {name!r} is {type(value).__name__}"
            )


def _fields(name: str, value: Any) -> None:
    check_fields(value)


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} is a str, not {type(value).__name__}")


def _name(name: str, value: Any) -> None:
    _text(name, value)
    if not value:
        raise ValueError(f"{name} is empty")


def _credential(name: str, value: Any) -> None:
    # (Its value is nobody else's business.)
    if not isinstance(value, str | bytes):
        raise TypeError(f"{name} is a str, not {type(value).__name__}")


def _path(name: str, value: Any) -> None:
    if not isinstance(value, str | bytes | os.PathLike):
        raise TypeError(f"{name} is a path, not {value!r}")
    path = os.fspath(value)
    if not path:
        raise ValueError(f"{name} is an empty path")
    if (b"\0" if isinstance(path, bytes) else "\0") in path:
        raise ValueError(f"{name} is a path with a NUL in it: {value!r}")


def _callback(name: str, value: Any) -> None:
    if not callable(value):
        raise TypeError(f"{name} is called, and {value!r} cannot be")


def _count(name: str, value: Any) -> None:
    check_whole_numbers(**{name: value})
    check_not_negative(**{name: value})


def _port(name: str, value: Any) -> None:
    check_whole_numbers(**{name: value})
    if not 0 <= value <= _MAX_PORT:
        raise ValueError(f"{name} is a number up to {_MAX_PORT}, not {value!r}")


def _seconds(name: str, value: Any) -> None:
    if value != math.inf:
        seconds(name, value)


def _tls(name: str, value: Any) -> None:
    if not isinstance(value, dict | ssl.SSLContext):
        raise TypeError(f"{name} are an SSLContext or a dict, not {type(value).__name__}")


CHECKS: Final[dict[str, Callable[[str, Any], None]]] = {
    "headers": _fields,
    **dict.fromkeys(
        (
            *("follow_redirects", "decompress_response", "allow_nonstandard_methods", "idempotent"),
            *("validate_cert", "allow_ipv6", "trust_env", "expect_100_continue"),
        ),
        check_flag,
    ),
    **dict.fromkeys(("user_agent", "proxy_host", "auth_mode", "proxy_auth_mode"), _text),
    "network_interface": _name,
    **dict.fromkeys(
        ("auth_username", "auth_password", "proxy_username", "proxy_password"), _credential
    ),
    **dict.fromkeys(("ca_certs", "client_cert", "client_key", "unix_socket"), _path),
    **dict.fromkeys(("streaming_callback", "header_callback", "prepare_curl_callback"), _callback),
    **dict.fromkeys(
        (
            *("connect_timeout", "request_timeout", "tls_timeout"),
            *("first_byte_timeout", "stall_timeout"),
        ),
        _seconds,
    ),
    **dict.fromkeys(("max_redirects", "max_body_size"), _count),
    "proxy_port": _port,
    "ssl_options": _tls,
}
"""By the names of options: is called with the name and what is said, and raises."""
