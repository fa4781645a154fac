"""The head of a response: status and headers (RFC 9110 sections 5, 6.3 and 15)."""

import datetime
import re
from numbers import Integral
from typing import Any, Final

from ..http1 import SERVER
from ..http1.heads import good_names
from ..httputil import HTTPHeaders, HTTPServerRequest, format_timestamp, http_date_now, responses
from ..httputil.headers import NAME
from .site import Site

HTML: Final = "text/html; charset=UTF-8"
JSON: Final = "application/json; charset=UTF-8"

HeaderValue = bytes | str | int | Integral | datetime.datetime

_UNSAFE_IN_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_REASON = re.compile(r"[\t\x20-\x3b\x3d-\x7e\x80-\xff]+")
"""A reason phrase (RFC 9112 section 4), less the ``<`` with which markup would begin."""


class ResponseHead:
    """The status and the headers of the response as they are so far.

    Most responses say the same three things in their heads. As long as that is so there is no
    mapping of headers, and the connection sends a head that it made before.
    """

    application: Site
    request: HTTPServerRequest

    # The state in which every request begins. Kept here, not set by the constructor: an instance gets
    # what differs.
    _status_code = 200
    _reason = "OK"
    _content_type = HTML
    _etag: str | None = None
    _header_map: HTTPHeaders | None = None
    """None as long as nothing but the content type and the Etag differs from the default headers."""

    @property
    def settings(self) -> dict[str, Any]:
        """The application's settings."""
        return self.application.settings

    def require_setting(self, name: str, feature: str = "this feature") -> None:
        """Raise :exc:`RuntimeError` if the application has no setting ``name``, which ``feature`` needs."""
        if not self.settings.get(name):
            raise RuntimeError(f"{feature} needs a setting: Application(..., {name}=...)")

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        """Set the status; ``reason`` is the phrase to send with it instead of the standard one.

        A phrase that could leave its place in the head (or in a page) becomes ``"Unknown"``, because this
        is called where no exception is of use: while an error is being answered. Raises :exc:`TypeError` and
        :exc:`ValueError` for what is no status (RFC 9110 section 15): no number of three digits; and :exc:`TypeError`
        for a ``reason`` that is no text.
        """
        if not isinstance(status_code, (int, Integral)):
            raise TypeError(f"a status is an int, not {status_code!r}")
        if not 100 <= status_code <= 999:
            raise ValueError(f"a status has three digits, unlike {status_code}")
        self._status_code = status_code
        if reason is None:
            self._reason = responses.get(status_code, "Unknown")
        elif not isinstance(reason, str):
            raise TypeError(f"the reason of a status is a str, not {reason!r}")
        else:
            self._reason = reason if _REASON.fullmatch(reason) else "Unknown"

    def get_status(self) -> int:
        """The status as set so far."""
        return self._status_code

    @property
    def _headers(self) -> HTTPHeaders:
        """The response's headers as they are so far."""
        headers = self._header_map
        if headers is None:
            headers = self._header_map = HTTPHeaders.from_fields(
                {"Server": SERVER, "Content-Type": self._content_type, "Date": http_date_now()}
            )
            if self._etag is not None:
                headers["Etag"] = self._etag
                self._etag = None
        return headers

    @_headers.setter
    def _headers(self, headers: HTTPHeaders) -> None:
        self._header_map = headers

    def set_header(self, name: str, value: HeaderValue) -> None:
        """Set a header, replacing it if it is set. A datetime is written as HTTP writes dates.

        Raises :exc:`ValueError` for what could leave its place in the head, or is not Latin-1 (give the
        bytes of another encoding), and :exc:`TypeError` for other types.
        """
        text = header_text(name, value)
        if self._header_map is None and name == "Content-Type":
            self._content_type = text
        else:
            self._headers[name] = text

    def add_header(self, name: str, value: HeaderValue) -> None:
        """Set a header beside those of its name."""
        text = header_text(name, value)
        self._headers.add(name, text)

    def clear_header(self, name: str) -> None:
        """Undo :meth:`set_header` and the default of that header. Raises :exc:`TypeError` for what is no name."""
        if not isinstance(name, str):
            raise TypeError(_no_name(name))
        if name in self._headers:
            del self._headers[name]


def header_text(name: str, value: HeaderValue) -> str:
    """The value of a field as text.

    Raises :exc:`ValueError` for what could leave its place in the head, and :exc:`TypeError` for what is no text.
    """
    try:
        matched = name in good_names or NAME.fullmatch(name)
    except TypeError:
        raise TypeError(_no_name(name)) from None
    if not matched:
        raise ValueError(f"Unsafe header name {name!r}")
    if isinstance(value, str):
        text = value
    elif isinstance(value, bytes):
        text = value.decode("latin1")
    elif isinstance(value, datetime.datetime):
        return format_timestamp(value)
    elif isinstance(value, (int, Integral)):
        return str(value)
    else:
        raise TypeError(
            f"Unsupported header value {value!r}: it is a str, bytes, an int or a datetime"
        )
    if not (text.isascii() and text.isprintable()) and _UNSAFE_IN_VALUE.search(text):
        raise ValueError(f"Unsafe header value {text!r}")
    return text


def _no_name(name: object) -> str:
    return f"the name of a header is a str, not {name!r}"
