"""Signing in: with other sites' accounts, and with one's own.

Tornado's mixins are here under their names. For all that is new: providers (:class:`OpenIDProvider` and those made of
it), which know how one signs in with them, and handlers with a :class:`SignInMixin`.

Its rooms, each of which knows only those above it:

.. code-block:: text

   errors       what is raised when somebody cannot be signed in
   tokens       what a provider gives for access
   identities   who has signed in
   jose         signed tokens: JWT and their keys
   oauth2       OAuth 2.0, the client's side
   openid       OpenID Connect
   providers    GitHub, Google, Microsoft, ...
   grants       tokens for scripts
   signin       handlers that sign users in
   mixins       Tornado's
   accounts     accounts of one's own: passwords, throttling, links in mails
   passkeys     WebAuthn
   guards       who may: Basic, bearer tokens, API keys, roles and permissions

Some stand on libraries of the extras ``auth`` (``joserfc``, ``argon2-cffi``) and ``passkeys`` (``webauthn``), and are
imported when they are asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .errors import (
    AccessDeniedError,
    AuthError,
    OAuthError,
    ProviderAnswerError,
    ProviderError,
    ProviderUnavailableError,
    SignInError,
    TokenError,
)
from .identities import Identity
from .tokens import Token

if TYPE_CHECKING:
    from .mixins import (
        FacebookGraphMixin,
        GoogleOAuth2Mixin,
        OAuth2Mixin,
        OAuthMixin,
        OpenIdMixin,
        TwitterMixin,
    )
    from .oauth2 import OAuth2Provider, Pending
    from .openid import OpenIDProvider

_HOMES: Final = {
    "FacebookGraphMixin": "mixins",
    "GoogleOAuth2Mixin": "mixins",
    "OAuth2Mixin": "mixins",
    "OAuthMixin": "mixins",
    "OpenIdMixin": "mixins",
    "TwitterMixin": "mixins",
    "OAuth2Provider": "oauth2",
    "OpenIDProvider": "openid",
    "Pending": "oauth2",
}
"""The room of each name that is imported when it is asked for."""

__all__ = [
    "AccessDeniedError",
    "AuthError",
    "FacebookGraphMixin",
    "GoogleOAuth2Mixin",
    "Identity",
    "OAuth2Mixin",
    "OAuth2Provider",
    "OAuthError",
    "OAuthMixin",
    "OpenIDProvider",
    "OpenIdMixin",
    "Pending",
    "ProviderAnswerError",
    "ProviderError",
    "ProviderUnavailableError",
    "SignInError",
    "Token",
    "TokenError",
    "TwitterMixin",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
