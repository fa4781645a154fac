""":class:`BackChannelLogoutMixin`: where a provider tells that somebody has signed out."""

from http import HTTPStatus

from ...log import gen_log, on_one_line
from ...stores import StoreError
from ...web import HTTPError, RequestHandler
from ..errors import AuthError, TokenError
from ..openid.logout import Logout, read_logout_token
from ..openid.provider import OpenIDProvider
from .sign_outs import SignOuts


class BackChannelLogoutMixin(RequestHandler):
    """Hears from a :attr:`provider` that somebody has signed out there, or elsewhere (Back-Channel Logout 1.0).

    .. code-block:: python

        class BackChannelLogout(BackChannelLogoutMixin, RequestHandler):
            provider = provider
            sign_outs = SignOuts(store)

    It is the provider's server that asks, not the browser: no session is at hand, and none is needed, for what it sends
    is signed. What is not right gets a 400, as the specification has it, and a 503 while the store fails.
    """

    provider: OpenIDProvider
    """Whose users they are: an attribute of the class, or set by ``initialize()``."""
    sign_outs: SignOuts | None = None
    """Where logouts are remembered, and by which none counts twice."""

    async def post(self) -> None:
        """Take a logout token."""
        self.set_header("Cache-Control", "no-store")
        try:
            tokens = self.get_body_arguments("logout_token")
            if len(tokens) != 1:
                raise TokenError("a logout is told by one logout_token")
            await self.signed_out(await read_logout_token(tokens[0], self.provider))
        except AuthError as error:
            gen_log.warning("%s: %s", self._request_summary(), on_one_line(str(error)))
            self.set_status(HTTPStatus.BAD_REQUEST)
            self.write({"error": "invalid_request", "error_description": _told(error)})
        except StoreError as error:
            raise HTTPError(503, f"logout: {error}", detail="Please try again later.") from error

    async def signed_out(self, logout: Logout) -> None:
        """May be overridden: somebody has signed out. By default :attr:`sign_outs` remembers it.

        Raises :exc:`.AuthError` for what does not count.
        """
        if self.sign_outs is None:
            raise NotImplementedError(f"{type(self).__name__} has neither sign_outs nor signed_out")
        if not await self.sign_outs.add(logout):
            raise TokenError("the logout token has come before")

    def check_xsrf_cookie(self) -> None:
        """The request is known by the token's signature, and by no cookie."""


def _told(error: AuthError) -> str:
    """Only what is wrong with the token: the rest is our affair."""
    return str(error) if isinstance(error, TokenError) else "the logout token cannot be checked now"
