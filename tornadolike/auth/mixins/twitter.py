""":class:`TwitterMixin`: signing in with Twitter, and its interface 1.1, with Tornado's names."""

from typing import Any, cast
from urllib.parse import urlencode

from ...escape import json_decode
from ...web import RequestHandler
from .asking import with_query
from .oauth1 import OAuthMixin


class TwitterMixin(OAuthMixin):
    """Signs users in with Twitter by OAuth 1.0a. The settings ``twitter_consumer_key`` and
    ``twitter_consumer_secret`` say who asks.

    .. code-block:: python

        class Login(RequestHandler, TwitterMixin):
            async def get(self):
                if self.get_argument("oauth_token", None):
                    user = await self.get_authenticated_user()
                    self.set_signed_cookie("user", user["username"])
                    self.redirect("/")
                else:
                    await self.authorize_redirect()
    """

    _OAUTH_REQUEST_TOKEN_URL = "https://api.twitter.com/oauth/request_token"  # noqa: S105 - an address
    _OAUTH_ACCESS_TOKEN_URL = "https://api.twitter.com/oauth/access_token"  # noqa: S105 - an address
    _OAUTH_AUTHORIZE_URL = "https://api.twitter.com/oauth/authorize"
    _OAUTH_AUTHENTICATE_URL = "https://api.twitter.com/oauth/authenticate"
    _OAUTH_NO_CALLBACKS = False
    _TWITTER_BASE_URL = "https://api.twitter.com/1.1"

    async def authenticate_redirect(self, callback_uri: str | None = None) -> None:
        """As :meth:`authorize_redirect`; who has agreed before is not asked again."""
        http_client = self.get_auth_http_client()
        response = await http_client.fetch(self._oauth_request_token_url(callback_uri=callback_uri))
        self._on_request_token(self._OAUTH_AUTHENTICATE_URL, None, response)

    async def twitter_request(
        self,
        path: str,
        access_token: dict[str, Any] | None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """The JSON at ``path``, such as ``"/statuses/user_timeline/btaylor"``: without the version and ``.json``. Or a
        whole address.

        :arg access_token: the user's; None: nobody's.
        :arg post_args: the form of a POST; None: it is a GET.
        :arg args: the query.

        Raises what ``fetch`` raises.
        """
        whole = path.startswith(("http:", "https:"))
        url = path if whole else f"{self._TWITTER_BASE_URL}{path}.json"
        query = dict(args)
        if access_token:
            method = "GET" if post_args is None else "POST"
            signed = {**args, **(post_args or {})}
            query |= self._oauth_request_parameters(url, access_token, signed, method=method)
        if query:
            url = with_query(url, query)
        http_client = self.get_auth_http_client()
        if post_args is None:
            response = await http_client.fetch(url)
        else:
            body = urlencode(post_args, doseq=True)
            response = await http_client.fetch(url, method="POST", body=body)
        return json_decode(response.body)

    def _oauth_consumer_token(self) -> dict[str, Any]:
        handler = cast(RequestHandler, self)
        handler.require_setting("twitter_consumer_key", "Twitter OAuth")
        handler.require_setting("twitter_consumer_secret", "Twitter OAuth")
        return {
            "key": handler.settings["twitter_consumer_key"],
            "secret": handler.settings["twitter_consumer_secret"],
        }

    async def _oauth_get_user_future(self, access_token: dict[str, Any]) -> dict[str, Any]:
        user: dict[str, Any] = await self.twitter_request(
            "/account/verify_credentials", access_token=access_token
        )
        if user:
            user["username"] = user["screen_name"]
        return user
