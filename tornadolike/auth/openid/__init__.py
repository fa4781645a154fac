"""OpenID Connect, the relying party's side: Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel Logout 1.0.

.. code-block:: text

   keeping          what a provider publishes, kept for a while
   published_keys   its keys, which change (JWKS)
   discovery        what it says of itself
   id_tokens        who has signed in: what Core section 3.1.3.7 wants checked
   provider         OpenIDProvider
   logout           being told that somebody has signed out
"""

from ..jose import joserfc as joserfc  # at first: it says what to install where that is not
from .provider import OpenIDProvider

__all__ = ["OpenIDProvider"]
