"""A site whose users sign in with the provider: the relying party of these tests."""

import json
import secrets
import time
from typing import Any

from tornadolike.auth import (
    AuthError,
    BackChannelLogoutMixin,
    OpenIDProvider,
    SignInMixin,
    SignOuts,
)
from tornadolike.sessions import Sessions
from tornadolike.stores import MemoryStore
from tornadolike.web import Application, RequestHandler

CLIENT = "the site"
SECRET = "50% of the secret: a+b/c & more of it"
SIGNIN, HOME, GOODBYE, BACK = "/signin", "/", "/goodbye", "/backchannel"


class Home(RequestHandler):
    """Tells who one is, as JSON in a page."""

    async def get(self) -> None:
        who = self.session.get("who")
        if who and await self.settings["sign_outs"].covers(*who, since=self.session["since"]):
            self.session.invalidate()
        self.write(f"<pre id=who>{json.dumps(dict(self.session), sort_keys=True)}</pre>")


class SignIn(SignInMixin, RequestHandler):
    """Keeps what has gone wrong, for the test to look at."""

    async def authorize_redirect(self, next: str | None = None, **parameters: Any) -> None:
        await super().authorize_redirect(next, **self.settings["parameters"], **parameters)

    @property
    def provider(self) -> OpenIDProvider:  # type: ignore[override]
        return self.settings["provider"]

    async def signed_in(self, identity: Any, next: str) -> None:
        self.settings["identities"].append(identity)
        self.settings["answers"].append(self.request.full_url())
        self.session.rotate()
        self.session["subject"] = identity.subject
        self.session["who"] = [identity.issuer, identity.subject, identity.session_id]
        self.session["since"] = time.time()
        self.redirect(next)

    def sign_in_failed(self, error: AuthError) -> Any:
        self.settings["errors"].append(error)
        return super().sign_in_failed(error)


class BackChannel(BackChannelLogoutMixin, RequestHandler):
    """Where the provider tells of who has signed out there. The tokens are kept for the test to look at."""

    @property
    def provider(self) -> OpenIDProvider:  # type: ignore[override]
        return self.settings["provider"]

    @property
    def sign_outs(self) -> SignOuts:  # type: ignore[override]
        return self.settings["sign_outs"]

    async def post(self) -> None:
        self.settings["logouts"].append(self.get_body_argument("logout_token"))
        await super().post()


class Goodbye(RequestHandler):
    """Where the provider sends those who have signed out."""

    def get(self) -> None:
        self.write(f"<p id=bye>Goodbye {self.get_argument('state', 'without a state')}</p>")


class FormPost(OpenIDProvider):
    """The browser comes back with a form."""

    response_mode = "form_post"


class Site:
    """One that runs: its client is registered with the provider, and nobody else's is."""

    def __init__(
        self,
        provider: Any,
        serve: Any,
        *,
        kind: type[OpenIDProvider] = OpenIDProvider,
        client: dict[str, Any] | None = None,
        secret: str | None = SECRET,
        parameters: dict[str, Any] | None = None,
        server: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """
        ``identities``, ``answers`` (the URLs by which users have come back), ``errors`` and ``logouts`` have what came.

        :arg client: more of what the provider is told of it.
        :arg parameters: more of the authorization request.
        :arg server: options of ``serve``.
        :arg options: more for the object ``kind(...)``.
        """
        self.identities: list[Any] = []
        self.answers: list[str] = []
        self.errors: list[AuthError] = []
        self.logouts: list[str] = []
        self.openid = kind(CLIENT, secret, issuer=provider.issuer, **options)
        self.app = Application(
            [(HOME, Home), (SIGNIN, SignIn), (GOODBYE, Goodbye), (BACK, BackChannel)],
            middleware=[Sessions(MemoryStore())],
            cookie_secret=secrets.token_urlsafe(32),
            xsrf_cookies=True,
            provider=self.openid,
            identities=self.identities,
            answers=self.answers,
            errors=self.errors,
            logouts=self.logouts,
            sign_outs=SignOuts(MemoryStore()),
            parameters=parameters or {},
            log_function=lambda handler: None,  # 502 and 503 are not our failures
        )
        self.server = serve(self.app, **(server or {}))
        self.url: str = self.server.url
        self.register(provider, **(client or {}))

    def register(self, provider: Any, **client: Any) -> None:
        """Tell the provider of this site."""
        known = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [self.url + SIGNIN],
            "post_logout_redirect_uris": [self.url + GOODBYE],
            "grant_types": ["authorization_code", "refresh_token"],
            **client,
        }
        provider.tell(clients=[{key: value for key, value in known.items() if value is not None}])

    def run(self, coroutine_function: Any, *arguments: Any) -> Any:
        """What a coroutine function of the provider's object gives, in the site's loop."""
        return self.server.call(coroutine_function, *arguments)
