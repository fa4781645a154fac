""":class:`Slack`: OpenID Connect, with workspaces."""

from collections.abc import Mapping
from typing import Any, Final

from ..arguments import check_text_if_any
from ..errors import AccessDeniedError
from ..identities import Identity
from ..oauth2.pending import Pending
from ..openid.provider import OpenIDProvider
from ..tokens import Token

TEAM: Final = "https://slack.com/team_id"
"""The claim that has the workspace."""


class Slack(OpenIDProvider):
    """`Sign in with Slack <https://docs.slack.dev/authentication/sign-in-with-slack/>`_.

    PKCE is for Slack's apps without a secret, and has to be allowed for each of them: it is not used.

    :arg team: let in only users of this workspace (``"T0123456"``); others get :exc:`.AccessDeniedError`.
    :arg more: as of :class:`.OpenIDProvider`.
    """

    default_name = "slack"
    issuer = "https://slack.com"
    uses_pkce = False

    def __init__(
        self, client_id: str, client_secret: str, *, team: str | None = None, **more: Any
    ) -> None:
        super().__init__(client_id, client_secret, **more)
        check_text_if_any(team=team)
        self._team = team

    def identity_of(self, claims: Mapping[str, Any], token: Token) -> Identity:
        if self._team is not None and claims.get(TEAM) != self._team:
            raise AccessDeniedError("access_denied", "the account is not of the workspace that may")
        return super().identity_of(claims, token)

    def _authorization_parameters(self, pending: Pending) -> dict[str, Any]:
        parameters = super()._authorization_parameters(pending)
        return parameters if self._team is None else {**parameters, "team": self._team}
