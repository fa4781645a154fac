"""The site as an application: its addresses and settings, and whom one can sign in with."""

from __future__ import annotations

import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from demos.serving import a_folder
from tornadolike import stores
from tornadolike.auth import OAuth2Provider, SignOuts
from tornadolike.middleware import SecurityHeaders
from tornadolike.sessions import Sessions
from tornadolike.web import Application

from . import accounts, configured, pages, passkeys, signing_in
from .local_provider import is_installed, local_provider
from .pages import Nowhere, Page
from .people import People

HERE = Path(__file__).parent

FOLDER = "LOGIN_FOLDER"
"""The environment variable that names the folder to keep everything in."""

SECRET = "LOGIN_SECRET"  # noqa: S105 (its name)
"""The one that has the secret for cookies: `python -m tornadolike secret` makes one."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


def make_app(
    people: People,
    sessions: stores.Store,
    providers: Mapping[str, OAuth2Provider],
    cookie_secret: str,
) -> Application:
    """The site around those who have an account."""
    app = Application(
        middleware=[
            SecurityHeaders(content_security_policy=POLICY, referrer_policy="same-origin"),
            Sessions(sessions, name="login"),
        ],
        people=people,
        providers=providers,
        sign_outs=SignOuts(sessions),
        titles=configured.TITLES,
        cookie_secret=cookie_secret,
        base_handler=Page,
        default_handler_class=Nowhere,
        template_path=str(HERE / "templates"),
        autoescape="contextual",
        static_path=str(HERE / "static"),
        login_url="/signin",
        automatic_head=True,
        xsrf_cookies=True,
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax"},
        cross_origin_protection=True,
    )
    app.add_handlers(".*", signing_in.rules(providers))
    for part in (pages, accounts, passkeys):
        app.add_blueprint(part.group)
    return app


@asynccontextmanager
async def login(environment: Mapping[str, str]) -> AsyncIterator[Application]:
    """The application, and beside it a provider of its own if there is no other."""
    async with AsyncExitStack() as stack:
        providers = configured.providers(environment) or await beside(stack)
        folder = stack.enter_context(a_folder(environment.get(FOLDER), "login-"))
        people = People(folder / "people.sqlite")
        stack.callback(people.close)
        sessions = stores.SQLiteStore(folder / "sessions.sqlite")
        secret = environment.get(SECRET) or secrets.token_urlsafe(32)
        yield await stack.enter_async_context(make_app(people, sessions, providers, secret))


async def beside(stack: AsyncExitStack) -> Mapping[str, OAuth2Provider]:
    """A provider that runs until the stack is left; none, if it cannot."""
    if not is_installed():
        print("No provider is configured, and oidc-provider-mock is not installed.")
        return {}
    try:
        issuer = await stack.enter_async_context(local_provider())
    except RuntimeError as error:
        print(f"No provider is configured, and {error}.", file=sys.stderr)
        return {}
    port = issuer.rpartition(":")[2]
    print(f"No provider is configured, so one runs on port {port} (see demos/login/README.md)")
    return {configured.LOCAL: configured.local(issuer)}
