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
    from .guards.permissions import (
        requires_any_permission,
        requires_any_role,
        requires_permission,
        requires_role,
    )
    from .oauth2 import OAuth2Provider, Pending
    from .openid import OpenIDProvider
    from .passkeys import (
        Credential,
        CredentialStorage,
        MemoryCredentials,
        PasskeyError,
        PasskeyOwner,
        PasskeyRegistrationMixin,
        Passkeys,
        PasskeyScript,
        PasskeySignInMixin,
    )

_HOMES: Final = {
    "Credential": "passkeys",
    "CredentialStorage": "passkeys",
    "MemoryCredentials": "passkeys",
    "OAuth2Provider": "oauth2",
    "OpenIDProvider": "openid",
    "PasskeyError": "passkeys",
    "PasskeyOwner": "passkeys",
    "PasskeyRegistrationMixin": "passkeys",
    "PasskeyScript": "passkeys",
    "PasskeySignInMixin": "passkeys",
    "Passkeys": "passkeys",
    "Pending": "oauth2",
    "requires_any_permission": "guards.permissions",
    "requires_any_role": "guards.permissions",
    "requires_permission": "guards.permissions",
    "requires_role": "guards.permissions",
}
"""The room of each name that is imported when it is asked for."""

__all__ = [
    "AccessDeniedError",
    "AuthError",
    "Credential",
    "CredentialStorage",
    "Identity",
    "MemoryCredentials",
    "OAuth2Provider",
    "OAuthError",
    "OpenIDProvider",
    "PasskeyError",
    "PasskeyOwner",
    "PasskeyRegistrationMixin",
    "PasskeyScript",
    "PasskeySignInMixin",
    "Passkeys",
    "Pending",
    "ProviderAnswerError",
    "ProviderError",
    "ProviderUnavailableError",
    "SignInError",
    "Token",
    "TokenError",
    "requires_any_permission",
    "requires_any_role",
    "requires_permission",
    "requires_role",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
