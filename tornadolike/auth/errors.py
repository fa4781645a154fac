"""What is raised when somebody cannot be signed in.

.. code-block:: text

   AuthError                       Tornado's: something about signing in has failed
     ProviderError                 the provider is to blame, or the way to it
       ProviderUnavailableError    it is down, slow, or answers with a 5xx
       ProviderAnswerError         it has answered what no provider may
       TokenError                  a token is forged, expired, for somebody else, ...
     OAuthError                    the provider says no: `error` and `error_description` of RFC 6749
       AccessDeniedError           the user has said no (`access_denied`)
     SignInRequiredError           there is no token (any more): the user has to sign in, again
     SignInError                   what has come back does not belong to a sign-in that goes on in this browser
"""

from typing import Any, Final

RETRY_SECONDS: Final = 30
"""``Retry-After`` for whom a provider, or a store, would have to be asked that is down."""


class AuthError(Exception):
    """Something about signing in has failed. The text is for the log; it never has a secret in it."""


class ProviderError(AuthError):
    """The provider is to blame, or the way to it."""


class ProviderUnavailableError(ProviderError):
    """The provider is down, too slow, or has failed (5xx). Later it may work."""


class ProviderAnswerError(ProviderError):
    """The provider has answered what none may: no JSON, no issuer or another one, a missing member, ..."""


class TokenError(ProviderError):
    """A token (JWT) is not one to be believed: forged, expired, for somebody else, with an algorithm that is not
    allowed, with another nonce, ..."""


class OAuthError(AuthError):
    """The provider refuses, and says why (RFC 6749 sections 4.1.2.1 and 5.2)."""

    def __init__(
        self, error: str, description: str | None = None, uri: str | None = None, **more: Any
    ) -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error
        """The code: ``"invalid_grant"``, say."""
        self.description = description
        """What it says for people who write programs; None if it says nothing."""
        self.uri = uri
        """A page that tells more, or None."""
        self.more = more
        """What else it has said: ``interval`` of RFC 8628, say."""


class AccessDeniedError(OAuthError):
    """The user has not agreed, or may not (``access_denied``)."""


class SignInRequiredError(AuthError):
    """There is no token for this user, or none any more, and none can be had without them: they have to sign in,
    again."""


class SignInError(AuthError):
    """What has come back belongs to no sign-in that goes on in this browser: forged, replayed, or begun too long
    ago."""


def oauth_error(
    error: str, description: str | None = None, uri: str | None = None, **more: Any
) -> OAuthError:
    """The error that fits this code."""
    kind = AccessDeniedError if error == "access_denied" else OAuthError
    return kind(error, description, uri, **more)
