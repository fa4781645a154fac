"""Cookies: those of the request, and those that the response sets (RFC 6265, and what has come to it since)."""

import datetime
import re
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any, Final, overload

from ...escape import to_unicode
from ...httputil import HTTPHeaders, format_timestamp
from ..head import ResponseHead

MAX_COOKIE_SIZE: Final = 4096
"""Bytes of a cookie's name and value together that browsers take (RFC 6265 section 6.1)."""

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~:0-9A-Za-z]+")
"""A token, or with colons: browsers take and send such, so that it must be possible to delete them."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTE_END: Final = re.compile(r"[^\x21-\x3a\x3c-\x7e\x80-\xff]")

_ATTRIBUTES: Final = {
    "comment": "Comment",
    "domain": "Domain",
    "expires": "expires",
    "httponly": "HttpOnly",
    "max-age": "Max-Age",
    "partitioned": "Partitioned",
    "path": "Path",
    "samesite": "SameSite",
    "secure": "Secure",
    "version": "Version",
}
"""In the order and the spelling of :mod:`http.cookies`, which has not known all of them always."""
_FLAGS: Final = frozenset({"httponly", "partitioned", "secure"})
_SAME_SITE: Final = frozenset({"strict", "lax", "none"})

_COOKIES: Final = SimpleCookie()
_MORSEL: Final[Morsel[str]] = Morsel()
"""Never changed: they know rules that :mod:`http.cookies` tells to instances only."""


class Cookies(ResponseHead):
    """Reads and sets cookies."""

    _new_cookies: dict[str, str] | None = None
    """The fields of the cookies that the response sets, by their names.

    An error page sends them too, although it forgets the headers.
    """

    @property
    def cookies(self) -> SimpleCookie:
        """The request's cookies."""
        return self.request.cookies

    @overload
    def get_cookie(self, name: str, default: str) -> str: ...
    @overload
    def get_cookie(self, name: str, default: None = None) -> str | None: ...
    def get_cookie(self, name: str, default: str | None = None) -> str | None:
        """The value of the request's cookie of that name; ``default`` if there is none."""
        value = self.request._get_cookie(name)
        return default if value is None else value

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
        partitioned: bool = False,
        **kwargs: Any,
    ) -> None:
        """Set a cookie with the response. The request's own cookies stay as they are.

        :arg expires: a date, or ``expires_days`` from now; neither means until the browser is closed.
        :arg max_age: seconds after which the browser forgets it.
        :arg httponly: scripts cannot read it.
        :arg secure: it is sent over TLS only.
        :arg samesite: ``"Strict"``, ``"Lax"`` or ``"None"``: whether other sites can have it sent.
        :arg partitioned: in frames of other sites it is another one for each of them (CHIPS). Needs ``secure``.
        :arg kwargs: the attributes by their names in the header, in letters of any size, as in Tornado.

        Raises :exc:`TypeError` for a name and a value that are no text,
        :exc:`~http.cookies.CookieError` for a name or an attribute, :exc:`ValueError` for a value, that could
        leave its place in the header; and :exc:`~http.cookies.CookieError` for what browsers do not take: a name that
        begins with ``__Secure-`` or ``__Host-`` without what that wants, another ``samesite``, ``partitioned`` alone.
        """
        name = _text(name)
        field = make_cookie(
            name,
            _text(value, name),
            expires=expires,
            expires_days=expires_days,
            max_age=max_age,
            domain=domain,
            path=path,
            httponly=httponly,
            secure=secure,
            samesite=samesite,
            partitioned=partitioned,
            **kwargs,
        )
        if self._new_cookies is None:
            self._new_cookies = {}
        self._new_cookies.pop(name, None)
        self._new_cookies[name] = field

    def clear_cookie(self, name: str, **kwargs: Any) -> None:
        """Have the browser delete a cookie; ``path`` and ``domain`` must be those it was set with.

        So must ``partitioned``. One with ``samesite="None"`` is deleted with that and ``secure``, in frames of other
        sites. What the name itself wants (``__Secure-``, ``__Host-``) is added.
        """
        for unsupported in ("expires", "max_age"):
            if unsupported in kwargs:
                raise TypeError(
                    f"clear_cookie() got an unexpected keyword argument {unsupported!r}"
                )
        name = _text(name)
        expires = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=365)
        self.set_cookie(name, "", expires=expires, **{**wanted_by_prefix(name), **kwargs})

    def clear_all_cookies(self, **kwargs: Any) -> None:
        """:meth:`clear_cookie` of every cookie that came with the request."""
        for name in self.request.cookies:
            # The client chooses the names: there must be none that cannot be deleted.
            self.clear_cookie(name, **{**kwargs, **wanted_by_prefix(name)})

    def _add_cookies(self, headers: HTTPHeaders) -> None:
        """Put the new cookies into the head."""
        if self._new_cookies is not None:
            for field in self._new_cookies.values():
                headers.add("Set-Cookie", field)


