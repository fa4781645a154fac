"""Who may: what a request has with it says who asks, and who asks may do some things.

.. code-block:: text

   credentials    who asks, by what a request has with it
   headers        what stands in Authorization
   authenticate   Authenticate: one of several schemes
   decorated      what decorators that refuse may stand above
   scopes         what a token is good for
   basic          a name and a password (RFC 7617)
   bearer         tokens (RFC 6750)
   jwt_bearer     tokens that tell all by themselves (RFC 9068)
   access_tokens  such tokens of one's own
   api_keys       keys of programs: how they are made and known
   api_key_auth   requests with such a key
   permissions    roles and permissions
"""
