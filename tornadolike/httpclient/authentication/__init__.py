"""Who is asking: what a client says about it to the server.

.. code-block:: python

    from tornadolike.httpclient import AsyncHTTPClient, DigestAuth

    async def read():
        auth = DigestAuth("Aladdin", "open sesame")
        response = await AsyncHTTPClient().fetch("https://example.com/cave", auth=auth)
        return response.body

An :class:`Auth` is asked to sign each request, and is told what each answer says. It is asked for the origin that the
request was for at first and no other: a redirect takes no credentials with it.

.. code-block:: text

   base         Auth
   basic        BasicAuth    user and password, RFC 7617
   bearer       BearerAuth   a token, RFC 6750
   challenges   what a server wants: WWW-Authenticate
   digest       DigestAuth   user and password, which are not shown, RFC 7616
   choosing     which of them a request means
"""

from .base import Auth
from .basic import BasicAuth
from .bearer import BearerAuth
from .digest import DigestAuth

__all__ = ["Auth", "BasicAuth", "BearerAuth", "DigestAuth"]
