""":class:`GitLab`: OpenID Connect, at gitlab.com or one's own."""

from typing import Any, Final

from ..oauth2.urls import checked_base
from ..openid.provider import OpenIDProvider

HOST: Final = "https://gitlab.com"


class GitLab(OpenIDProvider):
    """Signing in with `GitLab <https://docs.gitlab.com/integration/openid_connect_provider/>`_.

    :arg base_url: of a GitLab of one's own (``"https://git.example.com"``).
    :arg more: as of :class:`.OpenIDProvider`.

    Raises :exc:`ValueError` for another ``base_url``.
    """

    default_name = "gitlab"

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        *,
        base_url: str = HOST,
        **more: Any,
    ) -> None:
        super().__init__(client_id, client_secret, issuer=checked_base(base_url), **more)
