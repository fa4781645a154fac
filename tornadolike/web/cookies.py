"""The cookies that a response sets (RFC 6265)."""

import datetime
import re
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any, Final

from ..httputil import format_timestamp

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTE_END: Final = re.compile(r"[\x00-\x1f\x7f;]")


def make_cookie(
    name: str,
    value: str,
    *,
    domain: str | None = None,
    expires: float | tuple[Any, ...] | datetime.datetime | None = None,
    path: str = "/",
    expires_days: float | None = None,
    max_age: int | None = None,
    httponly: bool = False,
    secure: bool = False,
    samesite: str | None = None,
    **attributes: Any,
) -> Morsel[str]:
    """A cookie for a Set-Cookie header. Raises :exc:`ValueError` for what could leave its place there."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"Invalid cookie name {name!r}")
    if _CONTROL.search(value):
        raise ValueError(f"Invalid cookie value {value!r}")
    if not value.isascii():
        raise ValueError(f"Cookie {name!r}: only ASCII is safe in a cookie; encode the value first")
    morsel: Morsel[str] = Morsel()
    try:
        # A value that needs it is quoted, as http.cookies reads it back.
        morsel.set(name, *SimpleCookie().value_encode(value))
    except CookieError as error:  # "path", "expires": names that look like attributes
        raise ValueError(f"Invalid cookie name {name!r}") from error
    if expires_days is not None and expires is None:
        expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=expires_days)
    if expires:
        morsel["expires"] = format_timestamp(expires)
    if domain:
        morsel["domain"] = domain
    if path:
        morsel["path"] = path
    if max_age is not None:
        morsel["max-age"] = str(max_age)
    if httponly:
        morsel["httponly"] = True
    if secure:
        morsel["secure"] = True
    if samesite:
        morsel["samesite"] = samesite
    for attribute, setting in attributes.items():
        if attribute.lower() in ("httponly", "secure", "partitioned") and not setting:
            continue
        morsel[attribute.replace("_", "-")] = setting
    for setting in morsel.values():
        if isinstance(setting, str) and _ATTRIBUTE_END.search(setting):
            raise ValueError(f"Invalid cookie attribute {setting!r} for cookie {name!r}")
    return morsel
