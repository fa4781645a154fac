"""Port 80 of a site that speaks HTTPS itself: everybody is sent there, but for who renews the certificate.

ACME_FOLDER is where certbot (`--webroot`) lays down what it is asked for.
"""

from __future__ import annotations

import os
from pathlib import Path

from tornadolike.middleware import HTTPSRedirect
from tornadolike.web import Application, StaticFileHandler

CHALLENGES = "/.well-known/acme-challenge/"


def make_app() -> Application:
    """One for the folder that the environment names."""
    folder = Path(os.environ.get("ACME_FOLDER", "/var/www/acme"))
    files = {"path": folder / CHALLENGES.strip("/")}
    return Application(
        [(f"{CHALLENGES}(.*)", StaticFileHandler, files)],
        middleware=[HTTPSRedirect(permanent=True)],
    )
