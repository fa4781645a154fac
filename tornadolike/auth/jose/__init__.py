"""Signed tokens: JWT, JWS and JWK (RFC 7515 to 7519, 8725), by `joserfc <https://jose.authlib.org>`_.

.. code-block:: text

   strict_json   JSON that can be read in one way only
   algorithms    the signatures that are known, and the keys that fit them
   keys          keys, and where those come from that check signatures
   reading       tokens that others have signed: nothing in them is believed before that is checked
   writing       tokens that we sign

A provider's keys, which change, are in :mod:`tornadolike.auth.openid.published_keys`: they are asked for.
"""

try:
    import joserfc as joserfc
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "signed tokens need joserfc, which is not installed: pip install tornadolike[auth]",
        name=error.name,
    ) from error
