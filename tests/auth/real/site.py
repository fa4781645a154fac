"""A site whose users sign in with the provider: the relying party of these tests."""

import asyncio
import json
import secrets
from typing import Any

from tornadolike.auth import AuthError, OpenIDProvider
from tornadolike.auth.signin import SignInMixin
from tornadolike.middleware import SecurityHeaders
from tornadolike.sessions import Sessions
from tornadolike.stores import MemoryStore
from tornadolike.web import Application, RequestHandler

CLIENT = "the site"
SECRET = "50% of the secret: a+b/c & more of it"
SIGNIN, HOME, GOODBYE = "/signin", "/", "/goodbye"


class Home(RequestHandler):
    """Tells who one is, as JSON in a page."""

    def get(self) -> None:
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
        self.session.rotate()
        self.session["subject"] = identity.subject
        self.redirect(next)

    def sign_in_failed(self, error: AuthError) -> Any:
        self.settings["errors"].append(error)
        return super().sign_in_failed(error)


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
        rules: Any = (),
        **options: Any,
    ) -> None:
        """
        :arg client: more of what the provider is told of it.
        :arg parameters: more of the authorization request.
        :arg options: more for the object ``kind(...)``.
        """
        self.identities: list[Any] = []
        self.errors: list[AuthError] = []
        self.openid = kind(CLIENT, secret, issuer=provider.issuer, **options)
        self.app = Application(
            [(HOME, Home), (SIGNIN, SignIn), (GOODBYE, Goodbye), *rules],
            middleware=[SecurityHeaders(content_security_policy=None), Sessions(MemoryStore())],
            cookie_secret=secrets.token_urlsafe(32),
            xsrf_cookies=True,
            provider=self.openid,
            identities=self.identities,
            errors=self.errors,
            parameters=parameters or {},
        )
        self.server = serve(self.app)
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


async def in_time(awaitable: Any, seconds: float = 60) -> Any:
    """What it gives, if it does in time."""
    async with asyncio.timeout(seconds):
        return await awaitable
