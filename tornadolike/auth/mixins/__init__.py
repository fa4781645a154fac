"""Tornado's mixins for handlers that sign users in, and that ask other sites in their names.

Its modules, each of which knows only those above it:

.. code-block:: text

   refusals     what is raised for what a browser has brought
   states       what a browser must bring back: sign-ins that it has begun
   signatures   OAuth 1.0: signing requests (RFC 5849). Pure functions
   asking       the client by which providers are asked, and their answers
   oauth1       OAuthMixin
   twitter      TwitterMixin
   oauth2       OAuth2Mixin
   google       GoogleOAuth2Mixin
   facebook     FacebookGraphMixin
   assertions   OpenID 2.0: what a provider vouches for. Pure functions
   attributes   OpenID 2.0: asking for attributes, and reading them. Pure functions
   openid2      OpenIdMixin

For what is new, :class:`tornadolike.auth.OpenIDProvider` and its like do more, with less of one's own.
"""

from .facebook import FacebookGraphMixin
from .google import GoogleOAuth2Mixin
from .oauth1 import OAuthMixin
from .oauth2 import OAuth2Mixin
from .openid2 import OpenIdMixin
from .twitter import TwitterMixin

__all__ = [
    "FacebookGraphMixin",
    "GoogleOAuth2Mixin",
    "OAuth2Mixin",
    "OAuthMixin",
    "OpenIdMixin",
    "TwitterMixin",
]
