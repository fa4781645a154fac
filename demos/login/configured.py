"""Which providers one can sign in with: those of which the environment has a client ID."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from demos.serving import Misconfigured
from tornadolike.auth import (
    Discord,
    GitHub,
    GitLab,
    Google,
    Microsoft,
    OAuth2Provider,
    OpenIDProvider,
)

LOCAL = "local"
"""The name of the provider on this machine."""

NAMED: Mapping[str, Callable[[str, str], OAuth2Provider]] = {
    "google": Google,
    "github": GitHub,
    "gitlab": GitLab,
    "microsoft": Microsoft,
    "discord": Discord,
}

TITLES = {
    "google": "Google",
    "github": "GitHub",
    "gitlab": "GitLab",
    "microsoft": "Microsoft",
    "discord": "Discord",
    "openid": "your OpenID provider",
    LOCAL: "the local OpenID provider",
}
"""What people call them."""


def providers(environment: Mapping[str, str]) -> dict[str, OAuth2Provider]:
    """By name, in the order in which they are offered. Raises `Misconfigured`."""
    found: dict[str, OAuth2Provider] = {}
    for name, kind in NAMED.items():
        client_id, secret = (f"{name.upper()}_CLIENT_{what}" for what in ("ID", "SECRET"))
        if environment.get(client_id):
            found[name] = kind(environment[client_id], _together(environment, secret, client_id))
    if issuer := environment.get("OPENID_ISSUER"):
        found["openid"] = OpenIDProvider(
            _together(environment, "OPENID_CLIENT_ID", "OPENID_ISSUER"),
            environment.get("OPENID_CLIENT_SECRET") or None,
            issuer=issuer,
        )
    return found


def local(issuer: str) -> OAuth2Provider:
    """The provider on this machine, which takes any client at its word."""
    return OpenIDProvider("demo", "a secret that it does not check", issuer=issuer, name=LOCAL)


def _together(environment: Mapping[str, str], needed: str, beside: str) -> str:
    if not environment.get(needed):
        raise Misconfigured(f"{beside} is set, but {needed} is not.")
    return environment[needed]
