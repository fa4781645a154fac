""":class:`OAuth2Mixin`: OAuth 2.0 (RFC 6749), with Tornado's names."""

import warnings
from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import urlencode

from ...escape import json_decode
from ...web import RequestHandler
from .asking import AsksProviders, with_query
from .states import States

REFUSALS: Final = frozenset({400, 403})
"""Of a code (RFC 6749 section 5.2). 401 is for the application itself: somebody has to look at that."""
_STATES: Final = States("_oauth2_state")


class OAuth2Mixin(AsksProviders):
    """Signs users in by OAuth 2.0. :class:`GoogleOAuth2Mixin` and :class:`FacebookGraphMixin` are made of it.

    Those have the attributes ``_OAUTH_AUTHORIZE_URL`` and ``_OAUTH_ACCESS_TOKEN_URL``.
    """

    _OAUTH_AUTHORIZE_URL: str
    _OAUTH_ACCESS_TOKEN_URL: str
    _OAUTH_STATE = False
    """True: :meth:`authorize_redirect` sends a ``state`` along, which only this browser knows, and
    ``get_authenticated_user()`` refuses who comes back without it. Tornado has no such thing, and leaves it to
    programs."""

    def authorize_redirect(
        self,
        redirect_uri: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        extra_params: dict[str, Any] | None = None,
        scope: Sequence[str] | None = None,
        response_type: str = "code",
    ) -> None:
        """Send the user to the provider. The response is finished then.

        :arg redirect_uri: where they come back: an absolute address that the provider knows. None: it knows but one.
        :arg client_id: what the provider knows the application by.
        :arg client_secret: has no effect, and is deprecated.
        :arg extra_params: more parameters. Raises :exc:`ValueError` for a ``state`` if ``_OAUTH_STATE`` is set.
        :arg scope: what is asked for.
        """
        if client_secret is not None:
            warnings.warn("client_secret argument is deprecated", DeprecationWarning, stacklevel=2)
        handler = cast(RequestHandler, self)
        arguments: dict[str, Any] = {"response_type": response_type}
        if redirect_uri is not None:
            arguments["redirect_uri"] = redirect_uri
        if client_id is not None:
            arguments["client_id"] = client_id
        arguments.update(extra_params or {})
        if scope:
            arguments["scope"] = " ".join(scope)
        if self._OAUTH_STATE:
            if "state" in arguments:
                raise ValueError("_OAUTH_STATE is set: the state is made, and cannot be given")
            arguments["state"] = _STATES.begin(handler)
        handler.redirect(with_query(self._OAUTH_AUTHORIZE_URL, arguments))

    def check_oauth_state(self) -> None:
        """If ``_OAUTH_STATE`` is set, raise an :exc:`.AuthError` (:exc:`.SignInError`, which is a 400 too) unless the
        ``state`` that has come back belongs to a sign-in that this browser has begun. It is good for one time.

        Call it before a code is used, in mixins of your own; those that are ready do.
        """
        if self._OAUTH_STATE:
            handler = cast(RequestHandler, self)
            _STATES.end(handler, handler.get_argument("state", None))

    def _oauth_request_token_url(
        self,
        redirect_uri: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        code: str | None = None,
        extra_params: dict[str, Any] | None = None,
    ) -> str:
        """The address that gives a token for a code, to providers that want everything in the query."""
        arguments = {
            "redirect_uri": redirect_uri,
            "code": code,
            "client_id": client_id,
            "client_secret": client_secret,
        }
        told = {name: value for name, value in arguments.items() if value is not None}
        return with_query(self._OAUTH_ACCESS_TOKEN_URL, {**told, **(extra_params or {})})

    async def oauth2_request(
        self,
        url: str,
        access_token: str | None = None,
        post_args: dict[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """The JSON at ``url``, asked for in the user's name.

        :arg access_token: goes into the query, as in Tornado.
        :arg post_args: the form of a POST; None: it is a GET.
        :arg args: more for the query.

        Raises what ``fetch`` raises.
        """
        query = {"access_token": access_token, **args} if access_token else args
        if query:
            url = with_query(url, query)
        http_client = self.get_auth_http_client()
        if post_args is None:
            response = await http_client.fetch(url)
        else:
            body = urlencode(post_args)
            response = await http_client.fetch(url, method="POST", body=body)
        return json_decode(response.body)
