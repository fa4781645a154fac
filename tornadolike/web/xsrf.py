"""Protection from forged requests: a page of another site has our visitor's browser send something in their name.

A token stands in a cookie, which such a page can make the browser send but cannot read, and in the form or in a header,
which it would have to fill in. A request that changes something needs both, and they must agree.

The token is 16 random bytes. Version 2, which is written, has it under a mask that is another one each time, because
a secret that stands in each page could be guessed from the sizes of compressed pages (BREACH)::

    2|<mask, 4 bytes in hex>|<token XOR mask, in hex>|<when it was made, in seconds>

Version 1 is the token in hex, or any other text.
"""

import binascii
import hmac
import os
import re
import time
from typing import Any, Final

from ..escape import xhtml_escape
from ..log import gen_log
from .arguments import Arguments
from .crossorigin import CrossOrigin
from .errors import HTTPError
from .users import Users

SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
"""What changes nothing, and so needs no protection."""

_TOKEN_SIZE: Final = 16
_MASK_SIZE: Final = 4
_VERSION: Final = re.compile(r"([1-9][0-9]*)\|")
_TIME: Final = re.compile(r"[0-9]{1,19}")

_RELOAD: Final = "Reload the page, and try again."

Token = tuple[int | None, bytes, float]
"""The version of the cookie that it came in (None: it is new), the token, and when it was made."""


