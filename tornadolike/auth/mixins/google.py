""":class:`GoogleOAuth2Mixin`, with Tornado's names."""

from typing import Any, cast
from urllib.parse import urlencode

from ...web import RequestHandler
from .asking import exchanged, read_json_object
from .oauth2 import REFUSALS, OAuth2Mixin


class GoogleOAuth2Mixin(OAuth2Mixin):
    """Signs users in with Google by OAuth 2.0. The setting ``google_oauth`` says who asks: a dictionary with ``key``
    and ``secret``.

    .. code-block:: python

        class Login(RequestHandler, GoogleOAuth2Mixin):
            _OAUTH_STATE = True

            async def get(self):
                there = "https://example.com/login"
                if not self.get_argument("code", None):
                    key = self.get_google_oauth_settings()["key"]
                    self.authorize_redirect(there, key, scope=["profile", "email"])
                    return
                token = await self.get_authenticated_user(there, self.get_argument("code"))
                user = await self.oauth2_request(
                    self._OAUTH_USERINFO_URL, access_token=token["access_token"]
                )
                self.set_signed_cookie("user", user["id"])
                self.redirect("/")
    """

    _OAUTH_AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
    _OAUTH_ACCESS_TOKEN_URL = "https://www.googleapis.com/oauth2/v4/token"  # noqa: S105 - an address
    _OAUTH_USERINFO_URL = "https://www.googleapis.com/oauth2/v1/userinfo"
    _OAUTH_NO_CALLBACKS = False
    _OAUTH_SETTINGS_KEY = "google_oauth"

    def get_google_oauth_settings(self) -> dict[str, str]:
        """``{"key": CLIENT_ID, "secret": CLIENT_SECRET}``; may be overridden. By default the setting of the name
        ``_OAUTH_SETTINGS_KEY``; raises :exc:`KeyError` if there is none."""
        settings: dict[str, str] = cast(RequestHandler, self).settings[self._OAUTH_SETTINGS_KEY]
        return settings

    async def get_authenticated_user(
        self,
        redirect_uri: str,
        code: str,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> dict[str, Any]:
        """What Google gives for a code: ``access_token``, ``expires_in``, ``id_token``, ...

        The ID token has not been looked at: ask for the user info, as above.

        :arg redirect_uri: the same that :meth:`authorize_redirect` was given.

        Raises :exc:`.AuthError`, and what ``fetch`` raises.
        """
        self.check_oauth_state()
        if client_id is None or client_secret is None:
            settings = self.get_google_oauth_settings()
            client_id = settings["key"] if client_id is None else client_id
            client_secret = settings["secret"] if client_secret is None else client_secret
        form = {
            "redirect_uri": redirect_uri,
            "code": code,
            "client_id": client_id,
            "client_secret": client_secret,
            "grant_type": "authorization_code",
        }
        fetching = self.get_auth_http_client().fetch(
            self._OAUTH_ACCESS_TOKEN_URL,
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form),
        )
        return read_json_object(await exchanged(fetching, REFUSALS))
