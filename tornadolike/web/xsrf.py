"""Protection from forged requests: a page of another site has our visitor's browser send something in their name.

A token stands in a cookie, which such a page can make the browser send but cannot read, and in the form or in a header,
which it would have to fill in. A request that changes something needs both, and they must agree.

The token is 16 random bytes. Version 2, which is written, has it under a mask that is another one each time, because
a secret that stands in each page could be guessed from the sizes of compressed pages (BREACH)::

    2|<mask, 4 bytes in hex>|<token XOR mask, in hex>|<when it was made, in seconds>

Version 1 is the token in hex, or any other text.

Whoever can set cookies for our host (a page of another host of the domain, or who sits on the line of a visitor who
comes without TLS) can give a visitor a token that he knows. Against that a token may be bound to its owner
(:meth:`Xsrf.get_xsrf_owner`): then behind the 16 random bytes there are 16 of HMAC-SHA256 of them and the owner.
"""

import binascii
import hmac
import os
import re
import time
from typing import Any, Final

from ..escape import utf8, xhtml_escape
from ..log import gen_log
from .arguments import Arguments
from .cookies.plain import wanted_by_prefix
from .cookies.secrets import secrets_of
from .crossorigin import CrossOrigin
from .errors import HTTPError
from .users import Users

SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
"""What changes nothing, and so needs no protection."""

_TOKEN_SIZE: Final = 16
_MASK_SIZE: Final = 4
_VERSION: Final = re.compile(r"([1-9][0-9]*)\|")
_TIME: Final = re.compile(r"[0-9]{1,19}")

_WHAT: Final = "get_xsrf_owner() binds tokens to visitors"
_BOUND: Final = b"tornadolike xsrf: "
"""What begins a text that binds a token, and none that is signed for another purpose."""
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
        :meth:`set_cookie`. The cookie has ``SameSite=Lax``, and ``Secure`` if the request came by HTTPS, unless they
        say otherwise. It is not ``HttpOnly``, because scripts read it to send it as ``X-XSRFToken``. For a visitor with
        a :attr:`current_user` it is kept for 30 days.

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

    def get_xsrf_owner(self) -> str | bytes | None:
        """Whom tokens are bound to; None, as by default: to nobody, they are good for whoever has their cookie.

        May be overridden, to give what tells one signed-in user, or better one signing in, from all others: the number
        of a session, say. Then a token is refused that was made for somebody else, or before they signed in. It needs
        the setting ``cookie_secret``. Called before :meth:`~.RequestHandler.prepare`, and cannot wait.
        """
        return None

    def renew_xsrf_token(self) -> bytes:
        """Replace the token by a new one, which is set with the response. To be called when somebody signs in or out.

        So a token that somebody else has seen, or made, before is worth nothing. Pages that are open in other tabs have
        to be loaded again. A token that is bound (:meth:`get_xsrf_owner`) is replaced without this.
        """
        self._raw_xsrf_token = None, self._new_xsrf_token(), time.time()
        vars(self).pop("_xsrf_token", None)
        return self.xsrf_token

    def check_xsrf_cookie(self) -> None:
        """Raise :exc:`HTTPError` (403) unless the request has the token of its cookie.

        It is the argument ``_xsrf``, or else the header ``X-XSRFToken`` or ``X-CSRFToken``. Whatever it has, a request
        is refused of which a browser says that a page of another site has made it (``Sec-Fetch-Site: cross-site``),
        unless :meth:`check_trusted_origin` accepts that. Called with the setting
        ``xsrf_cookies`` before :meth:`~.RequestHandler.prepare` for each method but GET, HEAD and OPTIONS. May be
        overridden, with ``pass``, where users are known by something else than cookies.

        With :func:`.spool_uploads` the argument may be in the form that is still coming. Then the check is made up for
        when that is there, before the method; until then it is as with ``cross_origin_protection``.
        """
        _refuse(self._check_cross_site(self.check_trusted_origin))
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
            fault = "does not fit the request"
            if version is None:
                fault = "is missing, or of somebody else" if self._xsrf_owner() else "is missing"
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
        name = self._xsrf_cookie_name
        safe = {
            "samesite": "Lax",
            "secure": self.request.protocol == "https",
            **wanted_by_prefix(name),
        }
        self.set_cookie(name, text, **{**safe, **attributes})

    def _get_raw_xsrf_token(self) -> Token:
        """The token without its mask: the cookie's, or a new one, the same for all of the request."""
        try:
            return self._raw_xsrf_token
        except AttributeError:
            pass
        version, token, made = self._decode_xsrf_token(self.get_cookie(self._xsrf_cookie_name, ""))
        if not token or made is None or not self._is_bound(token):
            version, token, made = None, self._new_xsrf_token(), time.time()
        self._raw_xsrf_token = version, token, made
        return self._raw_xsrf_token

    def _new_xsrf_token(self) -> bytes:
        token = os.urandom(_TOKEN_SIZE)
        owner = self._xsrf_owner()
        return token + _bond(secrets_of(self.settings, _WHAT)[0], token, owner) if owner else token

    def _is_bound(self, token: bytes) -> bool:
        """Whether the token was made for who asks; whoever that is if tokens are not bound."""
        owner = self._xsrf_owner()
        if not owner:
            return True
        random, bond = token[:_TOKEN_SIZE], token[_TOKEN_SIZE:]
        return any(
            hmac.compare_digest(bond, _bond(secret, random, owner))
            for secret in secrets_of(self.settings, _WHAT)
        )

    def _xsrf_owner(self) -> bytes:
        owner = self.get_xsrf_owner() or b""
        if not isinstance(owner, (str, bytes)):
            raise TypeError(f"get_xsrf_owner() gives a str, bytes or None, not {owner!r}")
        return utf8(owner)

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
        _refuse(self._check_cross_origin(self.check_trusted_origin))


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise HTTPError(403, fault, detail="Pages of other sites may not send this request.")


def _bond(secret: bytes, random: bytes, owner: bytes) -> bytes:
    return hmac.digest(secret, _BOUND + random + owner, "sha256")[:_TOKEN_SIZE]


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