class Xsrf(Users, Arguments, CrossOrigin):
    """Makes tokens for pages, and refuses requests without them if the setting ``xsrf_cookies`` says so."""

    _xsrf_token: bytes
    _raw_xsrf_token: Token
    _gets_form_later = False
    """The form, which may have the token, is still coming."""
    _xsrf_check_is_due = False
    _needs_no_xsrf_token = False
    """The user is known by a header that no page of another site can send: guards of :mod:`tornadolike.auth` say so."""

    @property
    def xsrf_token(self) -> bytes:
        """The token for a page or a script: ASCII. The first time it is made, its cookie is set with the response.

        Settings: ``xsrf_cookie_name`` (``_xsrf``), ``xsrf_cookie_version`` (2), and ``xsrf_cookie_kwargs``, which go to
        :meth:`set_cookie`. The cookie has ``SameSite=Lax`` unless they say otherwise. It is not ``HttpOnly``, because
        scripts read it to send it as ``X-XSRFToken``. For a visitor with a :attr:`current_user` it is kept for 30 days.

        Raises :exc:`ValueError` for an unknown version.
        """
        try:
            return self._xsrf_token
        except AttributeError:
            pass
        version, token, made = self._get_raw_xsrf_token()
        self._xsrf_token = text = _write(token, made, self.settings.get("xsrf_cookie_version", 2))
        if version is None:
            self._set_xsrf_cookie(text)
        return text

    def xsrf_form_html(self) -> str:
        """The element ``<input type="hidden">`` with the token, for each form that is sent by POST.

        In templates: ``{% module xsrf_form_html() %}``.
        """
        return f'<input type="hidden" name="_xsrf" value="{xhtml_escape(self.xsrf_token)}"/>'

    def check_xsrf_cookie(self) -> None:
        """Raise :exc:`HTTPError` (403) unless the request has the token of its cookie.

        It is the argument ``_xsrf``, or else the header ``X-XSRFToken`` or ``X-CSRFToken``. Called with the setting
        ``xsrf_cookies`` before :meth:`~.RequestHandler.prepare` for each method but GET, HEAD and OPTIONS. May be
        overridden, with ``pass``, where users are known by something else than cookies.

        With :func:`.spool_uploads` the argument may be in the form that is still coming. Then the check is made up for
        when that is there, before the method; until then it is as with ``cross_origin_protection``.
        """
        given = self._given_xsrf_token()
        if not given:
            if self._gets_form_later:
                self._refuse_cross_origin()
                self._xsrf_check_is_due = True
                return
            raise HTTPError(
                403,
                "'_xsrf' argument missing from POST",
                detail=f"The request has neither a field _xsrf nor a header X-XSRFToken. {_RELOAD}",
            )
        _, token, _ = self._decode_xsrf_token(given)
        version, expected, _ = self._get_raw_xsrf_token()
        if not token:
            raise HTTPError(
                403,
                "'_xsrf' argument has invalid format",
                detail=f"What the request has as _xsrf or X-XSRFToken is no token. {_RELOAD}",
            )
        if not hmac.compare_digest(token, expected):
            fault = "is missing" if version is None else "does not fit the request"
            raise HTTPError(
                403,
                "XSRF cookie does not match POST argument",
                detail=f"The cookie {self._xsrf_cookie_name} {fault}. Allow cookies for this site. {_RELOAD}",
            )

    # Tokens

    @property
    def _xsrf_cookie_name(self) -> str:
        name: str = self.settings.get("xsrf_cookie_name", "_xsrf")
        return name

    def _set_xsrf_cookie(self, text: bytes) -> None:
        if self._headers_written:
            gen_log.warning(
                "A form that is sent now will be refused: the head of this response is gone, without the XSRF cookie. "
                "Read self.xsrf_token before flush()"
            )
        attributes: dict[str, Any] = self.settings.get("xsrf_cookie_kwargs", {})
        if self.current_user and "expires_days" not in attributes:
            attributes = {**attributes, "expires_days": 30}
        self.set_cookie(self._xsrf_cookie_name, text, **{"samesite": "Lax", **attributes})

    def _get_raw_xsrf_token(self) -> Token:
        """The token without its mask: the cookie's, or a new one, the same for all of the request."""
        try:
            return self._raw_xsrf_token
        except AttributeError:
            pass
        version, token, made = self._decode_xsrf_token(self.get_cookie(self._xsrf_cookie_name, ""))
        if not token or made is None:
            version, token, made = None, os.urandom(_TOKEN_SIZE), time.time()
        self._raw_xsrf_token = version, token, made
        return self._raw_xsrf_token

    def _decode_xsrf_token(self, cookie: str) -> tuple[int | None, bytes | None, float | None]:
        """Version, token and time of what a client sent; three times None if it is malformed."""
        try:
            versioned = _VERSION.match(cookie)
            if versioned is None:
                return 1, _from_hex(cookie.encode()), time.time()
            if versioned[1] == "2":
                _, mask, masked, made = cookie.split("|")
                if len(mask) == 2 * _MASK_SIZE and _TIME.fullmatch(made):
                    return 2, _masked(binascii.a2b_hex(mask), binascii.a2b_hex(masked)), int(made)
        except ValueError:  # not UTF-8, not hex, not four fields
            pass
        return None, None, None

    def _given_xsrf_token(self) -> str | None:
        headers = self.request.headers
        return (
            self.get_argument("_xsrf", None)
            or headers.get("X-Xsrftoken")
            or headers.get("X-Csrftoken")
        )

    # The checks that the settings ask for

    def _cross_origin_protection(self) -> None:
        """For a method that may change something: raise :exc:`HTTPError` (403) for what another site has sent."""
        if self._needs_no_xsrf_token:
            return
        settings = self.settings
        if settings.get("xsrf_cookies"):
            self.check_xsrf_cookie()
        if settings.get("cross_origin_protection"):
            self._refuse_cross_origin()

    def _form_is_there(self) -> None:
        """What :meth:`check_xsrf_cookie` has put off is done."""
        self._gets_form_later = False
        if self._xsrf_check_is_due:
            self.check_xsrf_cookie()

    def _refuse_cross_origin(self) -> None:
        fault = self._check_cross_origin(self.check_trusted_origin)
        if fault is not None:
            raise HTTPError(403, fault, detail="Pages of other sites may not send this request.")


def _write(token: bytes, made: float, version: int) -> bytes:
    if version == 1:
        return binascii.b2a_hex(token)
    if version == 2:
        mask = os.urandom(_MASK_SIZE)
        return b"2|%b|%b|%d" % (
            binascii.b2a_hex(mask),
            binascii.b2a_hex(_masked(mask, token)),
            int(made),
        )
    raise ValueError(f"unknown xsrf_cookie_version {version!r}: it is 1 or 2")


def _masked(mask: bytes, token: bytes) -> bytes:
    size = len(token)
    repeated = (mask * (size // _MASK_SIZE + 1))[:size]
    return (int.from_bytes(token) ^ int.from_bytes(repeated)).to_bytes(size)


def _from_hex(data: bytes) -> bytes:
    try:
        return binascii.a2b_hex(data)
    except ValueError:
        return data
