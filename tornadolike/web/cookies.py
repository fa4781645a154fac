"""Cookies: those of the request, and those that the response sets (RFC 6265)."""

import datetime
import re
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any, Final

from ..httputil import HTTPHeaders, format_timestamp
from .head import ResponseHead

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~:0-9A-Za-z]+")
"""A token, or with colons: browsers take and send such, so that it must be possible to delete them."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTE_END: Final = re.compile(r"[\x00-\x20;\x7f]")


class Cookies(ResponseHead):
    """Reads and sets cookies."""

    _new_cookies: dict[str, Morsel[str]] | None = None
    """What the response sets. An error page sends it too, although it forgets the headers."""

    @property
    def cookies(self) -> SimpleCookie:
        """The request's cookies."""
        return self.request.cookies

    def get_cookie(self, name: str, default: str | None = None) -> str | None:
        """The value of the request's cookie of that name."""
        morsel = self.request.cookies.get(name)
        return default if morsel is None else morsel.value

    def set_cookie(
        self,
        name: str,
        value: str | bytes,
        domain: str | None = None,
        expires: float | tuple[Any, ...] | datetime.datetime | None = None,
        path: str = "/",
        expires_days: float | None = None,
        *,
        max_age: int | None = None,
        httponly: bool = False,
        secure: bool = False,
        samesite: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Set a cookie with the response. The request's own cookies stay as they are.

        :arg expires: a date, or ``expires_days`` from now; neither means until the browser is closed.
        :arg max_age: seconds after which the browser forgets it.
        :arg samesite: ``"Strict"``, ``"Lax"`` or ``"None"``.

        Raises :exc:`~http.cookies.CookieError` for a name or an attribute, :exc:`ValueError` for a value,
        that could leave its place in the header.
        """
        if isinstance(value, bytes):
            value = value.decode("utf-8")
        morsel = make_cookie(
            name,
            value,
            domain=domain,
            expires=expires,
            path=path,
            expires_days=expires_days,
            max_age=max_age,
            httponly=httponly,
            secure=secure,
            samesite=samesite,
            **kwargs,
        )
        if self._new_cookies is None:
            self._new_cookies = {}
        self._new_cookies[name] = morsel

    def clear_cookie(self, name: str, **kwargs: Any) -> None:
        """Have the browser delete a cookie; ``path`` and ``domain`` must be those it was set with."""
        for unsupported in ("expires", "max_age"):
            if unsupported in kwargs:
                raise TypeError(
                    f"clear_cookie() got an unexpected keyword argument {unsupported!r}"
                )
        expires = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=365)
        self.set_cookie(name, "", expires=expires, **kwargs)

    def clear_all_cookies(self, **kwargs: Any) -> None:
        """:meth:`clear_cookie` of every cookie that came with the request."""
        for name in self.request.cookies:
            self.clear_cookie(name, **kwargs)

    def _add_cookies(self, headers: HTTPHeaders) -> None:
        """Put the new cookies into the head."""
        if self._new_cookies is not None:
            for morsel in self._new_cookies.values():
                headers.add("Set-Cookie", morsel.OutputString())


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
    """A cookie for a Set-Cookie header; raises what :meth:`Cookies.set_cookie` tells."""
    if not _NAME.fullmatch(name):
        raise CookieError(f"Invalid cookie attribute name={name!r}")
    if _CONTROL.search(value):
        raise ValueError(f"Invalid cookie {name!r}: {value!r}")
    # A value that needs it is quoted, as http.cookies reads it back.
    coded = SimpleCookie().value_encode(value)[1]
    if not coded.isascii():
        raise ValueError(f"Cookie {name!r}: only Latin-1 can be quoted; encode the value first")
    morsel: Morsel[str] = Morsel()
    morsel.set(name, value, coded)
    if expires_days is not None and expires is None:
        expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=expires_days)
    if expires:
        morsel["expires"] = format_timestamp(expires)
    if max_age is not None:
        morsel["max-age"] = str(int(max_age))
    settings = {
        "domain": domain,
        "path": path,
        "samesite": samesite,
        "httponly": httponly,
        "secure": secure,
        **attributes,
    }
    for attribute, setting in settings.items():
        if _ATTRIBUTE_END.search(str(setting)):
            raise CookieError(
                f"Invalid cookie attribute {attribute}={setting!r} for cookie {name!r}"
            )
        if setting:
            morsel[attribute.replace("_", "-")] = setting
    return morsel
