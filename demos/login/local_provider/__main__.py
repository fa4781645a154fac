"""The provider's own process: serves until nobody holds the other end of its standard input."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import tornadolike
from tornadolike.httpserver import HTTPServer
from tornadolike.netutil import bind_sockets
from tornadolike.wsgi import WSGIContainer

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # http://127.0.0.1 is as good as HTTPS

from authlib.deprecate import AuthlibDeprecationWarning

# For those who write programs with it. Importing the name has made them be shown, so this comes behind.
warnings.simplefilter("ignore", AuthlibDeprecationWarning)

import flask  # noqa: E402 - behind what decides whether it is warned of
import jinja2  # noqa: E402 - the same
import oidc_provider_mock  # noqa: E402 - the same

TEMPLATES = Path(__file__).parent / "templates"
THREADS = 4

PEOPLE = {
    "ada": {"name": "Ada Lovelace", "email": "ada@example.com", "email_verified": True},
    "grace": {"name": "Grace Hopper", "email": "grace@example.com", "email_verified": True},
    "mallory": {"name": "Mallory", "email": "ada@example.com", "email_verified": False},
}
"""Who has an account there; anybody else gets one by telling a name. One of them claims another's address."""


def provider() -> WSGIContainer:
    """The provider, in pages that need nothing from anywhere else."""
    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    app = oidc_provider_mock.app(user_claims=users, require_nonce=True)
    app.debug = False
    assert app.jinja_loader is not None
    loaders = [jinja2.FileSystemLoader(TEMPLATES), app.jinja_loader]
    app.jinja_env.loader = jinja2.ChoiceLoader(loaders)
    app.after_request(with_state)
    return WSGIContainer(app, ThreadPoolExecutor(THREADS))


def with_state(response: flask.Response) -> flask.Response:
    """The provider forgets the state when somebody says no, without which an answer is nobody's (RFC 6749 4.1.2.1)."""
    state = flask.request.args.get("state")
    if state and "error=" in (response.location or "") and "state=" not in response.location:
        response.location += "&" + urlencode({"state": state})
    return response


async def main() -> None:
    """Serve on a free port, tell the issuer, and wait for the end of the input."""
    server = HTTPServer(provider())
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print(f"http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.stop()
    await server.close_all_connections()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the site, which ends this one
    tornadolike.run(main())
