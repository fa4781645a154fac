""":class:`OpenIdMixin`: OpenID 2.0, with Tornado's names."""

import time
from collections.abc import Iterable
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from ...httpclient import AsyncHTTPClient, HTTPResponse
from ...web import RequestHandler
from .asking import AsksProviders, with_query
from .assertions import (
    PREFIX,
    came_back_there,
    check_answer,
    is_confirmed,
    read_answer,
    signed_fields,
    with_state,
)
from .attributes import request_for, user_of
from .refusals import RefusedError
from .states import States

_ANYBODY: Final = "http://specs.openid.net/auth/2.0/identifier_select"
_STATES: Final = States("_openid_state", posted=True)
_STATE: Final = "openid_state"


class OpenIdMixin(AsksProviders):
    """Signs users in by OpenID 2.0, which is not OpenID Connect, and which few providers still speak: Steam does.

    Those that are made of it have the attribute ``_OPENID_ENDPOINT``.

    .. code-block:: python

        class Login(RequestHandler, OpenIdMixin):
            _OPENID_ENDPOINT = "https://steamcommunity.com/openid/login"

            async def get(self):
                if not self.get_argument("openid.mode", None):
                    self.authenticate_redirect(ax_attrs=[])
                    return
                user = await self.get_authenticated_user()
                self.set_signed_cookie("user", user["claimed_id"])
                self.redirect("/")

    Of what comes back only that is believed which the provider has signed, for this sign-in, in this browser. An answer
    without any signature is believed if the provider confirms it, which no right one does.
    """

    _OPENID_ENDPOINT: str
    _OPENID_RETURN_TO: str | None = None
    """The address to which users come back, as browsers know it: for sites behind a proxy that changes the host or the
    path. None: that of the request."""

    def authenticate_redirect(
        self,
        callback_uri: str | None = None,
        ax_attrs: Iterable[str] = ("name", "email", "language", "username"),
    ) -> None:
        """Send the user to the provider. The response is finished then.

        :arg callback_uri: where they come back: absolute, or as seen from the address of this request. None:
            ``_OPENID_RETURN_TO``, or that of this request.
        :arg ax_attrs: what is asked for. Raises :exc:`KeyError` for others.
        """
        handler = cast(RequestHandler, self)
        here = self._OPENID_RETURN_TO or handler.request.full_url()
        arguments = self._openid_args(callback_uri or here, ax_attrs=ax_attrs)
        handler.redirect(with_query(self._OPENID_ENDPOINT, arguments))

    async def get_authenticated_user(
        self, http_client: AsyncHTTPClient | None = None
    ) -> dict[str, Any]:
        """The user who has come back: ``claimed_id``, by which the provider knows them, and what it tells of ``name``,
        ``first_name``, ``last_name``, ``email``, ``locale`` and ``username``.

        Raises an :exc:`.AuthError` which is a 400 too for what is not to be believed, and a 403 for who said no; and
        what ``fetch`` raises.
        """
        handler = cast(RequestHandler, self)
        answer = read_answer(handler.request.arguments)
        self._check_openid_answer(answer)
        question = {PREFIX + name: value for name, value in answer.items()}
        question["openid.mode"] = "check_authentication"
        http_client = http_client or self.get_auth_http_client()
        response = await http_client.fetch(
            self._OPENID_ENDPOINT, method="POST", body=urlencode(question)
        )
        return self._on_authentication_verified(response)

    def _openid_args(
        self,
        callback_uri: str,
        ax_attrs: Iterable[str] = (),
        oauth_scope: str | None = None,
    ) -> dict[str, str]:
        """The arguments that ask the provider who somebody is. The browser keeps a state from then on."""
        handler = cast(RequestHandler, self)
        url = urljoin(handler.request.full_url(), callback_uri)
        arguments = {
            "openid.ns": "http://specs.openid.net/auth/2.0",
            "openid.claimed_id": _ANYBODY,
            "openid.identity": _ANYBODY,
            "openid.return_to": with_state(url, _STATE, _STATES.begin(handler)),
            "openid.realm": urljoin(url, "/"),
            "openid.mode": "checkid_setup",
            **request_for(ax_attrs),
        }
        if oauth_scope:
            arguments |= {
                "openid.ns.oauth": "http://specs.openid.net/extensions/oauth/1.0",
                "openid.oauth.consumer": handler.request.host.split(":")[0],
                "openid.oauth.scope": oauth_scope,
            }
        return arguments

    def _check_openid_answer(self, answer: dict[str, str]) -> None:
        """All that can be known before the provider is asked. Raises :exc:`.AuthError`.

        :arg answer: its fields, without ``openid.`` before their names. If it has no signature that says of what it is
            one, the provider has the only word, as in Tornado: what stands in for a provider in tests says yes.
        """
        if not _is_signed(answer) and answer.get("mode") != "cancel":
            return
        handler = cast(RequestHandler, self)
        check_answer(answer, self._OPENID_ENDPOINT, time.time())
        here = self._OPENID_RETURN_TO or handler.request.full_url()
        if not came_back_there(answer, here, handler.request.arguments):
            raise RefusedError("The OpenID response has not come back where it should")
        query = dict(parse_qsl(urlsplit(answer["return_to"]).query))
        _STATES.end(handler, query.get(_STATE))

    def _on_authentication_verified(self, response: HTTPResponse) -> dict[str, Any]:
        """The user, if the provider confirms its answer. Raises :exc:`.AuthError`."""
        if not is_confirmed(response.body):
            raise RefusedError("Invalid OpenID response")
        answer = read_answer(cast(RequestHandler, self).request.arguments)
        return dict(user_of(signed_fields(answer) if _is_signed(answer) else answer))


def _is_signed(answer: dict[str, str]) -> bool:
    return "signed" in answer
