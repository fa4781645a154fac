"""Signed tokens: JWT, JWS and JWK (RFC 7515 to 7519, 8725), by `joserfc <https://jose.authlib.org>`_.

.. code-block:: text

   keys      a provider's keys, which change (JWKS)
   reading   tokens that others have signed: nothing in them is believed before that is checked
   writing   tokens that we sign
"""
