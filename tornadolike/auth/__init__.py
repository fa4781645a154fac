"""Signing in: with other sites' accounts, and with one's own.

Tornado's mixins are here under their names. For all that is new: providers (:class:`OpenIDProvider` and those made of
it), which know how one signs in with them, and handlers with a :class:`SignInMixin`.

Its rooms, each of which knows only those above it:

.. code-block:: text

   arguments    what is refused where it is said
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
    SignInRequiredError,
    TokenError,
)
from .identities import Identity
from .tokens import Token

if TYPE_CHECKING:
    from .accounts.foreign_hashes import django_hashes, werkzeug_hashes
    from .accounts.leaked import LeakedPasswords
    from .accounts.mail_tokens import MailTokens
    from .accounts.password_rules import PasswordFault, PasswordRules
    from .accounts.passwords import PasswordHasher, Verified
    from .accounts.threads import TooBusyError
    from .accounts.throttling import LoginThrottle, TooManyAttemptsError
    from .grants import (
        ClientCredentials,
        DeviceCode,
        DeviceGrant,
        FileTokens,
        Grant,
        MemoryTokens,
        StoreTokens,
        TokenAuth,
        Tokens,
        TokenServer,
        TokenStorage,
    )
    from .guards.access_tokens import write_access_token
    from .guards.api_key_auth import ApiKeyAuthentication
    from .guards.api_keys import ApiKey, ApiKeys, make_api_key
    from .guards.authenticate import Authenticate
    from .guards.basic import BasicAuthentication
    from .guards.bearer import BearerAuthentication
    from .guards.credentials import ALL_SCOPES, Credentials, credentials_of
    from .guards.jwt_bearer import JWTBearer
    from .guards.permissions import (
        requires_any_permission,
        requires_any_role,
        requires_permission,
        requires_role,
    )
    from .guards.scopes import requires_scope
    from .jose.keys import Keys, KnownKeys, load_key, new_key, secret_key
    from .jose.reading import read_token
    from .jose.writing import write_token
    from .mixins import (
        FacebookGraphMixin,
        GoogleOAuth2Mixin,
        OAuth2Mixin,
        OAuthMixin,
        OpenIdMixin,
        TwitterMixin,
    )
    from .oauth2 import OAuth2Provider, Pending
    from .oauth2.assertions import ClientSecretJWT, PrivateKeyJWT
    from .openid import OpenIDProvider
    from .openid.discovery import Discovery
    from .openid.id_tokens import read_id_token
    from .openid.keeping import Keeping
    from .openid.logout import Logout
    from .openid.published_keys import PublishedKeys
    from .passkeys import (
        MemoryPasskeys,
        Passkey,
        PasskeyError,
        PasskeyOwner,
        PasskeyRegistrationMixin,
        Passkeys,
        PasskeyScript,
        PasskeySignInMixin,
        PasskeyStorage,
    )
    from .providers.apple import Apple
    from .providers.discord import Discord
    from .providers.facebook import Facebook
    from .providers.github import GitHub
    from .providers.gitlab import GitLab
    from .providers.google import Google
    from .providers.microsoft import Microsoft
    from .providers.slack import Slack
    from .signin import SignInMixin, safe_next
    from .signin.back_channel import BackChannelLogoutMixin
    from .signin.sign_outs import SignOuts

_HOMES: Final = {
    "ALL_SCOPES": "guards.credentials",
    "ApiKey": "guards.api_keys",
    "ApiKeyAuthentication": "guards.api_key_auth",
    "ApiKeys": "guards.api_keys",
    "Apple": "providers.apple",
    "Authenticate": "guards.authenticate",
    "BackChannelLogoutMixin": "signin.back_channel",
    "BasicAuthentication": "guards.basic",
    "BearerAuthentication": "guards.bearer",
    "ClientCredentials": "grants",
    "ClientSecretJWT": "oauth2.assertions",
    "Passkey": "passkeys",
    "PasskeyStorage": "passkeys",
    "Credentials": "guards.credentials",
    "DeviceCode": "grants",
    "DeviceGrant": "grants",
    "Discord": "providers.discord",
    "Discovery": "openid.discovery",
    "Facebook": "providers.facebook",
    "FacebookGraphMixin": "mixins",
    "FileTokens": "grants",
    "GitHub": "providers.github",
    "GitLab": "providers.gitlab",
    "Google": "providers.google",
    "GoogleOAuth2Mixin": "mixins",
    "Grant": "grants",
    "JWTBearer": "guards.jwt_bearer",
    "Keeping": "openid.keeping",
    "Keys": "jose.keys",
    "KnownKeys": "jose.keys",
    "LeakedPasswords": "accounts.leaked",
    "LoginThrottle": "accounts.throttling",
    "Logout": "openid.logout",
    "MailTokens": "accounts.mail_tokens",
    "MemoryPasskeys": "passkeys",
    "MemoryTokens": "grants",
    "Microsoft": "providers.microsoft",
    "OAuth2Mixin": "mixins",
    "OAuth2Provider": "oauth2",
    "OAuthMixin": "mixins",
    "OpenIDProvider": "openid",
    "OpenIdMixin": "mixins",
    "PasskeyError": "passkeys",
    "PasskeyOwner": "passkeys",
    "PasskeyRegistrationMixin": "passkeys",
    "PasskeyScript": "passkeys",
    "PasskeySignInMixin": "passkeys",
    "Passkeys": "passkeys",
    "PasswordFault": "accounts.password_rules",
    "PasswordHasher": "accounts.passwords",
    "PasswordRules": "accounts.password_rules",
    "Pending": "oauth2",
    "PrivateKeyJWT": "oauth2.assertions",
    "PublishedKeys": "openid.published_keys",
    "SignInMixin": "signin",
    "SignOuts": "signin.sign_outs",
    "Slack": "providers.slack",
    "StoreTokens": "grants",
    "TokenAuth": "grants",
    "TokenServer": "grants",
    "TokenStorage": "grants",
    "Tokens": "grants",
    "TooBusyError": "accounts.threads",
    "TooManyAttemptsError": "accounts.throttling",
    "TwitterMixin": "mixins",
    "Verified": "accounts.passwords",
    "credentials_of": "guards.credentials",
    "django_hashes": "accounts.foreign_hashes",
    "load_key": "jose.keys",
    "make_api_key": "guards.api_keys",
    "new_key": "jose.keys",
    "read_id_token": "openid.id_tokens",
    "read_token": "jose.reading",
    "requires_any_permission": "guards.permissions",
    "requires_any_role": "guards.permissions",
    "requires_permission": "guards.permissions",
    "requires_role": "guards.permissions",
    "requires_scope": "guards.scopes",
    "safe_next": "signin",
    "secret_key": "jose.keys",
    "werkzeug_hashes": "accounts.foreign_hashes",
    "write_access_token": "guards.access_tokens",
    "write_token": "jose.writing",
}
"""The room of each name that is imported when it is asked for."""

__all__ = [
    "ALL_SCOPES",
    "AccessDeniedError",
    "ApiKey",
    "ApiKeyAuthentication",
    "ApiKeys",
    "Apple",
    "AuthError",
    "Authenticate",
    "BackChannelLogoutMixin",
    "BasicAuthentication",
    "BearerAuthentication",
    "ClientCredentials",
    "ClientSecretJWT",
    "Credentials",
    "DeviceCode",
    "DeviceGrant",
    "Discord",
    "Discovery",
    "Facebook",
    "FacebookGraphMixin",
    "FileTokens",
    "GitHub",
    "GitLab",
    "Google",
    "GoogleOAuth2Mixin",
    "Grant",
    "Identity",
    "JWTBearer",
    "Keeping",
    "Keys",
    "KnownKeys",
    "LeakedPasswords",
    "LoginThrottle",
    "Logout",
    "MailTokens",
    "MemoryPasskeys",
    "MemoryTokens",
    "Microsoft",
    "OAuth2Mixin",
    "OAuth2Provider",
    "OAuthError",
    "OAuthMixin",
    "OpenIDProvider",
    "OpenIdMixin",
    "Passkey",
    "PasskeyError",
    "PasskeyOwner",
    "PasskeyRegistrationMixin",
    "PasskeyScript",
    "PasskeySignInMixin",
    "PasskeyStorage",
    "Passkeys",
    "PasswordFault",
    "PasswordHasher",
    "PasswordRules",
    "Pending",
    "PrivateKeyJWT",
    "ProviderAnswerError",
    "ProviderError",
    "ProviderUnavailableError",
    "PublishedKeys",
    "SignInError",
    "SignInMixin",
    "SignInRequiredError",
    "SignOuts",
    "Slack",
    "StoreTokens",
    "Token",
    "TokenAuth",
    "TokenError",
    "TokenServer",
    "TokenStorage",
    "Tokens",
    "TooBusyError",
    "TooManyAttemptsError",
    "TwitterMixin",
    "Verified",
    "credentials_of",
    "django_hashes",
    "load_key",
    "make_api_key",
    "new_key",
    "read_id_token",
    "read_token",
    "requires_any_permission",
    "requires_any_role",
    "requires_permission",
    "requires_role",
    "requires_scope",
    "safe_next",
    "secret_key",
    "werkzeug_hashes",
    "write_access_token",
    "write_token",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
