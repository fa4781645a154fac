"""The blog as an application: its addresses, its settings, and the folder that has all of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from demos.serving import a_folder
from tornadolike import locale, stores
from tornadolike.middleware import SecurityHeaders
from tornadolike.sessions import Sessions
from tornadolike.web import Application

from . import accounts, entries, feeds, modules, pages, pictures
from .pages import Nowhere, Page, StaticFile
from .pictures import Pictures
from .store import Store

HERE = Path(__file__).parent

FOLDER = "BLOG_FOLDER"
"""The environment variable that names the folder to keep everything in."""

SECRET = "BLOG_SECRET"  # noqa: S105 (its name)
"""The one that has the secret for cookies: `python -m tornadolike secret` makes one."""

SWEEP_SECONDS = 3600

# The pages need nothing but their own files. `blob:` is the picture that somebody has just chosen.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


def make_app(
    store: Store, folder: Pictures, sessions: stores.Store, cookie_secret: str
) -> Application:
    """The blog around one store."""
    app = Application(
        middleware=[
            SecurityHeaders(content_security_policy=POLICY, referrer_policy="same-origin"),
            Sessions(sessions, name="blog", permanent=True),
        ],
        store=store,
        pictures=folder,
        cookie_secret=cookie_secret,
        base_handler=Page,
        default_handler_class=Nowhere,
        template_path=str(HERE / "templates"),
        autoescape="contextual",
        ui_modules={
            "Teaser": modules.Teaser,
            "Text": modules.Text,
            "Editor": modules.Editor,
        },
        ui_methods={"excerpt": modules.excerpt, "initial": modules.initial, "hue": modules.hue},
        static_path=str(HERE / "static"),
        static_handler_class=StaticFile,
        login_url="/signin",
        automatic_head=True,
        xsrf_cookies=True,
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax"},
        cross_origin_protection=True,
    )
    for part in (entries, feeds, pictures, accounts, pages):
        app.add_blueprint(part.group)
    app.background.every(SWEEP_SECONDS, sweep, store, folder)
    return app


async def sweep(store: Store, folder: Pictures) -> None:
    """Forget pictures that no entry shows: of a save that was cut off, say."""
    await folder.keep_only(await store.pictures())


@asynccontextmanager
async def blog() -> AsyncIterator[Application]:
    """The application with what is in the folder; one that nobody named is removed at the end."""
    locale.load_gettext_translations(str(HERE / "locale"), "blog")
    locale.set_default_locale("en")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(a_folder(os.environ.get(FOLDER), "blog-"))
        shown = Pictures(folder / "pictures")
        shown.folder.mkdir(exist_ok=True)
        store = Store(folder / "blog.sqlite")
        stack.callback(store.close)
        sessions = stores.SQLiteStore(folder / "sessions.sqlite")
        secret = os.environ.get(SECRET) or secrets.token_urlsafe(32)
        app = make_app(store, shown, sessions, secret)
        yield await stack.enter_async_context(app)
