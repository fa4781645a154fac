""":class:`OAuthMixin`: OAuth 1.0 and 1.0a (RFC 5849), with Tornado's names."""

import binascii
import hmac
import secrets
import time
from base64 import b64decode, b64encode
from typing import Any, Final, cast
from urllib.parse import urljoin

from ...escape import to_basestring, utf8
from ...httpclient import AsyncHTTPClient, HTTPResponse
from ...web import RequestHandler
from ..errors import AuthError
from .asking import AsksProviders, exchanged, read_oauth1_token, with_query
from .refusals import RefusedError
from .signatures import DEFAULT_METHOD, sign

REQUEST_TOKEN_COOKIE: Final = "_oauth_request_token"  # noqa: S105 - a name
_NONCE_BYTES: Final = 12
_REVISED: Final = "1.0a"
_REFUSALS: Final = frozenset({400, 401, 403})
"""Of a request token (section 3.2)."""


class OAuthMixin(AsksProviders):
    """Signs users in by OAuth 1.0 or 1.0a. :class:`TwitterMixin` is one.

    Those that are made of it have the attributes ``_OAUTH_REQUEST_TOKEN_URL``, ``_OAUTH_ACCESS_TOKEN_URL`` and
    ``_OAUTH_AUTHORIZE_URL``, and override :meth:`_oauth_consumer_token` and :meth:`_oauth_get_user_future`.
    """

    _OAUTH_REQUEST_TOKEN_URL: str
    _OAUTH_ACCESS_TOKEN_URL: str
    _OAUTH_AUTHORIZE_URL: str
    _OAUTH_VERSION = _REVISED
    """``"1.0"`` or ``"1.0a"``."""
    _OAUTH_NO_CALLBACKS = False
    """True: the provider knows the callback's address, and takes none."""
    _OAUTH_SIGNATURE_METHOD = DEFAULT_METHOD
    """Or ``"HMAC-SHA256"``, ``"RSA-SHA1"``, ``"PLAINTEXT"``; Tornado has the first only."""

    async def authorize_redirect(
        self,
        callback_uri: str | None = None,
        extra_params: dict[str, Any] | None = None,
        http_client: AsyncHTTPClient | None = None,
    ) -> None:
        """Ask the provider for a request token, and send the user there. The response is finished then.

        The token is kept in the cookie ``_oauth_request_token``, until :meth:`get_authenticated_user`.

        :arg callback_uri: where they come back: absolute, or as seen from the address of this request; ``"oob"``: the
            user gets a number to bring along, and the response is the address where. None: the provider knows it.
        :arg extra_params: more parameters for the request token (1.0a).

        Raises what ``fetch`` raises, :exc:`.ProviderAnswerError`, and :exc:`Exception` for a callback where
        ``_OAUTH_NO_CALLBACKS`` says that there is none.
        """
        if callback_uri and self._OAUTH_NO_CALLBACKS:
            raise Exception("This service does not support oauth_callback")
        http_client = http_client or self.get_auth_http_client()
        if self._OAUTH_VERSION == _REVISED:
            url = self._oauth_request_token_url(
                callback_uri=callback_uri, extra_params=extra_params
            )
        else:
            url = self._oauth_request_token_url()
        response = await http_client.fetch(url)
        self._on_request_token(self._OAUTH_AUTHORIZE_URL, callback_uri, response)

    async def get_authenticated_user(
        self, http_client: AsyncHTTPClient | None = None
    ) -> dict[str, Any]:
        """The user who has come back: what :meth:`_oauth_get_user_future` says, and an ``access_token``.

        Raises :exc:`.AuthError`; for what a browser has brought and no sign-in of it began, one that is a 400 too. And
        what ``fetch`` raises.
        """
        request_token = self._take_request_token()
        http_client = http_client or self.get_auth_http_client()
        fetching = http_client.fetch(self._oauth_access_token_url(request_token))
        response = await exchanged(fetching, _REFUSALS)
        access_token = read_oauth1_token(response)
        user = await self._oauth_get_user_future(access_token)
        if not user:
            raise AuthError("Error getting user")
        user["access_token"] = access_token
        return user

    def _take_request_token(self) -> dict[str, Any]:
        """The request token in the cookie, if the user comes back with the same one. It is good for one time."""
        handler = cast(RequestHandler, self)
        key = handler.get_argument("oauth_token")
        verifier = handler.get_argument("oauth_verifier", None)
        cookie = handler.get_cookie(REQUEST_TOKEN_COOKIE)
        if not cookie:
            raise RefusedError("Missing OAuth request token cookie")
        handler.clear_cookie(REQUEST_TOKEN_COOKIE)
        try:
            kept, secret = (b64decode(part) for part in cookie.split("|"))
            secret.decode()  # or it could not be signed with
        except (ValueError, binascii.Error):
            raise RefusedError("Request token does not match cookie") from None
        if not hmac.compare_digest(kept, utf8(key)):
            raise RefusedError("Request token does not match cookie")
        token: dict[str, Any] = {"key": kept, "secret": secret}
        if verifier:
            token["verifier"] = verifier
        return token

    def _oauth_request_token_url(
        self,
        callback_uri: str | None = None,
        extra_params: dict[str, Any] | None = None,
    ) -> str:
        """The signed address that gives a request token (section 2.1)."""
        more: dict[str, Any] = {}
        if self._OAUTH_VERSION == _REVISED:
            if callback_uri:
                more["oauth_callback"] = self._absolute(callback_uri)
            more.update(extra_params or {})
        return self._signed_url(self._OAUTH_REQUEST_TOKEN_URL, None, more)

    def _on_request_token(
        self, authorize_url: str, callback_uri: str | None, response: HTTPResponse
    ) -> None:
        """Keep the request token, and send the user to ``authorize_url`` (section 2.2)."""
        handler = cast(RequestHandler, self)
        token = read_oauth1_token(response)
        handler.set_cookie(
            REQUEST_TOKEN_COOKIE,
            "|".join(b64encode(utf8(token[part])).decode() for part in ("key", "secret")),
            httponly=True,
            samesite="Lax",
            secure=handler.request.protocol == "https",
        )
        arguments = {"oauth_token": token["key"]}
        if callback_uri and callback_uri != "oob":
            arguments["oauth_callback"] = self._absolute(callback_uri)
        url = with_query(authorize_url, arguments)
        if callback_uri == "oob":
            handler.finish(url)
        else:
            handler.redirect(url)

    def _oauth_access_token_url(self, request_token: dict[str, Any]) -> str:
        """The signed address that gives an access token for a request token (section 2.3)."""
        more = {}
        if "verifier" in request_token:
            more["oauth_verifier"] = request_token["verifier"]
        return self._signed_url(self._OAUTH_ACCESS_TOKEN_URL, request_token, more)

    def _oauth_consumer_token(self) -> dict[str, Any]:
        """To be overridden: the client's ``key`` and ``secret`` (``RSA-SHA1``: its private key, in PEM)."""
        raise NotImplementedError

    async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
        """To be overridden: what is known of the user whose token this is."""
        raise NotImplementedError

    def _oauth_request_parameters(
        self,
        url: str,
        access_token: dict[str, Any],
        parameters: dict[str, Any] | None = None,
        method: str = "GET",
    ) -> dict[str, Any]:
        """The parameters that sign a request in the user's name.

        :arg parameters: all of the query and of the form that go along.
        """
        return self._signed_parameters(method, url, access_token, {}, parameters or {})

    def _signed_url(self, url: str, token: dict[str, Any] | None, more: dict[str, Any]) -> str:
        return with_query(url, self._signed_parameters("GET", url, token, more, {}))

    def _signed_parameters(
        self,
        method: str,
        url: str,
        token: dict[str, Any] | None,
        more: dict[str, Any],
        others: dict[str, Any],
    ) -> dict[str, Any]:
        """Those of the protocol, with ``more`` of them and a signature, which is of the ``others`` too."""
        consumer = self._oauth_consumer_token()
        signed: dict[str, Any] = {
            "oauth_consumer_key": to_basestring(consumer["key"]),
            "oauth_signature_method": self._OAUTH_SIGNATURE_METHOD,
            "oauth_timestamp": str(int(time.time())),
            "oauth_nonce": secrets.token_hex(_NONCE_BYTES),
            "oauth_version": "1.0",
        }
        if token is not None:
            signed["oauth_token"] = to_basestring(token["key"])
        signed.update(more)
        signed["oauth_signature"] = sign(
            self._OAUTH_SIGNATURE_METHOD,
            method,
            url,
            {**signed, **others},
            consumer["secret"],
            token["secret"] if token is not None else "",
        )
        return signed

    def _absolute(self, callback_uri: str) -> str:
        if callback_uri == "oob":  # "out of band"
            return callback_uri
        return urljoin(cast(RequestHandler, self).request.full_url(), callback_uri)