def _text(value: object, name: str | None = None) -> str:
    """The name of a cookie, or the value of that with this ``name``, as text."""
    if isinstance(value, (str, bytes)):
        return to_unicode(value)
    what = "the name of a cookie" if name is None else f"the value of the cookie {name!r}"
    raise TypeError(f"{what} is a str or bytes, not {value!r}")


def make_cookie(
    name: str,
    value: str,
    *,
    expires: float | tuple[Any, ...] | datetime.datetime | None = None,
    expires_days: float | None = None,
    max_age: int | None = None,
    **attributes: Any,
) -> str:
    """The value of a Set-Cookie header; raises what :meth:`Cookies.set_cookie` tells."""
    if not _NAME.fullmatch(name) or _MORSEL.isReservedKey(name):
        raise CookieError(f"Invalid cookie attribute name={name!r}")
    if _CONTROL.search(value):
        raise ValueError(f"Invalid cookie {name!r}: {value!r}")
    # A value that needs it is quoted, as http.cookies reads it back.
    coded = _COOKIES.value_encode(value)[1]
    if not coded.isascii():
        raise ValueError(f"Cookie {name!r}: only Latin-1 can be quoted; encode the value first")
    told = _attributes(name, attributes)
    if expires_days is not None and not expires:
        expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=expires_days)
    if expires:
        told["expires"] = format_timestamp(expires)
    if max_age is not None:
        told["max-age"] = str(int(max_age))
    _check_browsers_take(name, told)
    pieces = [f"{name}={coded}"]
    for key, spelled in _ATTRIBUTES.items():
        if key in told:
            pieces.append(spelled if key in _FLAGS else f"{spelled}={told[key]}")
    return "; ".join(pieces)


def _attributes(name: str, given: dict[str, Any]) -> dict[str, str]:
    """The attributes that are told, by their names in small letters."""
    told = {}
    for attribute, setting in given.items():
        key = attribute.lower().replace("_", "-")
        if (
            key not in _ATTRIBUTES
            or isinstance(setting, bytes)
            or _ATTRIBUTE_END.search(str(setting))
        ):
            raise CookieError(
                f"Invalid cookie attribute {attribute}={setting!r} for cookie {name!r}"
            )
        if setting:
            told[key] = "True" if key in _FLAGS else str(setting)
    return told


def wanted_by_prefix(name: str) -> dict[str, Any]:
    """The attributes without which browsers do not take a cookie of this name (RFC 6265bis section 4.1.3)."""
    prefix = name[:9].lower()  # however it is spelled: browsers do not care either
    if prefix == "__secure-":
        return {"secure": True}
    if prefix.startswith("__host-"):
        return {"secure": True, "path": "/", "domain": None}
    return {}


def _check_browsers_take(name: str, told: dict[str, str]) -> None:
    wanted = wanted_by_prefix(name)
    if any(
        told.get(key) != (None if value is None else str(value)) for key, value in wanted.items()
    ):
        wants = ", ".join(f"{key}={value!r}" for key, value in wanted.items())
        raise CookieError(f"Cookie {name!r}: browsers take it only with {wants}")
    if "partitioned" in told and "secure" not in told:
        raise CookieError(f"Cookie {name!r}: browsers take partitioned=True only with secure=True")
    if told.get("samesite", "lax").lower() not in _SAME_SITE:
        raise CookieError(f"Cookie {name!r}: samesite is 'Strict', 'Lax' or 'None'")
