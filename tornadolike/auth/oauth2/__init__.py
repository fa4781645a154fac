"""OAuth 2.0, the client's side (RFC 6749, 7636, 9207, 9700). It knows nothing of handlers.

.. code-block:: text

   pkce         the proof that who begins is who ends (RFC 7636)
   urls         which URLs of a provider may be used
   pending      a sign-in that has begun: what is kept of it in the browser
   endpoints    asking a provider's endpoints
   clients      how a client says who it is
   assertions   the same by a signed token (RFC 7523); it is imported when it is used, for it needs joserfc
   provider     OAuth2Provider: the authorization code flow
"""

from .pending import Pending
from .provider import OAuth2Provider

__all__ = ["OAuth2Provider", "Pending"]
