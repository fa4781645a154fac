""":class:`FacebookGraphMixin`, with Tornado's names."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any, Final

from ..errors import ProviderAnswerError
from .asking import exchanged, read_json_object
from .oauth2 import REFUSALS, OAuth2Mixin

_FIELDS: Final = ("id", "name", "first_name", "last_name", "locale", "picture", "link")


class FacebookGraphMixin(OAuth2Mixin):
    """Signs users in with Facebook by OAuth 2.0, and asks its Graph API.

    .. code-block:: python

        class Login(RequestHandler, FacebookGraphMixin):
            _OAUTH_STATE = True

            async def get(self):
                there, key = "https://example.com/login", self.settings["facebook_api_key"]
                if not self.get_argument("code", None):
                    self.authorize_redirect(there, key, extra_params={"scope": "email"})
                    return
                user = await self.get_authenticated_user(
                    there, key, self.settings["facebook_secret"], self.get_argument("code")
                )
                self.set_signed_cookie("user", user["id"])
                self.redirect("/")
    """

    _OAUTH_ACCESS_TOKEN_URL = "https://graph.facebook.com/oauth/access_token?"  # noqa: S105 - an address
    _OAUTH_AUTHORIZE_URL = "https://www.facebook.com/dialog/oauth?"
    _OAUTH_NO_CALLBACKS = False
    _FACEBOOK_BASE_URL = "https://graph.facebook.com"

    async def get_authenticated_user(
        self,
        redirect_uri: str,
        client_id: str,
        client_secret: str,
        code: str,
        extra_fields: Iterable[str] | None = None,
    ) -> dict[str, Any] | None:
        """The user who has come back with a code: ``id``, ``name``, ``first_name``, ``last_name``, ``locale``,
        ``picture``, ``link`` and the ``extra_fields``, each None if Facebook does not tell it; ``access_token``, and
        ``session_expires``: the seconds that it is good for, as a text. None if Facebook says nothing.

        :arg redirect_uri: the same that :meth:`authorize_redirect` was given.

        Raises :exc:`.AuthError`, and what ``fetch`` raises.
        """
        self.check_oauth_state()
        url = self._oauth_request_token_url(
            redirect_uri=redirect_uri,
            code=code,
            client_id=client_id,
            client_secret=client_secret,
        )
        fetching = self.get_auth_http_client().fetch(url)
        answer = read_json_object(await exchanged(fetching, REFUSALS))
        access_token = answer.get("access_token")
        if not isinstance(access_token, str):
            raise ProviderAnswerError("the provider's answer has no access_token")
        fields = list(dict.fromkeys([*_FIELDS, *(extra_fields or ())]))
        user = await self.facebook_request(
            path="/me",
            access_token=access_token,
            appsecret_proof=_proof(client_secret, access_token),
            fields=",".join(fields),
        )
        if user is None:
            return None
        if not isinstance(user, dict):
            raise ProviderAnswerError("the provider's answer is no user")
        return {
            **{field: user.get(field) for field in fields},
            "access_token": access_token,
            "session_expires": str(answer.get("expires_in")),
        }

    async def facebook_request(
        self,
        path: str,
        access_token: str | None = None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """The JSON at ``path`` of the Graph API (``_FACEBOOK_BASE_URL``), such as ``"/me/feed"``: see
        :meth:`oauth2_request`."""
        return await self.oauth2_request(
            self._FACEBOOK_BASE_URL + path, access_token=access_token, post_args=post_args, **args
        )


def _proof(client_secret: str, access_token: str) -> str:
    """``appsecret_proof``: that who has the token is the application, not somebody who has found it."""
    return hmac.new(client_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()
